"""Rows of CSV and TSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from ..errors import InputError
from .decoding import decoded, undecoded
from .opened import Opened, Row


def csv_rows(opened: Opened, skip: int = 0) -> Iterator[Row]:
    """The rows of a file whose first line names the columns; the delimiter is told from that line.

    Args:
        opened: read as a stream.
        skip: unused; quotes may hold line breaks, so rows cannot be counted unparsed.

    Yields:
        The row's number, counted after the header, and its cells, or what is wrong with it.

    Raises:
        InputError: nothing after this place can be read.
    """
    return _rows(opened, "")


def tsv_rows(opened: Opened, skip: int = 0) -> Iterator[Row]:
    """As `csv_rows`, with tabs between the cells whatever the first line holds."""
    return _rows(opened, "\t")


def _rows(opened: Opened, delimiter: str) -> Iterator[Row]:
    name, encoding, limit = opened.name, opened.encoding, opened.limit
    csv.field_size_limit(limit)
    number = 0
    with decoded(opened, newline="") as stream:
        row = _Budget(limit)
        lines = _lines(stream, row)
        try:
            first = next(lines, "")
            if named := re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE):  # as spreadsheets name the delimiter
                delimiter, first = named[1], next(lines, "")
            reader = csv.reader(chain([first], lines), delimiter=delimiter or max(",;\t", key=first.count))
            names = next((cells for cells in reader if cells), [])
            if not names:
                raise InputError(f"{name}: is empty; its first line must name the columns")
            if len(set(names)) < len(names):
                double = next(n for n in names if names.count(n) > 1)
                raise InputError(f"{name}: the column {double!r} stands twice; rename one")
            for cells in reader:
                row.left = limit
                if not cells:
                    continue
                number += 1
                if len(cells) != len(names):
                    yield number, f"{name}: row {number}: {len(cells)} cells under {len(names)} columns"
                elif trouble := undecoded("".join(cells), encoding):
                    yield number, f"{name}: row {number}: {trouble}"
                else:
                    yield number, dict(zip(names, cells, strict=True))
        except csv.Error as error:
            raise InputError(f"{name}: row {number + 1}: {error}") from None
        except _TooLongError:
            raise InputError(
                f"{name}: row {number + 1}: more than {limit >> 20} MB in one row; close its quotes or split it"
            ) from None


class _TooLongError(Exception):
    """A row goes on beyond its budget."""


@dataclass(slots=True)
class _Budget:
    """How many characters the present row may still take."""

    left: int


def _lines(stream: io.TextIOWrapper, row: _Budget) -> Iterator[str]:
    """The lines of a stream, as long as the row can pay for them."""
    while line := stream.readline(row.left + 1):
        row.left -= len(line)
        if row.left < 0:
            raise _TooLongError
        yield line
