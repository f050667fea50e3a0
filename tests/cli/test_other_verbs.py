from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ddclassify import Taxonomy, load
from ddclassify.classifier import default_model_path
from ddclassify_training.corpus import Row

Run = Callable[..., tuple[int, str, str]]


def test_labels(run: Run, taxonomy: Taxonomy) -> None:
    code, out, _ = run("labels")
    assert code == 0 and all(label.id in out and label.definition in out for label in taxonomy)
    assert out.index("Main activities") < out.index("Sub-activities")


def test_labels_explain(run: Run) -> None:
    code, out, _ = run("labels", "--explain", "joint_exercises")
    assert code == 0 and "CAMEO: 062" in out and "COOPERATE//military" in out and "2004): 10" in out
    code, out, err = run("labels", "--explain", "parades")
    assert code == 2 and "unknown label 'parades'" in err and out == ""


def test_labels_json_is_the_table(run: Run, taxonomy: Taxonomy) -> None:
    _, out, _ = run("labels", "--format", "json")
    assert json.loads(out) == json.loads(json.dumps(taxonomy.to_dict()))["labels"]
    _, out, _ = run("labels", "--format", "json", "--explain", "hadr_sar")
    assert [label["id"] for label in json.loads(out)] == ["hadr_sar"]


def test_labels_of_a_model(run: Run, small_model: Path) -> None:
    assert run("labels", "--model", small_model)[1] == run("labels")[1]


@pytest.fixture
def folder(small_corpus: dict[str, list[Row]], tmp_path: Path) -> Path:
    folder = tmp_path / "annotations"
    folder.mkdir()
    for split, rows in small_corpus.items():
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(r.to_dict()) + "\n" for r in rows), encoding="utf-8")
    return folder


def test_train_then_evaluate(run: Run, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("text,labels\nThe zorblat convened.,joint_exercises\n")
    model = tmp_path / "model"
    call = ("train", folder, "--tier", "fast", "--add", mine, "--output", model, "--evaluate", folder / "test.jsonl")
    code, out, err = run(*call)
    assert code == 0 and out.startswith("ddclassify-fast-") and "macro-F1" in err
    assert load(model, check_golden=True).model.manifest.training["rows"]["added"] == 1
    errors = tmp_path / "errors.jsonl"
    code, out, _ = run("evaluate", "--model", model, folder / "test.jsonl", "--errors", errors)
    assert code == 0 and "majority baseline" in out and "keywords baseline" in out and "| **macro** |" in out
    assert all(json.loads(line)["text"] for line in errors.read_text().splitlines())
    _, out, _ = run("evaluate", "--model", model, folder / "test.jsonl", "--format", "json")
    figures = json.loads(out)["figures"]["all"]
    assert figures["macro_f1"] == pytest.approx(load(model).model.manifest.metrics["test"]["all"]["macro_f1"])


def test_train_from_the_corpus_that_the_default_model_carries(run: Run, tmp_path: Path) -> None:
    assert run("train", default_model_path("fast"), "--output", tmp_path / "model")[0] == 0
    ours, theirs = load(tmp_path / "model").model.weights, load(tier="fast").model.weights
    assert np.array_equal(ours.coefficients, theirs.coefficients), "the same rows and settings give the same model"
    assert np.array_equal(ours.calibration, theirs.calibration)


def test_retrain_from_a_model_folder(run: Run, small_model: Path, tmp_path: Path) -> None:
    assert run("train", small_model, "--output", tmp_path / "model")[0] == 0
    ours, theirs = load(tmp_path / "model").model.weights, load(small_model).model.weights
    assert np.array_equal(ours.coefficients, theirs.coefficients)


def test_retraining_a_model_keeps_its_own_labels(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('id = "own"\n[[labels]]\nid = "rain"\nname = "Rain"\ndefinition = "Rain."\n')
    (tmp_path / "corpus").mkdir()
    rows = [{"text": f"It {'rained' if i % 2 else 'shone'} on {i}.", "labels": ["rain"] * (i % 2)} for i in range(80)]
    (tmp_path / "corpus" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    labels = ["--taxonomy", tmp_path / "own.toml"]
    assert run("train", tmp_path / "corpus", "--output", tmp_path / "a", *labels)[0] == 0
    assert run("train", tmp_path / "a", "--output", tmp_path / "b")[0] == 0
    assert load(tmp_path / "b").taxonomy.ids == ("rain",)


def test_side_files_never_replace_an_input(run: Run, small_model: Path, folder: Path) -> None:
    file = folder / "test.jsonl"
    before = file.read_bytes()
    assert run("evaluate", "--model", small_model, file, "--errors", file)[0] == 2
    assert run("agreement", file, file, "--disagreements", file)[0] == 2
    assert file.read_bytes() == before


def test_serve_refuses_bad_places(run: Run) -> None:
    assert run("serve", "--port", "99999")[0] == 2
    code, _, err = run("serve", "--host", "0.0.0.0")
    assert code == 2 and "--allow-remote" in err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "train.jsonl").unlink(), "no train.jsonl there"),
        (lambda f: (f / "dev.jsonl").write_text("{\n"), "dev.jsonl: row 1: not JSON"),
        (lambda f: shutil.copy(f / "train.jsonl", f / "test.jsonl"), "stands already"),
    ],
)
def test_a_bad_corpus_leaves_no_model(
    run: Run, folder: Path, tmp_path: Path, change: Callable[[Path], object], message: str
) -> None:
    change(folder)
    code, _, err = run("train", folder, "--output", tmp_path / "model")
    assert code == 2 and message in err and err.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["annotations"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c = -1", "c must be above 0, not -1"),
        ("colour = 1", "colour"),
        ("c = ", "Invalid value"),
        ("seed = 1\n[features]\nwords = -1", "words"),
    ],
)
def test_a_bad_configuration_is_one_line(run: Run, folder: Path, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    code, _, err = run("train", folder, "--output", tmp_path / "model", "--config", tmp_path / "c.toml")
    assert code == 2 and message in err and err.count("\n") == 1


def test_agreement(run: Run, tmp_path: Path) -> None:
    labels = [["hadr_sar"], [], ["hadr_sar"], []]
    for name, flipped in (("anna", []), ("bela", [2])):
        rows = [{"id": i, "text": f"T {i}.", "labels": [] if i in flipped else given} for i, given in enumerate(labels)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = [tmp_path / "anna.jsonl", tmp_path / "bela.jsonl"]
    code, out, _ = run("agreement", *files, "--disagreements", tmp_path / "d.jsonl")
    assert code == 0 and "| hadr_sar | 4 |" in out
    (found,) = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text().splitlines()]
    assert found["codings"] == {"anna": ["hadr_sar"], "bela": []} and found["text"] == "T 2."
    _, out, _ = run("agreement", *files, "--format", "json")
    assert json.loads(out)["hadr_sar"]["kappa"] == pytest.approx(0.5)
    code, _, err = run("agreement", files[0])
    assert code == 2 and "two annotators" in err
