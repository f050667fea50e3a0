"""What is tagged: a document with its metadata, and the sentences found in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import InputError
from .sentences import split_sentences

MAX_SENTENCES = 300_000
"""Most sentences of one document; more is a file that holds many documents, or no text at all."""

MAX_SENTENCE_CHARACTERS = 1_000_000
"""Longest sentence; longer is data without words."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text and where it came from.

    Attributes:
        id: names it in the output rows; two files may use the same one, `source` tells them apart.
        text: the whole text, without front matter. Every offset counts its characters (Python string indices).
        metadata: input columns or front-matter fields; they travel into every output row.
        source: path of the file it was read from, None for text given directly.
        pages: offsets at which pages begin, ascending; empty where the source has no pages.
    """

    id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    pages: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """The title among the metadata, "" where there is none."""
        title = self.metadata.get("title")
        return title if isinstance(title, str) else ""

    def sentences(self) -> list[Sentence]:
        """The sentences in order; their spans cover all that is not white space.

        Raises:
            InputError: there are more than `MAX_SENTENCES`, or one is longer than `MAX_SENTENCE_CHARACTERS`.
        """
        spans = list(split_sentences(self.text))
        if len(spans) > MAX_SENTENCES:
            raise InputError(
                f"{self.id}: {len(spans):,} sentences, more than {MAX_SENTENCES:,} in one document; split the document"
            )
        longest = max((end - start for start, end in spans), default=0)
        if longest > MAX_SENTENCE_CHARACTERS:
            raise InputError(f"{self.id}: a sentence of {longest:,} characters, more than {MAX_SENTENCE_CHARACTERS:,}")
        return [Sentence(self.text[start:end], start, end, self.page_at(start)) for start, end in spans]

    def page_at(self, offset: int) -> int | None:
        """The page (from 1) that holds a character offset, None where the source has no pages."""
        return bisect_right(self.pages, offset) or 1 if self.pages else None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its place: `document.text[start:end] == text`, always.

    Attributes:
        text: as it stands in the document, line breaks and all.
        start, end: character offsets, end exclusive.
        page: page from 1, None where the source has no pages.
    """

    text: str
    start: int
    end: int
    page: int | None = None
