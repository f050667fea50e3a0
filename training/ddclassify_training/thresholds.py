"""Choose the probability at which a label is given, per label and policy, on held-out rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ddclassify.linear import Scores

from .config import TrainingConfig

Booleans = NDArray[np.bool_]
FALLBACK = 0.5
PRECISION_RECALL = 0.25
"""Recall that the policy "precision" keeps: a threshold that one lucky row reaches is of no use."""


def choose_thresholds(
    scores: Scores, carried: Booleans, decided: Booleans, label_ids: Sequence[str], config: TrainingConfig
) -> dict[str, dict[str, float]]:
    """Thresholds of the three policies.

    "balanced" maximises F1; "recall" is the highest threshold that keeps the recall the configuration asks for, and
    never above "balanced"; "precision" the lowest that reaches the precision it asks for while it still finds a
    quarter of the positives (where none does: the one with the best F0.5), and never below "balanced".

    Args:
        scores, carried, decided: [rows x labels] of the held-out rows.

    Returns:
        policy -> label -> threshold. A label without a positive row gets 0.5.
    """
    found: dict[str, dict[str, float]] = {"recall": {}, "balanced": {}, "precision": {}}
    for j, label in enumerate(label_ids):
        use = decided[:, j]
        probability, target = scores[use, j].astype(float), carried[use, j]
        if not target.any():
            for policy in found.values():
                policy[label] = FALLBACK
            continue
        cuts, precision, recall = curve(probability, target)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        good = np.flatnonzero((precision >= config.precision) & (recall >= PRECISION_RECALL))
        f_half = 1.25 * precision * recall / np.maximum(0.25 * precision + recall, 1e-12)
        balanced = cuts[np.argmax(f1)]
        found["balanced"][label] = float(balanced)
        found["recall"][label] = float(min(balanced, cuts[np.flatnonzero(recall >= config.recall)[0]]))
        found["precision"][label] = float(max(balanced, cuts[good[-1] if good.size else np.argmax(f_half)]))
    return found


def curve(
    probability: NDArray[np.float64], target: Booleans
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Cuts (descending, midway between neighbouring probabilities), with precision and recall at each."""
    order = np.argsort(-probability, kind="stable")
    ranked, hits = probability[order], np.cumsum(target[order])
    last = np.flatnonzero(np.append(ranked[1:] < ranked[:-1], True))
    following = np.append(ranked[1:], 0.0)[last]
    return (ranked[last] + following) / 2, hits[last] / (last + 1), hits[last] / max(1, target.sum())
