from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from ddclassify import Classifier, Document, load
from ddclassify import classifier as classifier_module
from ddclassify.accurate import AccurateScorer
from ddclassify.classifier import TIERS, default_model_path
from ddclassify.errors import MissingExtraError, ModelError
from ddclassify.linear import LinearScorer
from ddclassify.modelfolder import CORPUS, ENCODER, MANIFEST, REQUIRED, REQUIRED_OF, TOKENIZER
from ddclassify.rows import RowBuilder

OF_THE_ENCODER = [name for name in REQUIRED_OF["accurate"] if name not in REQUIRED]


@pytest.fixture
def copy(accurate_folder: Path, tmp_path: Path) -> Path:
    """A model of the accurate tier whose files may be replaced, not written to."""
    return Path(shutil.copytree(accurate_folder, tmp_path / "copy", copy_function=os.symlink))


def test_each_tier_loads_its_model(fast: Classifier, accurate_folder: Path) -> None:
    accurate = load(tier="accurate")
    assert (fast.tier, accurate.tier) == TIERS and accurate.model.path == accurate_folder
    assert isinstance(fast.scorer, LinearScorer) and isinstance(accurate.scorer, AccurateScorer)
    assert fast.taxonomy == accurate.taxonomy and fast.model_id != accurate.model_id
    assert fast.model.head is None and accurate.model.head is not None
    assert load(accurate_folder).tier == load(accurate_folder, tier="accurate").tier == "accurate"


def test_the_accurate_tier_is_the_default_where_it_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier_module, "can_encode", lambda: True)
    assert default_model_path() == default_model_path("accurate")
    assert load().tier == "accurate"


def test_the_fast_tier_is_the_default_where_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier_module, "can_encode", lambda: False)
    assert default_model_path() == default_model_path("fast")
    assert load().tier == "fast"


def test_the_fast_tier_is_the_default_where_the_accurate_model_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier_module, "can_encode", lambda: True)
    monkeypatch.setattr("ddclassify.classifier.resources.files", lambda name: tmp_path)
    assert default_model_path() == tmp_path / "fast"
    with pytest.raises(ModelError, match=r"accurate: no model there"):
        load(tier="accurate")


def test_without_the_extra_the_accurate_tier_says_what_to_install(
    accurate_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert load().tier == "fast"
    with pytest.raises(MissingExtraError, match=r"ddclassify\[accurate\]"):
        load(tier="accurate")
    with pytest.raises(MissingExtraError, match=r"ddclassify\[accurate\]"):
        load(accurate_folder)


@pytest.mark.parametrize(("there", "asked"), [TIERS, TIERS[::-1]])
def test_a_model_of_another_tier_is_refused(there: str, asked: str) -> None:
    folder = default_model_path(there)
    with pytest.raises(ModelError) as caught:
        load(folder, tier=asked)
    assert str(caught.value) == f"{folder}: a model of tier {there!r}, not {asked!r}"


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(ModelError, match="there is no tier 'slow'; choose one of fast, accurate"):
        load(tier="slow")


@pytest.mark.parametrize("tier", TIERS)
def test_golden_predictions_of_the_shipped_models_hold(tier: str) -> None:
    loaded = load(tier=tier, check_golden=True)
    assert len(loaded.model.golden) >= len(loaded.taxonomy), "there are some"


def test_golden_predictions_that_do_not_hold_are_noticed(accurate_folder: Path, fast: Classifier) -> None:
    """The n-grams alone do not give what the accurate tier gives."""
    with pytest.raises(ModelError, match="predictions differ by"):
        Classifier(load(accurate_folder).model, fast.scorer).check_golden()


@pytest.mark.parametrize("tier", TIERS)
def test_the_manifest_lists_every_file_of_the_tier(tier: str) -> None:
    folder = default_model_path(tier)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["tier"] == tier
    assert set(manifest["files"]) == {*REQUIRED_OF[tier], CORPUS}
    assert {file.name for file in folder.iterdir()} == {*manifest["files"], MANIFEST}
    assert ({"onnxruntime", "tokenizers"} <= set(manifest["libraries"])) == (tier == "accurate")


def test_the_files_of_the_encoder_are_those_of_one_tier() -> None:
    assert {ENCODER, TOKENIZER, "context_layer.npy", "mixture.npy", "vectors.npy"} <= set(OF_THE_ENCODER)
    assert REQUIRED_OF["fast"] == REQUIRED and set(REQUIRED_OF) == set(TIERS)


@pytest.mark.parametrize("name", OF_THE_ENCODER)
def test_a_changed_or_missing_file_of_the_encoder_is_refused(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).unlink()
    with pytest.raises(ModelError, match=rf"{name}: .*get the model again"):
        load(copy)
    (copy / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: differs from its hash"):
        load(copy)


def test_an_encoder_cannot_be_hidden_from_the_manifest(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
    (copy / MANIFEST).unlink()
    for change in ({"tier": "fast"}, {"passing": 0.5}, {"tier": "other"}, {"passing": "0"}):
        (copy / MANIFEST).write_text(json.dumps({**manifest, **change}), encoding="utf-8")
        with pytest.raises(ModelError, match=r"was changed after training|is unknown here") as caught:
            load(copy)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tier", TIERS)
def test_rows_carry_the_tier(tier: str, fast: Classifier, accurate: Classifier) -> None:
    classifier = {"fast": fast, "accurate": accurate}[tier]
    tagged = classifier.tag(Document("d", "The naval attaché of Peru paid a call on the minister. Rain is expected."))
    builder = RowBuilder(classifier, "balanced")
    (first, second), whole = builder.sentences(tagged), builder.document(tagged)
    assert {row["tier"] for row in (first, second, whole)} == {tier}
    assert {row["model"] for row in (first, second, whole)} == {classifier.model_id}
    assert "defence_attaches" in first["labels"] and second["labels"] == []
