"""From files, folders and streams to documents or single sentences, one at a time."""

from __future__ import annotations

import codecs
import csv
import glob
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from .documents import Document
from .errors import InputError

TEXT_SUFFIXES = frozenset({".txt", ".md"})
ROW_SUFFIXES = frozenset({".jsonl", ".csv"})
SUFFIXES = TEXT_SUFFIXES | ROW_SUFFIXES
MAX_BYTES = 32 * 1024 * 1024
"""Largest text file, JSONL line or CSV field read as one document."""

STDIN = "-"
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n", re.DOTALL | re.MULTILINE)
_FRONT_LINE = re.compile(r"([A-Za-z_][\w-]*):[ \t]*(.*)")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How inputs are read.

    Attributes:
        text_field, id_field: columns of JSONL and CSV rows; without an id column rows are named file:row.
        encoding: of text, JSONL and CSV; a byte-order mark overrules it.
        stdin_format: suffix that standard input is read as.
    """

    text_field: str = "text"
    id_field: str = "id"
    encoding: str = "utf-8"
    stdin_format: str = ".txt"

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise InputError(f"unknown encoding {self.encoding!r}") from None


@dataclass(frozen=True, slots=True)
class Failed:
    """An input that could not be read: its id, what is wrong, and the columns that came with it."""

    id: str
    message: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that paths, folders and patterns stand for.

    Attributes:
        files: in the order named; folders in the order of their names.
        skipped: files in folders whose kind is not read.
        size: bytes in all, standard input not counted.
    """

    files: tuple[str, ...]
    skipped: int
    size: int


def find_sources(paths: Iterable[str]) -> Sources:
    """Expand folders and glob patterns.

    Raises:
        InputError: a path does not exist, a pattern matches nothing, or a file named by itself is of a kind not read.
    """
    files: dict[str, None] = {}
    skipped = 0
    for path in paths:
        if path == STDIN:
            files[path] = None
            continue
        matches = [path] if Path(path).exists() else sorted(glob.glob(path, recursive=True))  # noqa: PTH207
        if not matches:
            raise InputError(f"{path}: no such file or folder")
        for match in matches:
            if Path(match).is_dir():
                found = [str(Path(root, name)) for root, _, names in os.walk(match) for name in names]
                readable = sorted(name for name in found if Path(name).suffix.lower() in SUFFIXES)
                skipped += len(found) - len(readable)
                files.update(dict.fromkeys(readable))
            elif Path(match).suffix.lower() not in SUFFIXES:
                raise InputError(f"{match}: cannot read {Path(match).suffix or 'files without a suffix'}; {_kinds()}")
            else:
                files[match] = None
    if not files:
        raise InputError(f"nothing to read there; {_kinds()}")
    return Sources(tuple(files), skipped, sum(Path(f).stat().st_size for f in files if f != STDIN))


def read_documents(sources: Sources, options: ReadOptions) -> Iterator[Document | Failed]:
    """Every document of the sources, in order; what cannot be read comes as `Failed`."""
    for path in sources.files:
        suffix = options.stdin_format if path == STDIN else Path(path).suffix.lower()
        name = "stdin" if path == STDIN else path
        try:
            with open_source(path) as file:
                if suffix in TEXT_SUFFIXES:
                    yield _text_document(file, name, options)
                else:
                    yield from _row_documents(file, suffix, name, options)
        except OSError as error:
            yield Failed(name, f"{name}: {error.strerror or error}")
        except InputError as error:
            yield Failed(name, str(error))


def open_source(path: str) -> BinaryIO:
    """Open a file, or standard input for "-", for reading bytes."""
    return sys.stdin.buffer if path == STDIN else Path(path).open("rb")


def _kinds() -> str:
    return f"ddclassify reads {', '.join(sorted(SUFFIXES))}"


def _text_document(file: BinaryIO, name: str, options: ReadOptions) -> Document:
    raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise InputError(f"{name}: more than {MAX_BYTES >> 20} MB in one document; split the file")
    text = _decode(raw, name, options.encoding)
    metadata, body = _front_matter(text)
    return Document(str(metadata.get(options.id_field) or name), body, metadata, name)


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The `key: value` lines between `---` lines at the top of a file, and the text after them."""
    block = _FRONT_MATTER.match(text)
    lines = block[1].splitlines() if block else []
    pairs = [_FRONT_LINE.fullmatch(line.rstrip()) for line in lines if line.strip()]
    if block is None or not all(pairs):
        return {}, text
    return {pair[1]: pair[2].strip().strip("\"'") for pair in pairs if pair}, text[block.end() :]


def _row_documents(file: BinaryIO, suffix: str, name: str, options: ReadOptions) -> Iterator[Document | Failed]:
    for number, record in _json_rows(file, name, options) if suffix == ".jsonl" else _csv_rows(file, name, options):
        where = f"{name}:{number}"
        if isinstance(record, str):
            yield Failed(where, record)
            continue
        metadata = {k: v for k, v in record.items() if k not in (options.text_field, options.id_field)}
        given = record.get(options.id_field)
        row_id = where if given is None or given == "" else str(given)
        text = record.get(options.text_field)
        if isinstance(text, str):
            yield Document(row_id, text, metadata, name)
        elif options.text_field in record:
            message = f"row {number}: {options.text_field!r} is {_short(text)}, expected text"
            yield Failed(row_id, f"{name}: {message}", metadata)
        else:
            columns = ", ".join(map(str, list(record)[:8])) or "none"
            message = f"row {number}: no field {options.text_field!r} (there are: {columns}); name it with --text-field"
            yield Failed(row_id, f"{name}: {message}", metadata)


def _json_rows(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[tuple[int, dict[str, Any] | str]]:
    number = 0
    while line := file.readline(MAX_BYTES + 1):
        number += 1
        if len(line) > MAX_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_BYTES)
            yield number, f"{name}: row {number}: more than {MAX_BYTES >> 20} MB in one line; split the document"
            continue
        try:
            text = _decode(line, f"{name}: row {number}", options.encoding)
            record = json.loads(text) if text.strip() else None
        except InputError as error:
            yield number, str(error)
        except (ValueError, RecursionError) as error:
            yield number, f"{name}: row {number}: not JSON: {error}"
        else:
            if isinstance(record, dict):
                yield number, record
            elif record is not None:
                yield number, f"{name}: row {number}: {_short(record)} is not a JSON object"


def _csv_rows(file: BinaryIO, name: str, options: ReadOptions) -> Iterator[tuple[int, dict[str, Any] | str]]:
    start = file.peek(4) if isinstance(file, io.BufferedReader) else b""
    stream = io.TextIOWrapper(file, encoding=_bom_encoding(start) or options.encoding, newline="")
    csv.field_size_limit(MAX_BYTES)
    number = 0
    try:
        header = stream.readline()
        delimiter = max(",;\t", key=header.count)
        names = next(csv.reader([header], delimiter=delimiter), [])
        if options.text_field not in names:
            found = ", ".join(names[:8]) or "none"
            raise InputError(
                f"{name}: no column {options.text_field!r} (there are: {found}); name it with --text-field"
            )
        for record in csv.DictReader(stream, names, delimiter=delimiter):
            number += 1
            row: dict[str, Any] = {k: v for k, v in record.items() if k is not None}
            if None in record or None in record.values():
                yield number, f"{name}: row {number}: {_cells(record)} cells under {len(names)} columns"
            else:
                yield number, row
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: {_not_decodable(error, options.encoding)}") from None
    except csv.Error as error:
        raise InputError(f"{name}: row {number + 1}: {error}") from None
    finally:
        stream.detach()


def _cells(record: dict[Any, Any]) -> int:
    return sum(v is not None for k, v in record.items() if k is not None) + len(record.get(None, ()))


def _bom_encoding(start: bytes) -> str | None:
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return None


def _decode(raw: bytes, where: str, encoding: str) -> str:
    try:
        return raw.decode(_bom_encoding(raw) or encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: {_not_decodable(error, encoding)}") from None


def _not_decodable(error: UnicodeDecodeError, encoding: str) -> str:
    byte = error.object[error.start] if error.start < len(error.object) else 0
    return f"byte {error.start} (0x{byte:02x}) is not {encoding}; name the right one with --encoding"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
