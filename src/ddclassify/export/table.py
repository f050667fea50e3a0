"""For the eye: the labels with their probabilities, then the sentence."""

from __future__ import annotations

from collections.abc import Iterable

from ..rows import Row
from ..writing import printable
from .delimited import TextFile


class TableWriter:
    """Writes rows as they come.

    Args:
        file: takes the text.
    """

    def __init__(self, file: TextFile) -> None:
        self._file = file
        self._document: tuple[str, str] | None = None

    def write(self, rows: Iterable[Row]) -> None:
        """Write rows; a document's name stands above its first sentence."""
        for row in rows:
            document = (row["doc_id"], row["file"])
            if document != self._document and "text" in row:
                self._document = document
                self._file.write(f"\n{printable(row['doc_id'])}\n")
            self._file.write(printable(_entry(row)) + "\n")


def _entry(row: Row) -> str:
    if row["error"]:
        return f"  error: {row['error']}"
    if "text" not in row:
        counted = ", ".join(f"{label} {row['counts'][label]}" for label in row["labels"]) or "-"
        return f"{row['doc_id']}: {row['sentences']} sentences; {counted}{_copy(row)}"
    labels = ", ".join(f"{label} {row['probabilities'][label]:.2f}" for label in row["labels"]) or "-"
    mark = " [not English]" if row["language"] == "other" else ""
    return f"  {labels}{mark}{_copy(row)}\n      {' '.join(row['text'].split())}"


def _copy(row: Row) -> str:
    return f" [copy of {row['duplicate_of']}]" if row["duplicate_of"] is not None else ""
