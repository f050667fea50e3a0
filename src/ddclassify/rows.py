"""Output rows: what a tagged document or sentence looks like in JSONL and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .classifier import Classifier
from .documents import Document
from .predictions import Prediction, TaggedDocument
from .reading import Failed

SCHEMA = 2
"""Raised whenever a field of the rows changes its name or meaning."""

DECIMALS = 5

Row = dict[str, Any]


class RowBuilder:
    """Builds rows of one model and policy.

    Args:
        classifier: whose predictions the rows hold.
        policy: the threshold set that gave the labels.
    """

    def __init__(self, classifier: Classifier, policy: str) -> None:
        self._model: Row = {"model": classifier.model_id, "tier": classifier.tier, "policy": policy}
        self._ids = classifier.taxonomy.ids

    def sentences(self, tagged: TaggedDocument) -> Iterator[Row]:
        """One row a sentence, in order."""
        probabilities = _rounded([prediction.probabilities for prediction in tagged.predictions])
        numbered = zip(tagged.predictions, probabilities, strict=True)
        return (self._sentence(p, row, tagged.document, index) for index, (p, row) in enumerate(numbered))

    def sentence(self, prediction: Prediction, document: Document, index: int) -> Row:
        """The row of one sentence; offsets count characters of the document's text."""
        return self._sentence(prediction, _rounded([prediction.probabilities])[0], document, index)

    def _sentence(self, prediction: Prediction, probabilities: dict[str, float], document: Document, index: int) -> Row:
        sentence = prediction.sentence
        return {
            "schema": SCHEMA,
            "doc_id": document.id,
            "file": document.source,
            "index": index,
            "start": sentence.start,
            "end": sentence.end,
            "text": sentence.text,
            "labels": list(prediction.labels),
            "unsure": list(prediction.unsure),
            "probabilities": probabilities,
            **self._model,
            "page": sentence.page,
            "language": prediction.language,
            "error": None,
            "metadata": dict(document.metadata),
        }

    def document(self, tagged: TaggedDocument) -> Row:
        """The row of a whole document, with its roll-up."""
        return {
            "schema": SCHEMA,
            "doc_id": tagged.document.id,
            "file": tagged.document.source,
            "sentences": len(tagged.predictions),
            "labels": list(tagged.labels),
            "unsure": list(tagged.unsure),
            "counts": {label: tagged.counts.get(label, 0) for label in self._ids},
            "probabilities": _rounded([tagged.probabilities])[0],
            **self._model,
            "language": tagged.language,
            "error": None,
            "metadata": dict(tagged.document.metadata),
        }

    def failure(self, failed: Failed, level: str) -> Row:
        """The row that stands for an input that could not be read: no labels, the reason in `error`."""
        empty: Row = {"index": None, "start": None, "end": None, "text": None}
        if level == "document":
            empty = {"sentences": None}
        return {
            "schema": SCHEMA,
            "doc_id": failed.id,
            "file": failed.source,
            **empty,
            "labels": [],
            "unsure": [],
            **({"counts": {}} if level == "document" else {}),
            "probabilities": {},
            **self._model,
            **({} if level == "document" else {"page": None}),
            "language": None,
            "error": failed.message,
            "metadata": dict(failed.metadata),
        }


def _rounded(probabilities: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    if not probabilities:
        return []
    labels = list(probabilities[0])
    table = np.round(np.array([list(row.values()) for row in probabilities], dtype=np.float64), DECIMALS)
    return [dict(zip(labels, row, strict=True)) for row in table.tolist()]
