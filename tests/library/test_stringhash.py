from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.strings import get_string_id
from spacy.symbols import IDS

from ddclassify.stringhash import string_ids

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS | st.sampled_from(sorted(IDS)), max_size=20))
def test_ids_are_spacys(words: list[str]) -> None:
    assert string_ids(words).tolist() == [get_string_id(word) for word in words]


def test_reserved_names_have_their_small_numbers() -> None:
    names = sorted(IDS)
    assert string_ids(names).tolist() == [get_string_id(name) for name in names] == [IDS[name] for name in names]
    assert string_ids(["", "det"]).tolist() == [0, IDS["det"]]


def test_words_of_every_length_are_spacys() -> None:
    words = ["é" * size + "x" * more for size in range(60) for more in range(9)]
    assert string_ids(words).tolist() == [get_string_id(word) for word in words]


def test_no_words_have_no_ids() -> None:
    assert string_ids([]).dtype == np.uint64 and string_ids([]).shape == (0,)


def test_lone_surrogates_are_hashed_too() -> None:
    one, other, plain = string_ids(["\ud800", "\udfff", "x"]).tolist()
    assert one != other and plain == get_string_id("x")
