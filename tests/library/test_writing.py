from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ddclassify.errors import OutputError
from ddclassify.writing import open_writer, refuse_inputs, write_text


def row(doc_id: str = "d", text: str = "A drill.", **metadata: Any) -> dict[str, Any]:
    return {
        "schema": 2,
        "doc_id": doc_id,
        "index": 0,
        "text": text,
        "labels": ["x"],
        "unsure": ["x", "y"],
        "probabilities": {"x": 0.9},
        "language": None,
        "error": None,
        "metadata": metadata,
    }


def write(output: Path, form: str, *rows: dict[str, Any]) -> None:
    with open_writer(str(output), form, ["x"]) as writer:
        for one in rows:
            writer.write(one)


def test_jsonl_round_trip(tmp_path: Path) -> None:
    rows = [row(text='Quote " comma, é\n\u2028'), row(text="lone \ud800 surrogate", n={"a": [1]})]
    write(tmp_path / "o.jsonl", "jsonl", *rows)
    lines = (tmp_path / "o.jsonl").read_text(encoding="utf-8").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == rows


def test_csv_columns_of_all_rows(tmp_path: Path) -> None:
    rows = [row(date="2020", text_="a"), row(country="Peru", text="T\n\u2028", labels="mine"), row(date="2021")]
    write(tmp_path / "o.csv", "csv", *rows)
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [r["date"] for r in read] == ["2020", "", "2021"]
    assert [r["country"] for r in read] == ["", "Peru", ""]
    assert read[1]["input_labels"] == "mine" and read[1]["labels"] == "x", "our columns keep their names"
    assert read[0]["p_x"] == "0.9" and read[0]["unsure"] == "x;y" and read[1]["text"] == "T\n\u2028"


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb", 'a "quoted" b', "a,b", " a ", "\x00a", "\x0ba\x85b"])
def test_csv_keeps_every_text(tmp_path: Path, text: str) -> None:
    write(tmp_path / "o.csv", "csv", row(text=text, note=text))
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as file:
        (found,) = csv.DictReader(file)
    assert found["text"] == found["note"] == text


def test_taken_names_are_prefixed_until_free(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", "csv", row(text="a", input_labels="1", labels="2"))
    header = (tmp_path / "o.csv").read_text().splitlines()[0].split(",")
    assert len(set(header)) == len(header) and "input_labels" in header and "input_input_labels" in header


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target.jsonl").write_text("older\n")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "target.jsonl")
    write(tmp_path / "link.jsonl", "jsonl", row())
    assert (tmp_path / "link.jsonl").is_symlink() and "A drill." in (tmp_path / "target.jsonl").read_text()


def test_unfinished_csv_keeps_its_rows(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), open_writer(str(tmp_path / "o.csv"), "csv", ["x"]) as writer:
        writer.write(row(date="2020"))
        raise RuntimeError
    assert "A drill." in (tmp_path / "o.csv.partial").read_text() and not (tmp_path / "o.csv").exists()


def test_csv_without_rows_is_empty(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", "csv")
    assert (tmp_path / "o.csv").read_text() == ""


def test_the_table_cannot_steer_a_terminal(tmp_path: Path) -> None:
    write(tmp_path / "o", "table", row(text="\x1b[2Jgone", doc_id="\x07bell"))
    assert "\x1b" not in (tmp_path / "o").read_text() and "\x07" not in (tmp_path / "o").read_text()


def test_unfinished_output_stays_partial(tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    output.write_text("older, whole\n")
    with pytest.raises(RuntimeError), open_writer(str(output), "jsonl", ["x"]) as writer:
        writer.write(row())
        raise RuntimeError
    assert output.read_text() == "older, whole\n"
    assert len((tmp_path / "o.jsonl.partial").read_text().splitlines()) == 1
    write(output, "jsonl", row(), row())
    assert len(output.read_text().splitlines()) == 2 and not (tmp_path / "o.jsonl.partial").exists()


@pytest.mark.parametrize("name", ["missing/o.jsonl", "."])
def test_an_unwritable_output_is_one_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / name, "jsonl", row())


def test_an_input_is_never_the_output(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    for name in (f"{tmp_path}/../{tmp_path.name}/a.txt", f"{tmp_path}/link.txt"):
        with pytest.raises(OutputError, match="is among the inputs"):
            refuse_inputs(name, [tmp_path / "a.txt"])
    refuse_inputs(f"{tmp_path}/b.txt", [tmp_path / "a.txt"])


def test_an_input_is_not_where_the_output_is_prepared(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="among the inputs"):
        refuse_inputs(f"{tmp_path}/a.txt", [tmp_path / "a.txt.partial"])


def test_a_text_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_text(str(page), "é\n\ud800\r\n")
    assert page.read_bytes() == "é\n?\r\n".encode() and list(tmp_path.iterdir()) == [page]
    with pytest.raises(OutputError, match=r"page\.html/x: cannot be written"):
        write_text(f"{page}/x", "new")
    if Path("/dev/full").exists():
        (tmp_path / "page.html.partial").symlink_to("/dev/full")
        with pytest.raises(OutputError, match="No space left"):
            write_text(str(page), "new" * 10_000)
    assert page.read_bytes() == "é\n?\r\n".encode()


def test_a_full_disk_is_one_clear_error() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(OutputError, match="No space left"), open_writer("/dev/full", "jsonl", ["x"]) as writer:
        for _ in range(10_000):
            writer.write(row())
