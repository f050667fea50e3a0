"""Rows of spreadsheets (.xlsx)."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice, zip_longest
from typing import Any

from ..errors import InputError, MissingExtraError
from .jsonable import jsonable
from .opened import Opened, Row

MAX_SHEET = 1 << 30
"""Largest sheet, in bytes of its XML."""

MAX_PART = 256 * 1024 * 1024
"""Largest other part of the file: strings and styles are held in memory."""

MAX_ROWS = 1 << 20
"""Most rows that a sheet can have."""

_BLOCK = 256


def sheet_rows(opened: Opened, skip: int = 0) -> Iterator[Row]:
    """The rows of every sheet that has the text column; the first row that is not empty names the columns.

    Where there are several sheets each row gets a column `sheet`. Dates become ISO 8601.

    Args:
        opened: by path; `rows` is set as far as the file tells.
        skip: unused.

    Yields:
        The row's number as the spreadsheet shows it, after the sheet's name where there are several, and its columns.

    Raises:
        InputError: the file is damaged, protected, no spreadsheet or too large, or has no such column.
        MissingExtraError: openpyxl is not installed.
    """
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise MissingExtraError("reading .xlsx", "documents") from None
    with open(opened.path, "rb") as file:  # noqa: PTH123
        try:
            _check_size(file, opened.name)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles and other things that are not read
                workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except zipfile.BadZipFile:
            raise InputError(
                f"{opened.name}: is no .xlsx file, damaged or protected by a password; save it anew as .xlsx"
            ) from None
        except InputError:
            raise
        except Exception as error:  # the library raises whatever a damaged part makes it stumble over
            raise _damaged(opened, error) from None
        try:
            yield from _workbook_rows(workbook, opened)
        except (InputError, OSError):
            raise
        except Exception as error:
            raise _damaged(opened, error) from None
        finally:
            workbook.close()


def _workbook_rows(workbook: Any, opened: Opened) -> Iterator[Row]:
    sheets = workbook.worksheets
    opened.rows = sum(sheet.max_row or 0 for sheet in sheets) or None
    first_columns: list[str] | None = None
    found = False
    for sheet in sheets:
        sheet.reset_dimensions()  # some programs write wrong ones, and all beyond them would be lost
        columns: list[str] | None = None
        for number, cells in _cells(sheet, opened.name):
            if all(cell is None or cell == "" for cell in cells):
                continue
            if columns is None:
                columns = _columns(cells, opened)
                first_columns = first_columns or columns
                if opened.text_field not in columns:
                    break
                found = True
                continue
            record = _record(columns, cells)
            if record[opened.text_field] is None:
                record[opened.text_field] = ""
            if len(sheets) > 1:
                record.setdefault("sheet", sheet.title)
            yield (f"{sheet.title}:{number}" if len(sheets) > 1 else number), record
    if not found:
        if first_columns is None:
            raise InputError(f"{opened.name}: is empty; its first row must name the columns")
        columns_there = ", ".join(first_columns[:8])
        raise InputError(
            f"{opened.name}: no column {opened.text_field!r} (there are: {columns_there}); name it with --text-field"
        )


def _cells(sheet: Any, name: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The values of each row with its number, empty rows included."""
    rows = iter(sheet.iter_rows(values_only=True))
    number = 0
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            block = list(islice(rows, _BLOCK))
        if not block:
            return
        for cells in block:
            number += 1
            if number > MAX_ROWS:
                raise InputError(f"{name}: sheet {sheet.title!r} has more than {MAX_ROWS:,} rows; save it as CSV")
            yield number, cells


def _columns(cells: tuple[Any, ...], opened: Opened) -> list[str]:
    """The names of the columns, "" for one without."""
    names = ["" if cell is None else str(_value(cell)) for cell in cells]
    named = [name for name in names if name]
    if len(set(named)) < len(named):
        double = next(n for n in named if named.count(n) > 1)
        raise InputError(f"{opened.name}: the column {double!r} stands twice; rename one")
    return names


def _record(columns: list[str], cells: tuple[Any, ...]) -> dict[str, Any]:
    """A row's columns; cells under no name count where they hold something, and are called by their letters."""
    from openpyxl.utils import get_column_letter

    record: dict[str, Any] = {}
    for index, (name, cell) in enumerate(zip_longest(columns, cells), 1):
        if name:
            record[name] = _value(cell)
        elif cell is not None and cell != "":
            record.setdefault(get_column_letter(index), _value(cell))
    return record


def _value(cell: Any) -> Any:
    """A cell's value; spreadsheets hold dates as times at midnight."""
    if isinstance(cell, datetime) and cell.time() == time.min:
        return date.isoformat(cell.date())
    return jsonable(cell)


def _check_size(file: Any, name: str) -> None:
    """Refuse what would unpack to more than fits in memory; no part yields more than it declares."""
    with zipfile.ZipFile(file) as archive:
        for part in archive.infolist():
            sheet = part.filename.lower().startswith("xl/worksheets/")
            if part.file_size > (MAX_SHEET if sheet else MAX_PART):
                what = "a sheet" if sheet else repr(part.filename)
                raise InputError(
                    f"{name}: {what} unpacks to {part.file_size >> 20:,} MB, which is too much; save it as CSV"
                )
    file.seek(0)


def _damaged(opened: Opened, error: Exception) -> InputError:
    message = (str(error) or type(error).__name__).partition("\n")[0].rstrip(".")
    return InputError(f"{opened.name}: is damaged or no .xlsx file: {message[:200]}; save it anew")
