from __future__ import annotations

import json
from pathlib import Path

import pytest

from ddclassify import Classifier
from ddclassify_training.corpus import Row
from ddclassify_training.evaluate import Evaluation, evaluate


@pytest.fixture(scope="module")
def card(small_model: Path) -> str:
    return (small_model / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def on_test(classifier: Classifier, small_corpus: dict[str, list[Row]]) -> Evaluation:
    return evaluate(classifier, small_corpus["test"])


def test_it_says_how_far_the_probabilities_can_be_trusted(card: str, on_test: Evaluation) -> None:
    found = on_test.figures["all"].calibration
    assert found is not None and found.macro_brier_skill is not None
    assert found.macro_log_loss_skill is not None and found.macro_expected_error is not None
    section = card.split("## Calibration")[1].split("\n## ")[0]
    macro = f"{found.macro_brier_skill:.3f} | {found.macro_log_loss_skill:.3f} | {found.macro_expected_error:.3f} |"
    assert f"| test | {macro}" in section
    for label, figures in found.labels.items():
        assert f"| {label} | {figures.base_rate:.3f} | {figures.brier_skill:.3f} |" in section


def test_it_holds_the_reliability_cells(card: str, on_test: Evaluation) -> None:
    section = card.split("## Calibration")[1].split("\n## ")[0]
    cells = section.split("| mean probability | share positive | count |\n|---:|---:|---:|\n")[1]
    assert cells.strip().split("\n") == [
        f"| {p.mean_probability:.3f} | {p.share_positive:.3f} | {p.count} |" for p in on_test.reliability["all labels"]
    ]


def test_it_says_what_the_recall_policy_leaves_to_read(card: str, on_test: Evaluation) -> None:
    found = on_test.workload
    assert found is not None and found.recall is not None and found.row_recall is not None
    section = card.split("## What the policies cost")[1].split("\n## ")[0]
    assert (
        f"| test | {found.rows:,} | {found.share_to_read:.1%} | {found.row_recall:.1%} | {found.recall:.1%} |"
        in section
    )


def test_the_manifest_holds_the_calibration(small_model: Path, on_test: Evaluation) -> None:
    metrics = json.loads((small_model / "manifest.json").read_text())["metrics"]["test"]
    whole, documents = on_test.figures["all"].calibration, on_test.figures["documents"]
    assert whole is not None
    assert metrics["all"]["calibration"]["macro_brier_skill"] == pytest.approx(whole.macro_brier_skill)
    assert metrics["documents"]["macro_f1"] == pytest.approx(documents.macro_f1)
