from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from ddclassify import Document
from ddclassify.reading import DocumentReader, Failed, Position, ReadOptions, find_sources, read_documents


def read(path: Path, table: Any, options: ReadOptions | None = None, **how: Any) -> list[Document | Failed]:
    parquet.write_table(table, path, **how)
    return list(read_documents(find_sources([str(path)]), options or ReadOptions()))


def message(path: Path) -> str:
    (failed,) = read_documents(find_sources([str(path)]), ReadOptions())
    assert isinstance(failed, Failed) and "\n" not in failed.message and failed.source == str(path)
    return failed.message


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_text_of_any_string_type(tmp_path: Path, kind: Any) -> None:
    table = pa.table({"id": [1, 2, None], "text": pa.array(["Attaché.", None, "Three."], pa.string()).cast(kind)})
    one, two, three = read(tmp_path / "a.parquet", table)
    assert one == Document("1", "Attaché.", {}, str(tmp_path / "a.parquet"))
    assert isinstance(two, Failed) and two.message.endswith("a.parquet: row 2: 'text' is None, expected text")
    assert isinstance(three, Document) and three.id == f"{tmp_path / 'a.parquet'}:3"


def test_columns_become_what_json_can_hold(tmp_path: Path) -> None:
    when = dt.datetime(2020, 5, 1, 12, 30, tzinfo=dt.UTC)
    columns = {
        "text": ["x"],
        "title": ["Visit"],
        "day": [dt.date(2020, 5, 1)],
        "nanoseconds": pa.array([when], pa.timestamp("ns", "UTC")),
        "seconds": pa.array([when.replace(tzinfo=None)], pa.timestamp("s")),
        "clock": [dt.time(12, 30)],
        "duration": pa.array([3_600_000_000_000], pa.duration("ns")),
        "amount": [Decimal("1.50")],
        "utf8": [b"caf\xc3\xa9"],
        "binary": [b"\xff\xfe"],
        "picture": [bytes(5000)],
        "infinite": [float("inf")],
        "number": [2.5],
        "list": [[1, None]],
        "nested": [{"a": [{"when": dt.date(2021, 1, 1)}], "b": float("nan")}],
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "category": pa.array(["a"]).dictionary_encode(),
        "nothing": pa.nulls(1),
    }
    (found,) = read(tmp_path / "a.parquet", pa.table(columns))
    assert isinstance(found, Document) and found.title == "Visit"
    assert json.loads(json.dumps(found.metadata, allow_nan=False)) == {
        "title": "Visit",
        "day": "2020-05-01",
        "nanoseconds": "2020-05-01T12:30:00+00:00",
        "seconds": "2020-05-01T12:30:00",
        "clock": "12:30:00",
        "duration": "1:00:00",
        "amount": "1.50",
        "utf8": "café",
        "binary": "//4=",
        "picture": "5,000 bytes",
        "infinite": None,
        "number": 2.5,
        "list": [1, None],
        "nested": {"a": [{"when": "2021-01-01"}], "b": None},
        "map": [["k", 1]],
        "category": "a",
        "nothing": None,
    }


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"text": [b"x"]}, "the column 'text' holds binary, expected text; name another with --text-field"),
        ({"text": [5]}, "the column 'text' holds int64, expected text; name another with --text-field"),
        ({"body": ["x"], "n": [1]}, "no column 'text' (there are: body, n); name it with --text-field"),
    ],
)
def test_tables_without_text(tmp_path: Path, columns: dict[str, Any], expected: str) -> None:
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert message(tmp_path / "a.parquet") == f"{tmp_path / 'a.parquet'}: {expected}"


def test_other_columns_by_name_and_none_twice(tmp_path: Path) -> None:
    table = pa.table({"body": ["x"], "key": [7], "text": [b"y"]})
    (found,) = read(tmp_path / "a.parquet", table, ReadOptions("body", "key"))
    assert found == Document("7", "x", {"text": "y"}, str(tmp_path / "a.parquet"))
    twice = pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], names=["text", "text"])
    parquet.write_table(twice, tmp_path / "b.parquet")
    assert message(tmp_path / "b.parquet").endswith("the column 'text' stands twice; rename one")


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "overwritten"])
def test_damaged_files(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": [f"Row {n}." for n in range(1000)]}), file)
    raw = file.read_bytes()
    data = {"text": b"no", "empty": b"", "cut": raw[:-50], "overwritten": raw[:100] + b"\xff" * 400 + raw[500:]}
    file.write_bytes(data[damage])
    assert message(file).startswith(f"{file}: is damaged or no Parquet file: ")


def test_a_value_that_is_no_utf8_costs_its_row(tmp_path: Path) -> None:
    offsets = pa.array([0, 2, 4], pa.int32()).buffers()[1]
    texts = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"\xff\xfeok")])
    bad, good = read(tmp_path / "a.parquet", pa.table({"text": texts}))
    assert isinstance(bad, Failed) and "a.parquet: row 1: cannot be decoded" in bad.message
    assert isinstance(good, Document) and good.text == "ok"


def test_texts_beyond_the_limit_cost_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ddclassify.reading.MAX_BYTES", 1000)
    long, good = read(tmp_path / "a.parquet", pa.table({"text": ["x" * 1001, "y" * 1000]}))
    assert isinstance(long, Failed) and isinstance(good, Document)


def test_row_groups_before_a_position_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    items = read(file, pa.table({"text": [f"Row {n}." for n in range(100)]}), row_group_size=10, use_dictionary=False)
    start = parquet.ParquetFile(file).metadata.row_group(0).column(0).data_page_offset
    with file.open("r+b") as raw:
        raw.seek(start)
        raw.write(b"\xff" * 20)
    sources = find_sources([str(file)])
    assert list(DocumentReader(sources, ReadOptions(), Position(0, 15, 0))) == items[15:]
    assert len(list(read_documents(sources, ReadOptions()))) == 1


def test_memory_does_not_grow_with_the_row_group(tmp_path: Path) -> None:
    rows = pa.table({"text": [f"{n} " + "word " * 2000 for n in range(30_000)]})
    parquet.write_table(rows, tmp_path / "a.parquet", use_dictionary=False, compression="none")
    assert (tmp_path / "a.parquet").stat().st_size > 250 << 20
    code = (
        "import sys, resource, pyarrow.parquet; from ddclassify.reading import *\n"
        "from ddclassify.reading import find_sources\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = sum(1 for _ in read_documents(find_sources([sys.argv[1]]), ReadOptions()))\n"
        "print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    call = [sys.executable, "-c", code, str(tmp_path / "a.parquet")]
    count, megabytes = subprocess.run(call, capture_output=True, text=True, check=True).stdout.split()
    assert int(count) == 30_000 and int(megabytes) < 150
