"""Rows to JSONL, CSV or a table; a file appears under its name only when it is whole."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from .errors import OutputError

PARTIAL = ".partial"
FORMATS = ("table", "jsonl", "csv")


class RowWriter(Protocol):
    """Takes rows one at a time."""

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""

    def finish(self) -> None:
        """Write what could only be written at the end."""


@contextmanager
def open_writer(output: str | None, form: str, label_ids: Sequence[str]) -> Iterator[RowWriter]:
    """A writer to a file, or to standard output for None.

    A file is written as OUTPUT.partial and moved when the block ends without an error; after an error it stays there.
    Where OUTPUT is a link its target is replaced; a device or pipe, which cannot be moved into place, is written to.

    Args:
        form: one of `FORMATS`.
        label_ids: the labels, for the columns of CSV.

    Raises:
        OutputError: it cannot be opened, written or moved.
    """
    if output is None:
        with _finishing(form, standard_output(), label_ids) as writer:
            yield writer
        return
    with _replacing(output) as file, _finishing(form, file, label_ids) as writer:
        yield writer


def refuse_inputs(output: str, inputs: Iterable[str | Path]) -> None:
    """Refuse to write over what is read.

    Raises:
        OutputError: the output, or the file in which it is prepared, is one of the inputs, by whatever path.
    """
    target = Path(output).resolve()
    if {target, target.with_name(target.name + PARTIAL)} & {Path(path).resolve() for path in inputs}:
        raise OutputError(f"{output}: is among the inputs; write the output elsewhere")


def write_lines(path: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSONL, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with open_writer(path, "jsonl", ()) as writer:
        for row in rows:
            writer.write(dict(row))


def write_text(path: str, text: str) -> None:
    """Write a text, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with _replacing(path) as file:
        file.write(text)
        file.flush()


def json_text(row: Mapping[str, Any], indent: int | None = None) -> str:
    """A row as JSON, on one line or indented. Lone surrogates, which input can hold and UTF-8 cannot, stay escaped."""
    text = json.dumps(row, ensure_ascii=False, indent=indent)
    return text if _encodable(text) else json.dumps(row, indent=indent)


def json_line(row: Mapping[str, Any]) -> str:
    """A row as one line of JSON."""
    return json_text(row)


class Output:
    """A text stream whose failures name it."""

    def __init__(self, file: IO[str], name: str) -> None:
        self._file = file
        self._name = name

    def write(self, text: str) -> int:
        """Write text; lone surrogates become "?"."""
        with _explained(self._name):
            return self._file.write(text if _encodable(text) else text.encode("utf-8", "replace").decode())

    def flush(self) -> None:
        """Hand on what was written."""
        with _explained(self._name):
            self._file.flush()


@contextmanager
def _replacing(output: str) -> Iterator[Output]:
    """A stream to OUTPUT.partial, which is moved to OUTPUT when the block ends without an error."""
    target = Path(output).resolve()
    partial = target.with_name(target.name + PARTIAL) if target.is_file() or not target.exists() else target
    with _explained(output):
        if target.is_dir():
            raise IsADirectoryError(21, "is a folder")
        file = partial.open("w", encoding="utf-8", newline="")
    try:
        yield Output(file, output)
    finally:
        with _explained(output):
            file.close()
    if partial != target:
        with _explained(output):
            partial.replace(target)


def standard_output() -> Output:
    """Standard output.

    Raises:
        OutputError: it is closed.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file with --output")
    return Output(sys.stdout, "standard output")


@contextmanager
def _finishing(form: str, file: Output, label_ids: Sequence[str]) -> Iterator[RowWriter]:
    """A writer that is finished also when the block fails, so that what it held is not lost."""
    writer: RowWriter
    if form == "csv":
        writer = CsvWriter(file, label_ids)
    else:
        writer = JsonlWriter(file) if form == "jsonl" else TableWriter(file)
    try:
        yield writer
    finally:
        writer.finish()
        file.flush()


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{name}: cannot be written: {error.strerror or error}") from None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class JsonlWriter:
    """One JSON object a line."""

    def __init__(self, file: Output) -> None:
        self._file = file

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        self._file.write(json_line(row) + "\n")

    def finish(self) -> None:
        """Nothing is left to write."""


class CsvWriter:
    """Flat columns: lists of labels joined by ";", `p_LABEL` a probability, `n_LABEL` a count, then the input's own.

    An input column whose name is taken gets the prefix "input_". The header is known only when every row has
    been seen, so the rows wait in a temporary file.
    """

    def __init__(self, file: Output, label_ids: Sequence[str]) -> None:
        self._file = file
        self._ids = label_ids
        self._own: list[str] = []
        self._extra: dict[str, str] = {}
        self._waiting = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        flat = self._flat(row)
        if not self._own:
            self._own = list(flat)
        for name in row["metadata"]:
            if name not in self._extra:
                column = name
                while column in self._own or column in self._extra.values():
                    column = f"input_{column}"
                self._extra[name] = column
        values = [flat.get(name) for name in self._own]
        values += [_cell(row["metadata"].get(name)) for name in self._extra]
        self._waiting.write(json.dumps(values) + "\n")

    def finish(self) -> None:
        """Write the header and all rows."""
        self._waiting.seek(0)
        header = [*self._own, *self._extra.values()]
        # With this line end the csv module quotes every cell that holds a line break of any kind.
        out = csv.writer(self._file, lineterminator="\r\n")
        if header:
            out.writerow(header)
        for line in self._waiting:
            values = json.loads(line)
            out.writerow(values + [None] * (len(header) - len(values)))
        self._waiting.close()

    def _flat(self, row: dict[str, Any]) -> dict[str, Any]:
        nested = ("labels", "unsure", "probabilities", "counts", "metadata")
        flat = {k: v for k, v in row.items() if k not in nested}
        flat |= {k: ";".join(row[k]) for k in ("labels", "unsure")}
        flat |= {f"p_{i}": row["probabilities"].get(i) for i in self._ids}
        if "counts" in row:
            flat |= {f"n_{i}": row["counts"].get(i) for i in self._ids}
        return flat


class TableWriter:
    """For the eye: the labels with their probabilities, then the sentence."""

    def __init__(self, file: Output) -> None:
        self._file = file
        self._document: str | None = None

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        if row["doc_id"] != self._document and "text" in row:
            self._document = row["doc_id"]
            self._file.write(f"\n{printable(row['doc_id'])}\n")
        labels = ", ".join(f"{label} {row['probabilities'][label]:.2f}" for label in row["labels"]) or "-"
        if row["error"]:
            line = f"  error: {row['error']}"
        elif "text" in row:
            mark = " [not English]" if row["language"] == "other" else ""
            line = f"  {labels}{mark}\n      {' '.join(row['text'].split())}"
        else:
            counted = ", ".join(f"{label} {row['counts'][label]}" for label in row["labels"]) or "-"
            line = f"{row['doc_id']}: {row['sentences']} sentences; {counted}"
        self._file.write(printable(line) + "\n")

    def finish(self) -> None:
        """Nothing is left to write."""


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def printable(text: str) -> str:
    """Text without control characters, which could steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n" else "\ufffd" for c in text)
