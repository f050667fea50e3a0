"""What stands around a sentence. One builder serves training, tagging and the service."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from .sentences import split_sentences

WINDOW = 2
"""How many sentences on each side belong to a context."""

BREAK = "\n\n"
"""Stands between the sentences of a context, so that they split again where they were split."""


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of a sentence, each part optional.

    Attributes:
        before: text that stands just before the sentence.
        after: text that stands just after it.
        title: title of its document.
    """

    before: str = ""
    after: str = ""
    title: str = ""

    def sentences_before(self) -> list[str]:
        """The last `WINDOW` sentences before, in order; where there are fewer, the title stands before them."""
        found = [self.before[start:end] for start, end in split_sentences(self.before)]
        return ([self.title] if self.title.strip() else [])[: WINDOW - len(found[:WINDOW])] + found[-WINDOW:]


class DocumentContexts(Sequence[Context]):
    """The contexts of the sentences of some documents, each built when it is asked for; a slice is another view.

    Attributes:
        sentences: of all documents, in order.
        titles: of the documents, "" where there is none.
        firsts: number of the first sentence of each document, and at the end the number of sentences.
        view: the sentences whose contexts these are.
    """

    def __init__(
        self, sentences: Sequence[str], titles: Sequence[str], firsts: Sequence[int], view: range | None = None
    ) -> None:
        self.sentences = sentences
        self.titles = titles
        self.firsts = firsts
        self.view = range(len(sentences)) if view is None else view

    def __len__(self) -> int:
        return len(self.view)

    @overload
    def __getitem__(self, index: int) -> Context: ...
    @overload
    def __getitem__(self, index: slice) -> DocumentContexts: ...
    def __getitem__(self, index: int | slice) -> Context | DocumentContexts:
        if isinstance(index, slice):
            return DocumentContexts(self.sentences, self.titles, self.firsts, self.view[index])
        i = self.view[index]
        document = bisect_right(self.firsts, i) - 1
        first, end = self.firsts[document], self.firsts[document + 1]
        return Context(
            before=BREAK.join(self.sentences[max(first, i - WINDOW) : i]),
            after=BREAK.join(self.sentences[i + 1 : min(end, i + 1 + WINDOW)]),
            title=self.titles[document],
        )


def contexts_of(sentences: Sequence[str], title: str = "") -> list[Context]:
    """The context of each sentence of one document, in order.

    Args:
        sentences: all sentences of the document, in order.
        title: the document's title, "" where it has none.

    Returns:
        One context a sentence, with up to `WINDOW` sentences on each side.
    """
    return list(DocumentContexts(sentences, [title], [0, len(sentences)]))
