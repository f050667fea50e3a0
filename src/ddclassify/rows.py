"""Output rows: what a tagged document or sentence looks like in JSONL and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .classifier import Classifier
from .documents import Document
from .predictions import Prediction, TaggedDocument
from .reading import Failed

SCHEMA = 3
"""Raised whenever a field of the rows changes its name or meaning."""

DECIMALS = 5

Row = dict[str, Any]

SENTENCE_FIELDS = tuple(
    "schema doc_id file index start end text labels unsure probabilities model tier policy page language truncated "
    "error duplicate_of metadata".split()
)
DOCUMENT_FIELDS = tuple(
    "schema doc_id file sentences labels unsure counts probabilities model tier policy language truncated error "
    "duplicate_of metadata".split()
)
FIELDS = {"sentence": SENTENCE_FIELDS, "document": DOCUMENT_FIELDS}
"""The fields of a row at each level, in order."""


class RowBuilder:
    """Builds rows of one model and policy.

    Args:
        classifier: whose predictions the rows hold.
        policy: the threshold set that gave the labels.
    """

    def __init__(self, classifier: Classifier, policy: str) -> None:
        self._model: Row = {"model": classifier.model_id, "tier": classifier.tier, "policy": policy}
        self._ids = classifier.taxonomy.ids

    def sentences(self, tagged: TaggedDocument, duplicate_of: str | None = None) -> Iterator[Row]:
        """One row a sentence, in order; duplicate_of: the first document like this one, None where there is none."""
        probabilities = _rounded([prediction.probabilities for prediction in tagged.predictions])
        for index, (prediction, row) in enumerate(zip(tagged.predictions, probabilities, strict=True)):
            yield self._sentence(prediction, row, tagged.document, index, duplicate_of)

    def sentence(self, prediction: Prediction, document: Document, index: int, duplicate_of: str | None = None) -> Row:
        """The row of one sentence; offsets count characters of the document's text."""
        return self._sentence(prediction, _rounded([prediction.probabilities])[0], document, index, duplicate_of)

    def _sentence(
        self,
        prediction: Prediction,
        probabilities: dict[str, float],
        document: Document,
        index: int,
        duplicate_of: str | None,
    ) -> Row:
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
            "truncated": prediction.truncated,
            "error": None,
            "duplicate_of": duplicate_of,
            "metadata": dict(document.metadata),
        }

    def document(self, tagged: TaggedDocument, duplicate_of: str | None = None) -> Row:
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
            "truncated": any(prediction.truncated for prediction in tagged.predictions),
            "error": None,
            "duplicate_of": duplicate_of,
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
            "truncated": None,
            "error": failed.message,
            "duplicate_of": None,
            "metadata": dict(failed.metadata),
        }


def _rounded(probabilities: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    if not probabilities:
        return []
    labels = list(probabilities[0])
    table = np.round(np.array([list(row.values()) for row in probabilities], dtype=np.float64), DECIMALS)
    return [dict(zip(labels, row, strict=True)) for row in table.tolist()]
