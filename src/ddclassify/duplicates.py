"""Near-duplicate documents: which of a stream are copies, or light edits, of one that came before.

Arrays of our own rather than datasketch, whose signatures and bands are Python objects: 9.6 kB a document where these
take half a kilobyte, and slower on the whole.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from .sketches import BANDS, HASHES, NUMBERS, VALUE_BITS, Sketch, Words

ENOUGH = 30
"""Words a text needs to be compared by its shingles; shorter ones must be the same."""

LONGER = 2
"""A near copy has at most so many times the shingles of the other."""

SWAPPED = 24
"""One in so many places of numbers that two documents share may hold another number."""

CROWD = 16
"""Earlier documents looked up under a band. The first stay, so that what much boilerplate shares slows nothing."""

FIRST_BLOCK = 4096

_EACH_BAND = np.arange(BANDS)


class DuplicateFinder:
    """Finds, in a stream of documents, those that are near copies of earlier ones.

    A group is led by its first document, and later ones are compared with the leaders alone, so that no chain of small
    edits joins unlike texts. Words are compared without case, accents, punctuation and spacing; digits stay. A
    document joins the earliest leader of which all of this holds:

    - At least `threshold` of the distinct three-word shingles of the shorter of the two stand in the longer one.
    - The longer one has at most twice the shingles of the shorter. So a paragraph may have been added or cut and the
      headline, byline or agency line changed, but a passage quoted in a long text is no copy.
    - They have the same numbers in the same places: form letters, bulletins and yearly notices differ in nothing but
      an amount or a date. Places are compared where the two words before a number, or two after it, are the same in
      both; one in 24 may differ. Numbers among the first 30 words (in short texts, the first quarter) do not
      count, for the dateline's sake. So an update that corrects a figure is a document of its own, too.

    A text of fewer than 30 words is a copy only of one with the same words in the same order, digits and all;
    so is a text in a script without spaces. A text without a letter or digit is no copy of anything. Of a document
    the first million characters are looked at.

    What it cannot tell: form letters that differ in a name alone are near copies.

    Shares are estimated from 128 MinHash values, with a standard error of at most 0.045 of the Jaccard similarity.
    Leaders are proposed by 20 bands of 3 values: a pair of Jaccard similarity 0.8 is missed once in 10^6, one of 0.9
    once in 10^11; one of 0.5, which is what a copy of twice the length has, is proposed in 93 of 100 cases. Two
    documents of the same length with a Jaccard similarity of 0.5 share two thirds of their shingles; once proposed,
    the estimate lets 1 in 10^4 of such pairs pass.

    The answer depends on nothing but the documents given before, in their order. A leader takes 128 bytes of
    signature, 160 to 240 of band index, 128 of numbers, 9 of counts, and its id (a Python string, about 90 bytes):
    under 600 bytes together. One of fewer than 30 words takes about 250, a copy nothing.

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
        self._leaders: list[str] = []
        self._blocks: list[_Block] = []

    def group(self, doc_id: str, text: str) -> str:
        """The id of the first document of this one's group: its own when nothing like it came before."""
        leader = self.duplicate_of(doc_id, text)
        return doc_id if leader is None else leader

    def duplicate_of(self, doc_id: str, text: str) -> str | None:
        """The id of the first document of this one's group, None when this is the first.

        Unlike `group` it tells a first document from a copy that has the same id.
        """
        words = Words.of(text)
        if not words.hashes.size:
            return None
        if words.hashes.size < ENOUGH:
            digest = hashlib.blake2b(words.spelled(), digest_size=16).digest()
            if digest in self._short:
                return self._short[digest]
            self._short[digest] = doc_id
            return None
        sketch = Sketch.of(words)
        for block in self._blocks:
            found = block.find(sketch, self.threshold)
            if found is not None:
                return self._leaders[found]
        if not self._blocks or self._blocks[-1].full:
            # As many again as there are: few blocks to look into, and no array is ever copied to grow.
            self._blocks.append(_Block(len(self._leaders), max(FIRST_BLOCK, len(self._leaders))))
        self._blocks[-1].add(sketch)
        self._leaders.append(doc_id)
        return None


class _Block:
    """Sketches of `size` documents, a power of two, from number `first` on, and the bands that find them.

    Documents whose band falls into the same slot form a chain, the latest first: `_heads` holds where it begins,
    `_next` how it goes on. Documents are counted from 1 there; 0 ends a chain.
    """

    def __init__(self, first: int, size: int) -> None:
        self._first, self._size, self._count = first, size, 0
        self._heads = np.zeros((BANDS, size), dtype=np.uint32)
        self._next = np.zeros((size + 1, BANDS), dtype=np.uint32)
        self._signatures = np.zeros((size + 1, HASHES), dtype=np.uint8)
        self._shingles = np.zeros(size + 1, dtype=np.int64)
        self._numbers = np.zeros((size + 1, NUMBERS), dtype=np.uint32)
        # How many numbers a document has; below 0 where some were cut.
        self._counts = np.zeros(size + 1, dtype=np.int8)

    @property
    def full(self) -> bool:
        return self._count == self._size

    def add(self, sketch: Sketch) -> None:
        self._count = at = self._count + 1
        self._signatures[at], self._shingles[at] = sketch.signature, sketch.shingles
        self._numbers[at, : sketch.numbers.size] = sketch.numbers
        self._counts[at] = -NUMBERS if sketch.cut else sketch.numbers.size
        slots = self._slots(sketch)
        room = np.count_nonzero(self._chains(slots), axis=0) < CROWD
        bands, slots = _EACH_BAND[room], slots[room]
        self._next[at, bands] = self._heads[bands, slots]
        self._heads[bands, slots] = at

    def find(self, sketch: Sketch, threshold: float) -> int | None:
        """The number of the earliest document that the sketch is a near copy of."""
        near = np.unique(self._chains(self._slots(sketch)))
        near = near[near > 0]
        equal = np.count_nonzero(self._signatures[near] == sketch.signature, axis=1) / HASHES
        # Unlike values have the same eight low bits once in 256.
        jaccard = np.maximum(0, (equal - 1 / 256) / (1 - 1 / 256))
        sizes = self._shingles[near]
        shorter, longer = np.minimum(sizes, sketch.shingles), np.maximum(sizes, sketch.shingles)
        shared = jaccard / (1 + jaccard) * (shorter + longer) / shorter
        for at in near[(shared >= threshold) & (longer <= LONGER * shorter)]:
            count = int(self._counts[at])
            if not _swapped(sketch.numbers, sketch.cut, self._numbers[at, : abs(count)], count < 0):
                return self._first + int(at) - 1
        return None

    def _slots(self, sketch: Sketch) -> NDArray[np.int64]:
        return (sketch.bands & np.uint64(self._size - 1)).astype(np.int64)

    def _chains(self, slots: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Documents [steps, BANDS] in the bands' slots, 0 where a chain has ended."""
        steps = [self._heads[_EACH_BAND, slots]]
        while steps[-1].any():
            steps.append(self._next[steps[-1], _EACH_BAND])
        return np.stack(steps)


def _swapped(one: NDArray[np.uint32], one_cut: bool, other: NDArray[np.uint32], other_cut: bool) -> bool:
    """Whether more places than may be hold one number here and another there."""
    # Of a cut set only the smallest are known: compare up to the last of them.
    for known, cut in ((one, one_cut), (other, other_cut)):
        if cut:
            end = known[-1] >> VALUE_BITS
            one, other = one[one >> VALUE_BITS < end], other[other >> VALUE_BITS < end]
    places = np.intersect1d(one >> VALUE_BITS, other >> VALUE_BITS).size
    agreed = np.unique(np.intersect1d(one, other) >> VALUE_BITS).size
    return places - agreed > places // SWAPPED
