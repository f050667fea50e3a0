from __future__ import annotations

import json
from pathlib import Path

import pytest

from ddclassify import Taxonomy
from ddclassify_training.corpus import Row, fingerprint
from ddclassify_training.corpus_report import (
    compare,
    describe,
    distinct,
    main,
    near_duplicates,
    overused_skeletons,
    shared_runs,
    skeletons,
)


def row(i: str, text: str, doc: str = "d", *labels: str) -> Row:
    return Row(i, doc, 0, text, labels)


LONG = "The frigates of the two navies began their annual live-firing exercise in the strait on Monday morning"


def test_near_duplicates_within_and_across_splits() -> None:
    splits = {
        "train": [
            row("a", LONG + "."),
            row("b", LONG.replace("Monday", "Sunday") + ", in good weather and calm seas."),
        ],
        "dev": [row("c", LONG.upper() + "!"), row("d", "Thank you."), row("e", "Thank you.")],
    }
    found, across = near_duplicates(splits)
    assert found == [("a", "c")] == across


def test_shared_runs_find_ten_words_whatever_the_punctuation() -> None:
    ours = [row("a", "He said that " + LONG), row("b", "Quite another text about a parade in the capital last spring.")]
    assert shared_runs(ours, ["... " + LONG.replace(" ", "\n").lower()]) == ["a"]
    assert shared_runs(ours, [" ".join(LONG.split()[:9])]) == []


def test_skeletons_mask_content_and_leave_grammar_out() -> None:
    counts, total = skeletons(["It was held by the navy of Peru.", "It was closed by the army of Chile."])
    assert total == 2 and counts["it was _ by the _"] == 2
    assert not [s for s in counts if s == "by the _ of _ ."]


def test_overused_skeletons_need_numbers_and_a_sure_ratio() -> None:
    templated = [f"It was {verb} by the {noun}." for verb in ("held", "seen", "led", "met") for noun in "abcdefghij"]
    varied = [f"Nobody saw the {n} ship" for n in range(4000)]
    assert "it was _ by the _" in overused_skeletons(templated * 2, varied)
    assert overused_skeletons(templated[:10] + varied, varied) == {}


def test_distinct_counts_ngrams() -> None:
    assert distinct(["a b a b"], 1) == 0.5
    assert distinct(["a b c", "a b c"], 2) == 0.5


def test_describe_counts(taxonomy: Taxonomy) -> None:
    splits = {
        "train": [row("a", LONG, "d", "joint_exercises", "hadr_sar"), row("b", "Rain fell all day long there.", "e")]
    }
    found = describe(splits, taxonomy)
    assert found["positives"]["hadr_sar"] == 1 and found["without_label"] == 0.5 and found["several_labels"] == 1.0
    assert found["co_occurrence"] == {"hadr_sar + joint_exercises": 1}
    assert all(check["passed"] for check in found["checks"].values())


def test_compare_refuses_a_shared_run_and_shows_no_real_text(taxonomy: Taxonomy, tmp_path: Path) -> None:
    secret = "the envoys walked slowly along the quay towards the waiting grey launch at dusk"
    (tmp_path / "real-dev").mkdir()
    (tmp_path / "real-docs").mkdir()
    record = {"text": "Real words.", "labels": ["hadr_sar"], "stratum": "natural"}
    (tmp_path / "real-dev" / "sentences.jsonl").write_text(json.dumps(record) + "\n")
    (tmp_path / "real-docs" / "a.txt").write_text(f"Yesterday {secret}. More followed.")
    splits = {"train": [row("a", f"They say {secret}", "d", "hadr_sar"), row("b", "Quite another sentence.")]}
    found = compare(splits, taxonomy, tmp_path)
    checks = {name.split(" ")[1]: check for name, check in found["checks"].items()}
    assert checks["run"] == {"passed": False, "value": ["a"]}
    assert "envoys" not in json.dumps(found) and "Real words" not in json.dumps(found)


def test_the_committed_report_is_of_this_corpus_and_passes(root: Path, corpus: dict[str, list[Row]]) -> None:
    folder = root / "annotations" / "report"
    alone = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    assert alone["fingerprint"] == fingerprint(r for rows in corpus.values() for r in rows), "run make corpus-report"
    beside = json.loads((folder / "real.json").read_text(encoding="utf-8"))
    assert [name for name, c in {**alone["checks"], **beside["checks"]}.items() if not c["passed"]] == []


def test_size_and_shape_of_the_corpus(root: Path) -> None:
    found = json.loads((root / "annotations" / "report" / "corpus.json").read_text(encoding="utf-8"))
    assert found["sentences"] >= 14_000 and found["documents"] >= 1_000
    assert min(found["positives"].values()) >= 600
    assert 0.55 <= found["without_label"] <= 0.65
    assert 0.10 <= found["several_labels"] <= 0.20
    assert found["needs_context"] >= 0.2


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--output", str(tmp_path / "o")]) == 2
    assert "no train.jsonl" in capsys.readouterr().err
