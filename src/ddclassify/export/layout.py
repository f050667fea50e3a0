"""The columns of an output, known before its first row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..rows import FIELDS, Row

_NESTED = ("labels", "unsure", "probabilities", "counts", "metadata")


@dataclass(frozen=True)
class Layout:
    """What the rows of a run hold.

    Attributes:
        level: "sentence" or "document".
        labels: the labels of the model, in order.
        metadata: the inputs' own fields in the order of their first appearance, and the kind of each: "null", "bool",
            "int", "float" or "text".
        rows: how many there are.
    """

    level: str
    labels: tuple[str, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a row but its metadata."""
        return FIELDS[self.level][:-1]

    @property
    def flat(self) -> list[str]:
        """Names of columns without any structure: `p_LABEL` is a probability, `n_LABEL` a number of sentences."""
        names = [name for name in self.fields if name not in _NESTED] + ["labels", "unsure"]
        names += [f"p_{label}" for label in self.labels]
        return names + ([f"n_{label}" for label in self.labels] if self.level == "document" else [])

    def own_names(self, taken: list[str] | tuple[str, ...]) -> dict[str, str]:
        """A column's name for each metadata field: its own, with "input_" before it until it is free."""
        names: dict[str, str] = {}
        used = set(taken)
        for name in self.metadata:
            column = name
            while column in used:
                column = f"input_{column}"
            used.add(column)
            names[name] = column
        return names

    def flat_values(self, row: Row) -> list[Any]:
        """A row's values under the columns of `flat`, then its metadata; lists of labels are joined by ";"."""
        values = [row[name] for name in self.fields if name not in _NESTED]
        values += [";".join(row["labels"]), ";".join(row["unsure"])]
        values += [row["probabilities"].get(label) for label in self.labels]
        if self.level == "document":
            values += [row["counts"].get(label) for label in self.labels]
        own = row["metadata"]
        return values + [plain(own.get(name)) for name in self.metadata]


def plain(value: Any) -> Any:
    """A value without structure: lists and objects become JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
