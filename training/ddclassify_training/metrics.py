"""Precision, recall, F1, average precision and calibration per label, with bootstrap intervals by document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from .calibration_figures import Calibration, calibration

Booleans = NDArray[np.bool_]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Figures of one label on a set of rows; F1 0 where nothing was predicted; AP None without positives."""

    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    average_precision: float | None
    support: int
    predicted: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures on a set of rows. Macro means average over the labels that have positives there.

    Attributes:
        rows, documents: size of the set.
        labels: figures of each label.
        macro_f1, macro_f1_low, macro_f1_high: with the 95 % bootstrap interval by document.
        micro_f1: over all decisions.
        macro_average_precision: threshold-free.
        calibration: of the probabilities; None where only labels were given.
    """

    rows: int
    documents: int
    labels: Mapping[str, LabelFigures]
    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float
    micro_f1: float
    macro_average_precision: float
    calibration: Calibration | None = None

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return asdict(self)


def measure(
    predicted: Booleans,
    scores: NDArray[np.floating[Any]] | None,
    carried: Booleans,
    decided: Booleans,
    documents: Sequence[str],
    label_ids: Sequence[str],
    seed: int = 0,
) -> Figures:
    """Measure predictions against gold labels.

    Args:
        predicted, carried, decided: [rows x labels]; undecided cells count nowhere.
        scores: probabilities [rows x labels]; None: no average precision (0) and no calibration.
        documents: the document of each row; whole documents are resampled for the intervals.
    """
    names, index = np.unique(np.asarray(documents, dtype=str), return_inverse=True)
    cells = np.stack([predicted & carried & decided, predicted & ~carried & decided, ~predicted & carried & decided])
    by_document = np.zeros((3, names.size, len(label_ids)))
    for kind in range(3):
        np.add.at(by_document[kind], index, cells[kind])
    weights = np.random.default_rng(seed).multinomial(
        names.size, np.full(names.size, 1 / max(1, names.size)), RESAMPLES
    )
    resampled = np.einsum("rd,kdl->krl", weights, by_document)
    counts = by_document.sum(axis=1)
    present = counts[0] + counts[2] > 0
    f1, f1_resampled = _f1(counts), _f1(resampled)
    low, high = np.percentile(f1_resampled, [2.5, 97.5], axis=0)
    macro = f1_resampled[:, present].mean(axis=1) if present.any() else np.zeros(1)
    figures: dict[str, LabelFigures] = {}
    for j, label in enumerate(label_ids):
        tp, fp, fn = (float(counts[kind, j]) for kind in range(3))
        use = decided[:, j]
        precision_average = None
        if scores is not None and present[j]:
            precision_average = float(average_precision_score(carried[use, j], scores[use, j]))
        figures[label] = LabelFigures(
            precision=tp / (tp + fp) if tp + fp else 0.0,
            recall=tp / (tp + fn) if tp + fn else 0.0,
            f1=float(f1[j]),
            f1_low=float(low[j]),
            f1_high=float(high[j]),
            average_precision=precision_average,
            support=int(tp + fn),
            predicted=int(tp + fp),
        )
    averages = [f.average_precision for f in figures.values() if f.average_precision is not None]
    return Figures(
        rows=len(documents),
        documents=int(names.size),
        labels=figures,
        macro_f1=float(f1[present].mean()) if present.any() else 0.0,
        macro_f1_low=float(np.percentile(macro, 2.5)),
        macro_f1_high=float(np.percentile(macro, 97.5)),
        micro_f1=float(_f1(counts.sum(axis=1, keepdims=True))[0]),
        macro_average_precision=float(np.mean(averages)) if averages else 0.0,
        calibration=None if scores is None else calibration(scores, carried, decided, label_ids),
    )


def _f1(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 from [3 x ...] counts of true positives, false positives and false negatives."""
    tp, fp, fn = counts
    divisor = 2 * tp + fp + fn
    f1: NDArray[np.float64] = np.divide(2 * tp, divisor, out=np.zeros_like(divisor, dtype=float), where=divisor > 0)
    return f1
