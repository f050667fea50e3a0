"""CSV: flat columns, UTF-8, every text as it was."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Protocol

from ..rows import Row
from .layout import Layout


class TextFile(Protocol):
    """What takes text."""

    def write(self, text: str, /) -> object:
        """Write text."""


def write_csv(rows: Iterable[Row], file: TextFile, layout: Layout) -> None:
    """Write a header and the rows.

    Args:
        rows: of the layout's level.
        file: without translation of line ends.
        layout: the columns.
    """
    # With this line end the csv module quotes every cell that holds a line break of any kind.
    out = csv.writer(file, lineterminator="\r\n")
    out.writerow([*layout.flat, *layout.own_names(layout.flat).values()])
    for row in rows:
        out.writerow(layout.flat_values(row))
