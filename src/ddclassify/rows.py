"""Output rows: what a tagged document or sentence looks like in JSONL and CSV."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .classifier import Classifier
from .documents import Document
from .predictions import Prediction, PredictionColumns, TaggedDocument
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

    def sentences(self, tagged: TaggedDocument, duplicate_of: str | None = None) -> list[Row]:
        """One row a sentence, in order; duplicate_of: the first document like this one, None where there is none."""
        return self._rows(tagged.document, tagged.columns, duplicate_of)

    def sentence(self, prediction: Prediction, document: Document, index: int, duplicate_of: str | None = None) -> Row:
        """The row of one sentence; offsets count characters of the document's text."""
        (row,) = self._rows(document, PredictionColumns.of([prediction]), duplicate_of)
        return row | {"index": index}

    def _rows(self, document: Document, columns: PredictionColumns, duplicate_of: str | None) -> list[Row]:
        ids = columns.ids
        model, tier, policy = self._model.values()
        doc_id, source, metadata = document.id, document.source, dict(document.metadata)
        return [
            {
                "schema": SCHEMA,
                "doc_id": doc_id,
                "file": source,
                "index": index,
                "start": start,
                "end": end,
                "text": text,
                "labels": list(labels),
                "unsure": list(unsure),
                "probabilities": dict(zip(ids, probabilities, strict=True)),
                "model": model,
                "tier": tier,
                "policy": policy,
                "page": page,
                "language": language,
                "truncated": truncated,
                "error": None,
                "duplicate_of": duplicate_of,
                "metadata": metadata,
            }
            for index, ((text, start, end), page, labels, unsure, probabilities, language, truncated) in enumerate(
                zip(
                    columns.sentences,
                    columns.pages or [None] * len(columns),
                    columns.labels,
                    columns.unsure,
                    _rounded(columns.scores),
                    columns.languages,
                    columns.truncated,
                    strict=True,
                )
            )
        ]

    def document(self, tagged: TaggedDocument, duplicate_of: str | None = None) -> Row:
        """The row of a whole document, with its roll-up."""
        return {
            "schema": SCHEMA,
            "doc_id": tagged.document.id,
            "file": tagged.document.source,
            "sentences": len(tagged.columns),
            "labels": list(tagged.labels),
            "unsure": list(tagged.unsure),
            "counts": {label: tagged.counts.get(label, 0) for label in self._ids},
            "probabilities": {label: round(p, DECIMALS) for label, p in tagged.probabilities.items()},
            **self._model,
            "language": tagged.language,
            "truncated": any(tagged.columns.truncated),
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


def _rounded(scores: NDArray[np.floating]) -> list[list[float]]:
    rounded: list[list[float]] = np.round(scores.astype(np.float64), DECIMALS).tolist()
    return rounded
