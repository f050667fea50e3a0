from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddclassify.context import BREAK, WINDOW, Context, contexts_of
from ddclassify.sentences import split_sentences

OPENINGS = ["The", "Two", "In", "“We", "Ministers", "THE", "Q:"]
WORDS = [
    "navies", "Lt. Gen. Okoye", "U.S.-led", "No. 5", "12-14 May 2019", "(F-230)", "talks,", "Muscat", "— and", "drill",
    "exer-\ncise", "held\nagain", "e.g. frigates", "attaché",
]  # fmt: skip
ENDS = ["", ".", "?", "!", ".”", "...", ";"]


def one_sentence(text: str) -> bool:
    return split_sentences(text) == [(0, len(text))]


sentences = st.builds(
    lambda opening, words, end: " ".join([opening, *words]) + end,
    st.sampled_from(OPENINGS),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).filter(lambda words: words[-1][-1].isalpha()),
    st.sampled_from(ENDS),
).filter(one_sentence)


@settings(deadline=None)
@given(st.lists(sentences, max_size=7))
def test_the_sentences_before_are_found_again(document: list[str]) -> None:
    for i, context in enumerate(contexts_of(document)):
        assert context.sentences_before() == document[max(0, i - WINDOW) : i]


@settings(deadline=None)
@given(st.lists(sentences, max_size=7))
def test_the_title_stands_in_for_a_missing_sentence(document: list[str]) -> None:
    for i, context in enumerate(contexts_of(document, "A title. Of two parts")):
        expected = ["A title. Of two parts", *document[:i]] if i < WINDOW else document[i - WINDOW : i]
        assert context.sentences_before() == expected


def test_a_context_holds_two_sentences_on_each_side() -> None:
    contexts = contexts_of(["A.", "B.", "C.", "D.", "E."], "T")
    assert [context.before.split(BREAK) for context in contexts] == [
        [""],
        ["A."],
        ["A.", "B."],
        ["B.", "C."],
        ["C.", "D."],
    ]
    assert [context.after.split(BREAK) for context in contexts] == [
        ["B.", "C."],
        ["C.", "D."],
        ["D.", "E."],
        ["E."],
        [""],
    ]
    assert {context.title for context in contexts} == {"T"} and contexts_of([]) == []
    assert contexts_of(["A."]) == [Context()]


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (Context(), []),
        (Context(before=" \n "), []),
        (Context(before="One came."), ["One came."]),
        (Context(before="One came. Two came. Three came\nand left. "), ["Two came.", "Three came\nand left."]),
        (Context(before="One came. Two came. Three came.", title="Title"), ["Two came.", "Three came."]),
        (Context(before="One came. Two came.", title="Title"), ["One came.", "Two came."]),
        (Context(before="One came.", title="Title"), ["Title", "One came."]),
        (Context(title="Title. With a stop"), ["Title. With a stop"]),
        (Context(title=" \t"), []),
        (Context(before="One came.", title="\n"), ["One came."]),
        (Context(after="One came."), []),
    ],
)
def test_sentences_of_a_text_before(context: Context, expected: list[str]) -> None:
    assert context.sentences_before() == expected
