from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ddclassify_training.corpus import Row

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def files(small_corpus: dict[str, list[Row]], tmp_path: Path) -> list[Path]:
    paths = []
    for split in ("test", "dev"):
        paths.append(tmp_path / f"{split}.jsonl")
        lines = (json.dumps(row.to_dict()) + "\n" for row in small_corpus[split])
        paths[-1].write_text("".join(lines), encoding="utf-8")
    return paths


def figures(out: str) -> Any:
    return json.loads(out)


def test_one_file(run: Run, small_model: Path, files: list[Path]) -> None:
    code, out, _ = run("evaluate", "--model", small_model, files[0])
    assert code == 0 and f"policy balanced, on {files[0]}" in out
    for part in ("| documents |", "| keywords baseline |", "\ncalibration\n", "\nconfusion\n", "\nworkload\n"):
        assert part in out
    assert "With the policy recall," in out
    found = figures(run("evaluate", "--model", small_model, files[0], "--format", "json")[1])
    assert found["file"] == str(files[0]) and {"all", "documents"} == set(found["figures"])


def test_each_of_several_files_is_measured_by_itself(run: Run, small_model: Path, files: list[Path]) -> None:
    alone = [figures(run("evaluate", "--model", small_model, file, "--format", "json")[1]) for file in files]
    code, out, _ = run("evaluate", "--model", small_model, *files, "--format", "json")
    assert code == 0 and figures(out) == alone
    text = run("evaluate", "--model", small_model, *files)[1]
    assert all(f"on {file}\n" in text for file in files)


def test_errors_of_several_files(run: Run, small_model: Path, files: list[Path], tmp_path: Path) -> None:
    listed = tmp_path / "errors.jsonl"
    assert run("evaluate", "--model", small_model, *files, "--errors", listed)[0] == 0
    rows = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    assert {row["file"] for row in rows} == {str(file) for file in files}
    distances = [row["distance"] for row in rows]
    assert distances == sorted(distances, reverse=True)
    assert run("evaluate", "--model", small_model, files[0], "--errors", listed)[0] == 0
    alone = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    assert alone == [row for row in rows if row["file"] == str(files[0])]


def test_html(run: Run, small_model: Path, files: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    code, out, _ = run("evaluate", "--model", small_model, *files, "--html", page)
    text = page.read_text(encoding="utf-8")
    assert code == 0 and "| **macro** |" in out
    assert text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n") and text.count("<svg") == 4
    assert "test.jsonl" in text and str(tmp_path) not in text, "a report names no folder of the machine"
    assert not (tmp_path / "report.html.partial").exists()


def test_files_of_one_name_are_told_apart(run: Run, small_model: Path, files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / files[0].name
    twin.write_bytes(files[0].read_bytes())
    assert run("evaluate", "--model", small_model, files[0], twin, "--html", tmp_path / "r.html")[0] == 0
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert f">{twin}</h2>" in text and f">{files[0]}</h2>" in text


def test_a_report_to_publish(run: Run, small_model: Path, files: list[Path], tmp_path: Path) -> None:
    errors, page = tmp_path / "errors.jsonl", tmp_path / "r.html"
    call = ["evaluate", "--model", small_model, files[0], "--errors", errors, "--html", page]
    first = json.loads(run(*call) and errors.read_text(encoding="utf-8").splitlines()[0])
    assert first["id"] in page.read_text(encoding="utf-8") and ">sentence</th>" in page.read_text(encoding="utf-8")
    assert run(*call, "--no-texts")[0] == 0
    text = page.read_text(encoding="utf-8")
    assert first["id"] in text and first["text"] not in text and ">sentence</th>" not in text


def test_inputs_are_never_written_over(run: Run, small_model: Path, files: list[Path]) -> None:
    guarded = [*files, small_model / "README.md", small_model / "manifest.json"]
    before = [file.read_bytes() for file in guarded]
    for option in ("--html", "--errors"):
        for file in guarded:
            code, out, err = run("evaluate", "--model", small_model, *files, option, file)
            assert code == 2 and out == "" and "is among the inputs" in err and err.count("\n") == 1
    assert [file.read_bytes() for file in guarded] == before


def test_what_cannot_be_done_is_one_line(run: Run, small_model: Path, files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    for arguments, message in (
        ([files[0], tmp_path / "." / files[0].name], "is named twice"),
        ([files[0], tmp_path / "empty.jsonl"], "empty.jsonl: has no rows"),
        ([files[0], tmp_path / "none.jsonl"], "none.jsonl: cannot be read"),
        ([files[0], "--no-texts"], "name one with --html"),
        ([files[0], "--html", tmp_path / "x", "--errors", tmp_path / "x"], "is named for --errors too"),
        ([files[0], "--html", tmp_path / "absent" / "x.html"], "cannot be written"),
        ([files[0], "--html", tmp_path], "is a folder"),
    ):
        code, out, err = run("evaluate", "--model", small_model, *arguments)
        assert code == 2 and out == "" and message in err and err.count("\n") == 1, err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dev.jsonl", "empty.jsonl", "test.jsonl"]


def test_the_report_names_the_extra_that_it_needs(small_model: Path, files: list[Path], tmp_path: Path) -> None:
    side = tmp_path / "errors.jsonl"
    code = "import sys; sys.modules['matplotlib'] = None; from ddclassify.cli import main; sys.exit(main(sys.argv[1:]))"
    call = [sys.executable, "-c", code, "evaluate", "--model", str(small_model), str(files[0]), "--errors", str(side)]
    done = subprocess.run([*call, "--html", str(tmp_path / "r.html")], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert "ddclassify[report]" in done.stderr and done.stderr.count("\n") == 1
    assert not side.exists() and not (tmp_path / "r.html").exists(), "nothing is written before that is known"
    assert subprocess.run(call, capture_output=True, check=False).returncode == 0, "the tables need no extra"
