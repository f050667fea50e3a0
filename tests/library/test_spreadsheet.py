from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ddclassify import Document
from ddclassify.formats import spreadsheet
from ddclassify.reading import Failed, ReadOptions, find_sources, read_documents


def save(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def read(path: Path) -> list[Document | Failed]:
    return list(read_documents(find_sources([str(path)]), ReadOptions()))


def message(path: Path) -> str:
    (failed,) = read(path)
    assert isinstance(failed, Failed) and "\n" not in failed.message
    return failed.message.removeprefix(f"{path}: ")


def test_rows_are_named_as_the_spreadsheet_shows_them(tmp_path: Path) -> None:
    rows = [
        [],
        ["id", "text", "date", ""],
        [7, "One.", dt.datetime(2020, 5, 1), None],
        [],
        [None, "Two.", dt.datetime(2020, 5, 1, 3, 4), "in D", "in E"],
        [None, None, "no text"],
        [None, 5],
    ]
    file = save(tmp_path / "a.xlsx", Data=rows)
    one, two, empty, bad = read(file)
    assert one == Document("7", "One.", {"date": "2020-05-01"}, str(file))
    assert two == Document(f"{file}:5", "Two.", {"date": "2020-05-01T03:04:00", "D": "in D", "E": "in E"}, str(file))
    assert isinstance(empty, Document) and empty.text == "" and empty.id == f"{file}:6"
    assert isinstance(bad, Failed) and bad.message == f"{file}: row 7: 'text' is 5, expected text"


def test_every_sheet_with_text_is_read(tmp_path: Path) -> None:
    file = save(tmp_path / "a.xlsx", Notes=[["x"], ["y"]], A=[["text"], ["One."]], B=[["text", "sheet"], ["Two.", "s"]])
    one, two = read(file)
    assert one == Document(f"{file}:A:2", "One.", {"sheet": "A"}, str(file))
    assert two == Document(f"{file}:B:2", "Two.", {"sheet": "s"}, str(file))


def test_wrong_dimensions_lose_nothing(tmp_path: Path) -> None:
    file = save(tmp_path / "a.xlsx", A=[["text", "n"], *([f"Row {n}.", n] for n in range(600))])
    rewrite(file, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="A1:B601"', b'ref="A1"'))
    found = read(file)
    assert [d.text for d in found if isinstance(d, Document)] == [f"Row {n}." for n in range(600)]


def rewrite(file: Path, part: str, change: Any) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert change(parts[part]) != parts[part]
    parts[part] = change(parts[part])
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_sheets_without_text(tmp_path: Path) -> None:
    assert message(save(tmp_path / "a.xlsx", A=[["body", "n"]], B=[["c"]])) == (
        "no column 'text' (there are: body, n); name it with --text-field"
    )
    assert message(save(tmp_path / "b.xlsx", A=[])) == "is empty; its first row must name the columns"
    assert message(save(tmp_path / "c.xlsx", A=[["text", "x", "x"]])) == "the column 'x' stands twice; rename one"
    assert read(save(tmp_path / "d.xlsx", A=[["text"]])) == []


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "no workbook", "broken xml", "protected"])
def test_damaged_files(tmp_path: Path, damage: str) -> None:
    file = save(tmp_path / "a.xlsx", A=[["text"], *(["x"] for _ in range(100))])
    raw = file.read_bytes()
    if damage == "broken xml":
        rewrite(file, "xl/worksheets/sheet1.xml", lambda xml: xml[:200])
    elif damage == "no workbook":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.txt", "x")
    else:
        ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what a password makes of the file
        file.write_bytes({"text": b"no", "empty": b"", "cut": raw[:-100], "protected": ole + bytes(600)}[damage])
    assert "damaged" in message(file)


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = save(tmp_path / "a.xlsx", A=[["text"], ["x"]])
    rewrite(
        file, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * (3 << 20))
    )
    assert isinstance(read(file)[0], Document)
    monkeypatch.setattr(spreadsheet, "MAX_SHEET", 2 << 20)
    assert message(file) == "a sheet unpacks to 3 MB, which is too much; save it as CSV"
    monkeypatch.setattr(spreadsheet, "MAX_SHEET", 4 << 20)
    monkeypatch.setattr(spreadsheet, "MAX_PART", 100)
    assert "unpacks to 0 MB, which is too much" in message(file)


def test_a_row_number_beyond_all_sheets_ends_the_reading(tmp_path: Path) -> None:
    file = save(tmp_path / "a.xlsx", A=[["text"], ["x"], ["y"]])
    rewrite(file, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'r="3"', b'r="99999999999"'))
    *before, failed = read(file)
    assert isinstance(failed, Failed) and failed.message.endswith("more than 1,048,576 rows; save it as CSV")
    assert len(before) == 1
