"""What the benchmark ran on: the processor, and the versions of everything."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from .contestants import ROOT

_VERSIONS = (
    "import importlib.metadata as m, json, platform, sys\n"
    "found = {'python': platform.python_version()}\n"
    "for name in sys.argv[1:]:\n"
    "    try: found[name] = m.version(name)\n"
    "    except m.PackageNotFoundError: pass\n"
    "print(json.dumps(found))"
)


def machine() -> dict[str, str | int]:
    """Processor, cores that this process may use, and system."""
    return {
        "cpu": _cpu(),
        "cores": len(usable_cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def usable_cores() -> Sequence[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def versions(python: str | Path, names: Iterable[str]) -> dict[str, str]:
    """Versions of Python and of the named distributions in an environment; what is missing there is left out."""
    try:
        done = subprocess.run(
            [str(python), "-c", _VERSIONS, *names], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    found: dict[str, str] = json.loads(done.stdout)
    return found


def revision() -> str:
    """The commit of this checkout, with "+" where files differ from it; "" outside a repository."""
    call = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
