"""Which labels a sentence may carry, but not surely: those worth a person's look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .linear import Scores

LOW, MIDDLE, HIGH = "recall", "balanced", "precision"
"""The policies whose thresholds bound the band."""

FLOOR = 0.1
"""Probability below which a label is not worth a look, unless a threshold that gives it lies lower still: one in ten
such labels at most is right, and most sentences have one at the threshold of "recall"."""


def unsure_labels(
    scores: Scores, thresholds: Mapping[str, Mapping[str, float]], ids: Sequence[str]
) -> list[tuple[str, ...]]:
    """The labels that are neither surely absent nor surely there.

    The band begins at the threshold of "recall" or at `FLOOR`, whichever is higher, but not above that of "balanced"
    (inclusive), and ends at the threshold of "precision" (exclusive). A label may be given, under a policy between the
    two, and unsure at once.

    Args:
        scores: probabilities [n x labels].
        thresholds: policy -> label -> threshold, as the manifest of a model holds them.
        ids: the labels, in the order of the columns.

    Returns:
        One tuple a row, in the order of `ids`; all empty where the model lacks one of the policies.
    """
    if not {LOW, MIDDLE, HIGH} <= thresholds.keys():
        return [()] * len(scores)
    low, middle, high = (
        np.array([thresholds[policy][i] for i in ids], dtype=np.float32) for policy in (LOW, MIDDLE, HIGH)
    )
    low = np.minimum(np.maximum(low, np.float32(FLOOR)), middle)
    return label_sets((scores >= low) & (scores < high), ids)


def label_sets(carried: NDArray[np.bool_], ids: Sequence[str]) -> list[tuple[str, ...]]:
    """The labels that each of n rows carries [n x labels], in the order of `ids`."""
    found: list[tuple[str, ...]] = [()] * len(carried)
    rows = np.flatnonzero(carried.any(axis=1))
    width = carried.shape[1]
    raw = carried[rows].tobytes()  # a byte a label: few distinct rows, each made into names once
    known: dict[bytes, tuple[str, ...]] = {}
    for i, row in enumerate(rows.tolist()):
        key = raw[i * width : (i + 1) * width]
        if key not in known:
            known[key] = tuple(label for label, there in zip(ids, key, strict=True) if there)
        found[row] = known[key]
    return found
