"""The report: bench.md and the plots, from the results of the parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from .contestants import PEERS
from .figures import OURS, cold_table, markdown, quality_table, speed_table

TITLES = {
    OURS: "**ddclassify**",
    f"{OURS} fast": "**ddclassify, fast**",
    f"{OURS} accurate": "**ddclassify, accurate**",
    **{peer.name: peer.title for peer in PEERS},
}
Part = Mapping[str, Any]


def write_report(results: Mapping[str, Any], folder: Path) -> str:
    """Write bench.md and the plots into a folder; gives the text of bench.md.

    Args:
        results: `machine`, and what each part that was run found.
        folder: where the files go.
    """
    sections: dict[str, tuple[str, Callable[[Part], str]]] = {
        "speed": ("From files to rows, tier `fast`", _rows),
        "accurate": ("From files to rows, tier `accurate`", _rows),
        "cold": ("From the start of a process to the first prediction", _cold),
        "quality": ("What the labels are worth", _quality),
        "cores": ("Throughput against cores, tier `fast`", lambda part: _cores(part, folder)),
        "memory": ("Peak memory against the size of the corpus, tier `fast`", lambda part: _memory(part, folder)),
    }
    here = results["machine"]
    text = f"# Benchmark\n\n{here['cpu']}, {here['cores']} cores, {here['system']}, Python {here['python']}.\n"
    for name, (title, write) in sections.items():
        if name in results:
            part = results[name]
            text += f"\n## {title}\n\n"
            if OURS not in part["failures"]:
                text += write(part) + "\n"
            for failed, why in part["failures"].items():
                text += f"- {TITLES.get(failed, failed)} did not run: {why}\n"
            used = ", ".join(f"{library} {version}" for library, version in part["versions"].items())
            text += f"\nMeasured on {part['date']} at revision {part['revision']}, with {used}.\n"
    text = text.replace("\n\n\n", "\n\n")
    (folder / "bench.md").write_text(text, encoding="utf-8")
    return text


def _rows(part: Part) -> str:
    goals = {peer.name: peer.goal for peer in PEERS}
    return (
        f"{part['documents']:,} documents, {part['size'] / 1e6:.1f} MB of text: {part['texts']}. "
        "One core, cold processes.\n\n" + speed_table(part["runs"], TITLES, goals, part["size"])
    )


def _cold(part: Part) -> str:
    goals = {peer.name: peer.cold_goal for peer in PEERS}
    return cold_table(part["seconds"], TITLES, goals, f"{OURS} fast")


def _quality(part: Part) -> str:
    ours = f"{OURS} accurate"
    return (
        f"On {part['on']} ({part['figures'][ours]['rows']:,}), with the thresholds that give each label the best F1 on "
        "the dev split; compared with the tier `accurate`.\n\n" + quality_table(part["figures"], TITLES, ours)
    )


def _cores(part: Part, folder: Path) -> str:
    from .plots import plot_cores

    plot_cores(part["runs"], part["size"], folder / "cores.png")
    walls = {jobs: median(run["wall"] for run in runs) for jobs, runs in part["runs"].items()}
    rows = [[jobs, f"{part['size'] / wall / 1e6:.2f}", f"{walls['1'] / wall:.2f}"] for jobs, wall in walls.items()]
    return (
        f"{part['size'] / 1e6:.0f} MB of text, processes not pinned.\n\n"
        + markdown(["jobs", "MB/s", "times one job"], rows)
        + "\n![Throughput against cores](cores.png)\n"
    )


def _memory(part: Part, folder: Path) -> str:
    from .plots import plot_memory

    plot_memory(part["points"], folder / "memory.png")
    rows = [
        [f"{p['size'] / 1e6:.0f}", f"{p['peak'] / 1e6:.0f}", f"{p['size'] / p['wall'] / 1e6:.2f}"]
        for p in part["points"]
    ]
    return (
        markdown(["text, MB", "peak, MB", "MB/s"], rows)
        + "\n![Peak memory against the size of the corpus](memory.png)\n"
    )
