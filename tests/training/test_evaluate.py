from __future__ import annotations

import json

import numpy as np
import pytest

from ddclassify import Classifier
from ddclassify_training.corpus import Row
from ddclassify_training.evaluate import ALL_LABELS, Evaluation, errors, evaluate


@pytest.fixture(scope="module")
def rows(small_corpus: dict[str, list[Row]]) -> list[Row]:
    return small_corpus["test"]


@pytest.fixture(scope="module")
def found(classifier: Classifier, rows: list[Row]) -> Evaluation:
    return evaluate(classifier, rows)


def test_documents_are_measured_beside_sentences(found: Evaluation, rows: list[Row]) -> None:
    whole = found.figures["documents"]
    carried = {(row.doc_id, label) for row in rows for label in row.labels}
    assert whole.rows == whole.documents == len({row.doc_id for row in rows})
    for label, figures in whole.labels.items():
        assert figures.support == sum(name == label for _, name in carried), label


def test_every_part_says_how_far_its_probabilities_can_be_trusted(found: Evaluation) -> None:
    for figures in found.figures.values():
        assert figures.calibration is not None and set(figures.calibration.labels) == set(found.label_ids)
    assert all(figures.calibration is None for figures in found.baselines.values())


def test_reliability_covers_every_decision(found: Evaluation, rows: list[Row]) -> None:
    assert list(found.reliability) == [ALL_LABELS, *found.label_ids]
    sizes = {name: sum(point.count for point in points) for name, points in found.reliability.items()}
    assert sizes == {ALL_LABELS: len(rows) * len(found.label_ids), **dict.fromkeys(found.label_ids, len(rows))}


def test_the_workload_is_the_recall_policys_whatever_was_measured(classifier: Classifier, rows: list[Row]) -> None:
    precise = evaluate(classifier, rows, "precision")
    labels = classifier.label(precise.scores, "recall")
    assert precise.workload is not None and precise.workload.policy == "recall"
    assert precise.workload.to_read == sum(bool(given) for given in labels)
    assert precise.thresholds == classifier.model.manifest.thresholds["precision"]
    hits = sum(len(set(row.labels) & set(given)) for row, given in zip(rows, labels, strict=True))
    assert precise.workload.recall == pytest.approx(hits / sum(len(row.labels) for row in rows))


def test_confusion_adds_up_to_the_figures(found: Evaluation) -> None:
    for label, figures in found.figures["all"].labels.items():
        hits = round(figures.recall * figures.support)
        assert found.confusion.missed[label] == figures.support - hits
        assert found.confusion.wrongly_given[label] == figures.predicted - hits


def test_it_can_be_written_as_json(found: Evaluation) -> None:
    read = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert set(read) == {"model", "policy", "figures", "baselines", "confusion", "reliability", "workload"}
    labels = read["figures"]["all"]["calibration"]["labels"]
    assert set(labels["hadr_sar"]) == {"base_rate", "brier_skill", "log_loss_skill", "expected_error"}


def test_what_a_manifest_keeps(found: Evaluation) -> None:
    kept, full = found.to_metrics(), found.to_dict()
    assert set(kept) == {"all", "documents", "reliability", "workload"}
    assert kept["all"] == full["figures"]["all"] and kept["workload"] == full["workload"]


def test_a_stratum_cannot_take_the_name_of_a_part(classifier: Classifier) -> None:
    names = ["all", "documents", "workload", "stratum all", "natural"]
    rows = [Row(n, n, 0, f"The ministers met in {n}.", (), extra={"stratum": n}) for n in names]
    found = evaluate(classifier, rows)
    assert {name: f.rows for name, f in found.figures.items()} == {
        "all": 5,
        "documents": 5,
        "natural": 1,
        **{f"stratum {n}": 1 for n in ("all", "documents", "workload", "stratum all")},
    }


def test_rows_with_nothing_decided_change_no_figure(classifier: Classifier, rows: list[Row], found: Evaluation) -> None:
    blank = [Row("blank", "blank", 0, "The attaché met the minister at the exercise.", (), coded=())]
    more = evaluate(classifier, [*rows, *blank])
    assert more.workload == found.workload and more.confusion == found.confusion
    assert more.reliability == found.reliability
    assert more.figures["all"].calibration == found.figures["all"].calibration
    for label, figures in more.figures["documents"].labels.items():
        assert figures.f1 == found.figures["documents"].labels[label].f1


def test_errors_say_how_sure_they_are(classifier: Classifier, rows: list[Row], found: Evaluation) -> None:
    listed = errors(classifier, rows, found)
    distances = [row["distance"] for row in listed]
    assert distances == sorted(distances, reverse=True)
    for row in listed:
        off = [1 - row["probabilities"][label] for label in row["missed"]]
        off += [row["probabilities"][label] for label in row["wrongly_given"]]
        assert row["distance"] == pytest.approx(max(off), abs=2e-4)
    wrong = (found.carried != found.predicted) & found.decided
    assert len(listed) == np.count_nonzero(wrong.any(axis=1))
