"""What stands around a sentence. One builder serves training, tagging and the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW = 2
"""How many sentences on each side belong to a context."""


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
            before=" ".join(sentences[max(0, i - WINDOW) : i]),
            after=" ".join(sentences[i + 1 : i + 1 + WINDOW]),
            title=title,
        )
        for i in range(len(sentences))
    ]
