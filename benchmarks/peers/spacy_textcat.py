"""spaCy's own text classifier, a bag of words, on the sentences of ddclassify's splitter."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from peer import LABELS, Score, Split, main, split_by_rules

EPOCHS = 8
MODEL = {
    "@architectures": "spacy.TextCatBOW.v3",
    "exclusive_classes": False,
    "length": 262144,
    "ngram_size": 1,
    "no_output_layer": False,
}


def train(sentences: list[str], labels: list[list[str]], folder: Path) -> None:
    """A few passes over the sentences in growing batches, as spaCy's guide does it."""
    import spacy
    from spacy.training import Example
    from spacy.util import compounding, fix_random_seed, minibatch

    fix_random_seed(0)
    nlp = spacy.blank("en")
    component = nlp.add_pipe("textcat_multilabel", config={"model": MODEL})
    for label in LABELS:
        component.add_label(label)  # type: ignore[attr-defined]
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": {label: float(label in given) for label in LABELS}})
        for text, given in zip(sentences, labels, strict=True)
    ]
    optimiser = nlp.initialize(lambda: examples)
    order = random.Random(0)  # noqa: S311
    for _ in range(EPOCHS):
        order.shuffle(examples)
        for batch in minibatch(examples, size=compounding(16.0, 128.0, 1.001)):
            nlp.update(batch, sgd=optimiser)
    nlp.to_disk(folder / "pipeline")


def load(folder: Path) -> tuple[Score, Split]:
    """What scores, and what splits."""
    import spacy

    nlp = spacy.load(folder / "pipeline")

    def score(sentences: Sequence[str]) -> Iterable[dict[str, float]]:
        return (doc.cats for doc in nlp.pipe(sentences, batch_size=256))

    return score, split_by_rules


if __name__ == "__main__":
    sys.exit(main(train, load))
