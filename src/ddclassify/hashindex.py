"""An index of 64-bit hashes, asked and extended by whole arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]

FIRST = np.uint64(0x9E3779B97F4A7C15)
"""An odd constant whose multiples depend in their high bits on all bits of what they are multiples of."""


class HashIndex:
    """Finds the numbers of hashes, which are given in the order in which they were added.

    Open addressing with linear probing in a table that is at most a quarter full, so that a few array passes find any
    number of hashes.

    Args:
        hashes: uint64 [n], distinct; they get the numbers 0 to n - 1.
    """

    def __init__(self, hashes: Hashes | None = None) -> None:
        self.hashes: Hashes = np.zeros(0, dtype=np.uint64)
        self._bits = 0
        self.add(self.hashes if hashes is None else hashes)

    def add(self, hashes: Hashes) -> None:
        """Number further hashes, distinct and not there yet."""
        known = self.hashes.size
        self.hashes = np.concatenate([self.hashes, hashes])
        bits = max((4 * self.hashes.size).bit_length(), 8)
        if bits > self._bits:
            self._bits, known = bits, 0
            self._numbers = np.full(1 << bits, -1, dtype=np.int32)
        waiting = np.arange(known, self.hashes.size, dtype=np.int32)
        places = self._places(self.hashes[known:])
        while waiting.size:
            free = self._numbers[places] < 0
            self._numbers[places[free]] = waiting[free]  # of several for one place, the last stays
            left = self._numbers[places] != waiting
            waiting, places = waiting[left], self._next(places[left])

    def find(self, hashes: Hashes) -> NDArray[np.int32]:
        """int32 [n], the numbers of hashes, -1 where they are unknown."""
        places = self._places(hashes)
        found = np.take(self._numbers, places)
        asked = np.flatnonzero(found >= 0)
        wrong = asked[np.take(self.hashes, found[asked]) != hashes[asked]]
        found[wrong] = -1
        places, sought = places[wrong], hashes[wrong]
        while wrong.size:
            places = self._next(places)
            numbers = np.take(self._numbers, places)
            # An empty place ends the search; -1 would look at the last hash, which the next line then excludes.
            right = (np.take(self.hashes, numbers) == sought) & (numbers >= 0)
            found[wrong[right]] = numbers[right]
            on = np.flatnonzero(~right & (numbers >= 0))
            wrong, places, sought = wrong[on], places[on], sought[on]
        return found

    def _places(self, hashes: Hashes) -> Integers:
        return ((hashes * FIRST) >> np.uint64(64 - self._bits)).astype(np.int64)

    def _next(self, places: Integers) -> Integers:
        return (places + 1) & ((1 << self._bits) - 1)
