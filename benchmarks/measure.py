"""Run a command cold on one core and measure it: wall clock, processor time, peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class RunError(Exception):
    """A command ended with an error; the message is its last line."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run cost.

    Attributes:
        wall, cpu: seconds; cpu is user and system time of the process and of those it waited for.
        peak: most memory held at once, in bytes (of the largest process where there are several).
    """

    wall: float
    cpu: float
    peak: int


def run(command: Sequence[str], environment: Mapping[str, str], cores: Sequence[int] | None) -> Run:
    """Run a command to its end.

    The memory that Linux reports for a process counts what its parent held when it started it, so whoever
    calls this has to be small itself: no NumPy, no plots.

    Args:
        command: the program and its arguments.
        environment: variables beside those of this process.
        cores: the cores it may run on; None, or a system that cannot pin: all.

    Raises:
        RunError: it ended with an error.
    """
    begin = time.perf_counter()
    process = _start(command, environment, cores, stdout=subprocess.DEVNULL)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise RunError(_reason(said, process.returncode))
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * _RSS_UNIT)


def first_answer(command: Sequence[str], environment: Mapping[str, str], cores: Sequence[int] | None) -> float:
    """Seconds from the start of a command to the first line it writes.

    Raises:
        RunError: it ended with an error, or without a line.
    """
    begin = time.perf_counter()
    process = _start(command, environment, cores, stdout=subprocess.PIPE)
    assert process.stdout is not None
    line = process.stdout.readline()
    wall = time.perf_counter() - begin
    _, said = process.communicate()
    if process.returncode or not line:
        raise RunError(_reason(said, process.returncode))
    return wall


def _start(
    command: Sequence[str], environment: Mapping[str, str], cores: Sequence[int] | None, stdout: int
) -> subprocess.Popen[bytes]:
    def pin() -> None:
        if cores is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)

    try:
        return subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=stdout,
            stderr=subprocess.PIPE,
            preexec_fn=pin,  # noqa: PLW1509 - there are no threads here
        )
    except OSError as error:
        raise RunError(f"{command[0]}: {error.strerror}") from None


def _reason(said: bytes, code: int) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {code}"
