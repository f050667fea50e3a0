"""Rows of CSV and TSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

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
    name, encoding = opened.name, opened.encoding
    csv.field_size_limit(opened.limit)
    number = 0
    with decoded(opened, newline="") as stream:
        lines = _Lines(stream, opened.limit)
        try:
            first = next(lines, "")
            if named := re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE):  # as spreadsheets name the delimiter
                delimiter, first = named[1], next(lines, "")
            reader = csv.DictReader(chain([first], lines), delimiter=delimiter or max(",;\t", key=first.count))
            names = list(reader.fieldnames or ())
            if len(set(names)) < len(names):
                double = next(n for n in names if names.count(n) > 1)
                raise InputError(f"{name}: the column {double!r} stands twice; rename one")
            lines.taken = 0
            for record in reader:
                number += 1
                lines.taken = 0
                row: dict[str, Any] = {k: v for k, v in record.items() if k is not None}
                cells = sum(v is not None for v in row.values()) + len(record.get(None, ()))
                if cells != len(names):
                    yield number, f"{name}: row {number}: {cells} cells under {len(names)} columns"
                elif trouble := undecoded("".join(row.values()), encoding):
                    yield number, f"{name}: row {number}: {trouble}"
                else:
                    yield number, row
            if not number and not names:
                raise InputError(f"{name}: is empty; its first line must name the columns")
        except csv.Error as error:
            raise InputError(f"{name}: row {number + 1}: {error}") from None
        except _TooLongError:
            raise InputError(
                f"{name}: row {number + 1}: more than {opened.limit >> 20} MB in one row; close its quotes or split it"
            ) from None


class _TooLongError(Exception):
    """A row goes on beyond the limit."""


class _Lines:
    """Lines of a stream, as long as those of one row stay within a limit; `taken` is set to 0 after each row."""

    def __init__(self, stream: io.TextIOWrapper, limit: int) -> None:
        self.taken = 0
        self._readline = stream.readline
        self._limit = limit

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._readline(self._limit + 1)
        self.taken += len(line)
        if self.taken > self._limit:
            raise _TooLongError
        if not line:
            raise StopIteration
        return line
