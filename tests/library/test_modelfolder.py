from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ddclassify import load
from ddclassify.errors import ModelError, OutputError
from ddclassify.modelfolder import REQUIRED, read_model_folder, write_model_folder


@pytest.fixture
def copy(small_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_model, tmp_path / "copy"))


def edit_manifest(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_no_pickle_in_the_folder(small_model: Path) -> None:
    names = {file.name for file in small_model.iterdir()}
    assert names == {*REQUIRED, "manifest.json", "corpus.jsonl.gz"}
    for array in small_model.glob("*.npy"):
        np.load(array, allow_pickle=False)


def test_golden_predictions_hold(small_model: Path) -> None:
    load(small_model, check_golden=True)


@pytest.mark.parametrize("name", [*REQUIRED, "corpus.jsonl.gz"])
def test_a_changed_file_is_refused(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: differs from its hash"):
        load(copy)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_truncated_or_missing_file_is_refused(copy: Path, name: str) -> None:
    (copy / name).write_bytes((copy / name).read_bytes()[:-7])
    with pytest.raises(ModelError, match="differs from its hash"):
        load(copy)
    (copy / name).unlink()
    with pytest.raises(ModelError, match="get the model again"):
        load(copy)


def test_another_format_version_is_refused(copy: Path) -> None:
    edit_manifest(copy, lambda m: m.update(format_version=99))
    with pytest.raises(ModelError, match="model format 99, this version of ddclassify reads 2"):
        load(copy)


def test_a_changed_threshold_is_refused(copy: Path) -> None:
    edit_manifest(copy, lambda m: m["thresholds"]["balanced"].update(peacekeeping=0.01))  # type: ignore[index]
    with pytest.raises(ModelError, match="was changed after training"):
        load(copy)


def test_a_path_in_the_manifest_cannot_leave_the_folder(copy: Path) -> None:
    edit_manifest(copy, lambda m: m["files"].update({"../x": "0"}))  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match=r"was changed after training|not a plain file name"):
        load(copy)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format_version": 2}', "\xff"])
def test_a_broken_manifest_is_one_clear_error(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError, match="copy"):
        load(copy)


def test_a_manifest_of_other_types_is_one_clear_error(copy: Path) -> None:
    edit_manifest(copy, lambda m: m.update(files=[]))
    with pytest.raises(ModelError, match="of other types"):
        load(copy)


def test_a_pickle_in_place_of_an_array_is_never_run(copy: Path) -> None:
    np.save(copy / "idf.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError):
        load(copy)


def rewrite(source: Path, target: Path) -> None:
    folder = read_model_folder(source)
    manifest = json.loads((source / "manifest.json").read_text())
    fields = {k: v for k, v in manifest.items() if k not in ("id", "files", "format_version")}
    write_model_folder(
        target,
        manifest=fields,
        taxonomy=folder.taxonomy,
        weights=folder.weights,
        golden=folder.golden,
        card=(source / "README.md").read_text(encoding="utf-8").replace(folder.manifest.id, "{model_id}"),
        corpus=(source / "corpus.jsonl.gz").read_bytes(),
    )


def test_writing_again_gives_the_same_folder(small_model: Path, tmp_path: Path) -> None:
    rewrite(small_model, tmp_path / "again")
    for file in small_model.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_an_older_model_is_replaced_and_nothing_is_left_behind(small_model: Path, copy: Path) -> None:
    (copy / "README.md").write_text("older")
    rewrite(small_model, copy)
    load(copy)
    assert [p.name for p in copy.parent.iterdir()] == ["copy"]


def test_a_folder_that_is_no_model_is_never_replaced(small_model: Path, tmp_path: Path) -> None:
    target = tmp_path / "thesis"
    target.mkdir()
    (target / "chapter1.txt").write_text("years of work")
    with pytest.raises(OutputError, match="is not a model"):
        rewrite(small_model, target)
    assert (target / "chapter1.txt").read_text() == "years of work"


def test_a_failed_write_leaves_the_old_model(small_model: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full_disk)
    with pytest.raises(OutputError, match="No space left"):
        rewrite(small_model, copy)
    load(copy)
    assert [p.name for p in copy.parent.iterdir()] == ["copy"]
