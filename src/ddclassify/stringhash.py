"""spaCy's 64-bit identifiers of strings, all words of a batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .englishrules import english_rules

_FACTOR: Final = np.uint64(0xC6A4A7935BD1E995)
_SHIFT: Final = np.uint64(47)
_SEED: Final = np.uint64(1)
_TAILS: Final = np.array([(1 << 8 * size) - 1 for size in range(8)], dtype=np.uint64)
"""Masks that keep the first 0 to 7 bytes of a block."""


def string_ids(words: Sequence[str]) -> NDArray[np.uint64]:
    """The numbers under which spaCy's string store knows words.

    A number is MurmurHash64A of the word in UTF-8, with the seed 1, but for the names that spaCy reserves: these have
    small numbers (https://spacy.io/api/stringstore).

    Args:
        words: any strings; lone surrogates, which spaCy refuses, are hashed as if UTF-8 could hold them.

    Returns:
        uint64 [words].
    """
    hashes = _murmur([word.encode("utf-8", "surrogatepass") for word in words])
    reserved = english_rules().symbols
    for place in [place for place, word in enumerate(words) if word in reserved]:
        hashes[place] = reserved[words[place]]
    return hashes


def _murmur(keys: Sequence[bytes]) -> NDArray[np.uint64]:
    """MurmurHash64A of byte strings, uint64 [keys]: their first blocks of 8 bytes together, then the second, …"""
    sizes = np.fromiter(map(len, keys), dtype=np.int64, count=len(keys))
    starts = np.cumsum(sizes) - sizes
    # A block may begin at any byte, so that each word's lie end to end wherever the word begins.
    data = b"".join([*keys, bytes(8)])
    blocks = np.ndarray((len(data) - 7,), dtype="<u8", buffer=data, strides=(1,))
    hashes = _SEED ^ (sizes.astype(np.uint64) * _FACTOR)
    full = sizes >> 3
    for number in range(int(full.max(initial=0))):
        more = np.flatnonzero(full > number)
        hashes[more] = (hashes[more] ^ _mixed(blocks[starts[more] + 8 * number])) * _FACTOR
    rest = np.flatnonzero(sizes & 7)
    tails = blocks[(starts + 8 * full)[rest]] & _TAILS[(sizes & 7)[rest]]
    hashes[rest] = (hashes[rest] ^ tails) * _FACTOR
    hashes = (hashes ^ (hashes >> _SHIFT)) * _FACTOR
    return hashes ^ (hashes >> _SHIFT)


def _mixed(blocks: NDArray[np.uint64]) -> NDArray[np.uint64]:
    blocks = blocks * _FACTOR
    return (blocks ^ (blocks >> _SHIFT)) * _FACTOR
