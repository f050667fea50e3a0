from __future__ import annotations

import numpy as np

from ddclassify_training.tables import workload as workload_table
from ddclassify_training.tables import workload_sentence
from ddclassify_training.workload import LabelWorkload, Workload, workload

GIVEN = np.array([[1, 0], [1, 1], [0, 1], [0, 0], [0, 0]], dtype=bool)
GOLD = np.array([[1, 0], [0, 0], [1, 0], [0, 1], [0, 0]], dtype=bool)


def test_figures_computed_by_hand() -> None:
    found = workload("recall", GIVEN, GOLD, np.ones_like(GOLD), ["a", "b"])
    assert found == Workload(
        policy="recall",
        rows=5,
        to_read=3,
        share_to_read=3 / 5,
        recall=1 / 3,
        row_recall=2 / 3,
        labels={"a": LabelWorkload(2 / 5, 0.5), "b": LabelWorkload(2 / 5, 0.0)},
    )
    assert workload_table(found).rows == [
        ["a", "40.0%", "50.0%"],
        ["b", "40.0%", "0.0%"],
        ["any label", "60.0%", "33.3%"],
    ]
    assert workload_sentence(found) == (
        "With the policy recall, 3 of 5 rows (60.0%) are left to read. 66.7% of the rows that carry a label are among "
        "them, and 33.3% of the labels are given."
    )


def test_undecided_cells_count_nowhere() -> None:
    """The first row's only given label, and the whole last row, were not decided."""
    decided = np.array([[0, 1], [1, 1], [1, 1], [1, 1], [0, 0]], dtype=bool)
    found = workload("recall", GIVEN, GOLD, decided, ["a", "b"])
    assert (found.rows, found.to_read, found.recall, found.row_recall) == (4, 2, 0.0, 0.5)
    assert found.labels["a"] == LabelWorkload(1 / 3, 0.0)


def test_there_is_no_recall_without_labels() -> None:
    found = workload("recall", GIVEN, np.zeros_like(GOLD), np.ones_like(GOLD), ["a", "b"])
    assert found.recall is None and found.row_recall is None and found.labels["a"].recall is None
    assert found.share_to_read == 3 / 5
    assert workload_sentence(found).endswith("no row carries a label.")
