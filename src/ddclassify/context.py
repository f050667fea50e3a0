"""What stands around a sentence. One builder serves training, tagging and the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def contexts_of(sentences: Sequence[str], title: str = "") -> list[Context]:
    """The context of each sentence of one document, in order.

    Args:
        sentences: all sentences of the document, in order.
        title: the document's title, "" where it has none.

    Returns:
        One context a sentence, with up to `WINDOW` sentences on each side.
    """
    return [
        Context(
            before=BREAK.join(sentences[max(0, i - WINDOW) : i]),
            after=BREAK.join(sentences[i + 1 : i + 1 + WINDOW]),
            title=title,
        )
        for i in range(len(sentences))
    ]
