"""Text, JSON and JSONL to files that appear under their names only when they are whole."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .errors import OutputError

PARTIAL = ".partial"
JOURNAL = ".journal"
EXPORT = ".export"
"""What is added to an output's name while it is made: its rows, then to that name the two others of a batch run."""


def refuse_inputs(output: str, inputs: Iterable[str | Path]) -> None:
    """Refuse to write over what is read.

    Raises:
        OutputError: the output, or a file in which it is prepared, is one of the inputs, by whatever path.
    """
    target = Path(output).resolve()
    partial = target.name + PARTIAL
    ours = [target, *(target.with_name(partial + end) for end in ("", JOURNAL, EXPORT))]
    names = {str(path) for path in ours}
    files = {identity for path in ours if (identity := _identity(path))}
    for path in inputs:
        if os.path.abspath(path) in names or (files and _identity(path) in files):  # noqa: PTH100
            raise OutputError(f"{output}: is among the inputs; write the output elsewhere")


def _identity(path: str | Path) -> tuple[int, int] | None:
    """What tells a file from every other, None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def write_lines(path: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSONL, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with _replacing(path) as file:
        for row in rows:
            file.write(json_line(row) + "\n")
        file.flush()


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
    return text if _is_encodable(text) else json.dumps(row, indent=indent)


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
        with write_errors(self._name):
            return self._file.write(encodable(text))

    def flush(self) -> None:
        """Hand on what was written."""
        with write_errors(self._name):
            self._file.flush()


@contextmanager
def _replacing(output: str) -> Iterator[Output]:
    """A stream to OUTPUT.partial, which is moved to OUTPUT when the block ends without an error."""
    target = Path(output).resolve()
    partial = target.with_name(target.name + PARTIAL) if target.is_file() or not target.exists() else target
    with write_errors(output):
        if target.is_dir():
            raise IsADirectoryError(21, "is a folder")
        file = partial.open("w", encoding="utf-8", newline="")
    try:
        yield Output(file, output)
    finally:
        with write_errors(output):
            file.close()
    if partial != target:
        with write_errors(output):
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
def write_errors(name: str, advice: str = "") -> Iterator[None]:
    """Name the output in errors of the system.

    Raises:
        OutputError: it cannot be written; the advice follows the reason.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{name}: cannot be written: {error.strerror or error}{advice}") from None


def encodable(text: str) -> str:
    """Text with "?" for lone surrogates, which input can hold and UTF-8 cannot."""
    return text if _is_encodable(text) else text.encode("utf-8", "replace").decode()


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    """Text without control characters, which could steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n" else "\ufffd" for c in text)
