"""Whether probabilities mean what they say: skill over the base rate, expected calibration error, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
LOW = 0.1
"""Probabilities up to here stay out of the expected error: most are, rightly, and they would drown the others."""

CELLS = 10
PER_CELL = 20
"""Probabilities that a cell needs, on average: in smaller ones chance alone looks like miscalibration."""

CLIP = 1e-6
"""Probabilities nearer to 0 or 1 count as this near, so that one sure error does not make the log-loss infinite."""


@dataclass(frozen=True, slots=True)
class LabelCalibration:
    """Calibration of one label on a set of rows.

    Attributes:
        base_rate: share of the rows that carry the label; 0 where none was decided.
        brier_skill, log_loss_skill: 1 for a perfect forecast, 0 for giving every row the base rate of these very
            rows, below 0 for worse than that; None where all rows are alike.
        expected_error: mean distance between probability and share of positives over cells of equal mass of the
            probabilities above `LOW`; None where there are none.
    """

    base_rate: float
    brier_skill: float | None
    log_loss_skill: float | None
    expected_error: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration on a set of rows. Macro means average over the labels that have positives there, None without any."""

    labels: Mapping[str, LabelCalibration]
    macro_brier_skill: float | None
    macro_log_loss_skill: float | None
    macro_expected_error: float | None


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """A cell of similar probabilities: their mean, the share of positives among them, and how many they are."""

    mean_probability: float
    share_positive: float
    count: int


def calibration(
    scores: NDArray[np.floating[Any]], carried: Booleans, decided: Booleans, label_ids: Sequence[str]
) -> Calibration:
    """Measure calibration.

    Args:
        scores: probabilities [rows x labels].
        carried, decided: [rows x labels]; undecided cells count nowhere.
        label_ids: the labels, in the order of the columns.
    """
    labels: dict[str, LabelCalibration] = {}
    for j, label in enumerate(label_ids):
        use = decided[:, j]
        labels[label] = _label(scores[use, j].astype(float), carried[use, j])
    present = [found for found in labels.values() if found.base_rate > 0]
    return Calibration(
        labels=labels,
        macro_brier_skill=_mean([found.brier_skill for found in present]),
        macro_log_loss_skill=_mean([found.log_loss_skill for found in present]),
        macro_expected_error=_mean([found.expected_error for found in present]),
    )


def reliability(probability: NDArray[np.floating[Any]], target: Booleans) -> tuple[ReliabilityPoint, ...]:
    """The cells of a reliability plot, by rising probability.

    The first holds everything up to `LOW`, where there is any; the others share what lies above it equally. Equal
    probabilities are never parted, so the order of the rows does not matter.

    Args:
        probability, target: [n]; of one label, or of several one after the other.
    """
    exact = probability.astype(np.float64)
    low = exact <= LOW
    cells = [low, *_cells_above(exact)] if low.any() else _cells_above(exact)
    return tuple(
        ReliabilityPoint(float(exact[cell].mean()), float(target[cell].mean()), int(cell.sum())) for cell in cells
    )


def _label(probability: NDArray[np.float64], target: Booleans) -> LabelCalibration:
    base = float(target.mean()) if target.size else 0.0
    brier_skill = log_loss_skill = None
    if 0 < base < 1:
        brier_skill = 1 - float(np.mean((probability - target) ** 2)) / (base * (1 - base))
        log_loss_skill = 1 - _log_loss(probability, target) / _log_loss(np.full(target.size, base), target)
    return LabelCalibration(base, brier_skill, log_loss_skill, _expected_error(probability, target))


def _expected_error(probability: NDArray[np.float64], target: Booleans) -> float | None:
    cells = _cells_above(probability)
    if not cells:
        return None
    distances = [abs(probability[cell].mean() - target[cell].mean()) for cell in cells]
    return float(np.average(distances, weights=[cell.sum() for cell in cells]))


def _cells_above(probability: NDArray[np.float64]) -> list[Booleans]:
    """Masks [n] of the cells of equal mass above `LOW`; fewer than `CELLS` where each would hold too little."""
    above = np.sort(probability[probability > LOW])
    cells = max(1, min(CELLS, above.size // PER_CELL))
    rank = np.searchsorted(above, probability)
    cell_of = np.where(probability > LOW, rank * cells // max(1, above.size), -1)
    return [cell_of == cell for cell in range(cells) if (cell_of == cell).any()]


def _log_loss(probability: NDArray[np.float64], target: Booleans) -> float:
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    return -float(np.mean(np.where(target, np.log(clipped), np.log(1 - clipped))))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
