"""The plots: throughput against cores, and peak memory against the size of the corpus. Needs the extra `report`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ddclassify.errors import MissingExtraError

BLUE, GREY = "#1f5a94", "#8a8a8a"


def plot_cores(runs: Mapping[str, Sequence[Mapping[str, float]]], size: int, target: Path) -> None:
    """Megabytes a second for each number of jobs, beside the line on which they would grow with it.

    Args:
        runs: number of jobs -> measurements by round.
        size: bytes of text.
        target: the PNG file.
    """
    jobs = [int(name) for name in runs]
    speed = [size / median(run["wall"] for run in rounds) / 1e6 for rounds in runs.values()]
    figure, axes = _axes("jobs", "MB/s", "Throughput against cores")
    axes.plot(jobs, [speed[0] * n for n in jobs], ":", color=GREY, label="in proportion")
    axes.plot(jobs, speed, "o-", color=BLUE, label="ddclassify, fast")
    axes.set_xticks(jobs)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    figure.savefig(target, dpi=120)


def plot_memory(points: Sequence[Mapping[str, float]], target: Path) -> None:
    """Peak memory for each size of corpus.

    Args:
        points: `size` and `peak`, in bytes.
        target: the PNG file.
    """
    figure, axes = _axes("corpus, MB", "peak memory, MB", "Peak memory against the size of the corpus")
    axes.plot([p["size"] / 1e6 for p in points], [p["peak"] / 1e6 for p in points], "o-", color=BLUE)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    figure.savefig(target, dpi=120)


def _axes(x: str, y: str, title: str) -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise MissingExtraError("the benchmark's plots", "report") from None
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y, title=title)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
