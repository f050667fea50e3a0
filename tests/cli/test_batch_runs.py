from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .batches import assert_reaches, batches_done, children, command, is_alive, journal, start, wait_until, write_input

Run = Callable[..., tuple[int, str, str]]

ROWS = 13_000
"""Six batches and the beginning of a seventh."""

BROKEN = 9
"""Rows of it that are not JSON."""

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_input(tmp_path_factory.mktemp("source") / "in.jsonl", ROWS)


@pytest.fixture(scope="module")
def whole(source: Path) -> dict[str, Any]:
    """What unbroken runs in one process give, by format."""
    found = {}
    for form in ("jsonl", "csv", "parquet"):
        output = source.with_name(f"whole.{form}")
        subprocess.run(command(source, "--output", output), check=False, capture_output=True)
        found[form] = content(output)
    return found


def content(output: Path) -> Any:
    if output.suffix == ".parquet":
        table = pytest.importorskip("pyarrow.parquet").read_table(output)
        return table.schema, table.to_pylist()
    return output.read_bytes()


def leftovers(output: Path) -> list[str]:
    return sorted(path.name for path in output.parent.iterdir() if path != output)


def test_the_unbroken_run(whole: dict[str, Any]) -> None:
    rows = [json.loads(line) for line in whole["jsonl"].splitlines()]
    assert len([row for row in rows if row["error"]]) == BROKEN and rows[-1]["doc_id"] == str(ROWS - 1)
    table = list(csv.DictReader(whole["csv"].decode().splitlines()))
    schema, parquet = whole["parquet"]
    assert len(table) == len(parquet) == len(rows) > ROWS
    for one, flat, typed in zip(rows, table, parquet, strict=True):
        assert one["doc_id"] == flat["doc_id"] == typed["doc_id"]
        assert ";".join(one["labels"]) == flat["labels"] and one["labels"] == typed["labels"]
        assert (one["metadata"].get("n"), one["metadata"].get("late")) == (typed["n"], typed["late"])
        assert (typed["probabilities"] or {}) == one["probabilities"]
    assert str(schema.field("n").type) == "int64" and table[-1]["late"] == "é"


@pytest.mark.parametrize("arguments", [["--jobs", 2], ["--jobs", -1], ["--jobs", 2, "--backend", "threading"]])
def test_rows_do_not_depend_on_who_made_them(
    run: Run, source: Path, whole: dict[str, Any], tmp_path: Path, arguments: list[object]
) -> None:
    output = tmp_path / "o.jsonl"
    code, out, err = run("tag", source, "--output", output, "--tier", "fast", *arguments)
    assert (code, out) == (1, "") and err.count("not JSON") == err.count("\n") == BROKEN
    assert content(output) == whole["jsonl"] and leftovers(output) == []


@pytest.mark.parametrize("arguments", [["--level", "document"], ["--sentences"]])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_so_it_is_at_every_level(run: Run, source: Path, tmp_path: Path, arguments: list[str], form: str) -> None:
    found = []
    for jobs in (1, 2):
        output = tmp_path / f"{jobs}.{form}"
        assert run("tag", source, "--output", output, "--tier", "fast", "--jobs", jobs, *arguments)[0] == 1
        found.append(output.read_bytes())
    assert found[0] == found[1] and found[0].count(b"\n") == ROWS + (form == "csv")


def test_copies_are_told_in_every_format_and_after_a_break(run: Run, source: Path, tmp_path: Path) -> None:
    found = {}
    for name, arguments in {"one.jsonl": [], "two.jsonl": ["--jobs", 2], "one.csv": []}.items():
        output = tmp_path / name
        run("tag", source, "--output", output, "--tier", "fast", "--dedupe", "--level", "document", *arguments)
        found[name] = output.read_bytes()
    assert found["one.jsonl"] == found["two.jsonl"]
    rows = [json.loads(line) for line in found["one.jsonl"].splitlines()]
    firsts = {row["doc_id"] for row in rows if row["duplicate_of"] is None and not row["error"]}
    copies = [row for row in rows if row["duplicate_of"] is not None]
    assert len(firsts) <= 20 and len(copies) > ROWS - 40 and {row["duplicate_of"] for row in copies} <= firsts
    table = list(csv.DictReader(found["one.csv"].decode().splitlines()))
    assert [row["duplicate_of"] for row in table] == [row["duplicate_of"] or "" for row in rows]

    output = tmp_path / "broken.jsonl"
    arguments = [source, "--output", output, "--dedupe", "--level", "document"]
    process = start(*arguments)
    assert_reaches(lambda: batches_done(output) >= 2, process)
    process.kill()
    process.communicate()
    assert run("tag", *arguments, "--tier", "fast", "--resume")[0] in (0, 1)
    assert output.read_bytes() == found["one.jsonl"]


def test_a_copy_may_have_the_id_of_what_it_is_a_copy_of(run: Run, tmp_path: Path) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "o.jsonl"
    source.write_text('{"id": 1, "text": "The attaché left."}\n' * 2)
    assert run("tag", source, "--output", output, "--tier", "fast", "--dedupe")[0] == 0
    assert [json.loads(line)["duplicate_of"] for line in output.read_text().splitlines()] == [None, "1"]


def test_standard_output_is_the_same(source: Path, whole: dict[str, Any]) -> None:
    for form in ("jsonl", "csv"):
        done = subprocess.run(command(source, "--format", form, "--jobs", 2), capture_output=True, check=False)
        assert done.returncode == 1 and done.stdout == whole[form]


def test_the_accurate_tier_gives_the_same_in_any_number_of_processes(run: Run, tmp_path: Path) -> None:
    source = write_input(tmp_path / "in.jsonl", 2500)
    found = []
    for jobs in (1, 2):
        output = tmp_path / f"{jobs}.jsonl"
        assert run("tag", source, "--output", output, "--tier", "accurate", "--jobs", jobs)[0] == 1
        found.append(output.read_bytes())
    assert found[0] == found[1] and b'"tier":"accurate"' in found[0]


@needs_proc
@pytest.mark.parametrize(
    ("form", "jobs", "seed"), [("jsonl", 1, 1), ("jsonl", 2, 2), ("csv", 2, 3), ("csv", 1, 4), ("parquet", 2, 5)]
)
def test_killed_and_resumed_is_the_same(
    source: Path, whole: dict[str, Any], tmp_path: Path, form: str, jobs: int, seed: int
) -> None:
    draw = random.Random(seed)
    output = tmp_path / f"o.{form}"
    arguments: list[object] = [source, "--output", output, "--jobs", jobs]
    killed = 0
    for done in sorted(draw.sample(range(1, 6), 2)):
        process = start(*arguments)
        wait_until(lambda n=done: batches_done(output) >= n, process)  # type: ignore[misc]
        time.sleep(draw.random() * 0.1)
        workers = children(process.pid)
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        deadline = time.monotonic() + 20
        while any(map(is_alive, workers)):
            assert time.monotonic() < deadline, "workers outlive a killed run"
            time.sleep(0.1)
        arguments = [source, "--output", output, "--jobs", draw.choice((1, 2)), "--resume"]
    assert killed
    finished = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    assert "Traceback" not in finished.stderr and finished.returncode in (0, 1)
    assert content(output) == whole[form] and leftovers(output) == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_killed_while_the_output_is_made_of_the_rows(
    run: Run, source: Path, whole: dict[str, Any], tmp_path: Path, form: str
) -> None:
    output = tmp_path / f"o.{form}"
    export = tmp_path / f"o.{form}.partial.export"
    process = start(source, "--output", output)
    wait_until(export.exists, process)
    process.kill()
    process.communicate()
    code, _, err = run("tag", source, "--output", output, "--tier", "fast", "--resume")
    assert code == 1 or "is complete" in err, "what failed before the break counts"
    assert content(output) == whole[form] and leftovers(output) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_run_says_how_it_goes_on(
    source: Path, whole: dict[str, Any], tmp_path: Path, jobs: int, number: signal.Signals
) -> None:
    output = tmp_path / "o.jsonl"
    process = start(source, "--output", output, "--jobs", jobs, start_new_session=True)
    assert_reaches(lambda: batches_done(output) >= 1, process)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=30)
    *before, last = err.splitlines()
    assert process.returncode == 130 and all(line.startswith("error: ") for line in before), err
    message, _, told = last.partition(": ")
    assert message == "interrupted; what was done is kept, go on with" and not output.exists()
    assert told == f"ddclassify tag {source} --output {output} --jobs {jobs} --tier fast --resume"
    done = subprocess.run([sys.executable, "-m", *told.split()], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1) and content(output) == whole["jsonl"] and leftovers(output) == []


@pytest.mark.parametrize(("form", "room"), [("jsonl", 1_500_000), ("csv", 1_000_000)])
def test_a_full_disk_costs_nothing_that_was_done(
    run: Run, source: Path, whole: dict[str, Any], tmp_path: Path, form: str, room: int
) -> None:
    resource = pytest.importorskip("resource")
    output = tmp_path / f"o.{form}"
    if form == "csv":  # the rows fit, the output made of them does not
        process = start(source, "--output", output)
        wait_until(lambda: b"complete" in (journal(output).read_bytes() if journal(output).exists() else b""), process)
        process.kill()
        process.communicate()
        output.unlink(missing_ok=True)
    process = start(
        source, "--output", output, *(["--resume"] if form == "csv" else []),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )  # fmt: skip
    _, err = process.communicate(timeout=60)
    last = err.splitlines()[-1]
    assert process.returncode == 2 and "Traceback" not in err and not output.exists()
    assert last == (
        f"error: {output}: cannot be written: File too large; what was done is kept: the same command with --resume "
        "goes on once there is room"
    )
    assert run("tag", source, "--output", output, "--tier", "fast", "--resume")[0] in (0, 1)
    assert content(output) == whole[form] and leftovers(output) == []


@needs_proc
def test_a_worker_that_dies_costs_no_row(source: Path, whole: dict[str, Any], tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    process = start(source, "--output", output, "--jobs", 2)
    assert_reaches(lambda: batches_done(output) >= 1, process)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and err.count("not JSON") == err.count("\n") == BROKEN
    assert content(output) == whole["jsonl"]


POISON = """
import os
from ddclassify.classifier import Classifier

tag_many = Classifier.tag_many

def tag_poison(self, documents, policy="balanced"):
    documents = list(documents)
    for document in documents:
        if "KILLER" in document.text:
            os.kill(os.getpid(), 9)
        if "RAISER" in document.text:
            raise RuntimeError("no such thing")
        if "EATER" in document.text:
            raise MemoryError
    return tag_many(self, documents, policy)

Classifier.tag_many = tag_poison
"""


@pytest.fixture
def poisoned(tmp_path: Path) -> dict[str, str]:
    """An environment in which the texts KILLER, RAISER and EATER do to a process what their names say."""
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison" / "sitecustomize.py").write_text(POISON)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "poison"), os.environ.get("PYTHONPATH", "")])}


@pytest.mark.parametrize(
    ("jobs", "word", "reason"),
    [
        (2, "KILLER", "it killed the worker process twice"),
        (1, "RAISER", "RuntimeError: no such thing"),
        (2, "RAISER", "RuntimeError: no such thing"),
        (1, "EATER", "not enough memory"),
    ],
)
def test_a_document_that_cannot_be_tagged_costs_itself_alone(
    tmp_path: Path, poisoned: dict[str, str], jobs: int, word: str, reason: str
) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "o.jsonl"
    texts = [word if n == 30 else f"Minister {n} left." for n in range(60)]
    source.write_text("".join(json.dumps({"id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(texts)))
    process = start(source, "--output", output, "--jobs", jobs, env=poisoned)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 1 and err == f"error: d30: could not be tagged: {reason}\n"
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["doc_id"] for row in found] == [f"d{n}" for n in range(60)]
    assert found[30]["error"] == f"d30: could not be tagged: {reason}" and found[30]["labels"] == []
    assert all(row["text"] and not row["error"] for n, row in enumerate(found) if n != 30)


HALFWAY = """
import os, pathlib, sys
from multiprocessing.connection import Connection

fired = pathlib.Path(__file__).with_name("fired")
send = Connection._send

def send_half(self, buffer, write=os.write):
    if b"HALFWAY" in bytes(buffer) and not fired.exists():
        fired.touch()
        write(self._handle, bytes(buffer)[: len(buffer) // 2])
        os.kill(os.getpid(), 9)
    return send(self, buffer, write)

if "popen_loky" in " ".join(sys.orig_argv):
    Connection._send = send_half
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of another kind")
def test_a_worker_that_dies_while_it_hands_over_its_rows(tmp_path: Path) -> None:
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison" / "sitecustomize.py").write_text(HALFWAY)
    path = os.pathsep.join([str(tmp_path / "poison"), os.environ.get("PYTHONPATH", "")])
    source, output = tmp_path / "in.txt", tmp_path / "o.jsonl"
    source.write_text("Minister HALFWAY left.")
    process = start(source, "--output", output, "--jobs", 2, env={**os.environ, "PYTHONPATH": path})
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "") and (tmp_path / "poison" / "fired").exists()
    assert json.loads(output.read_text())["text"] == "Minister HALFWAY left."


def test_workers_that_cannot_even_begin_are_one_line(tmp_path: Path) -> None:
    """Not error rows for every document."""
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison" / "sitecustomize.py").write_text(
        "import os, sys\nif 'popen_loky' in ' '.join(sys.orig_argv): os._exit(3)\n"
    )
    path = os.pathsep.join([str(tmp_path / "poison"), os.environ.get("PYTHONPATH", "")])
    source = write_input(tmp_path / "in.jsonl", 3)
    process = start(source, "--output", tmp_path / "o.jsonl", "--jobs", 2, env={**os.environ, "PYTHONPATH": path})
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and err.count("\n") == 1, err
    assert err.startswith("error: the worker processes die without any work")


@pytest.mark.parametrize("arguments", [[], ["--sentences"]])
def test_a_text_without_any_end_is_an_error_row(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "o.jsonl"
    texts = ["The attaché left.", "word " * 210_000, "The attaché came."]
    source.write_text("".join(json.dumps({"id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(texts)))
    code, _, err = run("tag", source, "--output", output, "--tier", "fast", *arguments)
    found = [json.loads(line) for line in output.read_text().splitlines()]
    assert code == 1 and [bool(row["error"]) for row in found] == [False, True, False]
    assert "d1: a sentence of 1,0" in found[1]["error"] and "more than 1,000,000" in err


def test_resume_with_other_arguments_says_what_differs(run: Run, source: Path, tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    process = start(source, "--output", output)
    assert_reaches(lambda: batches_done(output) >= 1, process)
    process.kill()
    process.communicate()
    code, _, err = run("tag", source, "--output", output, "--tier", "fast", "--resume", "--policy", "recall")
    assert code == 2 and err.count("\n") == 1
    assert "these differ: --policy (then 'balanced', now 'recall'); give the same arguments and inputs" in err
    code, _, err = run("tag", source, "--output", output, "--tier", "fast")
    assert code == 2 and "an interrupted run lies there: --resume goes on with it, --restart starts anew" in err
    kept = source.read_bytes()
    os.utime(source, ns=(1, 1))
    code, _, err = run("tag", source, "--output", output, "--tier", "fast", "--resume")
    assert code == 2 and "these differ: input files;" in err and source.read_bytes() == kept
    assert run("tag", source, "--output", output, "--tier", "fast", "--restart", "--quiet")[0] == 1
    assert leftovers(output) == []


def test_resume_where_nothing_lies_or_all_is_done(
    run: Run, source: Path, whole: dict[str, Any], tmp_path: Path
) -> None:
    output = tmp_path / "o.jsonl"
    code, _, err = run("tag", source, "--output", output, "--tier", "fast", "--resume")
    assert code == 1 and err.startswith(f"{output}: no interrupted run lies there; starting anew\n")
    assert content(output) == whole["jsonl"]
    code, _, err = run("tag", source, "--output", output, "--tier", "fast", "--resume")
    assert (code, err) == (0, f"{output}: is complete; nothing is left to do\n")


def test_quiet_is_silent_but_for_errors(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": ""}\n{"text": broken\n{"text": "Les deux ministres de la défense sont à Paris."}\n')
    (tmp_path / "x.exe").write_text("x")
    code, _, err = run("tag", tmp_path, "--output", tmp_path / "o.csv", "--tier", "fast", "--quiet", "--resume")
    assert code == 1 and err.count("\n") == 1 and err.startswith("error: ")
    assert run("tag", source, "--output", tmp_path / "p.csv", "--tier", "fast")[2].count("\n") == 3
