from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from ddclassify import Document
from ddclassify.errors import InputError
from ddclassify.formats.kinds import kind_of
from ddclassify.reading import Failed, ReadOptions, read_documents
from ddclassify.sources import NO_FILE, STDIN, Sources, find_sources


def find(*paths: Path | str) -> Sources:
    return find_sources(map(str, paths))


def names(sources: Sources, folder: Path) -> list[str]:
    return [Path(file).relative_to(folder).as_posix() for file in sources.files]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", (".txt", "")),
        ("A.JSONL.GZ", (".jsonl", ".gz")),
        ("x.y/a.csv.zst", (".csv", ".zst")),
        ("a.parquet.gz", (".gz", "")),
        ("a.tar.gz", (".gz", "")),
        (".txt", ("", "")),
        ("..txt", ("", "")),
        ("x.txt/noname", ("", "")),
        ("a.", ("", "")),
        ("corpus.csv/", ("dataset folder", "")),
    ],
)
def test_kinds(name: str, kind: tuple[str, str]) -> None:
    assert kind_of(name) == kind


def test_folders_are_walked_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/b/c.csv.gz", "a-b/x.tsv", "a/skip.bin", "Makefile"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * len(name))
    sources = find(tmp_path)
    assert names(sources, tmp_path) == ["a-b/x.tsv", "a/b/c.csv.gz", "a/z.md", "b.txt"]
    assert sources.sizes == (9, 12, 6, 5) and sources.size == 32
    assert sources.skipped == ("", ".bin")


def test_names_are_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert find(".").files == ("sub/a.txt",)
    assert find("./sub/").files == ("sub/a.txt",)
    assert find("sub/../sub").files == ("sub/../sub/a.txt",)
    assert find(tmp_path).files == (f"{tmp_path}/sub/a.txt",)


def test_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    file = tmp_path / "d" / "e" / "a.txt"
    file.write_text("x")
    (tmp_path / "d" / "b.txt").symlink_to(file)
    (tmp_path / "link").symlink_to(tmp_path / "d")
    everything = find(tmp_path / "link", tmp_path / "d", file, f"{tmp_path}/d/*/*.txt", f"{tmp_path}/**", STDIN, STDIN)
    assert len(everything.files) == 2 and everything.files[1] == STDIN
    assert everything.sizes == (1, 0)


def test_links_to_folders_are_followed_only_when_named(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_text("x")
    (tmp_path / "d" / "loop").symlink_to(tmp_path / "d")
    (tmp_path / "d" / "loop.txt").symlink_to(tmp_path / "d" / "loop.txt")
    assert names(find(tmp_path / "d"), tmp_path / "d") == ["a.txt", "loop.txt"]
    assert len(find(tmp_path / "d" / "loop").files) == 2
    good, bad = read_documents(find(tmp_path / "d"), ReadOptions())
    assert isinstance(good, Document) and isinstance(bad, Failed)
    assert bad.message.endswith("loop.txt: Too many levels of symbolic links")


def test_pipes_and_sockets_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        place = Path("s.csv")
        before = Path.cwd()
        os.chdir(tmp_path)  # a socket's path may be no longer than about 100 characters
        try:
            listening.bind(str(place))
        finally:
            os.chdir(before)
        (tmp_path / "a.txt").write_text("x")
        for sources in (find(tmp_path), find(f"{tmp_path}/*")):
            assert names(sources, tmp_path) == ["a.txt"]
            assert sources.skipped == (NO_FILE,) * 3


def test_a_folder_with_a_suffix_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").mkdir()
    (tmp_path / "x.jsonl" / "a.txt").write_text("Good.")
    assert names(find(tmp_path / "x.jsonl"), tmp_path) == names(find(tmp_path), tmp_path) == ["x.jsonl/a.txt"]


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.bz2").write_text("x")
    with pytest.raises(
        InputError, match=r"a\.jsonl\.bz2: cannot read \.bz2; ddclassify reads \.csv, \.docx, .*datasets"
    ):
        find(tmp_path / "a.jsonl.bz2")
    with pytest.raises(InputError, match="nothing to read there"):
        find(tmp_path)


@pytest.mark.parametrize("form", [".odt", "jsonl", ".parquet", ".xlsx"])
def test_formats_that_standard_input_cannot_have(form: str) -> None:
    with pytest.raises(InputError, match=f"standard input cannot be read as '{form}'; it can as .csv"):
        ReadOptions(stdin_format=form)


def test_ten_thousand_files(tmp_path: Path) -> None:
    """Time grows with the number of files, not with its square: a minute would be a hundred times too long."""
    for number in range(10_000):
        with open(tmp_path / f"{number:05d}.txt", "wb") as file:  # noqa: PTH123
            file.write(b"Text %d." % number)
    start = time.perf_counter()
    sources = find(tmp_path, tmp_path)
    read = [item.text for item in read_documents(sources, ReadOptions()) if isinstance(item, Document)]
    assert read == [f"Text {n}." for n in range(10_000)]
    assert time.perf_counter() - start < 20
