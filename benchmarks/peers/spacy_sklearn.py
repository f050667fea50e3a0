"""The usual recipe: spaCy's sentencizer, then TF-IDF and logistic regressions of scikit-learn."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import linear
from peer import Score, Span, Split, main


def load(folder: Path) -> tuple[Score, Split]:
    """What scores, and what splits."""
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")

    def split(texts: Iterable[str]) -> Iterator[list[Span]]:
        for doc in nlp.pipe(texts, batch_size=32):
            yield [(span.start_char, span.end_char) for span in doc.sents]

    return linear.load(folder), split


if __name__ == "__main__":
    sys.exit(main(linear.train, load))
