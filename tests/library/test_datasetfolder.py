from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value, disable_progress_bars

from ddclassify import Document
from ddclassify.reading import Failed, ReadOptions, find_sources, read_documents

disable_progress_bars()


def read(*paths: Path) -> list[Document | Failed]:
    return list(read_documents(find_sources(map(str, paths)), ReadOptions()))


def test_a_dataset(tmp_path: Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"]), "day": Value("date32")})
    rows = {"text": ["One.", None], "label": [1, 0], "day": [dt.date(2020, 5, 1), None]}
    Dataset.from_dict(rows, features=features).save_to_disk(tmp_path / "d")
    one, two = read(tmp_path / "d")
    assert one == Document(f"{tmp_path}/d:1", "One.", {"label": 1, "day": "2020-05-01"}, f"{tmp_path}/d")
    assert isinstance(two, Failed) and two.message == f"{tmp_path}/d: row 2: 'text' is None, expected text"


def test_splits_in_the_order_of_their_names(tmp_path: Path) -> None:
    train = Dataset.from_dict({"text": ["A.", "B."], "id": ["a", "b"]}).select([1, 0])
    dev = Dataset.from_dict({"text": ["C.", "D."], "id": [None, "d"]})
    DatasetDict({"train": train, "dev": dev}).save_to_disk(tmp_path / "d")
    found = read(tmp_path / "d")
    assert [(d.id, d.text, d.metadata) for d in found if isinstance(d, Document)] == [
        (f"{tmp_path}/d:dev:1", "C.", {"split": "dev"}),
        ("d", "D.", {"split": "dev"}),
        ("b", "B.", {"split": "train"}),
        ("a", "A.", {"split": "train"}),
    ]


def test_a_column_split_of_its_own_stays(tmp_path: Path) -> None:
    DatasetDict({"all": Dataset.from_dict({"text": ["A."], "split": ["mine"]})}).save_to_disk(tmp_path / "d")
    (found,) = read(tmp_path / "d")
    assert isinstance(found, Document) and found.metadata == {"split": "mine"}


def test_datasets_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    (tmp_path / "z.txt").write_text("Text.")
    (tmp_path / "state.json").write_text("{}")
    Dataset.from_dict({"text": ["One."]}).save_to_disk(tmp_path / "corpus.csv")
    sources = find_sources([str(tmp_path), str(tmp_path / "corpus.csv")])
    assert sources.files == (f"{tmp_path}/a.txt", f"{tmp_path}/corpus.csv/", f"{tmp_path}/z.txt")
    assert sources.skipped == (".json",)
    assert sources.sizes[1] == sum(f.stat().st_size for f in (tmp_path / "corpus.csv").iterdir())
    assert [type(item) for item in read(tmp_path)] == [Document] * 3


def test_datasets_that_cannot_be_read(tmp_path: Path) -> None:
    def failure(folder: Path) -> str:
        (failed,) = read(folder)
        assert isinstance(failed, Failed) and "\n" not in failed.message
        return failed.message.removeprefix(f"{folder}: ")

    Dataset.from_dict({"body": ["x"]}).save_to_disk(tmp_path / "a")
    assert failure(tmp_path / "a") == "no column 'text' (there are: body); name it with --text-field"
    Dataset.from_dict({"text": [b"x"]}).save_to_disk(tmp_path / "b")
    assert failure(tmp_path / "b").startswith("the column 'text' holds binary")
    for name in ("c", "d", "e", "f"):
        Dataset.from_dict({"text": ["x"] * 100}).save_to_disk(tmp_path / name)
    next((tmp_path / "c").glob("*.arrow")).unlink()
    next((tmp_path / "d").glob("*.arrow")).write_bytes(b"no arrow")
    (tmp_path / "e" / "state.json").write_text("[]")
    state = json.loads((tmp_path / "f" / "state.json").read_text())
    (tmp_path / "f" / "state.json").write_text(json.dumps(state)[:-20])
    for name in ("c", "d", "e", "f"):
        assert failure(tmp_path / name).startswith("is a damaged dataset: "), name


@pytest.mark.usefixtures("no_network")
def test_reading_a_dataset_writes_nothing(tmp_path: Path) -> None:
    Dataset.from_dict({"text": ["x"] * 1000}).save_to_disk(tmp_path / "d")
    code = (
        "import sys; from ddclassify.reading import *; from ddclassify.reading import find_sources\n"
        "print(sum(1 for _ in read_documents(find_sources([sys.argv[1]]), ReadOptions())))"
    )
    before = sorted(path for path in tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "d")],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(tmp_path / "home"), "PYTHONPATH": ":".join(sys.path)},
    )
    assert (done.stdout, done.stderr) == ("1000\n", "")
    assert sorted(path for path in tmp_path.rglob("*")) == before
