from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ddclassify.hashindex import HashIndex

HASHES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 50), unique=True, max_size=300)


def array(numbers: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(numbers, dtype=np.uint64)


@given(HASHES, st.integers(0, 300), st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 60), max_size=100))
def test_numbers_are_given_in_the_order_of_adding(hashes: list[int], cut: int, others: list[int]) -> None:
    index = HashIndex(array(hashes[:cut]))
    index.add(array(hashes[cut:]))
    asked = [*others, *reversed(hashes)]
    expected = [hashes.index(number) if number in hashes else -1 for number in asked]
    assert index.find(array(asked)).tolist() == expected


def test_an_empty_index_knows_nothing() -> None:
    assert HashIndex().find(array([0, 1, 2**64 - 1])).tolist() == [-1, -1, -1]
    assert HashIndex().find(array([])).size == 0


def test_hashes_that_want_the_same_place_are_all_found() -> None:
    step = pow(0x9E3779B97F4A7C15, -1, 1 << 64)
    crowd = [step * i % 2**64 for i in range(1000)]  # their products are 0, 1, 2, …: the same high bits
    index = HashIndex(array(crowd))
    assert index.find(array(crowd)).tolist() == list(range(1000))
    assert index.find(array([step * 1000 % 2**64])).tolist() == [-1]
