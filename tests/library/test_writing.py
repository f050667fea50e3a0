from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddclassify.errors import OutputError
from ddclassify.writing import refuse_inputs, write_lines, write_text


def row(doc_id: str = "d", text: str = "A drill.", **metadata: Any) -> dict[str, Any]:
    return {"doc_id": doc_id, "text": text, "metadata": metadata}


def test_jsonl_round_trip(tmp_path: Path) -> None:
    rows = [row(text='Quote " comma, é\n\u2028'), row(text="lone \ud800 surrogate", n={"a": [1]})]
    write_lines(str(tmp_path / "o.jsonl"), rows)
    lines = (tmp_path / "o.jsonl").read_text(encoding="utf-8").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == rows


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target.jsonl").write_text("older\n")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "target.jsonl")
    write_lines(str(tmp_path / "link.jsonl"), [row()])
    assert (tmp_path / "link.jsonl").is_symlink() and "A drill." in (tmp_path / "target.jsonl").read_text()


def test_unfinished_output_stays_partial(tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    output.write_text("older, whole\n")

    def broken() -> Iterator[dict[str, Any]]:
        yield row()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_lines(str(output), broken())
    assert output.read_text() == "older, whole\n"
    assert len((tmp_path / "o.jsonl.partial").read_text().splitlines()) == 1
    write_lines(str(output), [row(), row()])
    assert len(output.read_text().splitlines()) == 2 and not (tmp_path / "o.jsonl.partial").exists()


@pytest.mark.parametrize("name", ["missing/o.jsonl", "."])
def test_an_unwritable_output_is_one_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_lines(str(tmp_path / name), [row()])


def test_an_input_is_never_the_output(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    for name in (f"{tmp_path}/../{tmp_path.name}/a.txt", f"{tmp_path}/link.txt"):
        with pytest.raises(OutputError, match="is among the inputs"):
            refuse_inputs(name, [tmp_path / "a.txt"])
    refuse_inputs(f"{tmp_path}/b.txt", [tmp_path / "a.txt"])


@pytest.mark.parametrize("end", [".partial", ".partial.journal", ".partial.export"])
def test_an_input_is_not_where_the_output_is_prepared(tmp_path: Path, end: str) -> None:
    with pytest.raises(OutputError, match="among the inputs"):
        refuse_inputs(f"{tmp_path}/a.txt", [tmp_path / f"a.txt{end}"])


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
    with pytest.raises(OutputError, match="No space left"):
        write_lines("/dev/full", [row()] * 10_000)
