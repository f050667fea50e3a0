"""Which labels are taken for which: what was wrongly given in a label's stead, and beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Numbers of rows. A row with several wrong labels counts under each of them.

    Attributes:
        instead: gold label -> other label -> rows that miss the first and wrongly carry the second.
        beside: gold label -> other label -> rows that rightly carry the first and wrongly carry the second.
        missed: gold label -> rows that miss it.
        missed_for_nothing: gold label -> rows that miss it and carry nothing wrongly.
        wrongly_given: label -> rows that wrongly carry it.
        given_from_nothing: label -> rows that wrongly carry it where no label is right.
    """

    instead: Counts
    beside: Counts
    missed: Mapping[str, int]
    missed_for_nothing: Mapping[str, int]
    wrongly_given: Mapping[str, int]
    given_from_nothing: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return asdict(self)


def confusion(predicted: Booleans, carried: Booleans, decided: Booleans, label_ids: Sequence[str]) -> Confusion:
    """Count confusions.

    Args:
        predicted, carried, decided: [rows x labels]; undecided cells count nowhere.
        label_ids: the labels, in the order of the columns.
    """
    gold = carried & decided
    missed, right, wrong = gold & ~predicted, gold & predicted, predicted & ~carried & decided
    nothing_wrong, nothing_right = ~wrong.any(axis=1), ~gold.any(axis=1)

    def pairs(these: Booleans) -> Counts:
        counts = these.astype(np.int64).T @ wrong.astype(np.int64)
        return {a: {b: int(counts[i, j]) for j, b in enumerate(label_ids) if i != j} for i, a in enumerate(label_ids)}

    def totals(cells: Booleans) -> dict[str, int]:
        return dict(zip(label_ids, cells.sum(axis=0).tolist(), strict=True))

    return Confusion(
        instead=pairs(missed),
        beside=pairs(right),
        missed=totals(missed),
        missed_for_nothing=totals(missed[nothing_wrong]),
        wrongly_given=totals(wrong),
        given_from_nothing=totals(wrong[nothing_right]),
    )
