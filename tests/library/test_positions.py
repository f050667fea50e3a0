"""Reading goes on from any position as if it had never stopped."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pyarrow
import pytest
import zstandard
from datasets import Dataset, DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from ddclassify import Document, reading
from ddclassify.reading import (
    DocumentReader,
    Failed,
    Position,
    ReadOptions,
    Sources,
    find_sources,
    read_documents,
)

OPTIONS = ReadOptions()
LINES = (
    b'\xef\xbb\xbf{"text": "One.", "id": 7}\n\n[1]\n{"text": 5, "date": "2020"}\n{"text": "\xe9"}\n{"text": "Six."}\n'
)
CELLS = 'text,date\nOne.,2020\nTwo\n\n"Three,\nfour",2021\nFour,5,6\nFive,2022\n'


def texts(folder: Path) -> None:
    for number in range(4):
        (folder / f"{number}.txt").write_bytes(b"Text %d." % number if number != 2 else b"\xe9")


def sheets(folder: Path) -> None:
    book = openpyxl.Workbook()
    for title, column in (("A", "text"), ("B", "none"), ("C", "text")):
        sheet = book.create_sheet(title)
        for row in ([], [column, "n"], ["One.", 1], [], [2, 2], ["Three.", None]):
            sheet.append(row)
    book.save(folder / "a.xlsx")


def tables(folder: Path) -> None:
    rows = pyarrow.table({"text": [f"Row {n}." if n % 7 else None for n in range(30)], "n": list(range(30))})
    parquet.write_table(rows, folder / "a.parquet", row_group_size=8)


def datasets(folder: Path) -> None:
    Dataset.from_dict({"text": ["One.", None, "Three."]}).save_to_disk(folder / "one")
    two = {"train": Dataset.from_dict({"text": ["A.", "B."]}), "dev": Dataset.from_dict({"text": ["C.", None]})}
    DatasetDict(two).save_to_disk(folder / "two")


MAKE: dict[str, Callable[[Path], object]] = {
    "text": texts,
    "jsonl": lambda folder: (folder / "a.jsonl").write_bytes(LINES),
    "csv": lambda folder: (folder / "a.csv").write_text(CELLS),
    "csv without text": lambda folder: (folder / "a.csv").write_text("a,b\n1\n1,2\n3,4\n"),
    "csv with an open quote": lambda folder: (folder / "a.csv").write_text('text,n\nOne.,1\n"' + "x\n" * 60_000),
    "tsv": lambda folder: (folder / "a.tsv").write_text("text\tn\nOne.\t1\n\nTwo.\t2\n"),
    "gzip": lambda folder: (folder / "a.jsonl.gz").write_bytes(gzip.compress(LINES)),
    "damaged gzip": lambda folder: (folder / "a.jsonl.gz").write_bytes(gzip.compress(LINES)[:-9]),
    "zstandard": lambda folder: (folder / "a.jsonl.zst").write_bytes(zstandard.compress(LINES) * 2),
    "parquet": tables,
    "datasets": datasets,
    "spreadsheet": sheets,
    "no spreadsheet": lambda folder: (folder / "a.xlsx").write_text("x"),
}


@pytest.mark.parametrize("kind", [*MAKE, "all"])
def test_resuming_anywhere_gives_exactly_the_rest(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 100_000)
    for name in MAKE if kind == "all" else [kind]:
        (tmp_path / name).mkdir()
        MAKE[name](tmp_path / name)
    sources = find_sources([str(tmp_path)])
    reader = DocumentReader(sources, OPTIONS)
    items, positions = [], [reader.position]
    for item in reader:
        items.append(item)
        positions.append(reader.position)
    assert any(isinstance(item, Failed) for item in items) or kind == "tsv"
    assert [p.bytes for p in positions] == sorted(p.bytes for p in positions)
    assert reader.position == Position(len(sources.files), 0, sources.size)
    for taken, position in enumerate(positions):
        again = DocumentReader(sources, OPTIONS, position)
        assert again.position == position
        assert list(again) == items[taken:]
        assert again.position == reader.position


@settings(max_examples=30, deadline=None)
@given(
    lines=st.lists(st.sampled_from(['{"text": "Good."}', "", "  ", "[", '{"text": 1}', "\ud83d"]), max_size=12),
    suffix=st.sampled_from([".jsonl", ".csv", ".txt"]),
    data=st.data(),
)
def test_resuming_whatever_the_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], suffix: str, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("lines") / f"a{suffix}"
    file.write_text("\n".join(["text", *lines]), encoding="utf-8", errors="replace")
    sources = find_sources([str(file), str(file.parent)])
    items = list(read_documents(sources, OPTIONS))
    taken = data.draw(st.integers(0, len(items)))
    assert list(DocumentReader(sources, OPTIONS, Position(0, taken, 0))) == items[taken:]


def test_files_before_the_position_are_not_opened(tmp_path: Path) -> None:
    texts(tmp_path)
    sources = find_sources([str(tmp_path)])
    (tmp_path / "0.txt").unlink()
    (tmp_path / "1.txt").unlink()
    rest = list(DocumentReader(sources, OPTIONS, Position(2, 1, 0)))
    assert [d.text for d in rest if isinstance(d, Document)] == ["Text 3."] and len(rest) == 1


def test_bytes_follow_the_file(tmp_path: Path) -> None:
    line = b'{"text": "%s"}\n' % (b"x" * 1000)
    (tmp_path / "a.jsonl").write_bytes(line * 1000)
    table = pyarrow.table({"text": ["Row."] * 1000})
    parquet.write_table(table, tmp_path / "b.parquet")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(os.urandom(500_000).hex().encode() + b"\n" + line * 10))
    sources = find_sources([str(tmp_path)])
    reader = DocumentReader(sources, OPTIONS)
    a, b, c = sources.sizes

    def advance(items: int) -> int:
        for _ in range(items):
            next(reader)
        return reader.position.bytes

    assert 0 <= advance(500) - 500 * len(line) <= 1 << 16
    assert advance(500) == a
    assert advance(500) == a + b // 2
    assert advance(500) == a + b
    assert a + b + c * 0.9 < advance(1) <= a + b + c
    advance(10)
    assert next(reader, None) is None and reader.position.bytes == sources.size


class Pipe(io.RawIOBase):
    """Bytes that come one line at a time and cannot be sought in."""

    def __init__(self, lines: list[bytes]) -> None:
        self._lines: Iterator[bytes] = iter(lines)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


@pytest.mark.parametrize("suffix", [".jsonl", ".txt"])
def test_bytes_of_standard_input_are_counted(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    lines = [b'{"text": "One."}\n', b'{"text": "Two."}\n']
    stdin = io.TextIOWrapper(io.BufferedReader(Pipe(lines)))
    monkeypatch.setattr(sys, "stdin", stdin)
    reader = DocumentReader(Sources(("-",), (), (0,)), ReadOptions(stdin_format=suffix))
    items = list(reader)
    assert len(items) == (2 if suffix == ".jsonl" else 1)
    assert reader.position == Position(1, 0, sum(map(len, lines)))
    assert not stdin.buffer.closed


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_named_pipe_is_read_as_it_comes(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    line = b'{"text": "One."}\n'
    data = gzip.compress(line * 3) if name.endswith(".gz") else line * 3
    (tmp_path / "b.txt").write_text("Two.")
    sources = find_sources([str(tmp_path / name), str(tmp_path / "b.txt")])
    assert sources.sizes == (0, 4)
    writer = threading.Thread(target=(tmp_path / name).write_bytes, args=[data])
    writer.start()
    reader = DocumentReader(sources, OPTIONS)
    positions = [reader.position for _ in reader]
    writer.join()
    assert positions[-1] == Position(1, 1, len(data) + 4) and len(positions) == 4
    assert [p.bytes for p in positions] == sorted(p.bytes for p in positions)
