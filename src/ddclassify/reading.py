"""From files, folders and streams to documents or single sentences, one at a time."""

from __future__ import annotations

import codecs
import csv
import glob
import io
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from .documents import Document
from .errors import InputError

TEXT_SUFFIXES = frozenset({".txt", ".md"})
ROW_SUFFIXES = frozenset({".jsonl", ".csv"})
SUFFIXES = TEXT_SUFFIXES | ROW_SUFFIXES
MAX_BYTES = 32 * 1024 * 1024
"""Largest text file (bytes), JSONL line or CSV field (characters) read as one document."""

STDIN = "-"
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n", re.DOTALL | re.MULTILINE)
_FRONT_LINE = re.compile(r"([A-Za-z_][\w-]*):[ \t]*(.*)")
_ESCAPED_BYTE = re.compile(r"[\udc80-\udcff]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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
            "x".encode(self.encoding)
        except (LookupError, UnicodeError):
            raise InputError(f"unknown text encoding {self.encoding!r}") from None


@dataclass(frozen=True, slots=True)
class Failed:
    """An input that could not be read: its id, what is wrong, and the columns and the file that it came with."""

    id: str
    message: str
    metadata: dict[str, Any] = field(default_factory=dict)
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that paths, folders and patterns stand for.

    Attributes:
        files: in the order named, each once; folders in the order of their names.
        skipped: the suffix of each file in folders whose kind is not read.
        size: bytes in all, standard input not counted.
        sizes: bytes of each file.
    """

    files: tuple[str, ...]
    skipped: tuple[str, ...]
    size: int
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two items of the inputs.

    Attributes:
        file: index into `Sources.files`.
        item: items of that file before this place, failed ones included.
        bytes: bytes of all inputs before it.
    """

    file: int = 0
    item: int = 0
    bytes: int = 0


def find_sources(paths: Iterable[str]) -> Sources:
    """Expand folders and glob patterns.

    Raises:
        InputError: a path does not exist, a pattern matches nothing, a folder cannot be read, or a file named by
            itself is of a kind not read.
    """
    files: dict[str, str] = {}
    skipped: list[str] = []
    for path in paths:
        if path == STDIN:
            files[path] = path
            continue
        try:
            found, ignored = _expand(path)
        except OSError as error:
            raise InputError(f"{_short_path(error.filename or path)}: {error.strerror}") from None
        skipped += ignored
        for name in found:
            files.setdefault(os.path.realpath(name), name)
    if not files:
        raise InputError(f"nothing to read there; {_kinds()}")
    sizes = tuple(_size(f) for f in files.values())
    return Sources(tuple(files.values()), tuple(skipped), sum(sizes), sizes)


def read_documents(sources: Sources, options: ReadOptions) -> Iterator[Document | Failed]:
    """Every document of the sources, in order; what cannot be read comes as `Failed`."""
    return DocumentReader(sources, options)


class DocumentReader(Iterator[Document | Failed]):
    """Every document of the sources, in order; what cannot be read comes as `Failed`.

    Args:
        sources: what is read.
        options: how.
        start: where to begin; None: at the first document.
    """

    def __init__(self, sources: Sources, options: ReadOptions, start: Position | None = None) -> None:
        self._sources = sources
        self._options = options
        self._file = start.file if start else 0
        self._item = 0
        self._open: BinaryIO | None = None
        self._items = self._read(start.item if start else 0)

    def __next__(self) -> Document | Failed:
        return next(self._items)

    @property
    def position(self) -> Position:
        """The place after the item last given."""
        before = sum(self._sources.sizes[: self._file])
        return Position(self._file, self._item, before + self._offset())

    def _offset(self) -> int:
        size = self._sources.sizes[self._file] if self._file < len(self._sources.sizes) else 0
        if self._open is None or self._open.closed or self._sources.files[self._file] == STDIN:
            return size if self._item else 0
        try:
            return min(size, int(self._open.raw.tell()))  # type: ignore[attr-defined]
        except OSError:
            return 0

    def _read(self, skip: int) -> Iterator[Document | Failed]:
        for index in range(self._file, len(self._sources.files)):
            self._file, self._item = index, 0
            for item in self._of_file(self._sources.files[self._file]):
                self._item += 1
                if self._item > skip:
                    yield item
            skip = 0

    def _of_file(self, path: str) -> Iterator[Document | Failed]:
        suffix = self._options.stdin_format if path == STDIN else Path(path).suffix.lower()
        name = "stdin" if path == STDIN else path
        try:
            with _open(path) as file:
                self._open = file
                if suffix in TEXT_SUFFIXES:
                    yield _text_document(file, name, self._options)
                else:
                    yield from _row_documents(file, suffix, name, self._options)
        except OSError as error:
            yield Failed(name, f"{name}: {error.strerror or error}", source=name)
        except InputError as error:
            yield Failed(name, str(error), source=name)


def read_rows(file: BinaryIO, suffix: str, name: str, encoding: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The rows of a JSONL or CSV file.

    Args:
        file: open for reading bytes.
        suffix: ".jsonl" or ".csv".
        name: of the file, for messages.
        encoding: of the file; a byte-order mark overrules it.

    Yields:
        The row's number (JSONL: its line, CSV: counted after the header) and the row, or a message where it is bad.

    Raises:
        InputError: nothing after this place can be read.
    """
    start = file.peek(4)[:4] if isinstance(file, io.BufferedReader) or hasattr(file, "peek") else b""
    # Undecodable bytes become lone surrogates, so that one bad row does not cost the rest of the file.
    ends = "\n" if suffix == ".jsonl" else ""
    stream = io.TextIOWrapper(file, _bom_encoding(start) or encoding, errors="surrogateescape", newline=ends)
    try:
        yield from (_json_rows if suffix == ".jsonl" else _csv_rows)(stream, name, encoding)
    except UnicodeError as error:
        raise InputError(
            f"{name}: cannot be decoded as {encoding}: {error}; name the right one with --encoding"
        ) from None
    finally:
        stream.detach()


def _expand(path: str) -> tuple[list[str], list[str]]:
    """The readable files that a path, folder or pattern stands for, and the suffixes of others in its folders."""
    matches = [path] if os.path.lexists(path) else sorted(glob.glob(path, recursive=True))  # noqa: PTH207
    if not matches:
        raise InputError(f"{_short_path(path)}: no such file or folder")
    files: list[str] = []
    skipped: list[str] = []
    for match in matches:
        if Path(match).is_dir():
            walk = os.walk(match, onerror=_raise)
            found = [str(Path(root, name)) for root, _, names in walk for name in names]
            readable = sorted(name for name in found if Path(name).suffix.lower() in SUFFIXES)
            files += readable
            skipped += [Path(name).suffix for name in sorted(set(found) - set(readable))]
        elif Path(match).suffix.lower() not in SUFFIXES:
            raise InputError(f"{match}: cannot read {Path(match).suffix or 'files without a suffix'}; {_kinds()}")
        else:
            files.append(match)
    return files, skipped


def _raise(error: OSError) -> None:
    raise error


def _size(path: str) -> int:
    try:
        return 0 if path == STDIN else Path(path).stat().st_size
    except OSError:
        return 0  # Reading it will say what is wrong.


def _open(path: str) -> BinaryIO:
    if path != STDIN:
        return Path(path).open("rb")
    if sys.stdin is None:
        raise InputError("standard input is closed")
    return sys.stdin.buffer


def _kinds() -> str:
    return f"ddclassify reads {', '.join(sorted(SUFFIXES))}"


def _text_document(file: BinaryIO, name: str, options: ReadOptions) -> Document:
    raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise InputError(f"{name}: more than {MAX_BYTES >> 20} MB in one document; split the file")
    encoding = _bom_encoding(raw) or options.encoding
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        byte = raw[error.start] if error.start < len(raw) else 0
        raise InputError(f"{name}: byte {error.start} {_not_text(byte, encoding)}") from None
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
    for number, record in read_rows(file, suffix, name, options.encoding):
        where = f"{name}:{number}"
        if isinstance(record, str):
            yield Failed(where, record, source=name)
            continue
        metadata = {k: v for k, v in record.items() if k not in (options.text_field, options.id_field)}
        given = record.get(options.id_field)
        row_id = where if given is None or given == "" else str(given)
        text = record.get(options.text_field)
        if isinstance(text, str):
            yield Document(row_id, text, metadata, name)
            continue
        if suffix == ".csv":
            columns = ", ".join(list(record)[:8])
            raise InputError(
                f"{name}: no column {options.text_field!r} (there are: {columns}); name it with --text-field"
            )
        if options.text_field in record:
            message = f"{options.text_field!r} is {_short(text)}, expected text"
        else:
            columns = ", ".join(map(str, list(record)[:8])) or "none"
            message = f"no field {options.text_field!r} (there are: {columns}); name it with --text-field"
        yield Failed(row_id, f"{name}: row {number}: {message}", metadata, name)


def _json_rows(stream: io.TextIOWrapper, name: str, encoding: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    number = 0
    while line := stream.readline(MAX_BYTES + 1):
        number += 1
        if len(line) > MAX_BYTES:
            while line and not line.endswith("\n"):
                line = stream.readline(MAX_BYTES)
            yield number, f"{name}: row {number}: more than {MAX_BYTES >> 20} MB in one line; split the document"
            continue
        if trouble := _undecoded(line, encoding):
            yield number, f"{name}: row {number}: {trouble}"
            continue
        try:
            record = json.loads(line, parse_constant=_no_number, parse_float=_number) if line.strip() else None
        except (ValueError, RecursionError) as error:
            yield number, f"{name}: row {number}: not JSON: {error}"
            continue
        if isinstance(record, dict):
            yield number, record
        elif record is not None or line.strip():
            yield number, f"{name}: row {number}: {_short(record)} is not a JSON object"


def _csv_rows(stream: io.TextIOWrapper, name: str, encoding: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    csv.field_size_limit(MAX_BYTES)
    first = stream.readline()
    delimiter = max(",;\t", key=first.count)
    if re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE):  # what spreadsheets write to name the delimiter
        delimiter, first = first[4], stream.readline()
    number = 0
    try:
        reader = csv.DictReader(chain([first], stream), delimiter=delimiter)
        names = list(reader.fieldnames or ())
        if len(set(names)) < len(names):
            double = next(n for n in names if names.count(n) > 1)
            raise InputError(f"{name}: the column {double!r} stands twice; rename one")
        for record in reader:
            number += 1
            row: dict[str, Any] = {k: v for k, v in record.items() if k is not None}
            cells = sum(v is not None for v in row.values()) + len(record.get(None, ()))
            if cells != len(names):
                yield number, f"{name}: row {number}: {cells} cells under {len(names)} columns"
            elif trouble := _undecoded("".join(row.values()), encoding):
                yield number, f"{name}: row {number}: {trouble}"
            else:
                yield number, row
        if not number and not names:
            raise InputError(f"{name}: is empty; its first line must name the columns")
    except csv.Error as error:
        raise InputError(f"{name}: row {number + 1}: {error}") from None


def _undecoded(text: str, encoding: str) -> str:
    """What is wrong with a text whose undecodable bytes were escaped; "" when nothing is."""
    found = _ESCAPED_BYTE.search(text)
    return _not_text(ord(found[0]) - 0xDC00, encoding) if found else ""


def _not_text(byte: int, encoding: str) -> str:
    return f"(0x{byte:02x}) is not {encoding}; name the right one with --encoding"


def _bom_encoding(start: bytes) -> str | None:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    return None


def _number(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _no_number(text: str) -> None:
    """NaN and the infinities, which are no JSON, become null."""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _short_path(path: str) -> str:
    return path if len(path) <= 200 else path[:197] + "..."
