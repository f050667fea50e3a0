from __future__ import annotations

import numpy as np

from ddclassify import Classifier, Document, Prediction, Sentence, TaggedDocument
from ddclassify.predictions import PredictionColumns
from ddclassify.unsure import unsure_labels

THRESHOLDS = {
    "recall": {"a": 0.2, "b": 0.2},
    "balanced": {"a": 0.3, "b": 0.2},
    "precision": {"a": 0.7, "b": 0.2},
}


def unsure(*rows: tuple[float, float], thresholds: dict[str, dict[str, float]] = THRESHOLDS) -> list[tuple[str, ...]]:
    scores = np.array(rows, dtype=np.float32).reshape(-1, 2)
    return unsure_labels(scores, thresholds, ("a", "b"))


def test_the_band_holds_its_lower_end_and_not_its_upper() -> None:
    below = float(np.nextafter(np.float32(0.2), np.float32(0)))
    assert unsure((0.2, 0), (below, 0), (0.69, 0), (0.7, 0)) == [("a",), (), ("a",), ()]


def test_an_empty_band_holds_nothing() -> None:
    assert unsure((0, 0.19), (0, 0.2), (0, 0.21)) == [(), (), ()]


def test_labels_come_in_the_order_of_the_columns() -> None:
    wide = {policy: {"b": cut, "a": cut} for policy, cut in (("recall", 0.2), ("balanced", 0.5), ("precision", 0.9))}
    assert unsure((0.5, 0.5), (0.95, 0.5), thresholds=wide) == [("a", "b"), ("b",)]
    assert unsure(thresholds=wide) == []


def test_the_band_begins_at_the_floor_unless_a_label_is_given_below_it() -> None:
    cuts = {"recall": {"a": 0.01, "b": 0.01}, "balanced": {"a": 0.3, "b": 0.05}, "precision": {"a": 0.9, "b": 0.9}}
    assert unsure((0.09, 0.04), (0.1, 0.05), thresholds=cuts) == [(), ("a", "b")]


def test_a_model_without_one_of_the_policies_is_never_unsure() -> None:
    for missing in ("recall", "balanced", "precision"):
        left = {policy: cuts for policy, cuts in THRESHOLDS.items() if policy != missing}
        assert unsure((0.5, 0.5), thresholds=left) == [()]


def test_a_document_is_unsure_of_what_no_sentence_of_it_has() -> None:
    def prediction(labels: tuple[str, ...], unsure: tuple[str, ...]) -> Prediction:
        return Prediction(Sentence("x", 0, 1), {"a": 0.5, "b": 0.5, "c": 0.5}, labels, unsure=unsure)

    def rolled_up(*predictions: Prediction) -> tuple[str, ...]:
        return TaggedDocument(Document("d", "x"), PredictionColumns.of(predictions)).unsure

    assert rolled_up(prediction((), ("c", "a")), prediction(("b",), ("b",))) == ("a", "c")
    assert rolled_up(prediction(("a",), ("c",)), prediction((), ("a",))) == ("c",)
    assert rolled_up() == ()


def test_predictions_say_what_they_are_unsure_of_whatever_the_policy(classifier: Classifier) -> None:
    thresholds = classifier.model.manifest.thresholds
    text = "The attaché and the ministers met at sea. They agreed to train. It rained. A parade followed in Lima."
    seen: set[str] = set()
    for policy in classifier.policies:
        for prediction in classifier.tag(text, policy).predictions:
            expected = tuple(
                label
                for label, p in prediction.probabilities.items()
                if min(
                    np.float32(thresholds["balanced"][label]),
                    max(np.float32(0.1), np.float32(thresholds["recall"][label])),
                )
                <= p
                < np.float32(thresholds["precision"][label])
            )
            assert prediction.unsure == expected
            seen.update(expected)
            if policy == "precision":
                assert not set(prediction.labels) & set(prediction.unsure)
    assert seen
