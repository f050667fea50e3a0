"""What the tests of the batch run share: a long input, and the command in a process that can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS = (
    "The defence ministers met in Lima.", "It rained.", "A naval exercise began off Arica.",
    "They signed an agreement on training.", "The attaché left.",
)  # fmt: skip


def write_input(path: Path, rows: int) -> Path:
    """JSONL of one or two short sentences a row: 2,048 rows are a batch. Every 1,500th row is broken."""
    with path.open("w", encoding="utf-8") as file:
        for n in range(rows):
            if n % 1500 == 700:
                file.write('{"text": broken\n')
                continue
            text = f"{WORDS[n % 5]} {WORDS[n % 3]}" if n % 2 else WORDS[n % 5]
            own = {"late": "é"} if n > rows // 2 else {}
            file.write(json.dumps({"id": n, "text": text, "n": n, **own}) + "\n")
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "ddclassify", "tag", *map(str, arguments), "--tier", "fast"]


def start(*arguments: object, **how: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)


def journal(output: Path) -> Path:
    return output.with_name(f"{output.name}.partial.journal")


def batches_done(output: Path) -> int:
    try:
        return journal(output).read_bytes().count(b'"length"')
    except FileNotFoundError:
        return 0


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 60) -> bool:
    """Whether the condition came true while the process ran."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    raise AssertionError(f"nothing happened in {seconds} s")


def assert_reaches(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    if not wait_until(condition, process):
        out, err = process.communicate()
        raise AssertionError(f"ended with {process.returncode} before it came to that:\n{out}\n{err}")


def children(pid: int) -> list[int]:
    """The worker processes of a process; their command names what they are."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid and b"popen_loky" in words:
            found.append(int(entry.name))
    return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
