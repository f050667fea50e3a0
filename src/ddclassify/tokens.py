"""spaCy's English tokens as arrays of 64-bit hashes, each distinct word tokenised once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .offsets import normalise_with_offsets
from .sentences import normalise, without_surrogates

Hashes = NDArray[np.uint64]

MEMO_CAP = 300_000
"""Distinct white-space-free chunks remembered before the memo starts anew; bounds memory at about 150 MB."""

CHUNK_CAP = 100
"""Characters of a chunk without white space that are looked at: longer ones are no words."""

_DIGITS = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """The word tokens of n texts, end to end.

    Attributes:
        rows: int32 [tokens], which text a token belongs to, ascending.
        words: uint64 [tokens], hash of the lower-cased token, digits masked as 0.
        stems: uint64 [tokens], hash of its first letters.
    """

    rows: NDArray[np.int32]
    words: Hashes
    stems: Hashes


@dataclass(frozen=True, slots=True)
class Token:
    """A word token as it is hashed, and its place.

    Attributes:
        word: the lower-cased token, digits masked as 0.
        stem: its first letters, all of it where it is not purely alphabetic.
        start, end: characters of the text, end exclusive.
    """

    word: str
    stem: str
    start: int
    end: int


class TokenHasher:
    """Tokenises texts by spaCy's blank English pipeline.

    On normalised text spaCy never joins across white space, so that the tokens of a chunk between spaces are
    the same wherever it stands: each distinct chunk is tokenised once and remembered.

    Args:
        stem_length: letters kept of a purely alphabetic token for its stem hash.
    """

    def __init__(self, stem_length: int = 5) -> None:
        self.stem_length = stem_length
        self._memo = _ChunkMemo(stem_length)
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> TokenBatch:
        """Tokenise texts; tokens without a letter or digit are dropped. Safe to call from several threads."""
        with self._lock:
            return self._tokenise(texts)

    def tokens(self, text: str) -> list[Token]:
        """The tokens whose hashes a call gives for this one text, readable, with places in the text as it is."""
        clean, starts, ends = normalise_with_offsets(text)
        found: list[Token] = []
        with self._lock:
            at = 0
            for chunk in clean.split(" "):
                for token in self._memo.tokens(chunk[:CHUNK_CAP]):
                    place = starts[at + token.start], ends[at + token.end - 1]
                    found.append(Token(token.word, token.stem, *place))
                at += len(chunk) + 1
        return found

    def _tokenise(self, texts: Sequence[str]) -> TokenBatch:
        if len(self._memo) > MEMO_CAP:
            self._memo = _ChunkMemo(self.stem_length)
        memo = self._memo
        chunks: list[int] = []
        counts = np.empty(len(texts), dtype=np.int64)
        for i, text in enumerate(texts):
            found = [memo[chunk[:CHUNK_CAP]] for chunk in normalise(text).split()]
            counts[i] = len(found)
            chunks += found
        return memo.expand(np.asarray(chunks, dtype=np.int64), counts)


class _ChunkMemo(dict[str, int]):
    """Chunk -> its number; the hashes of all chunks' tokens lie end to end in two lists."""

    def __init__(self, stem_length: int) -> None:
        super().__init__()
        # Importing spaCy takes a second; what never scores (help, labels) does without.
        import spacy

        nlp = spacy.blank("en")
        self._tokenizer = nlp.tokenizer
        self._hash = nlp.vocab.strings.add
        self._stem_length = stem_length
        self._words: list[int] = []
        self._stems: list[int] = []
        self._ends: list[int] = [0]
        self._arrays: tuple[Hashes, Hashes, NDArray[np.int64]] | None = None

    def tokens(self, chunk: str) -> Iterator[Token]:
        """The tokens of a chunk that hold a letter or digit, with places in the chunk."""
        for token in self._tokenizer(without_surrogates(chunk)):
            word = _DIGITS.sub("0", token.lower_)
            if any(map(str.isalnum, word)):
                stem = word[: self._stem_length] if word.isalpha() else word
                yield Token(word, stem, token.idx, token.idx + len(token))

    def __missing__(self, chunk: str) -> int:
        for token in self.tokens(chunk):
            self._words.append(self._hash(token.word))
            self._stems.append(self._hash(token.stem))
        self._ends.append(len(self._words))
        self[chunk] = number = len(self)
        self._arrays = None
        return number

    def expand(self, chunks: NDArray[np.int64], counts: NDArray[np.int64]) -> TokenBatch:
        """Lay out the tokens of chunk numbers; counts: [texts], chunks in each text."""
        if self._arrays is None:
            self._arrays = (
                np.asarray(self._words, dtype=np.uint64),
                np.asarray(self._stems, dtype=np.uint64),
                np.asarray(self._ends, dtype=np.int64),
            )
        words, stems, ends = self._arrays
        starts, lengths = ends[chunks], ends[chunks + 1] - ends[chunks]
        firsts = np.cumsum(lengths) - lengths
        places = np.arange(lengths.sum(), dtype=np.int64) + np.repeat(starts - firsts, lengths)
        rows = np.repeat(np.repeat(np.arange(counts.size, dtype=np.int32), counts), lengths)
        return TokenBatch(rows, words[places], stems[places])
