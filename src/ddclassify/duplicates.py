"""Near-duplicate documents: which of a stream are copies, or light edits, of one that came before.

Measured by MinHash over three-word shingles. Own arrays rather than datasketch, which keeps its signatures and bands in
Python objects: ten times the memory a document, and a third of the speed.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .sentences import normalise

Letters = NDArray[np.uint32]
Words = NDArray[np.uint64]

SHINGLE = 3
"""Words of a shingle: with five, editing three words in a hundred would already move a seventh of all shingles."""

ENOUGH = 30
"""Words a text needs to be compared by its shingles; shorter ones must be the same."""

LOOKED_AT = 1_000_000
"""Characters of a document that are looked at; more than any document, few enough to bound a hostile one."""

LONGER = 1.5
"""A near copy has at most so many times the shingles of the other."""

HASHES = 128
BANDS, ROWS = 20, 3
CROWD = 16
"""Earlier documents looked up under one band; the first of them stay, so that shared boilerplate cannot slow all."""

NUMBERS = 32
"""Surroundings of numbers kept of a document, those of the smallest hashes."""

SWAPPED = 24
"""One in so many surroundings that two documents share may hold another number."""

HEAD_WORDS, HEAD_SHARE = 30, 4
"""Numbers of a document's first words (thirty, or a quarter of a short text) may differ: headline and dateline."""

FIRST_BLOCK = 4096

_WEYL, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class DuplicateFinder:
    """Finds, in a stream of documents, those that are near copies of earlier ones.

    A group is led by its first document, and later ones are compared with the leaders alone, so that no chain of small
    edits joins unlike texts. Words are compared without case, accents, punctuation and spacing; digits stay. A
    document joins the earliest leader of which all of this holds:

    - At least `threshold` of the distinct three-word shingles of the shorter of the two stand in the longer one.
    - The longer one has at most one and a half times the shingles of the shorter: a paragraph may have been added or
      cut, or a headline, byline or agency line changed, but a passage quoted in a long text is no copy.
    - Neither replaces numbers of the other: form letters, bulletins and yearly notices differ in nothing but an
      amount or a date. One document may have more numbers than the other, one number in sixteen may differ, and
      so may those of the first 30 words (in short texts, of the first quarter), where headline and dateline stand.
      So an update with a new toll is a document of its own, too.

    A text of fewer than 30 words is a copy of one with the same words in the same order, digits and all, only;
    so is a text in a script without spaces. A text without a letter or digit is no copy of anything. Of a document the
    first million characters are looked at.

    The shares are estimated from 128 MinHash values, with a standard error of at most 0.045 of the Jaccard similarity.
    Leaders are proposed by 20 bands of 3 rows: a pair of Jaccard similarity 0.5 is proposed in 93 of 100 cases and then
    turned down by the estimate; one of 0.8 is missed once in 10^6, one of 0.9 once in 10^11.

    The answer depends on nothing but the texts given before, in their order. A leader takes 128 bytes of signature, 80
    to 160 of band index, 128 of numbers, 16 of counts, and its id (a Python string, about 110 bytes): under 600 bytes
    together; a leader of fewer than 30 words about 250; a copy nothing. Arrays are set up for twice the documents
    seen, and pages of them that hold nothing yet take no memory.

    Args:
        threshold: over 0, at most 1.

    Raises:
        ValueError: threshold is out of that range.
    """

    def __init__(self, threshold: float = 0.8) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold must be over 0 and at most 1, not {threshold!r}")
        self.threshold = threshold
        self._short: dict[bytes, str] = {}
        self._ids: list[str] = []
        self._blocks: list[_Block] = []

    def group(self, doc_id: str, text: str) -> str:
        """The id of the first document of this one's group: its own when nothing like it came before."""
        found = self.duplicate_of(doc_id, text)
        return doc_id if found is None else found

    def duplicate_of(self, doc_id: str, text: str) -> str | None:
        """The id of the first document of this one's group, None when this is the first.

        Unlike `group` it tells a first document from the copy of one that had the same id.
        """
        clean = normalise(text[:LOOKED_AT])
        letters = _fold(clean)
        words, numbers = _words(letters)
        if not words.size:
            return None
        if words.size < ENOUGH:
            return self._same(doc_id, letters)
        sketch = _sketch(words, numbers)
        for block in self._blocks:
            leader = block.find(sketch, self.threshold)
            if leader is not None:
                return self._ids[leader]
        if not self._blocks or self._blocks[-1].full:
            self._blocks.append(_Block(len(self._ids), max(FIRST_BLOCK, len(self._ids))))
        self._blocks[-1].add(sketch)
        self._ids.append(doc_id)
        return None

    def _same(self, doc_id: str, letters: Letters) -> str | None:
        """The first document whose words are exactly these."""
        separators = letters == 0
        kept = letters[~separators | np.append(~separators[1:], False)]
        digest = hashlib.blake2b(np.trim_zeros(kept).tobytes(), digest_size=16).digest()
        if digest in self._short:
            return self._short[digest]
        self._short[digest] = doc_id
        return None


@dataclass(frozen=True, slots=True)
class _Sketch:
    """What is kept of a document.

    Attributes:
        signature: uint8 [HASHES], the low bits of each smallest hash.
        bands: uint64 [BANDS], hashes of ROWS smallest hashes each.
        shingles: how many distinct ones it has.
        numbers: uint32 [at most NUMBERS], ascending: the words around a number, hashed, and in the low bits the number.
        cut: whether it has more of them.
    """

    signature: NDArray[np.uint8]
    bands: NDArray[np.uint64]
    shingles: int
    numbers: NDArray[np.uint32]
    cut: bool


class _Block:
    """Sketches of the documents from number `first` on, and the bands that find them.

    Documents whose band falls into the same slot form a chain, the latest first: `_heads` holds where it begins,
    `_next` how it goes on. Documents are counted from 1 there; 0 ends a chain.
    """

    def __init__(self, first: int, size: int) -> None:
        self._first, self._size, self._count = first, size, 0
        self._mask = np.uint64((1 << (size - 1).bit_length()) - 1)
        self._heads = np.zeros((BANDS, int(self._mask) + 1), dtype=np.uint32)
        self._next = np.zeros((size + 1, BANDS), dtype=np.uint32)
        self._signatures = np.zeros((size + 1, HASHES), dtype=np.uint8)
        self._shingles = np.zeros(size + 1, dtype=np.int64)
        self._numbers = np.zeros((size + 1, NUMBERS), dtype=np.uint32)
        self._counts = np.zeros(size + 1, dtype=np.int8)

    @property
    def full(self) -> bool:
        return self._count == self._size

    def add(self, sketch: _Sketch) -> None:
        self._count = at = self._count + 1
        self._signatures[at], self._shingles[at] = sketch.signature, sketch.shingles
        self._numbers[at, : sketch.numbers.size] = sketch.numbers
        self._counts[at] = -NUMBERS if sketch.cut else sketch.numbers.size
        slots = (sketch.bands & self._mask).astype(np.int64)
        room = np.count_nonzero(self._chains(slots), axis=0) < CROWD
        bands, slots = _EACH_BAND[room], slots[room]
        self._next[at, bands] = self._heads[bands, slots]
        self._heads[bands, slots] = at

    def find(self, sketch: _Sketch, threshold: float) -> int | None:
        """The number of the earliest document that the sketch is a near copy of."""
        near = np.unique(self._chains((sketch.bands & self._mask).astype(np.int64)))
        near = near[near > 0]
        equal = (self._signatures[near] == sketch.signature).mean(axis=1)
        # Unlike hashes have the same low eight bits once in 256.
        jaccard = np.maximum(0, (equal - 1 / 256) / (1 - 1 / 256))
        sizes = self._shingles[near]
        shorter, longer = np.minimum(sizes, sketch.shingles), np.maximum(sizes, sketch.shingles)
        shared = jaccard * (shorter + longer) / (1 + jaccard) / shorter
        for at in near[(shared >= threshold) & (longer <= LONGER * shorter)]:
            count = int(self._counts[at])
            if not _swapped(sketch.numbers, sketch.cut, self._numbers[at, : abs(count)], count < 0):
                return self._first + int(at) - 1
        return None

    def _chains(self, slots: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Documents [steps, BANDS] of the bands' slots, 0 where a chain has ended."""
        steps = [self._heads[_EACH_BAND, slots]]
        while steps[-1].any():
            steps.append(self._next[steps[-1], _EACH_BAND])
        return np.stack(steps)


def _swapped(one: NDArray[np.uint32], one_cut: bool, other: NDArray[np.uint32], other_cut: bool) -> bool:
    """Whether more places than may be hold one number here and another there."""
    # Of a cut set only the smallest are known: compare up to the last of them.
    for known, cut in ((one, one_cut), (other, other_cut)):
        if cut:
            end = known[-1] >> _VALUE_BITS
            one, other = one[one >> _VALUE_BITS < end], other[other >> _VALUE_BITS < end]
    places = np.intersect1d(one >> _VALUE_BITS, other >> _VALUE_BITS).size
    agreed = np.unique(np.intersect1d(one, other) >> _VALUE_BITS).size
    return places - agreed > places // SWAPPED


@cache
def _letters() -> Letters:
    """Code point below 2^16 -> its lower-case letter or digit without accents, 0 for all that separates words."""
    table = np.zeros(1 << 16, dtype=np.uint32)
    for code in range(table.size - 1):
        letter = unicodedata.normalize("NFKD", chr(code))[0].lower()[0]
        table[code] = ord(letter) if letter.isalnum() else 0
    return table


def _fold(text: str) -> Letters:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return _letters().take(codes, mode="clip")


def _words(letters: Letters) -> tuple[Words, NDArray[np.bool_]]:
    """Hashes of the words in order, and which of them hold a digit."""
    inside = np.concatenate(([False], letters != 0, [False]))
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    places = np.flatnonzero(letters)
    if not places.size:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.bool_)
    lengths = ends - starts
    firsts = np.cumsum(lengths) - lengths
    within = np.arange(places.size) - np.repeat(firsts, lengths)
    found = letters[places]
    hashes = np.add.reduceat(_mix(found + (within.astype(np.uint64) << np.uint64(32))), firsts)
    digits = np.logical_or.reduceat((found >= ord("0")) & (found <= ord("9")), firsts)
    return _mix(hashes), digits


def _sketch(words: Words, digits: NDArray[np.bool_]) -> _Sketch:
    grams = words[SHINGLE - 1 :].copy()
    for i in range(SHINGLE - 1):
        grams = grams * _MIX_1 + words[i : i - SHINGLE + 1]
    shingles = np.unique((_mix(grams) >> np.uint64(32)).astype(np.uint32))
    smallest = np.full(HASHES, np.iinfo(np.uint32).max, dtype=np.uint32)
    for i in range(0, shingles.size, 1024):
        np.minimum(smallest, (shingles[i : i + 1024] * _MULTIPLIERS).min(axis=1), out=smallest)
    rows = smallest[: BANDS * ROWS].reshape(BANDS, ROWS).astype(np.uint64)
    bands = np.zeros(BANDS, dtype=np.uint64)
    for row in rows.T:
        bands = _mix(bands + row)
    numbers = _numbers(words, digits)
    return _Sketch(smallest.astype(np.uint8), bands, shingles.size, numbers[:NUMBERS], numbers.size > NUMBERS)


def _numbers(words: Words, digits: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Each number twice, by the two words before it and by the two after: ascending, a hash of those, then its own."""
    body = min(HEAD_WORDS, words.size // HEAD_SHARE)
    at = np.flatnonzero(digits[body:]) + body
    padded = np.append(words, np.zeros(3, dtype=np.uint64))
    before = _mix(words[at - 2] * _MIX_1 + words[at - 1])
    after = _mix(padded[at + 2] * _MIX_2 + padded[at + 3])
    places = (np.concatenate((before, after)) >> np.uint64(32)).astype(np.uint32) >> _VALUE_BITS << _VALUE_BITS
    return np.unique(places | (np.tile(words[at], 2).astype(np.uint32) & ((np.uint32(1) << _VALUE_BITS) - np.uint32(1))))


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64."""
    values = values + _WEYL
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


_VALUE_BITS = np.uint32(10)
_EACH_BAND = np.arange(BANDS)
_MULTIPLIERS = (_mix(np.arange(HASHES, dtype=np.uint64)).astype(np.uint32) | np.uint32(1))[:, None]
