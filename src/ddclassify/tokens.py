"""The tokens of spaCy's English rules as arrays of 64-bit hashes, each distinct word tokenised once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .englishtokens import EnglishTokenizer
from .hashindex import FIRST, Hashes, HashIndex, Integers
from .language import COUNTS, counts_of, counts_of_words
from .offsets import normalise_with_offsets
from .sentences import is_plain, normalise, without_surrogates
from .stringhash import string_ids

Number = TypeVar("Number", np.uint64, np.int64, np.int32)

MEMO_CAP = 500_000
"""Distinct white-space-free chunks remembered before the memo starts anew; bounds memory at about 60 MB."""

GROUP = 1 << 17
"""Characters looked at together; bounds the arrays."""

CHUNK_CAP = 100
"""Characters of a chunk without white space that are looked at: longer ones are no words."""

_DIGITS = re.compile(r"\d")
_WHITE = np.array([chr(code).isspace() for code in range(33)])
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
        counts: int32 [n x 5], what the language of each text is told by (see `language.verdicts`).
        cut: bool [n], whether a chunk without white space was looked at only in part.
    """

    ends: Integers
    tokens: Integers
    lexicon: Lexicon
    counts: NDArray[np.int32]
    cut: NDArray[np.bool_]

    @property
    def words(self) -> Hashes:
        """uint64 [tokens], hashes of the words."""
        return self.lexicon.words[self.tokens]

    @property
    def stems(self) -> Hashes:
        """uint64 [tokens], hashes of the stems."""
        return self.lexicon.stems[self.tokens]


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
    """Tokenises texts as spaCy's blank English pipeline does.

    On normalised text spaCy never joins across white space, so that the tokens of a chunk between spaces are
    the same wherever it stands: each distinct chunk is tokenised once and remembered by a hash of 64 bits.

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
            if self._memo.size > MEMO_CAP:
                self._memo = _ChunkMemo(self.stem_length, self._memo.number + 1)
            numbers, sizes, owners, cut = [], [], [], np.zeros(len(texts), dtype=np.bool_)
            for pieces, of in _groups(texts):
                chunks = _find_chunks(pieces)
                numbers.append(self._memo.numbers(chunks))
                sizes.append(np.diff(chunks.borders))
                owners += of
                long = np.flatnonzero(chunks.ends - chunks.starts > CHUNK_CAP)
                cut[np.array(of)[np.searchsorted(chunks.borders, long, side="right") - 1]] = True
            if not numbers:
                return self._memo.expand(np.zeros(0, dtype=np.int64), np.zeros(len(texts), dtype=np.int64), cut)
            counts = np.zeros(len(texts), dtype=np.int64)
            np.add.at(counts, owners, np.concatenate(sizes))
            return self._memo.expand(np.concatenate(numbers), counts, cut)

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


@dataclass(frozen=True, slots=True)
class _Chunks:
    """What stands between the white space of some texts.

    Attributes:
        text: all of it, with white space between the texts.
        starts, ends: int64 [chunks], places in it.
        borders: int64 [texts + 1], the first chunk of each text, and at the end their number.
        hashes: uint64 [chunks], of each chunk's first `CHUNK_CAP` characters.
    """

    text: str
    starts: Integers
    ends: Integers
    borders: Integers
    hashes: Hashes


def _groups(texts: Sequence[str]) -> Iterator[tuple[list[str], list[int]]]:
    """Normalised texts, or pieces of long ones, up to `GROUP` characters at a time; and which text each piece is of."""
    group: list[str] = []
    owners: list[int] = []
    size = 0
    for number, text in enumerate(texts):
        clean = text if len(text) < GROUP and is_plain(text) else normalise(text)  # which may lengthen it, too
        for piece in (clean,) if len(clean) < GROUP else _pieces(clean):
            if size + len(piece) >= GROUP and group:
                yield group, owners
                group, owners, size = [], [], 0
            group.append(piece)
            owners.append(number)
            size += len(piece) + 1
    if group:
        yield group, owners


def _pieces(text: str) -> Iterator[str]:
    """A long normalised text, divided at spaces; of a chunk that is as long itself, its beginning."""
    at = 0
    while len(text) - at >= GROUP:
        end = text.rfind(" ", at + 1, at + GROUP)
        if end < 0:
            end = text.find(" ", at + GROUP)
            end = len(text) if end < 0 else end
            yield text[at : at + CHUNK_CAP + 2]  # with the space before it, and one more character: it was cut
        else:
            yield text[at:end]
        at = end
    yield text[at:]


def _find_chunks(pieces: Sequence[str]) -> _Chunks:
    """Chunks are hashed as sums of characters times powers of an odd number, modulo 2 to the 64th."""
    joined = "\n" + "\n".join(pieces) + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    white = codes <= 32  # other white space stands only in texts that are not plain, and normalising makes it spaces
    controls = np.flatnonzero(white)
    white[controls[~_WHITE[codes[controls]]]] = False
    starts = np.flatnonzero(white[:-1] & ~white[1:]) + 1
    ends = np.flatnonzero(~white[:-1] & white[1:]) + 1
    firsts = np.cumsum([1, *(len(piece) + 1 for piece in pieces)])
    powers, inverses = _power_table()
    sums = np.zeros(codes.size + 1, dtype=np.uint64)
    np.cumsum(codes * powers[: codes.size], out=sums[1:])
    last = np.minimum(ends, starts + CHUNK_CAP)
    hashes = (np.take(sums, last) - np.take(sums, starts)) * np.take(inverses, starts)
    return _Chunks(joined, starts, ends, np.searchsorted(starts, firsts), hashes)


@cache
def _power_table() -> tuple[Hashes, Hashes]:
    """Powers of an odd number and of its inverse, uint64 [2 * GROUP + 4] each."""
    base = int(FIRST) | 1
    table = [np.full(2 * GROUP + 4, number, dtype=np.uint64) for number in (base, pow(base, -1, 1 << 64))]
    for powers in table:
        powers[0] = 1
        np.multiply.accumulate(powers, out=powers)
    return table[0], table[1]


class _ChunkMemo:
    """The tokens of all chunks seen, end to end."""

    def __init__(self, stem_length: int, number: int = 0) -> None:
        self._tokenizer = EnglishTokenizer()
        self._special = frozenset(_ALPHANUMERIC.findall(" ".join(self._tokenizer.special_cases)))
        self.number = number
        self._stem_length = stem_length
        self._index = HashIndex()
        self._words = _Column(np.uint64)
        self._stems = _Column(np.uint64)
        self._starts = _Column(np.int64)
        self._lengths = _Column(np.int64)
        self._counts = _Column(np.int32, COUNTS)

    @property
    def size(self) -> int:
        """How many chunks are remembered."""
        return self._index.hashes.size

    def numbers(self, chunks: _Chunks) -> Integers:
        """The numbers of chunks; those not seen before are tokenised."""
        found = self._index.find(chunks.hashes)
        unknown = np.flatnonzero(found < 0)
        if unknown.size:
            new, first = np.unique(chunks.hashes[unknown], return_index=True)
            places = unknown[first]
            ends = np.minimum(chunks.ends, chunks.starts + CHUNK_CAP)[places]
            self._learn([chunks.text[i:j] for i, j in zip(chunks.starts[places].tolist(), ends.tolist(), strict=True)])
            self._index.add(new)
            found[unknown] = self._index.find(chunks.hashes[unknown])
        return found.astype(np.int64)

    def tokens(self, chunk: str) -> Iterator[Token]:
        """The tokens of a chunk that hold a letter or digit, with places in the chunk."""
        for text, start in self._tokenizer(without_surrogates(chunk)):
            if word := _word(text):
                yield Token(word, self._stem(word), start, start + len(text))

    def expand(self, chunks: Integers, counts: Integers, cut: NDArray[np.bool_]) -> TokenBatch:
        """Lay out the tokens of chunk numbers; counts: [texts], chunks in each text."""
        lengths = np.take(self._lengths.array, chunks)
        borders = np.concatenate([[0], np.cumsum(counts)])
        return TokenBatch(
            ends=np.concatenate([[0], np.cumsum(lengths)])[borders],
            tokens=spread(np.take(self._starts.array, chunks), lengths),
            lexicon=Lexicon(self.number, self._words.array, self._stems.array),
            counts=_sums(np.take(self._counts.array, chunks, axis=0), borders),
            cut=cut,
        )

    def _learn(self, chunks: Sequence[str]) -> None:
        lengths, counted, words = [], [], []
        for chunk in chunks:
            core = chunk[:-1] if chunk[-1] in ",;:" else chunk
            if core.isascii() and core.isalpha() and core not in self._special:
                own = [core.lower()]  # most chunks are such; the rest of the way takes longer
                counted.append(counts_of_words(own))
            elif plain := self._plain_words(chunk):
                own = plain
                counted.append(counts_of_words([word.strip("'’") for word in own if not word[0].isdigit()]))
            else:
                own = [word for text, _ in self._tokenizer(without_surrogates(chunk)) if (word := _word(text))]
                counted.append(counts_of(chunk))
            lengths.append(len(own))
            words += own
        added = np.array(lengths, dtype=np.int64)
        self._starts.add(self._words.size + np.cumsum(added) - added)
        self._lengths.add(added)
        self._counts.add(np.array(counted, dtype=np.int32))
        self._words.add(string_ids(words))
        self._stems.add(string_ids(list(map(self._stem, words))))

    def _stem(self, word: str) -> str:
        return word[: self._stem_length] if word.isalpha() else word

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


def _word(token: str) -> str:
    """A token as it is hashed; empty where it has no letter or digit."""
    word = _DIGITS.sub("0", token.lower())
    return word if any(map(str.isalnum, word)) else ""


def _divides_stop(word: str) -> bool:
    """Whether spaCy makes a full stop after a word a token by itself."""
    return word[-1].islower() or word[-1].isdigit() or (len(word) > 1 and word[-2:].isupper())


class _Column(Generic[Number]):
    """An array that grows at its end; views of it that were taken before stay as they are."""

    def __init__(self, kind: type[Number], *width: int) -> None:
        self._room: NDArray[Number] = np.zeros((1024, *width), dtype=kind)
        self.size = 0

    @property
    def array(self) -> NDArray[Number]:
        return self._room[: self.size]

    def add(self, rows: NDArray[Number]) -> None:
        end = self.size + len(rows)
        if end > len(self._room):
            room = np.zeros((2 * end, *self._room.shape[1:]), dtype=self._room.dtype)
            room[: self.size] = self.array
            self._room = room
        self._room[self.size : end] = rows
        self.size = end


def spread(starts: Integers, lengths: Integers) -> Integers:
    """The numbers start, start + 1, … of stretches of given lengths, end to end."""
    firsts = np.cumsum(lengths) - lengths
    places: Integers = np.arange(lengths.sum(), dtype=np.int64) + np.repeat(starts - firsts, lengths)
    return places


def _sums(values: NDArray[np.int32], borders: Integers) -> NDArray[np.int32]:
    """Sums of rows [m x k] between borders [n + 1], int32 [n x k]."""
    sums = np.zeros((borders.size - 1, values.shape[1]), dtype=np.int32)
    filled = np.flatnonzero(np.diff(borders))
    if filled.size:
        sums[filled] = np.add.reduceat(values, borders[filled], axis=0, dtype=np.int32)
    return sums
