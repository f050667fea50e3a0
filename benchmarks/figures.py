"""From timings to figures: ratios round by round, and the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

OURS = "ddclassify"


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as much another takes: the median over rounds, and the least and the most."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> Ratio:
    """Compare measurements of the same rounds; each is set beside its neighbour in time.

    Raises:
        ValueError: they are not of the same rounds, or there are none.
    """
    if len(theirs) != len(ours) or not ours:
        raise ValueError(f"{len(theirs)} measurements beside {len(ours)}")
    found = [their / our for their, our in zip(theirs, ours, strict=True)]
    return Ratio(median(found), min(found), max(found))


def goal_text(found: float, goal: float | None) -> str:
    """A goal and whether it is met; "-" where none is set."""
    if goal is None:
        return "-"
    return f"{goal:g} ({'met' if found >= goal else 'missed'})"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right.

    Raises:
        ValueError: a row has another number of cells than the head.
    """
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"{len(row)} cells under {len(head)} heads: {row}")
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *rows))


def speed_table(
    runs: Mapping[str, Sequence[Mapping[str, float]]],
    titles: Mapping[str, str],
    goals: Mapping[str, float | None],
    size: int,
    ours: str = OURS,
) -> str:
    """What files to rows cost, medians over rounds.

    Args:
        runs: contestant -> measurements by round: wall, cpu (s), peak (bytes), rows.
        titles: contestant -> its name in the table.
        goals: contestant -> wall-clock ratio aimed at.
        size: bytes of text.
        ours: the contestant the others are compared with.
    """
    head = ["", "wall s", "CPU s", "MB/s", "sentences/s", "peak MB", "wall, times ours", "CPU, times ours", "goal"]
    rows = []
    for name, rounds in runs.items():
        wall, cpu, peak, sentences = (median(run[field] for run in rounds) for field in ("wall", "cpu", "peak", "rows"))
        cells = [
            titles[name], f"{wall:.2f}", f"{cpu:.2f}", f"{size / wall / 1e6:.2f}", f"{sentences / wall:,.0f}",
            f"{peak / 1e6:.0f}",
        ]  # fmt: skip
        if name == ours:
            rows.append([*cells, "1", "1", ""])
            continue
        by_wall, by_cpu = (
            ratio([run[field] for run in rounds], [run[field] for run in runs[ours]]) for field in ("wall", "cpu")
        )
        rows.append([*cells, str(by_wall), str(by_cpu), goal_text(by_wall.median, goals.get(name))])
    return markdown(head, rows)


def cold_table(
    seconds: Mapping[str, Sequence[float]], titles: Mapping[str, str], goals: Mapping[str, float | None], ours: str
) -> str:
    """Seconds from the start of a process to its first answer, medians over rounds."""
    rows = []
    for name, rounds in seconds.items():
        by = ratio(rounds, seconds[ours])
        rows.append([titles[name], f"{median(rounds):.2f}", "1" if name == ours else str(by),
                     "" if name == ours else goal_text(by.median, goals.get(name))])  # fmt: skip
    return markdown(["", "s", "times ours", "goal"], rows)


def quality_table(figures: Mapping[str, Mapping[str, float]], titles: Mapping[str, str], ours: str) -> str:
    """Macro-F1 and average precision, and how ours compares with each: over 1 where ours is better."""
    rows = []
    for name, found in figures.items():
        cells = [titles[name], f"{found['macro_f1']:.3f}", f"{found['micro_f1']:.3f}", f"{found['macro_ap']:.3f}"]
        rows.append([*cells, *(f"{figures[ours][field] / found[field]:.2f}" for field in ("macro_f1", "macro_ap"))])
    head = ["", "macro-F1", "micro-F1", "macro AP", "our macro-F1, times theirs", "our macro AP, times theirs"]
    return markdown(head, rows)
