"""A file in the hands of a reader, and what readers of rows yield."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

Row = tuple[int | str, dict[str, Any] | str | None]
"""A row's number as the file counts them, and its columns, or what is wrong with it, or None where it was skipped."""


@dataclass(slots=True)
class Opened:
    """A file that is being read.

    Attributes:
        path: where it lies.
        name: what messages and ids call it.
        encoding: of text; a byte-order mark overrules it.
        text_field: the column that holds the text.
        limit: largest line, cell or document; characters of text, bytes of others.
        file: its bytes from the first on, decompressed; None for formats that are opened by path.
        rows: how many it has in all, once its reader knows.
    """

    path: str
    name: str
    encoding: str
    text_field: str
    limit: int
    file: BinaryIO | None = None
    rows: int | None = None

    @property
    def stream(self) -> BinaryIO:
        """The bytes, for formats that are read from the first on."""
        if self.file is None:
            raise ValueError(f"{self.name} was not opened as a stream")
        return self.file
