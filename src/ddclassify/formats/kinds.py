"""Which suffix is read by what: the one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from .datasetfolder import SUFFIX as DATASET
from .datasetfolder import dataset_rows
from .delimited import csv_rows, tsv_rows
from .filetext import FileText
from .jsonl import json_rows
from .opened import Opened, Row
from .parquet import parquet_rows
from .spreadsheet import sheet_rows
from .text import read_text

RowReader = Callable[[Opened, int], Iterator[Row]]
"""Takes a file and how many rows may come as None; raises InputError where nothing after a place can be read."""

TextReader = Callable[[bytes, str, str], FileText]
"""Takes a whole file, its name for messages and the encoding of text; raises InputError."""

PACKED = (".gz", ".zst")
MAX_BINARY = 256 * 1024 * 1024
"""Largest PDF or DOCX, of which most is pictures."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How files of a kind are read: by rows, or as one text.

    Attributes:
        rows, text: one of the two.
        columns: all rows have the same columns, so that one without the text means all.
        stream: read from the first byte on, so that it may be compressed or come by standard input.
        limit: most bytes of a file read as one text; None: the limit of all documents.
    """

    rows: RowReader | None = None
    text: TextReader | None = None
    columns: bool = False
    stream: bool = True
    limit: int | None = None


def _document(format_name: str) -> TextReader:
    def read(raw: bytes, name: str, encoding: str) -> FileText:
        module = import_module(f".{format_name}", __package__)  # only when one is read: the libraries are heavy
        return cast(FileText, getattr(module, f"read_{format_name}")(raw, name))

    return read


KINDS = {
    ".txt": Kind(text=read_text),
    ".md": Kind(text=read_text),
    ".html": Kind(text=_document("html")),
    ".htm": Kind(text=_document("html")),
    ".pdf": Kind(text=_document("pdf"), limit=MAX_BINARY),
    ".docx": Kind(text=_document("docx"), limit=MAX_BINARY),
    ".jsonl": Kind(rows=json_rows),
    ".ndjson": Kind(rows=json_rows),
    ".csv": Kind(rows=csv_rows, columns=True),
    ".tsv": Kind(rows=tsv_rows, columns=True),
    ".parquet": Kind(rows=parquet_rows, columns=True, stream=False),
    ".xlsx": Kind(rows=sheet_rows, columns=True, stream=False),
    DATASET: Kind(rows=dataset_rows, columns=True, stream=False),
}


def kind_of(name: str) -> tuple[str, str]:
    """The suffix of a file's kind, and that of its compression ("" where it has none), both in small letters.

    A name that ends with a slash is that of a dataset folder.
    """
    if name.endswith("/"):
        return DATASET, ""
    stem, suffix = _split(name)
    if suffix in PACKED:
        inner = _split(stem)[1]
        if inner in KINDS and KINDS[inner].stream:
            return inner, suffix
    return suffix, ""


def _split(name: str) -> tuple[str, str]:
    """As os.path.splitext, of a path whose last part alone matters."""
    base = name.rpartition("/")[2]
    stem, dot, suffix = base.rpartition(".")
    return (stem, f".{suffix.lower()}") if stem.strip(".") and dot and suffix else (base, "")
