from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ddclassify import Context, Taxonomy
from ddclassify.errors import CorpusError
from ddclassify_training.corpus import (
    Row,
    contexts,
    describe_corpus,
    fingerprint,
    label_matrix,
    pack,
    read_corpus,
    read_rows,
    unpack,
)
from ddclassify_training.validate import validate_corpus, validate_rows


def row(i: int = 0, doc: str = "d", text: str = "", **fields: Any) -> Row:
    labels = tuple(fields.pop("labels", ()))
    return Row(f"{doc}-{i}", doc, i, text or f"Sentence {i} of {doc}.", labels, where=f"file:{i + 1}", **fields)


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def test_unknown_fields_survive(tmp_path: Path) -> None:
    record = {
        "id": "a",
        "doc_id": "d",
        "position": 3,
        "text": "T.",
        "labels": ["peacekeeping"],
        "coded": ["peacekeeping", "hadr_sar"],
        "title": "Title",
        "genre": "speech",
        "mood": {"any": ["thing"]},
    }
    (read,) = read_rows(write(tmp_path / "a.jsonl", record))
    assert read.to_dict() == record


def test_a_users_minimal_row(tmp_path: Path) -> None:
    (read,) = read_rows(write(tmp_path / "mine.jsonl", {"text": "T.", "labels": []}))
    assert read.id == "mine-0" and read.doc_id == "mine-0" and read.coded is None


def test_csv_rows(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text('text;labels;coded\n"A; b";"hadr_sar;peacekeeping";\nC;;hadr_sar\n')
    one, two = read_rows(file)
    assert one.text == "A; b" and one.labels == ("hadr_sar", "peacekeeping") and one.coded is None
    assert two.labels == () and two.coded == ("hadr_sar",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "a.jsonl: row 1: not JSON"),
        ("[]", r"a.jsonl: row 1: \[\] is not a JSON object"),
        ('{"text": "x"}', "a.jsonl: row 1: no 'labels'"),
        ('{"labels": []}', "a.jsonl: row 1: no 'text'"),
        ('{"text": 1, "labels": []}', "a.jsonl: row 1: text is 1, expected str"),
        ('{"text": "x", "labels": "hadr_sar"}', "a.jsonl: row 1: labels is 'hadr_sar', expected a list"),
        ('{"text": "x", "labels": [], "position": "two"}', "a.jsonl: row 1: position is 'two', expected int"),
        ('{"text": "x", "labels": [], "coded": [1]}', r"a.jsonl: row 1: coded is \[1\]"),
    ],
)
def test_bad_rows_name_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.jsonl").write_text(line + "\n")
    with pytest.raises(CorpusError, match=message):
        read_rows(tmp_path / "a.jsonl")


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="No such file"):
        read_rows(tmp_path / "none.jsonl")
    (tmp_path / "l.jsonl").write_bytes(b'{"text": "\xe9"}')
    with pytest.raises(CorpusError, match=r"row 1: \(0xe9\) is not utf-8"):
        read_rows(tmp_path / "l.jsonl")
    (tmp_path / "z.jsonl.gz").write_bytes(gzip.compress(b"x" * 1000)[:-20])
    with pytest.raises(CorpusError, match="cannot be read"):
        read_rows(tmp_path / "z.jsonl.gz")
    with pytest.raises(CorpusError, match=r"no train\.jsonl"):
        read_corpus(tmp_path)


def test_pack_and_unpack(tmp_path: Path) -> None:
    splits = {"train": [row(0, labels=["hadr_sar"], extra={"genre": "speech"}), row(1)], "dev": [row(0, "e")]}
    (tmp_path / "c.jsonl.gz").write_bytes(pack(splits))
    assert pack(splits) == pack(splits)
    found = unpack(tmp_path / "c.jsonl.gz")
    assert {k: [r.to_dict() for r in v] for k, v in found.items()} == {
        k: [r.to_dict() for r in v] for k, v in splits.items()
    }


def test_contexts_follow_position_not_file_order() -> None:
    rows = [row(1), row(0), replace(row(0, "e"), context="Said before.", title="T")]
    assert contexts(rows) == [
        Context(before="Sentence 0 of d."),
        Context(after="Sentence 1 of d."),
        Context(before="Said before.", title="T"),
    ]


def test_undecided_is_not_no() -> None:
    carried, decided = label_matrix([row(labels=["a"], coded=("a",)), row()], ["a", "b"])
    assert carried.tolist() == [[True, False], [False, False]]
    assert decided.tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(), replace(row(1), text=" \n")], "file:2: the text of 'd-1' is empty"),
        ([row(labels=["parades"])], "file:1: unknown label 'parades'"),
        ([row(coded=("parades",))], "file:1: unknown label 'parades'"),
        ([row(labels=["hadr_sar", "hadr_sar"])], "file:1: a label stands twice"),
        ([row(labels=["hadr_sar"], coded=("peacekeeping",))], "file:1: labels .* are not all among coded"),
        ([row(), replace(row(), where="file:9")], "file:9: id 'd-0' stands already at file:1"),
    ],
)
def test_validate_rows_refuses(rows: list[Row], message: str, taxonomy: Taxonomy) -> None:
    with pytest.raises(CorpusError, match=message):
        validate_rows(rows, taxonomy)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": [row()], "dev": [row(0, "e", text="sentence  0 of D.")]}, "stands already in train at file:1"),
        ({"train": [row()], "dev": [row(1)]}, "document 'd' stands in train too"),
        ({"train": [row(0), row(2)]}, "position 2 of 'd' does not follow"),
        ({"train": [row(1)]}, "position 1 of 'd' does not follow"),
        (
            {"train": [row(extra={"genre": "speech"})], "test_shift": [row(0, "e", extra={"genre": "speech"})]},
            "test_shift shares genre 'speech'",
        ),
    ],
)
def test_validate_corpus_refuses(splits: dict[str, list[Row]], message: str, taxonomy: Taxonomy) -> None:
    with pytest.raises(CorpusError, match=message):
        validate_corpus(splits, taxonomy)


def test_a_users_corpus_needs_no_genres(taxonomy: Taxonomy) -> None:
    validate_corpus({"train": [row()], "test_shift": [row(0, "e")]}, taxonomy)


def test_lone_surrogates_are_packed_and_unpacked(tmp_path: Path) -> None:
    rows = [row(text="attach\ud800 left", labels=["hadr_sar"])]
    (tmp_path / "c.jsonl.gz").write_bytes(pack({"train": rows}))
    assert unpack(tmp_path / "c.jsonl.gz")["train"][0].text == rows[0].text and fingerprint(rows)


def test_big_csv_cells_and_odd_digits(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"text,labels,position\n{'x' * 200_000},,\n", encoding="utf-8")
    assert len(read_rows(tmp_path / "a.csv")[0].text) == 200_000
    (tmp_path / "b.csv").write_text("text,labels,position\nx,,²\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="position is '²', expected int"):
        read_rows(tmp_path / "b.csv")


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("")
    with pytest.raises(CorpusError, match=r"train\.jsonl: has no rows"):
        read_corpus(tmp_path)


def test_the_dataset_card_describes_the_corpus(root: Path, tmp_path: Path) -> None:
    assert describe_corpus(root / "annotations")["synthetic"] is True
    assert describe_corpus(tmp_path / "mine") == {"name": "mine", "synthetic": False}
