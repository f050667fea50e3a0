"""Evaluate a classifier on annotated rows, beside the baselines: stratum by stratum, and document by document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddclassify.classifier import DEFAULT_POLICY, Classifier
from ddclassify.errors import CorpusError
from ddclassify.linear import Scores

from .baselines import keywords, majority
from .calibration_figures import ReliabilityPoint, reliability
from .confusion import Confusion, confusion
from .corpus import Row, contexts, label_matrix
from .document_level import roll_up
from .metrics import Figures, measure
from .validate import validate_rows
from .workload import READING_POLICY, Workload, workload

Booleans = NDArray[np.bool_]
ALL, WITHOUT_HARD, DOCUMENTS = "all", "without hard", "documents"
ALL_LABELS = "all labels"
"""The name under which reliability is given over all labels together; no label can be called so."""

WORKLOAD, RELIABILITY = "workload", "reliability"
_RESERVED = (ALL, WITHOUT_HARD, DOCUMENTS, WORKLOAD, RELIABILITY)


@dataclass(frozen=True)
class Evaluation:
    """What was measured on a set of rows.

    Attributes:
        model_id, policy: what was evaluated.
        label_ids: the labels, in the order of the columns below.
        thresholds: the policy's, by label.
        figures: name of a part of the rows ("all", "natural", ...) -> the model's figures there; "documents" holds
            those of whole documents.
        baselines: name of a baseline -> its figures on all rows.
        reliability: label -> the cells of its reliability plot; "all labels" -> of all together.
        confusion: which labels are taken for which.
        workload: what the policy "recall" leaves to read; None where the model has no such policy.
        scores: probabilities [rows x labels].
        predicted: labels given [rows x labels].
        carried, decided: gold labels, and whether they are known [rows x labels].
    """

    model_id: str
    policy: str
    label_ids: tuple[str, ...]
    thresholds: Mapping[str, float]
    figures: Mapping[str, Figures]
    baselines: Mapping[str, Figures]
    reliability: Mapping[str, tuple[ReliabilityPoint, ...]]
    confusion: Confusion
    workload: Workload | None
    scores: Scores
    predicted: Booleans
    carried: Booleans
    decided: Booleans

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready mapping, without the rows."""
        return {
            "model": self.model_id,
            "policy": self.policy,
            "figures": {name: f.to_dict() for name, f in self.figures.items()},
            "baselines": {name: f.to_dict() for name, f in self.baselines.items()},
            "confusion": self.confusion.to_dict(),
            **self._beside_figures(),
        }

    def to_metrics(self) -> dict[str, Any]:
        """What a manifest keeps, JSON-ready: the figures by part, and beside them `reliability` and `workload`."""
        return {**{name: f.to_dict() for name, f in self.figures.items()}, **self._beside_figures()}

    def _beside_figures(self) -> dict[str, Any]:
        return {
            RELIABILITY: {name: [asdict(point) for point in points] for name, points in self.reliability.items()},
            WORKLOAD: None if self.workload is None else self.workload.to_dict(),
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

    def given(by: str) -> Booleans:
        return np.array([[i in found for i in ids] for found in classifier.label(scores, by)], dtype=bool)

    predicted = given(policy)
    documents = [row.doc_id for row in rows]

    def part(labels: Booleans, probabilities: Scores | None, use: NDArray[np.intp]) -> Figures:
        return measure(
            labels[use],
            None if probabilities is None else probabilities[use],
            carried[use],
            decided[use],
            [documents[i] for i in use],
            ids,
        )

    everything = np.arange(len(rows))
    figures = {name: part(predicted, scores, use) for name, use in _parts(rows).items()}
    whole = roll_up(scores, predicted, carried, decided, documents)
    figures[DOCUMENTS] = measure(whole.predicted, whole.scores, whole.carried, whole.decided, whole.documents, ids)
    baselines = {
        "majority": part(majority(carried), None, everything),
        "keywords": part(keywords([row.text for row in rows], classifier.taxonomy), None, everything),
    }
    return Evaluation(
        model_id=classifier.model_id,
        policy=policy,
        label_ids=ids,
        thresholds=classifier.model.manifest.thresholds[policy],
        figures=figures,
        baselines=baselines,
        reliability=_reliability(scores, carried, decided, ids),
        confusion=confusion(predicted, carried, decided, ids),
        workload=workload(READING_POLICY, given(READING_POLICY), carried, decided, ids)
        if READING_POLICY in classifier.policies
        else None,
        scores=scores,
        predicted=predicted,
        carried=carried,
        decided=decided,
    )


def errors(classifier: Classifier, rows: Sequence[Row], evaluation: Evaluation) -> list[dict[str, Any]]:
    """The rows that were labelled wrongly, the surest errors first.

    `distance` says how sure: how far the probability of the row's surest wrong label lies from the truth.
    """
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
            "distance": round(float(distance[i]), 4),
            "probabilities": {k: round(float(p), 4) for k, p in zip(ids, evaluation.scores[i], strict=True)},
        }
        for i in np.argsort(-distance, kind="stable")
        if wrong[i].any()
    ]


def _parts(rows: Sequence[Row]) -> dict[str, NDArray[np.intp]]:
    parts = {ALL: np.arange(len(rows))}
    strata = np.array([str(row.extra.get("stratum", "")).partition(":")[0] for row in rows])
    for stratum in sorted(set(strata.tolist()) - {""}):
        name = stratum
        while name in _RESERVED or name in parts:
            name = f"stratum {name}"
        parts[name] = np.flatnonzero(strata == stratum)
    hard = np.array([row.extra.get("hard") is True for row in rows])
    if hard.any():
        parts[WITHOUT_HARD] = np.flatnonzero(~hard)
    return parts


def _reliability(
    scores: Scores, carried: Booleans, decided: Booleans, label_ids: Sequence[str]
) -> dict[str, tuple[ReliabilityPoint, ...]]:
    found = {ALL_LABELS: reliability(scores[decided], carried[decided])}
    for j, label in enumerate(label_ids):
        use = decided[:, j]
        found[label] = reliability(scores[use, j], carried[use, j])
    return found
