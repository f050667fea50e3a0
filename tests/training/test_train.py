from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddclassify import Classifier, Taxonomy, load
from ddclassify.classifier import default_model_path
from ddclassify.errors import CorpusError, OutputError
from ddclassify_training.config import TrainingConfig
from ddclassify_training.corpus import Row, unpack
from ddclassify_training.evaluate import errors, evaluate
from ddclassify_training.train import train

CONFIG = TrainingConfig(name="small")


def test_two_trainings_give_the_same_folder(
    small_corpus: dict[str, list[Row]], small_model: Path, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    train(small_corpus, taxonomy, CONFIG, tmp_path / "again")
    for file in small_model.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_the_manifest_accounts_for_the_run(small_model: Path, small_corpus: dict[str, list[Row]]) -> None:
    manifest = json.loads((small_model / "manifest.json").read_text())
    assert manifest["id"].startswith("small-") and manifest["training"]["seed"] == CONFIG.seed
    assert manifest["training"]["rows"] == {**{k: len(v) for k, v in small_corpus.items()}, "added": 0}
    assert set(manifest["libraries"]) == {"ddclassify", "spacy", "scikit-learn", "numpy", "scipy", "python"}
    assert manifest["metrics"]["test"]["all"]["macro_f1"] > 0.4


def test_the_card_shows_what_was_measured(small_model: Path, classifier: Classifier) -> None:
    card = (small_model / "README.md").read_text(encoding="utf-8")
    manifest = json.loads((small_model / "manifest.json").read_text())
    assert manifest["id"] in card and "{" not in card.split("## Training")[0].replace("{model_id}", "")
    assert "synthetic" not in card and "not counts of events" in card, "nothing is known of this corpus"
    assert "synthetic" in (default_model_path() / "README.md").read_text(encoding="utf-8")
    for label in classifier.taxonomy:
        figures = manifest["metrics"]["test"]["all"]["labels"][label.id]
        assert f"| {label.id} | {figures['precision']:.3f} | {figures['recall']:.3f} | {figures['f1']:.3f} |" in card


def test_it_beats_the_keywords_on_held_out_text(classifier: Classifier, small_corpus: dict[str, list[Row]]) -> None:
    found = evaluate(classifier, small_corpus["test"])
    assert found.figures["all"].macro_f1 > found.baselines["keywords"].macro_f1 > found.baselines["majority"].macro_f1


def test_it_can_learn_from_the_folder_it_carries(
    small_model: Path, small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    splits = unpack(small_model / "corpus.jsonl.gz")
    again = train(splits, taxonomy, CONFIG, tmp_path / "m")
    assert again.id == load(small_model).model_id


def test_added_rows_are_learned(small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path) -> None:
    sentence = "The zorblat convened again."
    added = [Row(str(i), str(i), 0, f"The zorblat convened in month {i}.", ("joint_exercises",)) for i in range(40)]
    manifest = train(small_corpus, taxonomy, CONFIG, tmp_path / "m", added=added)
    assert manifest.training["rows"]["added"] == 40
    before = evaluate(load(tmp_path / "m"), small_corpus["test"]).figures["all"].macro_f1
    assert before > 0.4, "the base corpus is still known"
    assert "joint_exercises" in load(tmp_path / "m").classify([sentence])[0].labels


def test_the_users_coding_of_a_corpus_sentence_holds_and_held_out_ones_do_not_leak(
    small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    mine = replace(small_corpus["train"][0], id="mine", labels=("hadr_sar",))
    leak = replace(small_corpus["test"][0], id="leak")
    train(small_corpus, taxonomy, CONFIG, tmp_path / "m", added=[mine, leak])
    rows = unpack(tmp_path / "m" / "corpus.jsonl.gz")["train"]
    same = [row for row in rows if row.text == mine.text]
    assert [row.labels for row in same] == [("hadr_sar",)] and same[0].id == "added:mine"
    assert leak.text not in {row.text for row in rows}


def test_added_rows_that_contradict_one_another_are_refused(
    small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    rows = [
        Row(str(i), str(i), 0, "A drill.", labels, where=f"mine: row {i}")
        for i, labels in enumerate([(), ("hadr_sar",)])
    ]
    with pytest.raises(CorpusError, match=r"mine: row 1: .A drill\.. is coded otherwise at mine: row 0"):
        train(small_corpus, taxonomy, CONFIG, tmp_path / "m", added=rows)
    steps: list[str] = []
    train(
        small_corpus, taxonomy, CONFIG, tmp_path / "m", added=[rows[0], replace(rows[0], id="9")], report=steps.append
    )
    assert "1 added rows repeat" in steps[0]


def test_undecided_rows_are_no_negatives(
    small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    """Rows coded for one label only must leave the other labels' models as they were."""
    added = [Row(str(i), str(i), 0, f"Word{i} drill talks.", (), coded=("hadr_sar",)) for i in range(30)]
    splits = {**small_corpus, "train": small_corpus["train"][:1500]}
    config = replace(CONFIG, context_dropout=0.0)
    train(splits, taxonomy, config, tmp_path / "a", added=added)
    train(splits, taxonomy, config, tmp_path / "b", added=[replace(row, coded=("peacekeeping",)) for row in added])
    a, b = load(tmp_path / "a").model.weights, load(tmp_path / "b").model.weights
    same = [i for i, label in enumerate(taxonomy.ids) if label not in ("hadr_sar", "peacekeeping")]
    assert np.array_equal(a.coefficients[:, same], b.coefficients[:, same])
    assert not np.array_equal(a.coefficients[:, 7], b.coefficients[:, 7])


def test_dev_is_taken_from_train_by_document(
    small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    train({"train": small_corpus["train"]}, taxonomy, CONFIG, tmp_path / "m")
    splits = unpack(tmp_path / "m" / "corpus.jsonl.gz")
    assert not {r.doc_id for r in splits["train"]} & {r.doc_id for r in splits["dev"]}


def test_own_labels(small_corpus: dict[str, list[Row]], tmp_path: Path) -> None:
    own = Taxonomy.from_dict(
        {
            "id": "own",
            "labels": [
                {"id": "rain", "name": "Rain", "definition": "Rain."},
                {"id": "sea", "name": "S", "definition": "S."},
            ],
        }
    )
    rows = [
        Row(
            str(i),
            str(i // 4),
            i % 4,
            f"It {'rained' if i % 2 else 'was dry'} near the {'sea' if i % 3 else 'hills'} {i}.",
            tuple(label for label, yes in (("rain", i % 2), ("sea", i % 3)) if yes),
        )
        for i in range(200)
    ]
    train({"train": rows}, own, TrainingConfig(name="weather"), tmp_path / "m")
    classifier = load(tmp_path / "m")
    assert classifier.taxonomy == own
    assert classifier.classify(["It rained near the hills."])[0].labels == ("rain",)
    with pytest.raises(CorpusError, match="unknown label"):
        evaluate(classifier, small_corpus["dev"])


def test_a_label_nobody_carries_is_one_clear_error(
    small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    rows = [replace(row, labels=()) for row in small_corpus["train"][:50]]
    with pytest.raises(CorpusError, match="label 'official_contacts': 0 of"):
        train({"train": rows, "dev": small_corpus["dev"]}, taxonomy, CONFIG, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_place_that_is_no_model_is_refused_before_the_work(
    small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    steps: list[str] = []
    with pytest.raises(OutputError, match="is not a model"):
        train(small_corpus, taxonomy, CONFIG, tmp_path, report=steps.append)
    assert steps == []


def test_impossible_settings_are_refused() -> None:
    for bad in ({"seed": -1}, {"features": {"words": 2.0}}, {"c": 0}, {"recall": 2}):
        with pytest.raises(ValueError, match=next(iter(bad.get("features", bad)))):
            TrainingConfig.from_dict(bad)


def test_a_vocabulary_that_keeps_nothing_is_one_clear_error(
    small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    config = TrainingConfig.from_dict({"features": {"min_df": 1_000_000}})
    with pytest.raises(CorpusError, match="lower min_df"):
        train(small_corpus, taxonomy, config, tmp_path / "m")


def test_errors_are_listed_surest_first(classifier: Classifier, small_corpus: dict[str, list[Row]]) -> None:
    rows = small_corpus["test"]
    found = errors(classifier, rows, evaluate(classifier, rows))
    assert found and all(row["missed"] or row["wrongly_given"] for row in found)
    for row in found:
        predicted = set(row["gold"]) - set(row["missed"]) | set(row["wrongly_given"])
        expected = classifier.model.manifest.thresholds["balanced"]
        given = {k for k, p in row["probabilities"].items() if p >= expected[k] - 1e-4}
        assert predicted == given or predicted <= given


def test_parts_of_real_style_rows(classifier: Classifier) -> None:
    rows = [
        Row("a", "a", 0, "The ministers met.", ("official_contacts",), extra={"stratum": "natural", "hard": False}),
        Row("b", "b", 0, "The attaché left.", ("defence_attaches",), extra={"stratum": "enriched:x", "hard": True}),
    ]
    figures = evaluate(classifier, rows).figures
    assert {name: f.rows for name, f in figures.items()} == {
        "all": 2,
        "enriched": 1,
        "natural": 1,
        "without hard": 1,
        "documents": 2,
    }


def test_the_committed_configuration_is_the_default(root: Path) -> None:
    assert TrainingConfig.from_toml(root / "training" / "configs" / "fast.toml") == TrainingConfig()


def test_the_default_model_was_trained_on_this_corpus(
    default_classifier: Classifier, corpus: dict[str, list[Row]]
) -> None:
    carried = default_classifier.model.corpus
    assert carried is not None
    splits = unpack(carried)
    assert {k: [r.to_dict() for r in v] for k, v in splits.items()} == {
        k: [r.to_dict() for r in v] for k, v in corpus.items()
    }, "annotations/ changed: run make train"


def test_the_default_model_on_real_sentences(default_classifier: Classifier, real_data: Path) -> None:
    from ddclassify_training.corpus import read_rows

    found = evaluate(default_classifier, read_rows(real_data / "real-dev" / "sentences.jsonl"))
    metrics = default_classifier.model.manifest.metrics["real-dev"]["all"]
    assert found.figures["all"].macro_f1 == pytest.approx(metrics["macro_f1"], abs=0.005), "the card tells the truth"
    assert found.figures["all"].macro_f1 > found.baselines["keywords"].macro_f1
