from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss

from ddclassify_training.calibration_figures import (
    CELLS,
    PER_CELL,
    LabelCalibration,
    ReliabilityPoint,
    calibration,
    reliability,
)

CASES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=300)


def one_label(probability: list[float], target: list[bool]) -> LabelCalibration:
    scores, gold = np.array(probability)[:, None], np.array(target, dtype=bool)[:, None]
    return calibration(scores, gold, np.ones_like(gold), ["x"]).labels["x"]


def points(probability: list[float], target: list[bool]) -> tuple[ReliabilityPoint, ...]:
    return reliability(np.array(probability), np.array(target, dtype=bool))


def test_figures_computed_by_hand() -> None:
    found = one_label([0.9, 0.2, 0.8, 0.2], [True, False, True, False])
    assert found.base_rate == 0.5
    assert found.brier_skill == pytest.approx(1 - (0.01 + 0.04 + 0.04 + 0.04) / 4 / 0.25)
    assert found.log_loss_skill == pytest.approx(1 + (log(0.9) + 3 * log(0.8)) / 4 / log(2))
    assert found.expected_error == pytest.approx(0.525 - 0.5)


def test_the_losses_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    scores = rng.random((500, 1))
    gold = rng.random((500, 1)) < scores**2
    found = calibration(scores, gold, np.ones_like(gold), ["x"]).labels["x"]
    base = np.full(500, gold.mean())
    assert found.brier_skill == pytest.approx(1 - brier_score_loss(gold[:, 0], scores[:, 0]) / gold.var())
    assert found.log_loss_skill == pytest.approx(1 - log_loss(gold[:, 0], scores[:, 0]) / log_loss(gold[:, 0], base))


def test_errors_of_two_cells_do_not_cancel() -> None:
    """Half of the 0.2s and a third of the 0.6s are positive: each cell is 0.3 off, though all together agree."""
    found = one_label([0.2] * 20 + [0.6] * 20, [True, False] * 10 + [True] * 6 + [False] * 14)
    assert found.expected_error == pytest.approx(0.3)


def test_large_cells_weigh_more_and_equal_probabilities_stay_together() -> None:
    """Fifty 0.2s, of which 25 are positive, and ten 0.6s that are right: 0.3 off on five sixths."""
    found = one_label([0.2] * 50 + [0.6] * 10, [True] * 25 + [False] * 25 + [True] * 6 + [False] * 4)
    assert found.expected_error == pytest.approx(0.25)


def test_the_many_low_probabilities_do_not_dilute_the_error() -> None:
    few = one_label([0.5] * 4, [True, False, False, False])
    many = one_label([0.5] * 4 + [0.01] * 1000, [True, False, False, False] + [False] * 1000)
    assert few.expected_error == many.expected_error == pytest.approx(0.25)


def test_reliability_shows_the_low_ones_as_a_cell_of_their_own() -> None:
    found = points([0.05, 0.1, 0.03, 0.02] + [0.3] * 20 + [0.8] * 20, [True] + [False] * 3 + [True, False] * 20)
    assert [p.mean_probability for p in found] == pytest.approx([0.05, 0.3, 0.8])
    assert [(p.share_positive, p.count) for p in found] == [(0.25, 4), (0.5, 20), (0.5, 20)]


def test_a_worse_forecast_than_the_base_rate_has_negative_skill() -> None:
    found = one_label([0.1, 0.9, 0.9, 0.9], [True, False, False, False])
    assert found.brier_skill is not None and found.brier_skill < 0
    assert found.log_loss_skill is not None and found.log_loss_skill < 0


def test_one_sure_error_costs_much_but_not_everything() -> None:
    found = one_label([0.0, 0.0, 1.0, 1.0], [True, False, True, True])
    assert found.log_loss_skill is not None and -10 < found.log_loss_skill < -1


@pytest.mark.parametrize("everywhere", [True, False])
def test_there_is_no_skill_where_all_rows_are_alike(everywhere: bool) -> None:
    found = one_label([0.5, 0.6], [everywhere] * 2)
    assert found.brier_skill is None and found.log_loss_skill is None and found.expected_error is not None


def test_undecided_cells_count_nowhere() -> None:
    scores = np.array([[0.9], [0.2], [0.99]])
    gold, decided = np.array([[True], [False], [False]]), np.array([[True], [True], [False]])
    found = calibration(scores, gold, decided, ["x"]).labels["x"]
    assert found == one_label([0.9, 0.2], [True, False])


def test_macro_is_over_the_labels_that_occur() -> None:
    scores = np.array([[0.9, 0.9, 0.5], [0.2, 0.2, 0.5]])
    gold = np.array([[True, False, True], [False, False, False]])
    found = calibration(scores, gold, np.ones_like(gold), ["a", "never", "b"])
    a, b = found.labels["a"], found.labels["b"]
    assert a.brier_skill is not None and b.brier_skill == pytest.approx(0)
    assert found.macro_brier_skill == pytest.approx(a.brier_skill / 2)
    nothing = calibration(scores, np.zeros_like(gold), np.ones_like(gold), ["a", "never", "b"])
    assert nothing.macro_brier_skill is None and nothing.macro_expected_error is None


@settings(deadline=None)
@given(CASES)
def test_the_order_of_the_rows_does_not_matter(cases: list[tuple[float, bool]]) -> None:
    there, back = list(zip(*cases, strict=True)), list(zip(*reversed(cases), strict=True))
    one, two = points(*map(list, there)), points(*map(list, back))
    assert [p.count for p in one] == [p.count for p in two]
    for p, q in zip(one, two, strict=True):
        assert p.mean_probability == pytest.approx(q.mean_probability)
        assert p.share_positive == pytest.approx(q.share_positive)


@settings(deadline=None)
@given(CASES)
def test_the_cells_hold_every_row_once(cases: list[tuple[float, bool]]) -> None:
    probability, target = map(list, zip(*cases, strict=True))
    found = points(probability, target)
    assert sum(p.count for p in found) == len(cases) and len(found) <= CELLS + 1
    assert sum(p.mean_probability * p.count for p in found) == pytest.approx(sum(probability), abs=1e-9)
    assert sum(p.share_positive * p.count for p in found) == pytest.approx(sum(target))
    means = [p.mean_probability for p in found]
    assert means == sorted(means)


@pytest.mark.parametrize("size", [1, 19, 20, 39, 40, 41, 199, 200, 333])
def test_cells_have_equal_mass(size: int) -> None:
    above = np.linspace(0.11, 1, size).tolist()
    counts = [p.count for p in points(above, [False] * size)]
    assert len(counts) == max(1, min(CELLS, size // PER_CELL))
    assert max(counts) - min(counts) <= 1 and min(counts) >= min(PER_CELL, size)
    assert [p.count for p in points([0.05] * 500 + above, [False] * (500 + size))] == [500, *counts]


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=100).filter(lambda target: 0 < sum(target) < len(target)))
def test_the_base_rate_has_no_skill_and_the_truth_has_all(target: list[bool]) -> None:
    share = sum(target) / len(target)
    base, truth = one_label([share] * len(target), target), one_label([float(t) for t in target], target)
    assert base.brier_skill == pytest.approx(0, abs=1e-9) and base.log_loss_skill == pytest.approx(0, abs=1e-9)
    assert truth.brier_skill == 1 and truth.log_loss_skill == pytest.approx(1, abs=1e-4)
    assert truth.expected_error == 0
