from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ddclassify import Classifier, Document
from ddclassify.cli.marks import marked

Run = Callable[..., tuple[int, str, str]]

TWO = "The navies of Chile and Peru began a joint exercise.\nIt will end on Friday."


@pytest.fixture
def explained(run: Run, small_model: Path) -> Callable[..., dict[str, Any]]:
    def call(*arguments: object) -> dict[str, Any]:
        code, out, err = run("explain", *arguments, "--model", small_model, "--format", "json")
        assert (code, err) == (0, "")
        found: dict[str, Any] = json.loads(out)
        return found

    return call


def test_each_sentence_in_the_context_of_the_ones_before(
    explained: Callable[..., dict[str, Any]], classifier: Classifier
) -> None:
    found = explained(TWO, "--title", "Drill", "--label", "joint_exercises", "--label", "hadr_sar", "--top", 30)
    assert (found["model"], found["tier"], found["policy"], found["method"]) == (
        classifier.model_id, "fast", "balanced", "ngrams",
    )  # fmt: skip
    tagged = classifier.tag(Document("d", TWO, {"title": "Drill"})).predictions
    assert [row["text"] for row in found["sentences"]] == [p.sentence.text for p in tagged]
    for row, prediction in zip(found["sentences"], tagged, strict=True):
        assert TWO[row["start"] : row["end"]] == row["text"]
        assert [one["label"] for one in row["explanations"]] == ["joint_exercises", "hadr_sar"]
        for one in row["explanations"]:
            label = one["label"]
            assert one["probability"] == pytest.approx(prediction.probabilities[label], abs=1e-5)
            assert one["given"] == (label in prediction.labels) and one["unsure"] == (label in prediction.unsure)
            shown = sum(c["value"] for c in one["contributions"])
            assert one["intercept"] + shown + one["others"]["value"] == pytest.approx(one["decision"], abs=2e-4)
    assert found["sentences"][1]["before"] == tagged[0].sentence.text
    words = {c["ngram"] for c in found["sentences"][1]["explanations"][0]["contributions"] if c["kind"] == "context"}
    assert "exerc" in words


def test_the_text_before_counts_as_sentences_of_the_document(
    explained: Callable[..., dict[str, Any]], classifier: Classifier
) -> None:
    before = "It rained in Lima. The minister slept. The navies of Chile and Peru began a joint exercise."
    (row,) = explained("It will end on Friday.", "--before", before, "--label", "joint_exercises")["sentences"]
    expected = classifier.tag(f"{before}\nIt will end on Friday.").predictions[-1].probabilities["joint_exercises"]
    assert row["explanations"][0]["probability"] == pytest.approx(expected, abs=1e-5)
    assert "slept" in row["before"] and "rained" not in row["before"]


def test_by_default_the_labels_given_else_the_likeliest(
    explained: Callable[..., dict[str, Any]], classifier: Classifier
) -> None:
    text = "The naval attaché called on the minister. Bread is dear."
    first, second = explained(text)["sentences"]
    tagged = classifier.tag(text).predictions
    assert tagged[0].labels and not tagged[1].labels
    assert [one["label"] for one in first["explanations"]] == list(tagged[0].labels)
    likeliest = max(tagged[1].probabilities, key=lambda label: tagged[1].probabilities[label])
    assert [one["label"] for one in second["explanations"]] == [likeliest]


@pytest.mark.parametrize("method", ["ngrams", "occlusion"])
def test_for_the_terminal(run: Run, small_model: Path, method: str) -> None:
    arguments = ["--model", small_model, "--method", method, "--label", "defence_attaches", "--top", 2]
    code, out, _ = run("explain", "The naval\n attaché \x1b[31mleft.", *arguments)
    lines = out.splitlines()
    assert code == 0 and "\x1b" not in out and lines[2].startswith("defence_attaches ")
    assert "attaché" in lines[3] and "{+" in lines[3] and "naval" in lines[3], "one line, marked"
    signed = [line for line in lines[4:] if line.strip()[0] in "+-"]
    if method == "ngrams":
        assert "attac" in lines[4] and "decision value" in lines[-1] and len(signed) == 2 + 3
    else:
        assert "attaché" in lines[4] and 1 <= len(signed) <= 2


def test_occlusion_gives_stretches_of_the_sentence(explained: Callable[..., dict[str, Any]]) -> None:
    (row,) = explained("The naval attaché left.", "--method", "occlusion", "--label", "defence_attaches")["sentences"]
    stretches = row["explanations"][0]["stretches"]
    assert "attaché" in stretches[0]["text"] and stretches[0]["drop"] > 1
    assert all(row["text"][one["start"] : one["end"]] == one["text"] for one in stretches)
    assert "contributions" not in row["explanations"][0]


def test_a_sentence_without_words_is_explained_all_the_same(run: Run, small_model: Path) -> None:
    for method, line in (("ngrams", "where every sentence starts"), ("occlusion", "no words matter")):
        code, out, _ = run("explain", "…", "--model", small_model, "--method", method)
        assert code == 0 and line in out


def test_half_a_surrogate_pair_does_no_harm(run: Run, small_model: Path) -> None:
    code, out, _ = run("explain", "The attach\ud800 left.", "--model", small_model, "--format", "json")
    assert code == 0 and json.loads(out)["sentences"][0]["text"] == "The attach\ud800 left."


def test_standard_input(small_model: Path) -> None:
    call = [sys.executable, "-m", "ddclassify", "explain", "-", "--model", str(small_model)]
    done = subprocess.run(call, input="The naval attaché left.".encode(), capture_output=True, check=True)
    assert "defence_attaches" in done.stdout.decode() and done.stderr == b""
    done = subprocess.run(call, input=b"attach\xe9", capture_output=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith(b"error: stdin: byte 6 (0xe9) is not utf-8")
    done = subprocess.run([*call, "--encoding", "latin-1"], input=b"attach\xe9", capture_output=True, check=True)
    assert "attaché" in done.stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([" \n"], "TEXT is empty: there is nothing to explain"),
        (["x", "--label", "parades"], "unknown label 'parades'"),
        (["x", "--top", "0"], "--top 0: must be at least 1"),
        (["x", "--model", "nowhere"], "nowhere: no model there"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run: Run, small_model: Path, arguments: list[str], message: str) -> None:
    model = [] if "--model" in arguments else ["--model", small_model]
    code, out, err = run("explain", *arguments, *model)
    assert code == 2 and out == "" and err.startswith("error: ") and message in err and err.count("\n") == 1


def test_bad_usage_exits_with_2(run: Run) -> None:
    assert run("explain")[0] == 2 and run("explain", "x", "--method", "guess")[0] == 2


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("a drill ended", [(2, 7, 1.0)], "a {+drill+} ended"),
        ("a drill ended", [(2, 7, 1.0), (8, 13, -1.0)], "a {+drill+} [-ended-]"),
        ("a drill ended", [(2, 7, 1.0), (8, 13, 2.0)], "a {+drill ended+}"),
        ("a drill ended", [(2, 7, 1.0), (0, 13, -2.0)], "[-a drill ended-]"),
        ("a drill ended", [(2, 7, 1.0), (2, 7, -1.0)], "a drill ended"),
        (" a\n drill\t", [(4, 9, 1.0)], "a {+drill+}"),
        ("", [], ""),
    ],
)
def test_marks(text: str, spans: list[tuple[int, int, float]], expected: str) -> None:
    assert marked(text, spans) == expected
