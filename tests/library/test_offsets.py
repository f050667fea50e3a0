from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddclassify.offsets import normalise_with_offsets
from ddclassify.sentences import normalise

AWKWARD = st.text(
    st.sampled_from(
        "aeiou ABé-–\n\r\t\u00a0\u00ad\u200b\u2028\ufeff\x85\x1c.'’\u0301\u0323\u0338\u0344각ᄀ\u1161\u11a8\u09c7\u09be"
        "\u2000\ud800\u212b\u0958"
    ),
    max_size=30,
)


def undone(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=60), AWKWARD))
def test_the_text_is_that_of_normalise_and_each_character_has_its_origin(text: str) -> None:
    clean, starts, ends = normalise_with_offsets(text)
    assert clean == normalise(text)
    assert len(clean) == len(starts) == len(ends)
    assert starts == sorted(starts) and ends == sorted(ends)
    for character, start, end in zip(clean, starts, ends, strict=True):
        origin = text[start:end]
        assert origin, "nothing comes from nowhere"
        if character == " ":
            assert any(map(str.isspace, origin))
        else:
            assert set(undone(character)) <= set(undone(origin))


@pytest.mark.parametrize(
    ("text", "word", "origin"),
    [
        ("  the\t\n drill ended", "drill", "drill"),
        ("the exer-\n  cise ended", "exercise", "exer-\n  cise"),
        ("the long-\nterm plan", "long-term", "long-\nterm"),
        ("co\u00adope\u200bration", "cooperation", "co\u00adope\u200bration"),
        ("the attache\u0301 left", "attaché", "attache\u0301"),
        ("e\u0301 e\u0301 drill e\u0301", "drill", "drill"),
    ],
)
def test_words_are_found_again(text: str, word: str, origin: str) -> None:
    clean, starts, ends = normalise_with_offsets(text)
    at = clean.index(word)
    assert text[starts[at] : ends[at + len(word) - 1]] == origin


def test_marks_heaped_on_a_letter_take_no_time_without_end() -> None:
    text = "a" + "\u0327\u0301" * 500_000 + " b"
    clean, starts, ends = normalise_with_offsets(text)
    assert clean == normalise(text) and len(clean) < 40
    assert (starts[-1], ends[-1]) == (len(text) - 1, len(text))
    assert normalise(clean) == clean
