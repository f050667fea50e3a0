from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from ddclassify import Document, reading
from ddclassify.errors import InputError
from ddclassify.reading import Failed, ReadOptions, find_sources, read_documents


def read(*paths: Path | str, **options: str) -> list[Document | Failed]:
    return list(read_documents(find_sources(map(str, paths)), ReadOptions(**options)))


def test_text_and_front_matter(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("First line.\r\nSecond.", encoding="utf-8", newline="")
    (tmp_path / "b.md").write_text('---\ntitle: "Visit"\ndate: 2020-05-01\n---\nThe chief arrived.\n')
    (tmp_path / "c.md").write_text("---\nnot front matter at all\n---\nText.\n")
    a, b, c = read(tmp_path)
    assert isinstance(a, Document) and a.text == "First line.\r\nSecond." and a.id.endswith("a.txt")
    assert isinstance(b, Document) and b.metadata == {"title": "Visit", "date": "2020-05-01"} and b.title == "Visit"
    assert b.text == "The chief arrived.\n"
    assert isinstance(c, Document) and c.metadata == {} and c.text.startswith("---")


def test_jsonl_rows_keep_their_columns(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('\ufeff{"id": 7, "text": "One.", "country": "Peru"}\n\n{"text": "Two."}\n', encoding="utf-8")
    one, two = read(file)
    assert isinstance(one, Document) and (one.id, one.text, one.metadata) == ("7", "One.", {"country": "Peru"})
    assert isinstance(two, Document) and two.id == f"{file}:3"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_delimiters_and_byte_order_marks(tmp_path: Path, delimiter: str, encoding: str) -> None:
    file = tmp_path / "rows.csv"
    lines = [["id", "body", "date"], ["x1", '"Attaché, naval; here\tnow.\nSecond line."', "2020"]]
    file.write_bytes("\n".join(delimiter.join(cells) for cells in lines).encode(encoding))
    (row,) = read(file, text_field="body")
    assert isinstance(row, Document), row
    assert row.text == "Attaché, naval; here\tnow.\nSecond line." and row.metadata == {"date": "2020"}


def failures(*paths: Path, **options: str) -> list[str]:
    return [item.message for item in read(*paths, **options) if isinstance(item, Failed)]


def test_bad_rows_name_file_row_and_value(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "Good."}\n{"text": \n[1]\n{"txt": "x"}\n{"text": 5}\n{"text": "Good again."}\n')
    items = read(file)
    assert [type(item).__name__ for item in items] == ["Document", "Failed", "Failed", "Failed", "Failed", "Document"]
    messages = [item.message for item in items if isinstance(item, Failed)]
    assert messages[0].startswith(f"{file}: row 2: not JSON")
    assert messages[1] == f"{file}: row 3: [1] is not a JSON object"
    assert messages[2] == f"{file}: row 4: no field 'text' (there are: txt); name it with --text-field"
    assert messages[3] == f"{file}: row 5: 'text' is 5, expected text"


def test_undecodable_bytes_name_the_byte(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"Attach\xe9 of France.")
    assert failures(tmp_path / "a.txt") == [
        f"{tmp_path / 'a.txt'}: byte 6 (0xe9) is not utf-8; name the right one with --encoding"
    ]
    (good,) = read(tmp_path / "a.txt", encoding="latin-1")
    assert isinstance(good, Document) and good.text == "Attaché of France."


def test_csv_troubles(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,body\n1,x\n")
    (tmp_path / "b.csv").write_text("id,text\n1,One.,more\n2\n3,Three.\n")
    assert "no column 'text' (there are: id, body)" in failures(tmp_path / "a.csv")[0]
    assert failures(tmp_path / "b.csv") == [
        f"{tmp_path / 'b.csv'}: row 1: 3 cells under 2 columns",
        f"{tmp_path / 'b.csv'}: row 2: 1 cells under 2 columns",
    ]


def test_documents_over_the_limit_are_refused_and_the_rest_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    (tmp_path / "a.jsonl").write_text('{"text": "' + "x" * 5000 + '"}\n{"text": "Good."}\n')
    (tmp_path / "b.txt").write_text("y" * 1001)
    items = read(tmp_path)
    assert [type(item).__name__ for item in items] == ["Failed", "Document", "Failed"]
    assert isinstance(items[0], Failed) and "row 1: more than" in items[0].message


def test_a_quote_that_is_never_closed_costs_the_rest_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1 << 20)
    quoted = 'text,n\nOne.,1\n"Two,2\n' + "Three.,3\n" * 200_000
    (tmp_path / "a.csv").write_text(quoted)
    (tmp_path / "b.csv").write_text("text,n\nOne.,1\n" + "x" * (2 << 20) + ",2\n")
    for name in ("a.csv", "b.csv"):
        one, failed = read(tmp_path / name)
        assert isinstance(one, Document) and isinstance(failed, Failed)
        assert failed.message == f"{tmp_path / name}: row 2: more than 1 MB in one row; close its quotes or split it"
    (tmp_path / "c.csv").write_text("text,n\n" + f'"{"x" * 900_000}",1\n' * 3)
    assert [type(item) for item in read(tmp_path / "c.csv")] == [Document] * 3


def test_nuls_and_lone_surrogates_are_characters_like_others(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a\\u0000b\\ud800c"}\n')
    (tmp_path / "b.csv").write_text("text\na\0b\n")
    (tmp_path / "c.txt").write_text("a\0b")
    (tmp_path / "d.csv").write_bytes(b"text\n\xed\xa0\x80\nGood.\n")
    items = read(tmp_path)
    assert [d.text for d in items if isinstance(d, Document)] == ["a\0b\ud800c", "a\0b", "a\0b", "Good."]
    assert len(items) == 5


def test_deep_json_is_an_error_row_not_a_crash(tmp_path: Path) -> None:
    file = tmp_path / "deep.jsonl"
    file.write_text('{"text": ' + "[" * 200_000 + "\n" + '{"text": "Good."}\n')
    assert [type(item).__name__ for item in read(file)] == ["Failed", "Document"]


def test_sources(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.txt", "a.TXT", "c.odt", "sub/d.jsonl"):
        (tmp_path / name).write_text("x")
    found = find_sources([str(tmp_path)])
    assert [Path(f).name for f in found.files] == ["a.TXT", "b.txt", "d.jsonl"]
    assert found.skipped == (".odt",) and found.size == 3
    assert len(find_sources([str(tmp_path / "*.txt"), str(tmp_path / "b.txt")]).files) == 1


@pytest.mark.parametrize(
    ("path", "message"),
    [("c.odt", "cannot read .odt"), ("nowhere.txt", "no such file"), ("*.jsonl", "no such file"), ("empty", "nothing")],
)
def test_named_paths_that_cannot_be_read_are_errors(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "c.odt").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        find_sources([str(tmp_path / path)])


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13", "undefined"])
def test_encodings_that_are_none(encoding: str) -> None:
    with pytest.raises(InputError, match=f"unknown text encoding '{encoding}'"):
        ReadOptions(encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv"])
def test_byte_order_marks_overrule_the_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    texts = {"a.txt": "Attaché.", "a.jsonl": '{"text": "Attaché."}\n', "a.csv": "text\nAttaché.\n"}
    (tmp_path / name).write_bytes(texts[name].encode(encoding))
    (found,) = read(tmp_path / name)
    assert isinstance(found, Document) and found.text == "Attaché."


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_one_bad_byte_costs_one_row(tmp_path: Path, suffix: str) -> None:
    row = '{"text": "Row %d"}' if suffix == ".jsonl" else "Row %d"
    lines = [(row % i).encode() for i in range(4000)]
    lines[2000] = lines[2000].replace(b"Row", b"R\xe9w")
    (tmp_path / f"a{suffix}").write_bytes((b"text\n" if suffix == ".csv" else b"") + b"\n".join(lines) + b"\n")
    items = read(tmp_path / f"a{suffix}")
    bad = [i for i, item in enumerate(items) if isinstance(item, Failed)]
    assert len(items) == 4000 and bad == [2000]
    assert failures(tmp_path / f"a{suffix}")[0].endswith(
        "row 2001: (0xe9) is not utf-8; name the right one with --encoding"
    )


def test_spreadsheet_habits(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('sep=;\nid;"te\nxt";text\n1;x;"a,b"\n\n2;y;c\n')
    found = read(tmp_path / "a.csv")
    assert [d.text for d in found if isinstance(d, Document)] == ["a,b", "c"]
    assert isinstance(found[0], Document) and found[0].metadata == {"te\nxt": "x"}
    (tmp_path / "b.csv").write_text("text,x,x\na,b,c\n")
    assert failures(tmp_path / "b.csv") == [f"{tmp_path / 'b.csv'}: the column 'x' stands twice; rename one"]
    (tmp_path / "c.csv").write_text("")
    assert "is empty" in failures(tmp_path / "c.csv")[0]


def test_numbers_that_are_no_json_become_null(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x", "a": NaN, "b": -Infinity, "c": 1e999, "d": 2.5}\n')
    (found,) = read(tmp_path / "a.jsonl")
    assert isinstance(found, Document) and found.metadata == {"a": None, "b": None, "c": None, "d": 2.5}


def test_odd_paths(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "d" / "a[1].txt").write_text("Good.")
    (tmp_path / "d" / "loop").symlink_to(tmp_path / "d")
    (tmp_path / "d" / "folder.txt").mkdir()
    items = read(tmp_path / "d")
    assert [type(item).__name__ for item in items] == ["Document", "Failed"]
    assert failures(tmp_path / "d" / "gone.txt") == [f"{tmp_path}/d/gone.txt: No such file or directory"]
    assert len(read(tmp_path / "d" / "a[1].txt", f"{tmp_path}/d/../d/a[1].txt")) == 1
    with pytest.raises(InputError, match=r"x\.\.\.: no such file"):
        find_sources(["x" * 5000])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    file.chmod(0)
    assert failures(file) == [f"{file}: Permission denied"]


def test_documents_with_markup(tmp_path: Path) -> None:
    pytest.importorskip("ddclassify.formats.html")
    words = "The minister of defence arrived in Lima for talks on training and signed an agreement."
    page = f"<html><head><title>Visit</title></head><body><article><p>{words}</p></article></body></html>".encode()
    (tmp_path / "a.html").write_bytes(page)
    (tmp_path / "b.htm.gz").write_bytes(gzip.compress(page))
    (tmp_path / "c.docx").write_text("no")
    (tmp_path / "d.pdf").write_text("no")
    a, b, c, d = read(tmp_path)
    assert isinstance(a, Document) and words in a.text and a.title == "Visit" and a.source == f"{tmp_path}/a.html"
    assert isinstance(b, Document) and (b.text, b.metadata) == (a.text, a.metadata)
    for failed, name in ((c, "c.docx"), (d, "d.pdf")):
        assert isinstance(failed, Failed) and failed.message.startswith(f"{tmp_path / name}: ")
