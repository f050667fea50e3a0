from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ddclassify.batch.tagging import _kind, merge_columns, row_line
from ddclassify.errors import InputError, OutputError
from ddclassify.export import spreadsheet
from ddclassify.export.formats import export_rows, format_of, is_plain, write_rows
from ddclassify.export.layout import Layout

LABELS = ("x", "y")


def row(text: str | None = "A drill.", **metadata: Any) -> dict[str, Any]:
    return {
        "schema": 3, "doc_id": "d", "file": None, "index": 0, "start": 0, "end": 8, "text": text, "labels": ["x"],
        "unsure": ["x", "y"], "probabilities": {"x": 0.9, "y": 0.25}, "model": "m", "tier": "fast",
        "policy": "balanced", "page": None, "language": None, "error": None, "duplicate_of": None,
        "metadata": metadata,
    }  # fmt: skip


def failed() -> dict[str, Any]:
    return {**row(None), "index": None, "labels": [], "unsure": [], "probabilities": {}, "error": "broken"}


def layout(rows: list[dict[str, Any]], level: str = "sentence") -> Layout:
    columns: dict[str, str] = {}
    for one in rows:
        merge_columns(columns, {name: _kind(value) for name, value in one["metadata"].items()})
    return Layout(level, LABELS, columns, len(rows))


def export(folder: Path, name: str, *rows: dict[str, Any]) -> Path:
    spool, output = folder / "rows", folder / name
    spool.write_bytes(b"".join(map(row_line, rows)))
    export_rows(spool, output, str(output), format_of(str(output), None), layout(list(rows)))
    return output


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_columns_of_all_rows(tmp_path: Path) -> None:
    rows = [row(date="2020", text_="a"), row("T\n\u2028", country="Peru", labels="mine"), failed(), row(date="2021")]
    read = csv_rows(export(tmp_path, "o.csv", *rows))
    assert [r["date"] for r in read] == ["2020", "", "", "2021"]
    assert [r["country"] for r in read] == ["", "Peru", "", ""]
    assert read[1]["input_labels"] == "mine" and read[1]["labels"] == "x", "our columns keep their names"
    assert read[0]["p_x"] == "0.9" and read[0]["unsure"] == "x;y" and read[1]["text"] == "T\n\u2028"
    assert read[2]["error"] == "broken" and read[2]["p_x"] == read[2]["labels"] == ""


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb", 'a "quoted" b', "a,b", " a ", "\x00a", "\x0ba\x85b"])
def test_csv_keeps_every_text(tmp_path: Path, text: str) -> None:
    (found,) = csv_rows(export(tmp_path, "o.csv", row(text, note=text)))
    assert found["text"] == found["note"] == text


def test_taken_names_are_prefixed_until_free(tmp_path: Path) -> None:
    for name in ("o.csv", "o.parquet", "o.xlsx"):
        rows = [row("a", input_labels="1", labels="2", p_x="3", probabilities="4")]
        assert set(layout(rows).own_names(layout(rows).flat).values()) == {
            "input_labels", "input_input_labels", "input_p_x", "probabilities",
        }  # fmt: skip
        export(tmp_path, name, *rows)


def test_an_output_without_rows_has_its_columns(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    header = export(tmp_path, "o.csv").read_text().strip().split(",")
    assert header == list(csv.DictReader(io.StringIO(export(tmp_path, "p.csv", row()).read_text())).fieldnames or ())
    one, none = (
        pq.read_schema(export(tmp_path, name, *rows)) for name, rows in (("1.parquet", [row()]), ("0.parquet", []))
    )
    assert one.equals(none)


def test_compressed_outputs_hold_the_same(tmp_path: Path) -> None:
    import zstandard

    rows = [row(f"é {i}") for i in range(50)]
    plain = export(tmp_path, "o.csv", *rows).read_bytes()
    packed = export(tmp_path, "o.csv.gz", *rows).read_bytes()
    assert gzip.decompress(packed) == plain and packed == export(tmp_path, "p.csv.gz", *rows).read_bytes()
    lines = zstandard.ZstdDecompressor().decompressobj().decompress(export(tmp_path, "o.jsonl.zst", *rows).read_bytes())
    assert (
        lines == (tmp_path / "rows").read_bytes() == gzip.decompress(export(tmp_path, "o.jsonl.gz", *rows).read_bytes())
    )


def test_parquet_has_types(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    rows = [
        row(year=2020, share=1, word="a", mixed=1, nested={"a": [1]}, none=None, sure=True, big=2**70, labels="mine"),
        row("lone \ud800 surrogate", year=None, share=0.5, word="b", mixed="z", nested=None, none=None, sure=False),
        failed(),
    ]
    table = pq.read_table(export(tmp_path, "o.parquet", *rows))
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["year"], types["share"], types["word"], types["sure"]) == ("int64", "double", "string", "bool")
    assert {types[name] for name in ("mixed", "nested", "none", "big", "input_labels")} == {"string"}
    assert types["labels"] == types["unsure"] == "list<element: string>"
    first, second, third = table.to_pylist()
    assert (
        first["probabilities"] == {"x": 0.9, "y": 0.25} and first["labels"] == ["x"] and first["input_labels"] == "mine"
    )
    assert (first["mixed"], second["mixed"], first["nested"], first["big"]) == ("1", "z", '{"a": [1]}', str(2**70))
    assert second["text"] == "lone ? surrogate" and (first["share"], second["share"]) == (1.0, 0.5)
    assert third["error"] == "broken" and third["probabilities"] is None and third["labels"] == []


def test_parquet_is_written_group_by_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("ddclassify.export.parquet.GROUP", 10)
    file = pq.ParquetFile(export(tmp_path, "o.parquet", *(row(f"{i}") for i in range(25))))
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [10, 10, 5]
    assert file.read().column("text").to_pylist() == [f"{i}" for i in range(25)]


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [
        ([1, None, 2], "int"), ([1, 2.5], "float"), ([2.5, 1], "float"), ([True, 1], "text"), ([True, None], "bool"),
        ([None], "null"), (["a", 1], "text"), ([[1]], "text"), ([2**63], "text"), ([1, 2.5, "a", 1], "text"),
    ],
)  # fmt: skip
def test_a_column_is_as_wide_as_its_values(kinds: list[Any], kind: str) -> None:
    columns: dict[str, str] = {}
    for value in kinds:
        merge_columns(columns, {"c": _kind(value)})
    assert columns == {"c": kind}


def test_a_spreadsheet_holds_texts_not_formulas(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    texts = ["=1+1", "#N/A", "+1", "a\x00b\x0b\ufffec\ud800", "é\nline", "x" * 40_000]
    spool, output = tmp_path / "rows", tmp_path / "o.xlsx"
    rows = [row(text, **{"=name": 2**60, "n": 3}) for text in texts]
    spool.write_bytes(b"".join(map(row_line, rows)))
    warning = export_rows(spool, output, str(output), "xlsx", layout(rows))
    assert warning == "1 texts were cut: a cell of a spreadsheet holds no more"
    sheet = openpyxl.load_workbook(output).active
    header, *cells = sheet.iter_rows()
    names = [cell.value for cell in header]
    found = [line[names.index("text")] for line in cells]
    assert [cell.value for cell in found] == ["=1+1", "#N/A", "+1", "abc", "é\nline", "x" * 32_767]
    assert {cell.data_type for cell in found} == {"s"} and header[names.index("=name")].data_type == "s"
    line = cells[0]
    assert line[names.index("p_x")].value == 0.9 and line[names.index("n")].value == 3
    assert line[names.index("=name")].value == str(2**60), "a number that a spreadsheet would round is kept as text"
    assert sheet.freeze_panes == "A2" and sheet.title == "sentences"


def test_too_many_rows_for_a_spreadsheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openpyxl")
    monkeypatch.setattr(spreadsheet, "MAX_ROWS", 3)
    export(tmp_path, "o.xlsx", row(), row())
    with pytest.raises(OutputError, match=r"3 rows .* more than a spreadsheet holds .* write .csv or .parquet"):
        export(tmp_path, "p.xlsx", row(), row(), row())
    assert not (tmp_path / "p.xlsx").exists()


def test_the_table_cannot_steer_a_terminal() -> None:
    file = io.StringIO()
    write_rows([{**row("\x1b[2Jgone"), "doc_id": "\x07bell"}], file, "table", layout([]))
    assert "gone" in file.getvalue() and "\x1b" not in file.getvalue() and "\x07" not in file.getvalue()


def test_the_table_marks_copies_and_other_languages() -> None:
    file = io.StringIO()
    write_rows([{**row(), "duplicate_of": "first", "language": "other"}], file, "table", layout([]))
    assert "x 0.90 [not English] [copy of first]" in file.getvalue()


def test_a_line_of_json_holds_every_value() -> None:
    values = {"a": "é\u2028\n", "b": "\ud800", "c": 2**70, "d": 1e-05, "e": [None, True, {"f": []}]}
    for name, value in values.items():
        line = row_line({name: value})
        assert line.endswith(b"\n") and line.count(b"\n") == 1 and json.loads(line) == {name: value}
    with pytest.raises(TypeError):
        row_line({"a": object()})
    assert json.loads(row_line({"a": datetime(2020, 1, 2, tzinfo=UTC)}))["a"].startswith("2020-01-02")


@pytest.mark.parametrize(
    ("output", "asked", "form"),
    [
        (None, None, "table"), (None, "csv", "csv"), ("o.jsonl", None, "jsonl"), ("o.jsonl.gz", None, "jsonl"),
        ("o.csv.zst", None, "csv"), ("o.txt", "table", "table"), ("o.parquet", None, "parquet"),
    ],
)  # fmt: skip
def test_the_name_says_the_format(output: str | None, asked: str | None, form: str) -> None:
    assert format_of(output, asked) == form


def test_names_that_say_nothing() -> None:
    for name in ("o", "o.gz", "o.html", "o.jsonl.bz2"):
        with pytest.raises(InputError, match="say which --format"):
            format_of(name, None)
    assert is_plain("o.jsonl", "jsonl") and not is_plain("o.jsonl.gz", "jsonl") and not is_plain("o.csv", "csv")
