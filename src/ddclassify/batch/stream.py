"""Rows to standard output, a device or a pipe: as they come, with nothing to go back to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..export.formats import read_rows, write_rows
from ..export.layout import Layout
from ..export.table import TableWriter
from ..writing import Output, standard_output, write_errors
from .spool import Progress
from .tagging import TaggedBatch, merge_columns


class Stream:
    """Takes tagged batches.

    CSV waits in a temporary file, for its header names every column of every row.

    Args:
        file: takes the text.
        form: "jsonl", "csv" or "table".
    """

    def __init__(self, file: Output, form: str) -> None:
        self.progress = Progress()
        self._file = file
        self._form = form
        self._table = TableWriter(file)
        self._waiting = tempfile.TemporaryFile() if form == "csv" else None  # noqa: SIM115

    def append(self, tagged: TaggedBatch) -> None:
        """Write a batch's rows, or keep them until `finish`.

        Raises:
            OutputError: they cannot be written.
        """
        before = self.progress
        merge_columns(before.columns, tagged.columns)
        self.progress = Progress(tagged.after, 0, before.counts + tagged.counts, before.columns)
        if self._waiting is not None:
            with write_errors("the temporary folder"):
                self._waiting.write(tagged.rows)
        elif self._form == "table":
            self._table.write(read_rows(tagged.rows.splitlines()))
        else:
            self._file.write(tagged.rows.decode())
        self._file.flush()

    def finish(self, layout: Layout) -> None:
        """Write what waits."""
        if self._waiting is not None:
            self._waiting.seek(0)
            write_rows(read_rows(self._waiting), self._file, self._form, layout)
            self._waiting.close()
        self._file.flush()


def is_stream(output: str | None) -> bool:
    """Whether an output is no file that could be moved into place."""
    return output is None or (Path(output).exists() and not Path(output).is_file() and not Path(output).is_dir())


@contextmanager
def open_stream(output: str | None, form: str) -> Iterator[Stream]:
    """A stream to standard output for None, else to a device or pipe.

    Raises:
        OutputError: it cannot be opened or written.
    """
    if output is None:
        yield Stream(standard_output(), form)
        return
    with write_errors(output):
        file = Path(output).open("w", encoding="utf-8", newline="")  # noqa: SIM115
    try:
        yield Stream(Output(file, output), form)
    finally:
        with write_errors(output):
            file.close()
