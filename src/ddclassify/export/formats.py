"""Which format an output's name asks for, and from a file of rows to an output of that format."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from ..errors import InputError
from ..rows import Row
from ..writing import encodable
from .delimited import TextFile, write_csv
from .layout import Layout
from .parquet import check_parquet, write_parquet
from .spreadsheet import check_spreadsheet, write_spreadsheet
from .table import TableWriter

FORMATS = ("table", "jsonl", "csv", "parquet", "xlsx")
FILE_FORMATS = ("parquet", "xlsx")
"""Those that cannot go to standard output."""

COMPRESSIONS = (".gz", ".zst")


def format_of(output: str | None, asked: str | None) -> str:
    """The format of an output: the one asked for, else what its name says; a table on standard output.

    Raises:
        InputError: the name says nothing, or the format cannot be written there.
        MissingExtraError: what writes the format is not installed.
    """
    name = PurePath(output or "")
    compressed = name.suffix in COMPRESSIONS
    suffix = (name.with_suffix("") if compressed else name).suffix.lstrip(".") if output else "table"
    form = asked or suffix
    if form not in FORMATS:
        raise InputError(f"{output}: say which --format: {', '.join(FORMATS)}")
    if form in FILE_FORMATS and output is None:
        raise InputError(f"--format {form} needs a file: name it with --output")
    if form in FILE_FORMATS and compressed:
        raise InputError(f"{output}: {form} is compressed in itself; leave out {name.suffix}")
    if form == "parquet":
        check_parquet()
    elif form == "xlsx":
        check_spreadsheet()
    return form


def is_plain(output: str, form: str) -> bool:
    """Whether rows need no conversion to be that output."""
    return form == "jsonl" and PurePath(output).suffix not in COMPRESSIONS


def read_rows(lines: Iterable[bytes]) -> Iterator[Row]:
    """The rows of JSONL, one at a time."""
    return map(json.loads, lines)


def export_rows(rows: Path, target: Path, output: str, form: str, layout: Layout) -> str | None:
    """Make an output of a file of rows.

    Args:
        rows: JSONL.
        target: the file that is written.
        output: the name it will have, whose suffix says how it is compressed.
        form: one of `FORMATS`.
        layout: the columns.

    Returns:
        What the user should hear, None for nothing.

    Raises:
        OutputError: the format cannot hold the rows.
        OSError: the file cannot be written.
    """
    with rows.open("rb") as lines:
        if form == "parquet":
            write_parquet(read_rows(lines), target, layout)
            return None
        if form == "xlsx":
            cut = write_spreadsheet(read_rows(lines), target, layout)
            return f"{cut:,} texts were cut: a cell of a spreadsheet holds no more" if cut else None
        with target.open("wb") as raw, _compressed(raw, PurePath(output).suffix) as file:
            if form == "jsonl":
                shutil.copyfileobj(lines, file, 1 << 20)
            else:
                text = io.TextIOWrapper(file, encoding="utf-8", newline="")
                write_rows(read_rows(lines), text, form, layout)
                text.flush()
                text.detach()
    return None


def write_rows(rows: Iterable[Row], file: TextFile, form: str, layout: Layout) -> None:
    """Write rows to a stream of text, as "csv" or "table"; lone surrogates become "?"."""
    safe = _Encodable(file)
    if form == "csv":
        write_csv(rows, safe, layout)
    else:
        TableWriter(safe).write(rows)


class _Encodable:
    def __init__(self, file: TextFile) -> None:
        self._file = file

    def write(self, text: str, /) -> object:
        return self._file.write(encodable(text))


@contextmanager
def _compressed(file: BinaryIO, suffix: str) -> Iterator[Any]:
    if suffix == ".gz":
        # Without a name and a time, so that equal rows are equal files.
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
            yield packed
    elif suffix == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(level=6).stream_writer(file, closefd=False) as packed:
            yield packed
    else:
        yield file
