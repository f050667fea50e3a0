"""What reading costs: the share of sentences that a policy leaves to read, and what is found there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
READING_POLICY = "recall"


@dataclass(frozen=True, slots=True)
class LabelWorkload:
    """For one label: the share of rows that it is given to, and of the rows that carry it (None without any)."""

    share_to_read: float
    recall: float | None


@dataclass(frozen=True, slots=True)
class Workload:
    """What is left to read for someone who reads only the rows with a label.

    Attributes:
        policy: whose thresholds gave the labels.
        rows: rows with a decided label.
        to_read: those that were given at least one of the labels decided there.
        share_to_read: their share.
        recall: of the labels that are there, over all labels together, the share that is given.
        row_recall: of the rows that carry a label, the share left to read, by whatever label; with `recall`, None
            where no row carries any.
        labels: the same label by label, for someone who reads for that label alone.
    """

    policy: str
    rows: int
    to_read: int
    share_to_read: float
    recall: float | None
    row_recall: float | None
    labels: Mapping[str, LabelWorkload]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping."""
        return asdict(self)


def workload(
    policy: str, predicted: Booleans, carried: Booleans, decided: Booleans, label_ids: Sequence[str]
) -> Workload:
    """Measure what a policy leaves to read.

    Args:
        policy: its name.
        predicted, carried, decided: [rows x labels]; undecided cells count nowhere.
        label_ids: the labels, in the order of the columns.
    """
    given, gold = predicted & decided, carried & decided
    rows, to_read, labelled = (cells.sum(axis=1) > 0 for cells in (decided, given, gold))
    return Workload(
        policy=policy,
        rows=int(rows.sum()),
        to_read=int(to_read.sum()),
        share_to_read=_share(to_read, rows) or 0.0,
        recall=_share(given, gold),
        row_recall=_share(to_read, labelled),
        labels={
            label: LabelWorkload(_share(given[:, j], decided[:, j]) or 0.0, _share(given[:, j], gold[:, j]))
            for j, label in enumerate(label_ids)
        },
    )


def _share(these: Booleans, among: Booleans) -> float | None:
    return float(these[among].mean()) if among.any() else None
