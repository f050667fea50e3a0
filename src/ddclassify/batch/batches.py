"""Documents to batches. Where one ends depends on the documents alone, so that no run differs from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..documents import Document
from ..reading import DocumentReader, Failed, Position, ReadOptions, Sources

if TYPE_CHECKING:
    from ..duplicates import DuplicateFinder

MAX_ITEMS = 2048
MAX_CHARACTERS = 1_000_000
"""A batch ends with the item that reaches either: a second or less of work, and of work lost to an interruption."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that follow one another.

    Attributes:
        items: documents, and what stands for those that could not be read.
        duplicates: for each item the id of the first document like it, None where it is the first; empty where
            nobody asked.
        after: the place behind the last item.
    """

    items: tuple[Document | Failed, ...]
    duplicates: tuple[str | None, ...]
    after: Position

    def duplicate_of(self, index: int) -> str | None:
        """The id of the first document like an item, None where it is the first."""
        return self.duplicates[index] if self.duplicates else None

    def single(self, index: int) -> Batch:
        """One item as a batch of its own."""
        return Batch((self.items[index],), self.duplicates[index : index + 1], self.after)


def read_batches(
    sources: Sources,
    options: ReadOptions,
    start: Position | None = None,
    finder: DuplicateFinder | None = None,
) -> Iterator[Batch]:
    """The documents of the sources in batches, in order.

    Args:
        sources: what is read.
        options: how.
        start: the place after an earlier batch; None: the beginning.
        finder: groups near copies; it is shown the documents before `start` too.
    """
    reader = DocumentReader(sources, options, start if finder is None else None)
    if finder is not None and start is not None:
        _pass_by(reader, finder, start)
    items: list[Document | Failed] = []
    duplicates: list[str | None] = []
    characters = 0
    for item in reader:
        items.append(item)
        characters += _length(item)
        if finder is not None:
            duplicates.append(_first_like(item, finder))
        if len(items) >= MAX_ITEMS or characters >= MAX_CHARACTERS:
            yield Batch(tuple(items), tuple(duplicates), reader.position)
            items, duplicates, characters = [], [], 0
    if items:
        yield Batch(tuple(items), tuple(duplicates), reader.position)


def _pass_by(reader: DocumentReader, finder: DuplicateFinder, place: Position) -> None:
    for item in reader:
        _first_like(item, finder)
        if (reader.position.file, reader.position.item) == (place.file, place.item):
            return


def _first_like(item: Document | Failed, finder: DuplicateFinder) -> str | None:
    return None if isinstance(item, Failed) else finder.duplicate_of(item.id, item.text)


def _length(item: Document | Failed) -> int:
    return 0 if isinstance(item, Failed) else len(item.text)
