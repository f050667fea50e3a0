from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from ddclassify_training.confusion import Confusion, confusion
from ddclassify_training.tables import confused_pairs, confusion_matrix, misses_and_gifts

LABELS = "abc"
CELLS = arrays(bool, (12, 3))


def count(*rows: tuple[str, str, str]) -> Confusion:
    """From rows of gold labels, given labels and undecided labels."""
    gold, given_, undecided = (
        np.array([[label in row[column] for label in LABELS] for row in rows]) for column in range(3)
    )
    return confusion(given_, gold, ~undecided, LABELS)


BY_HAND = count(
    ("a", "b", ""),
    ("a", "ab", ""),
    ("a", "", ""),
    ("", "c", ""),
    ("ab", "c", ""),
    ("a", "b", "b"),
    ("a", "c", "a"),
    ("a", "a", ""),
)


def test_rows_counted_by_hand() -> None:
    assert BY_HAND.instead == {"a": {"b": 1, "c": 1}, "b": {"a": 0, "c": 1}, "c": {"a": 0, "b": 0}}
    assert BY_HAND.beside == {"a": {"b": 1, "c": 0}, "b": {"a": 0, "c": 0}, "c": {"a": 0, "b": 0}}
    assert BY_HAND.missed == {"a": 4, "b": 1, "c": 0}
    assert BY_HAND.missed_for_nothing == {"a": 2, "b": 0, "c": 0}
    assert BY_HAND.wrongly_given == {"a": 0, "b": 2, "c": 3}
    assert BY_HAND.given_from_nothing == {"a": 0, "b": 0, "c": 2}


def test_the_tables_say_it() -> None:
    assert confused_pairs(BY_HAND).rows == [
        ["a", "b", "1", "1"],
        ["a", "c", "1", "0"],
        ["b", "c", "1", "0"],
    ]
    assert misses_and_gifts(BY_HAND).rows == [
        ["a", "4", "2", "0", "0"],
        ["b", "1", "0", "2", "0"],
        ["c", "0", "0", "3", "2"],
    ]
    assert confusion_matrix(BY_HAND).rows == [
        ["a", "", "1 / 1", "1 / 0", "2", "4"],
        ["b", "", "", "1 / 0", "0", "1"],
        ["c", "", "", "", "0", "0"],
        ["no label is right", "0", "0", "2", "", ""],
        ["wrongly given", "0", "2", "3", "", ""],
    ]


@settings(deadline=None)
@given(CELLS, CELLS, CELLS)
def test_it_is_what_a_loop_counts(
    predicted: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
    carried: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
    decided: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
) -> None:
    found = confusion(predicted, carried, decided, LABELS)
    instead = {a: {b: 0 for b in LABELS if a != b} for a in LABELS}
    beside = {a: {b: 0 for b in LABELS if a != b} for a in LABELS}
    for row in range(12):
        for i, a in enumerate(LABELS):
            for j, b in enumerate(LABELS):
                wrong = decided[row, j] and predicted[row, j] and not carried[row, j]
                if wrong and decided[row, i] and carried[row, i]:
                    (beside if predicted[row, i] else instead)[a][b] += 1
    assert (found.instead, found.beside) == (instead, beside)


@settings(deadline=None)
@given(CELLS)
def test_nothing_is_confused_where_all_is_right(gold: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> None:
    found = confusion(gold, gold, np.ones_like(gold), LABELS)
    assert not confused_pairs(found).rows
    assert not any([*found.missed.values(), *found.wrongly_given.values()])
