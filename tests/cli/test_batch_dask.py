from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .batches import assert_reaches, batches_done, command, start, write_input

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two worker processes on the loopback interface."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    calls = [["scheduler", "--host", "127.0.0.1", "--port", "0", *common]]
    calls += [["worker", "--nthreads", "1", *common, "--local-directory", str(folder)]] * 2
    processes = []
    try:
        for call in calls:
            processes.append(
                subprocess.Popen([sys.executable, "-m", "dask", *call], stderr=subprocess.DEVNULL, cwd=folder)
            )
            deadline = time.monotonic() + 60
            while not file.exists():
                assert time.monotonic() < deadline and processes[0].poll() is None, "no scheduler"
                time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def wait_for_workers(scheduler: str, count: int) -> None:
    code = f"from distributed import Client; Client({scheduler!r}).wait_for_workers({count}, timeout=60)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_cluster_gives_the_same_rows(cluster: str, tmp_path: Path) -> None:
    wait_for_workers(cluster, 2)
    source = write_input(tmp_path / "in.jsonl", 9000)
    one, many = tmp_path / "one.jsonl", tmp_path / "many.jsonl"
    subprocess.run(command(source, "--output", one), capture_output=True, check=False)
    arguments = [source, "--output", many, "--backend", "dask", "--scheduler", cluster]
    process = start(*arguments)
    assert_reaches(lambda: batches_done(many) >= 1, process)
    process.kill()
    process.communicate()
    done = subprocess.run(command(*arguments, "--resume"), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr
    assert many.read_bytes() == one.read_bytes()


def test_no_scheduler_is_one_line(tmp_path: Path) -> None:
    source = write_input(tmp_path / "in.jsonl", 3)
    address = "tcp://127.0.0.1:9"
    call = command(source, "--output", tmp_path / "o.jsonl", "--backend", "dask", "--scheduler", address)
    done = subprocess.run(call, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(f"error: {address}: no Dask scheduler answers there: ")
