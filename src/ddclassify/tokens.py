"""spaCy's English tokens as arrays of 64-bit hashes, each distinct word tokenised once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .language import COUNTS, counts_of
from .offsets import normalise_with_offsets
from .sentences import normalised_chunks, without_surrogates

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]
Number = TypeVar("Number", np.uint64, np.int64)

MEMO_CAP = 300_000
"""Distinct white-space-free chunks remembered before the memo starts anew; bounds memory at about 150 MB."""

CHUNK_CAP = 100
"""Characters of a chunk without white space that are looked at: longer ones are no words."""

_DIGITS = re.compile(r"\d")
_ALPHANUMERIC = re.compile(r"[^\W_]+")

# Chunks of which spaCy's rules make one token a word, apart from the marks around it and from its special cases:
# no rule of its English punctuation divides letters, or a number, and each of these marks is a token by itself.
_PLAIN = re.compile(
    r"""[("“\[$£€]?
    (?P<core>[A-Za-z]+(?:-[A-Za-z]+)*|[0-9]+(?:[.,][0-9]+)*)(?P<possessive>['’]s)?
    (?P<tail>[,.;:?!)”"]|[.,][”"]|\)[.,])?""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The tokens of all chunks that a hasher remembers, end to end; it only ever grows at its end.

    Attributes:
        number: of the memo that it belongs to; a memo that starts anew has another.
        words: uint64 [known], hash of the lower-cased token, digits masked as 0.
        stems: uint64 [known], hash of its first letters.
    """

    number: int
    words: Hashes
    stems: Hashes


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """The word tokens of n texts, end to end.

    Attributes:
        ends: int64 [n + 1], where the tokens of each text begin, and where the last ends.
        tokens: int64 [tokens], places in the lexicon.
        lexicon: their hashes.
        counts: int64 [n x 5], what the language of each text is told by (see `language.verdicts`).
        cut: bool [n], whether a chunk without white space was looked at only in part.
    """

    ends: Integers
    tokens: Integers
    lexicon: Lexicon
    counts: Integers
    cut: NDArray[np.bool_]

    @property
    def words(self) -> Hashes:
        """uint64 [tokens], hashes of the words."""
        return self.lexicon.words[self.tokens]

    @property
    def stems(self) -> Hashes:
        """uint64 [tokens], hashes of the stems."""
        return self.lexicon.stems[self.tokens]

    @property
    def rows(self) -> Integers:
        """int64 [tokens], which text a token belongs to, ascending."""
        return np.repeat(np.arange(self.ends.size - 1, dtype=np.int64), np.diff(self.ends))


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
            if len(self._memo) > MEMO_CAP:
                self._memo = _ChunkMemo(self.stem_length, self._memo.number + 1)
            chunks = list(map(normalised_chunks, texts))
            counts = np.fromiter(map(len, chunks), dtype=np.int64, count=len(chunks))
            every = map(self._memo.__getitem__, chain.from_iterable(chunks))
            numbers = np.fromiter(every, dtype=np.int64, count=int(counts.sum()))
            return self._memo.expand(numbers, counts)

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


class _ChunkMemo(dict[str, int]):
    """Chunk -> its number; the hashes of all chunks' tokens lie end to end."""

    def __init__(self, stem_length: int, number: int = 0) -> None:
        super().__init__()
        # Importing spaCy takes a second; what never scores (help, labels) does without.
        from spacy.strings import get_string_id

        self._tokenizer = _english_tokenizer()
        self._special = frozenset(part for rule in self._tokenizer.rules for part in _ALPHANUMERIC.findall(rule))
        self.number = number
        self._hash = get_string_id
        self._stem_length = stem_length
        self._words = _Column(np.uint64)
        self._stems = _Column(np.uint64)
        self._lengths = _Column(np.int64)
        self._counts = _Column(np.int64, COUNTS)
        self._cut = _Column(np.int64)

    def tokens(self, chunk: str) -> Iterator[Token]:
        """The tokens of a chunk that hold a letter or digit, with places in the chunk."""
        for token in self._tokenizer(without_surrogates(chunk)):
            word = _DIGITS.sub("0", token.text.lower())
            if any(map(str.isalnum, word)):
                yield Token(word, self.stem(word), token.idx, token.idx + len(token))

    def stem(self, word: str) -> str:
        return word[: self._stem_length] if word.isalpha() else word

    def __missing__(self, chunk: str) -> int:
        looked_at = chunk[:CHUNK_CAP]
        words = self._plain_words(looked_at)
        if words is None:
            words = [token.word for token in self.tokens(looked_at)]
        for word in words:
            self._words.new.append(self._hash(word))
            self._stems.new.append(self._hash(self.stem(word)))
        self._lengths.new.append(len(words))
        self._counts.new.append(counts_of(looked_at))
        self._cut.new.append(len(chunk) > CHUNK_CAP)
        self[chunk] = number = len(self)
        return number

    def expand(self, chunks: Integers, counts: Integers) -> TokenBatch:
        """Lay out the tokens of chunk numbers; counts: [texts], chunks in each text."""
        lengths = self._lengths.all()
        starts = np.cumsum(lengths) - lengths
        own = lengths[chunks]
        borders = np.concatenate([[0], np.cumsum(counts)])
        return TokenBatch(
            ends=np.concatenate([[0], np.cumsum(own)])[borders],
            tokens=spread(starts[chunks], own),
            lexicon=Lexicon(self.number, self._words.all(), self._stems.all()),
            counts=_sums(self._counts.all()[chunks], borders),
            cut=_sums(self._cut.all()[chunks], borders) > 0,
        )

    def _plain_words(self, chunk: str) -> list[str] | None:
        """The words of a chunk that needs no tokeniser to divide it; None where it may."""
        found = _PLAIN.fullmatch(chunk)
        if found is None:
            return None
        core, possessive, tail = found.groups("")
        parts = core.split("-")
        if tail[:1] == "." and not possessive and not _divides_stop(parts[-1]):
            return None
        # Any special case near at hand would share a run of letters or digits with the chunk.
        if not self._special.isdisjoint(parts):
            return None
        words = [_DIGITS.sub("0", core)] if core[0].isdigit() else core.lower().split("-")
        return [*words, possessive] if possessive else words


def _english_tokenizer() -> Any:
    """The tokenizer of spaCy's blank English pipeline, over a vocabulary that computes no attributes of its words."""
    from spacy.lang.en import English
    from spacy.tokenizer import Tokenizer
    from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex
    from spacy.vocab import Vocab

    rules = English.Defaults
    return Tokenizer(
        Vocab(),
        rules=rules.tokenizer_exceptions,
        prefix_search=compile_prefix_regex(rules.prefixes or ()).search,
        suffix_search=compile_suffix_regex(rules.suffixes or ()).search,
        infix_finditer=compile_infix_regex(rules.infixes or ()).finditer,
        token_match=rules.token_match,
        url_match=rules.url_match,
    )


def _divides_stop(word: str) -> bool:
    """Whether spaCy makes a full stop after a word a token by itself."""
    return word[-1].islower() or word[-1].isdigit() or (len(word) > 1 and word[-2:].isupper())


class _Column(Generic[Number]):
    """A growing array: rows are appended to `new` and laid out when asked for."""

    def __init__(self, kind: type[Number], *width: int) -> None:
        self._array: NDArray[Number] = np.zeros((0, *width), dtype=kind)
        self.new: list[object] = []

    def all(self) -> NDArray[Number]:
        if self.new:
            added: NDArray[Number] = np.array(self.new, dtype=self._array.dtype)
            self._array = np.concatenate([self._array, added])
            self.new = []
        return self._array


def spread(starts: Integers, lengths: Integers) -> Integers:
    """The numbers start, start + 1, … of stretches of given lengths, end to end."""
    firsts = np.cumsum(lengths) - lengths
    places: Integers = np.arange(lengths.sum(), dtype=np.int64) + np.repeat(starts - firsts, lengths)
    return places


def _sums(values: Integers, borders: Integers) -> Integers:
    """Sums of rows between borders [n + 1]; 0 where there are none."""
    total: Integers = np.concatenate([np.zeros((1, *values.shape[1:]), dtype=np.int64), np.cumsum(values, axis=0)])
    return total[borders[1:]] - total[borders[:-1]]
