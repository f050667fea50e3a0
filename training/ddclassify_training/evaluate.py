"""Evaluate a classifier on annotated rows, beside the baselines, stratum by stratum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddclassify.classifier import DEFAULT_POLICY, Classifier
from ddclassify.errors import CorpusError

from .baselines import keywords, majority
from .corpus import Row, contexts, label_matrix
from .metrics import Figures, measure
from .validate import validate_rows


@dataclass(frozen=True)
class Evaluation:
    """What was measured on a set of rows.

    Attributes:
        model_id, policy: what was evaluated.
        figures: name of a part of the rows ("all", "natural", ...) -> the model's figures there.
        baselines: name of a baseline -> its figures on all rows.
        scores: probabilities [rows x labels].
        predicted: labels given [rows x labels].
    """

    model_id: str
    policy: str
    figures: Mapping[str, Figures]
    baselines: Mapping[str, Figures]
    scores: NDArray[np.float32]
    predicted: NDArray[np.bool_]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping, without the rows."""
        return {
            "model": self.model_id,
            "policy": self.policy,
            "figures": {name: f.to_dict() for name, f in self.figures.items()},
            "baselines": {name: f.to_dict() for name, f in self.baselines.items()},
        }


def evaluate(classifier: Classifier, rows: Sequence[Row], policy: str = DEFAULT_POLICY) -> Evaluation:
    """Score rows in their contexts and measure.

    Parts are made where rows say so: by `stratum` (all "enriched:..." ones together), and without those marked `hard`.

    Raises:
        CorpusError: there are no rows, or a row has a label that the model does not know.
    """
    if not rows:
        raise CorpusError("no annotated rows to evaluate on")
    validate_rows(rows, classifier.taxonomy)
    ids = classifier.taxonomy.ids
    carried, decided = label_matrix(rows, ids)
    scores = classifier.score([row.text for row in rows], contexts(rows))
    predicted = np.array([[i in found for i in ids] for found in classifier.label(scores, policy)], dtype=bool)
    documents = [row.doc_id for row in rows]

    def part(given: NDArray[np.bool_], probabilities: NDArray[np.float32] | None, use: NDArray[np.intp]) -> Figures:
        return measure(
            given[use],
            None if probabilities is None else probabilities[use],
            carried[use],
            decided[use],
            [documents[i] for i in use],
            ids,
        )

    everything = np.arange(len(rows))
    figures = {name: part(predicted, scores, use) for name, use in _parts(rows).items()}
    baselines = {
        "majority": part(majority(carried), None, everything),
        "keywords": part(keywords([row.text for row in rows], classifier.taxonomy), None, everything),
    }
    return Evaluation(classifier.model_id, policy, figures, baselines, scores, predicted)


def errors(classifier: Classifier, rows: Sequence[Row], evaluation: Evaluation) -> list[dict[str, Any]]:
    """The rows that were labelled wrongly, the surest errors first."""
    ids = classifier.taxonomy.ids
    carried, decided = label_matrix(rows, ids)
    wrong = (carried != evaluation.predicted) & decided
    distance = np.where(wrong, np.abs(carried - evaluation.scores), 0).max(axis=1)
    return [
        {
            "id": rows[i].id,
            "doc_id": rows[i].doc_id,
            "text": rows[i].text,
            "missed": [ids[j] for j in np.flatnonzero(wrong[i] & carried[i])],
            "wrongly_given": [ids[j] for j in np.flatnonzero(wrong[i] & ~carried[i])],
            "gold": list(rows[i].labels),
            "probabilities": {k: round(float(p), 4) for k, p in zip(ids, evaluation.scores[i], strict=True)},
        }
        for i in np.argsort(-distance, kind="stable")
        if wrong[i].any()
    ]


def _parts(rows: Sequence[Row]) -> dict[str, NDArray[np.intp]]:
    parts = {"all": np.arange(len(rows))}
    strata = np.array([str(row.extra.get("stratum", "")).partition(":")[0] for row in rows])
    for stratum in sorted(set(strata) - {""}):
        parts[stratum] = np.flatnonzero(strata == stratum)
    hard = np.array([row.extra.get("hard") is True for row in rows])
    if hard.any():
        parts["without hard"] = np.flatnonzero(~hard)
    return parts
