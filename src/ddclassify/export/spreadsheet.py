"""Spreadsheets (.xlsx): the columns of CSV, the header in sight, every text a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import MissingExtraError, OutputError
from ..rows import Row
from .layout import Layout

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_CHARACTERS = 32_767
"""Of a sheet and of a cell, as Excel has them."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EXACT = 2**53


def check_spreadsheet() -> None:
    """See early that it can be written.

    Raises:
        MissingExtraError: openpyxl is not installed.
    """
    try:
        import openpyxl  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("writing spreadsheets", "documents") from None


def write_spreadsheet(rows: Iterable[Row], path: Path, layout: Layout) -> int:
    """Write rows to one sheet.

    Characters that a spreadsheet cannot hold are left out.

    Returns:
        How many texts were cut because a cell holds no more.

    Raises:
        MissingExtraError: openpyxl is not installed.
        OutputError: a sheet cannot hold that many rows or columns; nothing was written.
        OSError: the file cannot be written.
    """
    check_spreadsheet()
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    header = [*layout.flat, *layout.own_names(layout.flat).values()]
    if layout.rows >= MAX_ROWS or len(header) > MAX_COLUMNS:
        raise OutputError(
            f"{layout.rows:,} rows of {len(header):,} columns are more than a spreadsheet holds "
            f"({MAX_ROWS - 1:,} of {MAX_COLUMNS:,}); write .csv or .parquet"
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet("sentences" if layout.level == "sentence" else "documents")
    sheet.freeze_panes = "A2"
    cut = 0

    def cell(value: Any) -> Any:
        nonlocal cut
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
            value = str(value)
        if not isinstance(value, str):
            return value
        text = _ILLEGAL.sub("", value)
        if len(text) > MAX_CHARACTERS:
            text = text[:MAX_CHARACTERS]
            cut += 1
        if not text.startswith(("=", "#")):
            return text
        plain = WriteOnlyCell(sheet, text)
        plain.data_type = "s"  # neither a formula nor an error value
        return plain

    sheet.append([cell(name) for name in header])
    for row in rows:
        sheet.append([cell(value) for value in layout.flat_values(row)])
    book.save(path)
    return cut
