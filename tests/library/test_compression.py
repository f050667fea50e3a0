from __future__ import annotations

import gzip
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from ddclassify import Document
from ddclassify.formats.compression import decompressed
from ddclassify.reading import Failed, ReadOptions, find_sources, read_documents

PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
PLAIN = {
    "a.txt": b"Attach\xc3\xa9.",
    "a.md": b"---\ntitle: T\n---\nVisit.",
    "a.jsonl": b'{"text": "One."}\n{"text": 2}\n',
    "a.ndjson": b'{"text": "One."}\n',
    "a.csv": b"text;date\nOne.;2020\n",
    "a.tsv": b'text\tdate\n"One; two, three"\t2020\n',
}


def read(path: Path) -> list[Document | Failed]:
    return list(read_documents(find_sources([str(path)]), ReadOptions()))


def told(items: list[Document | Failed]) -> list[object]:
    return [(i.text, i.metadata) if isinstance(i, Document) else i.message.partition(": ")[2] for i in items]


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("name", PLAIN)
def test_packed_files_give_what_plain_ones_give(tmp_path: Path, name: str, suffix: str) -> None:
    (tmp_path / name).write_bytes(PLAIN[name])
    (tmp_path / f"{name}{suffix.upper()}").write_bytes(PACK[suffix](PLAIN[name]))
    plain = read(tmp_path / name)
    assert isinstance(plain[0], Document)
    assert told(read(tmp_path / f"{name}{suffix.upper()}")) == told(plain)


@pytest.mark.parametrize("suffix", PACK)
def test_several_members_are_one_file(tmp_path: Path, suffix: str) -> None:
    parts = [b'{"text": "One."}\n{"te', b'xt": "Two."}\n', b""]
    (tmp_path / f"a.jsonl{suffix}").write_bytes(b"".join(map(PACK[suffix], parts)))
    assert [d.text for d in read(tmp_path / f"a.jsonl{suffix}") if isinstance(d, Document)] == ["One.", "Two."]


def rows(count: int) -> bytes:
    return b"".join(b'{"text": "Row %d of the archive."}\n' % i for i in range(count))


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("damage", ["cut short", "overwritten", "garbage after it", "not packed", "empty"])
def test_damage_costs_one_failure_after_the_rows_before_it(tmp_path: Path, suffix: str, damage: str) -> None:
    packed = PACK[suffix](rows(20000))
    data = {
        "cut short": packed[: len(packed) // 2],
        "overwritten": packed[: len(packed) // 2] + b"\xff" * 500 + packed[len(packed) // 2 + 500 :],
        "garbage after it": packed + b"garbage that is no frame",
        "not packed": rows(3),
        "empty": b"",
    }[damage]
    file = tmp_path / f"a.jsonl{suffix}"
    file.write_bytes(data)
    items = read(file)
    if damage == "empty":
        assert items == []
        return
    *before, last = items
    assert isinstance(last, Failed)
    assert last.message.startswith(f"{file}: cannot be read as {suffix}, it is damaged or cut short: ")
    assert "\n" not in last.message
    # Bytes that were overwritten may yield rows of nonsense before the damage is noticed.
    failed = [item for item in before if isinstance(item, Failed)]
    assert not failed or damage == "overwritten"
    if damage == "garbage after it":
        assert len(before) == 20000


@pytest.mark.parametrize("suffix", PACK)
def test_a_bomb_is_read_in_little_memory(tmp_path: Path, suffix: str) -> None:
    """A quarter of a gigabyte in one line, then a good row, in a process that may not grow by half of that."""
    file = tmp_path / f"a.jsonl{suffix}"
    with gzip.open(file, "wb", 1) if suffix == ".gz" else zstandard.open(file, "wb") as out:
        for _ in range(256):
            out.write(b"x" * (1 << 20))
        out.write(b'\n{"text": "Good."}\n')
    code = (
        "import sys, resource; from ddclassify.reading import *; from ddclassify.reading import find_sources\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "items = list(read_documents(find_sources([sys.argv[1]]), ReadOptions()))\n"
        "grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "print(len(items), items[0].message[-47:], items[1].text, grown < 128 * 1024, grown, sep='|')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("2|more than 32 MB in one line; split the document|Good.|True"), done.stdout


@pytest.mark.parametrize("suffix", PACK)
def test_text_beyond_the_limit(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.txt{suffix}"
    file.write_bytes(PACK[suffix](bytes(40 << 20)))
    (failed,) = read(file)
    assert isinstance(failed, Failed) and failed.message == f"{file}: more than 32 MB in one document; split the file"


def test_reads_are_bounded_by_what_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a.zst").write_bytes(PACK[".zst"](bytes(300 << 20)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (tmp_path / "a.zst").open("rb") as raw:
        stream = decompressed(raw, ".zst", "a.zst")
        assert stream.read(10) == bytes(10)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
