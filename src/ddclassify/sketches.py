"""What of a document's text is kept to know a near copy of it again: hashed shingles by MinHash, and its numbers.

The same on every platform and in every run: all hashes are integer arithmetic on code points.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .sentences import normalise

Letters = NDArray[np.uint32]
Hashes = NDArray[np.uint64]

LOOKED_AT = 1_000_000
"""Characters of a text that are looked at; more than most documents have, few enough to bound a hostile one."""

SHINGLE = 3
"""Words of a shingle: with five, editing three words in a hundred would already change a seventh of all shingles."""

HASHES = 128
BANDS, ROWS = 20, 3

HEAD_WORDS, HEAD_SHARE = 30, 4
"""Numbers among the first 30 words, of a short text its first quarter, are left out: headline and dateline."""

NUMBERS = 32
"""Places of numbers kept of a document, those of the smallest hashes."""

VALUE_BITS = np.uint32(10)
"""Low bits of a kept number that hold its value; the others hold its place."""

_WEYL, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, without case, accents, punctuation and spacing.

    Attributes:
        letters: uint32 [characters], lower-case letters and digits as code points, 0 for what separates words.
        hashes: uint64 [words], in order.
        numbers: bool [words], which hold a digit.
    """

    letters: Letters
    hashes: Hashes
    numbers: NDArray[np.bool_]

    @classmethod
    def of(cls, text: str) -> Words:
        """The words of a text's first `LOOKED_AT` characters; any string will do."""
        codes = normalise(text[:LOOKED_AT]).encode("utf-32-le", "surrogatepass")
        letters = _letters().take(np.frombuffer(codes, dtype="<u4"), mode="clip")
        inside = letters != 0
        places = np.flatnonzero(inside)
        if not places.size:
            return cls(letters, np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.bool_))
        firsts = np.flatnonzero(np.diff(places, prepend=-2) > 1)
        lengths = np.diff(firsts, append=places.size)
        within = np.arange(places.size, dtype=np.uint64) - np.repeat(firsts.astype(np.uint64), lengths)
        found = letters[places]
        hashes = np.add.reduceat(_mix(found + (within << np.uint64(32))), firsts)
        numbers = np.logical_or.reduceat((found >= ord("0")) & (found <= ord("9")), firsts)
        return cls(letters, _mix(hashes), numbers)

    def spelled(self) -> bytes:
        """The words themselves with one separator between two: the same bytes, the same words."""
        inside = self.letters != 0
        kept = self.letters[inside | np.append(inside[1:], False)]
        spelled: bytes = np.trim_zeros(kept).astype("<u4").tobytes()
        return spelled


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a document of at least `SHINGLE` words.

    Attributes:
        signature: uint8 [HASHES], low bits of the smallest hash of its shingles by each hash function.
        bands: uint64 [BANDS], hashes of ROWS of the smallest hashes each.
        shingles: how many distinct ones it has.
        numbers: uint32 [at most NUMBERS], ascending. Each number stands twice: by the two words before it, and by two
            after it, leaving out the next ("million"). Above `VALUE_BITS` a hash of those words, below one of itself.
        cut: whether it has more of them.
    """

    signature: NDArray[np.uint8]
    bands: Hashes
    shingles: int
    numbers: NDArray[np.uint32]
    cut: bool

    @classmethod
    def of(cls, words: Words) -> Sketch:
        """The sketch of a document's words."""
        hashes = words.hashes
        grams = hashes[: 1 - SHINGLE]
        for i in range(1, SHINGLE):
            grams = grams * _MIX_1 + hashes[i : hashes.size - SHINGLE + 1 + i]
        shingles = _distinct(_high(_mix(grams)))
        smallest = np.full(HASHES, np.iinfo(np.uint32).max, dtype=np.uint32)
        for i in range(0, shingles.size, 1024):
            np.minimum(smallest, (shingles[i : i + 1024] * _MULTIPLIERS).min(axis=1), out=smallest)
        rows = smallest[: BANDS * ROWS].reshape(BANDS, ROWS).astype(np.uint64)
        bands = rows[:, 0]
        for i in range(1, ROWS):
            bands = _mix(bands) + rows[:, i]
        numbers = _numbers(words)
        kept = numbers[:NUMBERS]
        return cls(smallest.astype(np.uint8), _mix(bands), shingles.size, kept, numbers.size > NUMBERS)


def _numbers(words: Words) -> NDArray[np.uint32]:
    head = min(HEAD_WORDS, words.hashes.size // HEAD_SHARE)
    at = np.flatnonzero(words.numbers[head:]) + head
    at = at[at > 1]
    if not at.size:
        return np.zeros(0, dtype=np.uint32)
    hashes = np.append(words.hashes, np.zeros(3, dtype=np.uint64))
    before = hashes[at - 2] * _MIX_1 + hashes[at - 1]
    after = hashes[at + 2] * _MIX_2 + hashes[at + 3]
    places = _high(_mix(np.concatenate((before, after)))) >> VALUE_BITS << VALUE_BITS
    values = _high(hashes[at]) >> (np.uint32(32) - VALUE_BITS)
    return _distinct(places | np.concatenate((values, values)))


@cache
def _letters() -> Letters:
    """Code point under 2^16 -> its lower-case letter or digit without accents, 0 for what separates words."""
    table = np.zeros(1 << 16, dtype=np.uint32)
    # The last entry stays 0: it also serves the code points above.
    for code in range(table.size - 1):
        letter = unicodedata.normalize("NFKD", chr(code))[0].lower()[0]
        table[code] = ord(letter) if letter.isalnum() else 0
    return table


def _mix(values: Hashes) -> Hashes:
    """The finaliser of SplitMix64."""
    values = values + _WEYL
    values ^= values >> np.uint64(30)
    values *= _MIX_1
    values ^= values >> np.uint64(27)
    values *= _MIX_2
    values ^= values >> np.uint64(31)
    return values


def _high(values: Hashes) -> NDArray[np.uint32]:
    return (values >> np.uint64(32)).astype(np.uint32)


def _distinct(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Ascending, each once; on short arrays quicker than np.unique."""
    values = np.sort(values)
    new = np.ones(values.size, dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return values[new]


_MULTIPLIERS = (_mix(np.arange(HASHES, dtype=np.uint64)).astype(np.uint32) | np.uint32(1))[:, None]
