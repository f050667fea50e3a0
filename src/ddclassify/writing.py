"""Rows to JSONL, CSV or a table; a file appears under its name only when it is whole."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
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

    Args:
        form: one of `FORMATS`.
        label_ids: the labels, for the columns of CSV.

    Raises:
        OutputError: it cannot be opened, written or moved.
    """
    if output is None:
        writer = _writer(form, sys.stdout, label_ids)
        yield writer
        writer.finish()
        sys.stdout.flush()
        return
    target = Path(output)
    # A device or pipe cannot be moved into place.
    partial = Path(output + PARTIAL) if target.is_file() or not target.exists() else target
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "is a folder")
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = _writer(form, file, label_ids)
            yield writer
            writer.finish()
        if partial != target:
            partial.replace(target)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror or error}") from None


def _writer(form: str, file: IO[str], label_ids: Sequence[str]) -> RowWriter:
    if form == "csv":
        return CsvWriter(file, label_ids)
    return JsonlWriter(file) if form == "jsonl" else TableWriter(file)


class JsonlWriter:
    """One JSON object a line."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        # Lone surrogates can stand in JSON input; escaped they survive, as UTF-8 they could not be written.
        text = json.dumps(row, ensure_ascii=False)
        try:
            text.encode()
        except UnicodeEncodeError:
            text = json.dumps(row)
        self._file.write(text + "\n")

    def finish(self) -> None:
        """Nothing is left to write."""


class CsvWriter:
    """Flat columns: labels joined by ";", `p_LABEL` a probability, `n_LABEL` a count, then the input's own columns.

    An input column whose name is taken gets the prefix "input_". The header is known only when every row has
    been seen, so the rows wait in a temporary file.
    """

    def __init__(self, file: IO[str], label_ids: Sequence[str]) -> None:
        self._file = file
        self._ids = label_ids
        self._own: list[str] = []
        self._extra: dict[str, str] = {}
        self._waiting = tempfile.TemporaryFile("w+", encoding="utf-8", newline="", errors="surrogatepass")  # noqa: SIM115
        self._rows = csv.writer(self._waiting, lineterminator="\n")

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        flat = self._flat(row)
        if not self._own:
            self._own = list(flat)
        for name in row["metadata"]:
            if name not in self._extra:
                taken = {*self._own, *self._extra.values()}
                self._extra[name] = f"input_{name}" if name in taken else name
        values = [flat.get(name) for name in self._own]
        values += [_cell(row["metadata"].get(name)) for name in self._extra]
        self._rows.writerow(values)

    def finish(self) -> None:
        """Write the header and all rows."""
        self._waiting.seek(0)
        csv.field_size_limit(2**31 - 1)
        header = [*self._own, *self._extra.values()]
        out = csv.writer(_Escaping(self._file), lineterminator="\n")
        if header:
            out.writerow(header)
        for row in csv.reader(self._waiting):
            out.writerow(row + [""] * (len(header) - len(row)))
        self._waiting.close()

    def _flat(self, row: dict[str, Any]) -> dict[str, Any]:
        flat = {k: v for k, v in row.items() if k not in ("labels", "probabilities", "counts", "metadata")}
        flat["labels"] = ";".join(row["labels"])
        flat |= {f"p_{i}": row["probabilities"].get(i) for i in self._ids}
        if "counts" in row:
            flat |= {f"n_{i}": row["counts"].get(i) for i in self._ids}
        return flat


class TableWriter:
    """For the eye: the labels with their probabilities, then the sentence."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._document: str | None = None

    def write(self, row: dict[str, Any]) -> None:
        """Write one row."""
        if row["doc_id"] != self._document and "text" in row:
            self._document = row["doc_id"]
            self._file.write(f"\n{_printable(row['doc_id'])}\n")
        labels = ", ".join(f"{label} {row['probabilities'][label]:.2f}" for label in row["labels"]) or "-"
        if row["error"]:
            line = f"  error: {row['error']}"
        elif "text" in row:
            line = f"  {labels}\n      {' '.join(row['text'].split())}"
        else:
            counted = ", ".join(f"{label} {row['counts'][label]}" for label in row["labels"]) or "-"
            line = f"{row['doc_id']}: {row['sentences']} sentences; {counted}"
        self._file.write(_printable(line) + "\n")

    def finish(self) -> None:
        """Nothing is left to write."""


class _Escaping:
    """Writes text that may hold lone surrogates, which UTF-8 cannot carry, with "?" in their place."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode("utf-8", "replace").decode("utf-8"))


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _printable(text: str) -> str:
    """Text without control characters, which could steer a terminal."""
    clean = "".join(c if c.isprintable() or c in "\n" else "\ufffd" for c in text)
    return clean.encode("utf-8", "replace").decode("utf-8")
