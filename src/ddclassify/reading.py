"""From files, folders and streams to documents or single sentences, one at a time."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from .documents import Document
from .errors import DDClassifyError, InputError
from .formats.compression import decompressed
from .formats.decoding import short
from .formats.filetext import FileText
from .formats.kinds import KINDS, Kind, TextReader, kind_of
from .formats.opened import Opened, Row
from .sources import STDIN as STDIN
from .sources import Sources as Sources
from .sources import find_sources as find_sources

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_BYTES = 32 * 1024 * 1024
"""Largest text file (bytes), JSONL line, CSV row or other text (characters) read as one document."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How inputs are read.

    Attributes:
        text_field, id_field: columns of rows; without an id column rows are named file:row.
        encoding: of text, JSONL, CSV and TSV; a byte-order mark overrules it.
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
        if self.stdin_format not in KINDS or not KINDS[self.stdin_format].stream:
            kinds = ", ".join(sorted(suffix for suffix, kind in KINDS.items() if kind.stream))
            raise InputError(f"standard input cannot be read as {self.stdin_format!r}; it can as {kinds}")


@dataclass(frozen=True, slots=True)
class Failed:
    """An input that could not be read: its id, what is wrong, and the columns and the file that it came with."""

    id: str
    message: str
    metadata: dict[str, Any] = field(default_factory=dict)
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far reading has come.

    Attributes:
        file: index into `Sources.files`.
        item: how many items of that file were read, failed ones included.
        bytes: how many of all inputs were read; of compressed files those that lie on the disk, of tables that are
            read by columns the share of their rows.
    """

    file: int = 0
    item: int = 0
    bytes: int = 0


class DocumentReader:
    """Iterates over the documents of the sources, in order; what cannot be read comes as `Failed`.

    Args:
        sources: what to read.
        options: how.
        start: go on after this position of an earlier reading of the same sources. What comes is what came then.
    """

    def __init__(self, sources: Sources, options: ReadOptions, start: Position | None = None) -> None:
        self._sources = sources
        self._options = options
        self._file = start.file if start else 0
        self._item = start.item if start else 0
        self._before = sum(sources.sizes[: self._file])
        known = start.bytes - self._before if start else 0
        self._consumed: Callable[[], int] = lambda: known
        self._items = self._read()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Document | Failed:
        item = next(self._items)
        self._item += 1
        return item

    @property
    def position(self) -> Position:
        """The position after the item last given."""
        return Position(self._file, self._item, self._before + self._consumed())

    def _read(self) -> Iterator[Document | Failed]:
        files, sizes, skip = self._sources.files, self._sources.sizes, self._item
        while self._file < len(files):
            path = files[self._file]
            items = self._read_file(path, sizes[self._file], skip)
            for _ in range(skip):  # Rows are counted nevertheless: where a file breaks off must not depend on it.
                next(items, None)
            yield from items
            self._before += sizes[self._file] or self._consumed()
            self._consumed = _nothing
            self._file += 1
            self._item = skip = 0

    def _read_file(self, path: str, size: int, skip: int) -> Iterator[Document | Failed]:
        suffix, packing = (self._options.stdin_format, "") if path == STDIN else kind_of(path)
        kind = KINDS[suffix]
        name = "stdin" if path == STDIN else path.rstrip("/")
        try:
            if kind.text is not None:
                if skip:  # its one item
                    self._consumed = lambda: size
                    yield _SKIPPED
                    return
                limit = kind.limit or MAX_BYTES
                raw = _read_whole(path, name, packing, limit)
                self._consumed = lambda: size or len(raw)
                yield _text_document(kind.text, raw, name, self._options)
            else:
                opened = Opened(path, name, self._options.encoding, self._options.text_field, MAX_BYTES)
                if not kind.stream:
                    self._consumed = lambda: _share(size, self._item, opened.rows)
                    yield from _row_documents(opened, kind, self._options, skip)
                    return
                with _open(path) as file:
                    self._consumed = _counter(file, size)
                    opened.file = decompressed(file, packing, name) if packing else file
                    yield from _row_documents(opened, kind, self._options, skip)
        except (OSError, DDClassifyError) as error:
            message = str(error)
            if not isinstance(error, InputError):
                message = f"{name}: {getattr(error, 'strerror', None) or error}"
            yield Failed(name, message, source=name)


def read_documents(sources: Sources, options: ReadOptions) -> Iterator[Document | Failed]:
    """Every document of the sources, in order; what cannot be read comes as `Failed`."""
    return DocumentReader(sources, options)


def read_rows(path: str, encoding: str, otherwise: str = ".jsonl") -> Iterator[tuple[int | str, dict[str, Any] | str]]:
    """The rows of a file of any kind that has rows, as they are.

    Args:
        path: of the file, also compressed.
        encoding: of text; a byte-order mark overrules it.
        otherwise: suffix that a file is read as whose own names no kind.

    Yields:
        The row's number and the row, or a message where it is bad.

    Raises:
        InputError: nothing after this place can be read.
        OSError: the file cannot be opened.
    """
    suffix, packing = kind_of(path)
    kind = KINDS.get(suffix) or KINDS[otherwise]
    if kind.rows is None:
        raise InputError(f"{path}: {suffix} has no rows")
    opened = Opened(path, path, encoding, "text", MAX_BYTES)
    if not kind.stream:
        yield from _unskipped(kind.rows(opened, 0))
        return
    with _open(path) as file:
        opened.file = decompressed(file, packing, path) if packing else file
        yield from _unskipped(kind.rows(opened, 0))


def _unskipped(rows: Iterator[Row]) -> Iterator[tuple[int | str, dict[str, Any] | str]]:
    return ((number, record) for number, record in rows if record is not None)


def _text_document(read: TextReader, raw: bytes, name: str, options: ReadOptions) -> Document:
    found: FileText = read(raw, name, options.encoding)
    if len(found.text) > MAX_BYTES:
        raise InputError(f"{name}: more than {MAX_BYTES >> 20} million characters in one document; split the file")
    return Document(str(found.metadata.get(options.id_field) or name), found.text, found.metadata, name, found.pages)


def _row_documents(opened: Opened, kind: Kind, options: ReadOptions, skip: int) -> Iterator[Document | Failed]:
    name, text_field, id_field = opened.name, options.text_field, options.id_field
    assert kind.rows is not None
    for number, record in kind.rows(opened, skip):
        if record is None:
            yield _SKIPPED
            continue
        if isinstance(record, str):
            yield Failed(f"{name}:{number}", record, source=name)
            continue
        text = record.get(text_field)
        given = record.get(id_field)
        row_id = f"{name}:{number}" if given is None or given == "" else str(given)
        if isinstance(text, str) and len(text) <= opened.limit:
            del record[text_field]
            record.pop(id_field, None)
            yield Document(row_id, text, record, name)
            continue
        columns = ", ".join(map(str, list(record)[:8])) or "none"
        if isinstance(text, str):
            message = f"more than {opened.limit >> 20} million characters in one text; split the document"
        elif text_field in record:
            message = f"{text_field!r} is {short(text)}, expected text"
        elif kind.columns:
            raise InputError(f"{name}: no column {text_field!r} (there are: {columns}); name it with --text-field")
        else:
            message = f"no field {text_field!r} (there are: {columns}); name it with --text-field"
        metadata = {k: v for k, v in record.items() if k not in (text_field, id_field)}
        yield Failed(row_id, f"{name}: row {number}: {message}", metadata, name)


def _read_whole(path: str, name: str, packing: str, limit: int) -> bytes:
    if path == STDIN or packing:
        with _open(path) as file:
            raw = (decompressed(file, packing, name) if packing else file).read(limit + 1)
    else:
        # Without buffers: archives of many small files are read twice as fast.
        with io.FileIO(path) as plain:
            raw = plain.read(min(os.fstat(plain.fileno()).st_size, limit) + 1)
            while len(raw) <= limit and (more := plain.read(limit + 1 - len(raw) if len(raw) > 1 << 16 else 1 << 16)):
                raw += more
    if len(raw) > limit:
        raise InputError(f"{name}: more than {limit >> 20} MB in one document; split the file")
    return raw


def _open(path: str) -> io.BufferedReader:
    if path != STDIN:
        file = open(path, "rb")  # noqa: PTH123, SIM115
        return file if file.seekable() else io.BufferedReader(_Counted(file, close=True))
    if sys.stdin is None:
        raise InputError("standard input is closed")
    return io.BufferedReader(_Counted(sys.stdin.buffer, close=False))


def _counter(file: io.BufferedReader, size: int) -> Callable[[], int]:
    """Tells how many bytes of a file were read, also once it is closed."""
    if isinstance(file.raw, _Counted):
        return file.raw.tell
    return lambda: size if file.closed else min(file.tell(), size)


class _Counted(io.RawIOBase):
    """A stream without positions; `tell` is the number of bytes read from it."""

    def __init__(self, stream: BinaryIO, *, close: bool) -> None:
        self._stream = stream
        self._close = close
        self._bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._stream.read1(len(view)) if hasattr(self._stream, "read1") else self._stream.read(len(view))
        view[: len(data)] = data
        self._bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self._bytes

    def close(self) -> None:
        if self._close:
            self._stream.close()
        super().close()


def _share(size: int, items: int, rows: int | None) -> int:
    return size * min(items, rows) // rows if rows else 0


def _nothing() -> int:
    return 0


_SKIPPED = Failed("", "")
