"""Documents to batches. Where one ends depends on the documents alone, so that no run differs from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ..documents import Document
from ..reading import DocumentReader, Failed, Position, ReadOptions, Sources

MAX_ITEMS = 2048
MAX_CHARACTERS = 1_000_000
"""A batch ends with the item that reaches either: a second or less of work, and of work lost to an interruption."""


class Finder(Protocol):
    """Groups near copies."""

    def group(self, doc_id: str, text: str) -> str:
        """The id of the first document like this one: its own where there is none."""


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
    finder: Finder | None = None,
) -> Iterator[Batch]:
    """The documents of the sources in batches, in order.

    Args:
        sources: what is read.
        options: how.
        start: the place after an earlier batch; None: the beginning.
        finder: groups near copies; it is shown the documents before `start` too.
    """
    groups = _Groups(finder) if finder is not None else None
    reader = DocumentReader(sources, options, None if groups else start)
    if groups and start:
        _pass_by(reader, groups, start)
    items: list[Document | Failed] = []
    duplicates: list[str | None] = []
    characters = 0
    for item in reader:
        items.append(item)
        characters += _length(item)
        if groups:
            duplicates.append(groups.duplicate_of(item))
        if len(items) >= MAX_ITEMS or characters >= MAX_CHARACTERS:
            yield Batch(tuple(items), tuple(duplicates), reader.position)
            items, duplicates, characters = [], [], 0
    if items:
        yield Batch(tuple(items), tuple(duplicates), reader.position)


class _Groups:
    """A finder's groups under the documents' own ids, which need not be unique."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._seen = 0

    def duplicate_of(self, item: Document | Failed) -> str | None:
        if isinstance(item, Failed):
            return None
        self._seen += 1
        own = f"{self._seen} {item.id}"
        first = self._finder.group(own, item.text)
        return None if first == own else first.partition(" ")[2]


def _pass_by(reader: DocumentReader, groups: _Groups, place: Position) -> None:
    for item in reader:
        groups.duplicate_of(item)
        if (reader.position.file, reader.position.item) == (place.file, place.item):
            return


def _length(item: Document | Failed) -> int:
    return 0 if isinstance(item, Failed) else len(item.text)
