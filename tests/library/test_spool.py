from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from ddclassify.batch.spool import Progress, Spool, is_finished
from ddclassify.batch.tagging import Counts, TaggedBatch
from ddclassify.errors import InputError, OutputError
from ddclassify.reading import Position

RUN: dict[str, Any] = {"--policy": "recall", "input files": "abc", "schema of the rows": 3}


def batch(number: int) -> TaggedBatch:
    rows = b"".join(json.dumps({"n": number, "i": i}).encode() + b"\n" for i in range(number % 4 + 1))
    counts = Counts(rows=number % 4 + 1, documents=1, sentences=number % 4 + 1)
    return TaggedBatch(Position(0, number + 1, 10 * (number + 1)), rows, counts, {f"c{number // 3}": "int"})


def run(output: Path, batches: int = 8, stop: int | None = None, **how: Any) -> Progress:
    """Write what is left of a run; stop: the number of batches after which it is left as it is."""
    spool = Spool(str(output), RUN, **how)
    try:
        if not spool.progress.complete:
            first = spool.progress.position.item if spool.progress.position else 0
            for number in range(first, batches if stop is None else stop):
                spool.append(batch(number))
        if stop is None:
            spool.finish(None)
        return spool.progress
    finally:
        spool.close()


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    run(tmp_path / "whole.jsonl")
    return (tmp_path / "whole.jsonl").read_bytes()


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"whole.jsonl"}


def test_a_finished_run_leaves_its_output_alone(tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    assert not is_finished(str(output))
    done = run(output)
    assert files(tmp_path) == {"o.jsonl"} and is_finished(str(output))
    assert output.read_bytes() == b"".join(batch(n).rows for n in range(8))
    assert done.counts == Counts(rows=20, documents=8, sentences=20) and list(done.columns) == ["c0", "c1", "c2"]


@pytest.mark.parametrize("seed", range(30))
def test_wherever_a_run_is_cut_it_goes_on_to_the_same_bytes(tmp_path: Path, whole: bytes, seed: int) -> None:
    """The rows and the journal are cut at any byte, each on its own, as a crash of the machine might."""
    draw = random.Random(seed)
    output = tmp_path / "o.jsonl"
    run(output, stop=draw.randint(1, 8))
    for name in ("o.jsonl.partial", "o.jsonl.partial.journal"):
        path = tmp_path / name
        if draw.random() < 0.7:
            os.truncate(path, draw.randint(0, path.stat().st_size))
        if draw.random() < 0.3:
            path.write_bytes(path.read_bytes() + b'{"n": 3, "hal')
        if draw.random() < 0.3:
            path.write_bytes(path.read_bytes() + b"\0" * 40)
    done = run(output, resume=True)
    assert output.read_bytes() == whole and files(tmp_path) == {"o.jsonl"}
    assert done.counts == Counts(rows=20, documents=8, sentences=20) and list(done.columns) == ["c0", "c1", "c2"]


def test_rows_that_are_not_those_of_the_journal_are_made_again(tmp_path: Path, whole: bytes) -> None:
    output, partial = tmp_path / "o.jsonl", tmp_path / "o.jsonl.partial"
    run(output, stop=6)
    rows = bytearray(partial.read_bytes())
    rows[len(rows) // 2] ^= 1
    partial.write_bytes(rows)
    spool = Spool(str(output), RUN, resume=True)
    assert spool.progress.position is not None and 0 < spool.progress.position.item < 6
    spool.close()
    run(output, resume=True)
    assert output.read_bytes() == whole


def test_a_run_that_dies_while_it_finishes(tmp_path: Path, whole: bytes) -> None:
    output, rows, made = tmp_path / "o.csv", tmp_path / "o.csv.partial", []

    def export(partial: Path, target: Path, progress: Progress) -> None:
        made.append(progress.counts.rows)
        target.write_bytes(partial.read_bytes().upper())

    def dies(partial: Path, target: Path, progress: Progress) -> None:
        target.write_bytes(b"HALF")
        raise OSError(28, "No space left on device")

    run(output, stop=8)
    spool = Spool(str(output), RUN, resume=True)
    with pytest.raises(OutputError, match=r"o\.csv: cannot be written: No space left on device; .* --resume goes on"):
        spool.finish(dies)
    spool.close()
    assert not output.exists() and rows.read_bytes() == whole
    journal = (tmp_path / "o.csv.partial.journal").read_bytes()

    for _ in range(2):
        spool = Spool(str(output), RUN, resume=True)
        assert spool.progress.complete and spool.progress.counts.rows == 20
        spool.finish(export)
        assert output.read_bytes() == whole.upper() and files(tmp_path) == {"o.csv"}
        # As if it had died after it moved the output and removed the rows, before it removed the journal.
        (tmp_path / "o.csv.partial.journal").write_bytes(journal)
    assert made == [20], "what is whole is not made again"


def test_an_interrupted_run_is_not_written_over(tmp_path: Path, whole: bytes) -> None:
    output = tmp_path / "o.jsonl"
    run(output, stop=3)
    rows = (tmp_path / "o.jsonl.partial").read_bytes()
    for asked in (RUN, None):
        with pytest.raises(OutputError, match="--resume goes on with it, --restart starts anew"):
            Spool(str(output), asked)
    assert (tmp_path / "o.jsonl.partial").read_bytes() == rows
    spool = Spool(str(output), RUN, restart=True)
    assert not spool.resumed and spool.progress.position is None
    spool.close()
    run(output, restart=True)
    assert output.read_bytes() == whole


@pytest.mark.parametrize("stop", [None, 0])
def test_nothing_is_refused_where_no_work_would_be_lost(tmp_path: Path, whole: bytes, stop: int | None) -> None:
    if stop is None:
        (tmp_path / "o.jsonl.partial").write_text("rows of a run without a journal\n")
    else:
        run(tmp_path / "o.jsonl", stop=stop)
    run(tmp_path / "o.jsonl")
    assert (tmp_path / "o.jsonl").read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--policy": "balanced"}, r"--policy \(then 'recall', now 'balanced'\)"),
        ({"input files": "xyz"}, "these differ: input files;"),
        ({"schema of the rows": 4, "--policy": "x"}, r"--policy .*schema of the rows \(then 3, now 4\)"),
        ({"--dedupe": True}, r"--dedupe \(then None, now True\)"),
    ],
)
def test_another_run_does_not_go_on(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    output = tmp_path / "o.jsonl"
    run(output, stop=3)
    with pytest.raises(InputError, match=message):
        Spool(str(output), {**RUN, **change}, resume=True)
    assert run(output, resume=True).counts.documents == 8, "what was there is unharmed"


def test_two_runs_do_not_write_one_output(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    spool = Spool(str(tmp_path / "o.jsonl"), RUN)
    with pytest.raises(OutputError, match="another run is writing there"):
        Spool(str(tmp_path / "o.jsonl"), RUN, resume=True)
    spool.close()
    Spool(str(tmp_path / "o.jsonl"), RUN, resume=True).close()


def test_without_a_journal_the_rows_stay_but_nothing_goes_on(tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    spool = Spool(str(output), None)
    spool.append(batch(0))
    spool.close()
    assert files(tmp_path) == {"o.jsonl.partial"} and not spool.resumable
    again = Spool(str(output), RUN, resume=True)
    assert not again.resumed
    again.close()


def test_a_stopped_batch_is_not_passed(tmp_path: Path) -> None:
    """Its rows stand in the partial file for the eye; the next run makes them again."""
    spool = Spool(str(tmp_path / "o.jsonl"), RUN)
    spool.append(batch(0))
    spool.append(TaggedBatch(Position(0, 9, 90), b"{}\n", Counts(rows=1), stopped="row 9 is bad"))
    spool.close()
    assert (tmp_path / "o.jsonl.partial").read_bytes().endswith(b"{}\n")
    spool = Spool(str(tmp_path / "o.jsonl"), RUN, resume=True)
    assert spool.progress.position == Position(0, 1, 10) and spool.progress.counts.rows == 1
    spool.close()
    assert not (tmp_path / "o.jsonl.partial").read_bytes().endswith(b"{}\n")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    for name in ("missing/o.jsonl", "."):
        with pytest.raises(OutputError, match="cannot be written"):
            Spool(str(tmp_path / name), RUN)


def test_a_run_that_did_nothing_leaves_nothing(tmp_path: Path) -> None:
    Spool(str(tmp_path / "o.jsonl"), RUN).close()
    assert files(tmp_path) == set()
    spool = Spool(str(tmp_path / "o.jsonl"), RUN)
    spool.append(TaggedBatch(Position(0, 5, 50), counts=Counts(failed=5)))
    spool.close()
    spool = Spool(str(tmp_path / "o.jsonl"), RUN, resume=True)
    assert spool.progress.counts.failed == 5, "a batch without rows is work too"
    spool.close()
