from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ddclassify import Classifier
from ddclassify.classifier import TIERS, default_model_path

Run = Callable[..., tuple[int, str, str]]

TEXT = "The naval attaché of Peru paid a call on the minister. It rained. They agreed to repeat the exercise.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def tagged(run: Run, file: Path, *arguments: object) -> list[dict[str, Any]]:
    code, out, err = run("tag", file, "--format", "jsonl", *arguments)
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_tags_with_its_own_model(
    run: Run, file: Path, tier: str, fast: Classifier, accurate: Classifier
) -> None:
    classifier = {"fast": fast, "accurate": accurate}[tier]
    rows = tagged(run, file, "--tier", tier)
    assert {(row["tier"], row["model"]) for row in rows} == {(tier, classifier.model_id)}
    expected = classifier.tag(TEXT).predictions
    assert [row["labels"] for row in rows] == [list(prediction.labels) for prediction in expected]
    for row, prediction in zip(rows, expected, strict=True):
        assert row["probabilities"] == pytest.approx(dict(prediction.probabilities), abs=2e-5)
    assert rows == tagged(run, file, "--tier", tier, "--model", default_model_path(tier))
    assert {row["tier"] for row in tagged(run, file, "--level", "document", "--tier", tier)} == {tier}


def test_without_a_tier_the_best_that_can_run_tags(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {row["tier"] for row in tagged(run, file)} == {"accurate"}
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert {row["tier"] for row in tagged(run, file)} == {"fast"}


def test_single_sentences_know_the_text_before_them(run: Run, tmp_path: Path, accurate: Classifier) -> None:
    path, before = tmp_path / "s.jsonl", "Two navies began a joint exercise off Arica."
    path.write_text("".join(json.dumps({"text": "It will end on Friday.", "context": c}) + "\n" for c in (before, "")))
    first, second = tagged(run, path, "--sentences", "--tier", "accurate")
    assert first["probabilities"]["joint_exercises"] > second["probabilities"]["joint_exercises"] + 0.05
    assert {row["tier"] for row in (first, second)} == {accurate.tier}


@pytest.mark.parametrize(("there", "asked"), [TIERS, TIERS[::-1]])
def test_a_model_of_another_tier_is_one_line(run: Run, file: Path, there: str, asked: str) -> None:
    folder = default_model_path(there)
    code, out, err = run("tag", file, "--tier", asked, "--model", folder)
    assert (code, out) == (2, "")
    assert err == f"error: {folder}: a model of tier {there!r}, not {asked!r}\n"


def test_without_the_extra_the_accurate_tier_says_what_to_install(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    code, out, err = run("tag", file, "--tier", "accurate")
    assert (code, out) == (2, "")
    assert err == "error: the accurate tier needs optional packages: pip install 'ddclassify[accurate]'\n"


def test_an_unknown_tier_is_refused(run: Run, file: Path) -> None:
    code, out, err = run("tag", file, "--tier", "slow")
    assert (code, out) == (2, "") and "invalid choice: 'slow'" in err
