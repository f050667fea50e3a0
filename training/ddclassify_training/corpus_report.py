"""Check the corpus and describe it: `make corpus-report`.

Writes corpus.json (what the corpus alone says), real.json (beside real text, from the folder that DDCLASSIFY_REAL_DATA
names; left as it was where that is not set), plots, and README.md with both. Exit code 1 when a check fails.
No real sentence is written anywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ddclassify.documents import Document
from ddclassify.errors import DDClassifyError, InputError, MissingExtraError
from ddclassify.reading import ReadOptions, find_sources, read_documents
from ddclassify.sentences import normalise
from ddclassify.taxonomy import Taxonomy

from .corpus import Row, fingerprint, read_corpus, read_rows
from .validate import validate_corpus

SHINGLE = 5
NEAR_DUPLICATE = 0.8
DUPLICATES_ALLOWED = 0.01
SHARED_RUN = 10
SKELETON = 6
SKELETON_MIN = 15
SKELETON_RATIO = 2.0
TEMPLATE_SHARE = 0.005
"""Share of the sentences from which on an overused skeleton counts as a template; rarer ones are listed as style."""
LENGTHS = (5, 10, 25, 50, 75, 90, 95)
CELLS = ("genre", "region", "other_region", "era", "service", "spelling", "round")

_WORDS = re.compile(r"[a-z0-9]+")
_TOKENS = re.compile(r"\w+|[^\w\s]")
_GRAMMAR = frozenset(
    "_ . , ; : the a an of in on at to by with for from under before after over between into during and or as within"
    " upon through against across per via than".split()
)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report; 1 when a check fails, 2 when the corpus cannot be read."""
    parser = argparse.ArgumentParser(prog="corpus_report", description="Check and describe an annotated corpus.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args(argv)
    taxonomy = Taxonomy.table1()
    try:
        splits = read_corpus(arguments.corpus)
        validate_corpus(splits, taxonomy)
        arguments.output.mkdir(parents=True, exist_ok=True)
        alone = describe(splits, taxonomy)
        _write(arguments.output / "corpus.json", alone)
        folder = os.environ.get("DDCLASSIFY_REAL_DATA")
        if folder:
            beside = compare(splits, taxonomy, Path(folder))
            _write(arguments.output / "real.json", beside)
        else:
            print("comparisons with real text skipped: DDCLASSIFY_REAL_DATA is not set", file=sys.stderr)
            kept = arguments.output / "real.json"
            beside = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
        plot(alone, beside, arguments.output)
        (arguments.output / "README.md").write_text(render(alone, beside), encoding="utf-8")
    except DDClassifyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    failed = [name for name, check in {**alone["checks"], **beside.get("checks", {})}.items() if not check["passed"]]
    for name in failed:
        print(f"check failed: {name}", file=sys.stderr)
    print(f"{alone['sentences']:,} sentences in {alone['documents']:,} documents; report in {arguments.output}")
    return 1 if failed else 0


def describe(splits: Mapping[str, Sequence[Row]], taxonomy: Taxonomy) -> dict[str, Any]:
    """Figures and checks that need the corpus alone."""
    rows = [row for members in splits.values() for row in members]
    labelled = [row for row in rows if row.labels]
    counts = Counter(label for row in rows for label in row.labels)
    pairs = Counter(pair for row in rows for pair in _pairs(row.labels))
    near, across = near_duplicates(splits)
    share = len({i for pair in near for i in pair}) / len(rows)
    documents = {row.doc_id: row for row in rows}
    needing = [row for row in labelled if row.extra.get("needs_context")]
    return {
        "fingerprint": fingerprint(rows),
        "sentences": len(rows),
        "documents": len(documents),
        "splits": {
            split: {
                "sentences": len(members),
                "documents": len({row.doc_id for row in members}),
                "positives": {i: sum(i in row.labels for row in members) for i in taxonomy.ids},
            }
            for split, members in splits.items()
        },
        "positives": {i: counts[i] for i in taxonomy.ids},
        "without_label": 1 - len(labelled) / len(rows),
        "several_labels": sum(len(row.labels) > 1 for row in labelled) / len(labelled),
        "needs_context": len(needing) / len(labelled),
        "co_occurrence": {f"{a} + {b}": n for (a, b), n in pairs.most_common()},
        "words": _lengths(row.text for row in rows),
        "distinct": {str(n): distinct([row.text for row in rows], n) for n in (1, 2, 3)},
        "cells": {cell: _cells(documents.values(), cell) for cell in CELLS},
        "checks": {
            f"near-duplicates (Jaccard {NEAR_DUPLICATE}, {SHINGLE}-word shingles) under {DUPLICATES_ALLOWED:.0%}": {
                "passed": share < DUPLICATES_ALLOWED,
                "value": share,
                "pairs": [list(pair) for pair in near],
            },
            "no near-duplicates between splits": {"passed": not across, "value": len(across)},
        },
    }


def compare(splits: Mapping[str, Sequence[Row]], taxonomy: Taxonomy, folder: Path) -> dict[str, Any]:
    """Figures and checks beside real text.

    Raises:
        InputError: the folder does not hold real-dev/sentences.jsonl and real-docs/.
    """
    if not (folder / "real-dev" / "sentences.jsonl").is_file() or not (folder / "real-docs").is_dir():
        raise InputError(f"{folder}: DDCLASSIFY_REAL_DATA needs real-dev/sentences.jsonl and real-docs/ there")
    rows = [row for members in splits.values() for row in members]
    dev = read_rows(folder / "real-dev" / "sentences.jsonl")
    strata = {
        "composed": rows,
        "natural": [row for row in dev if row.extra.get("stratum") == "natural"],
        "keyword-drawn": [row for row in dev if str(row.extra.get("stratum")).startswith("enriched")],
    }
    inputs = read_documents(find_sources([str(folder / "real-docs")]), ReadOptions())
    documents = [document for document in inputs if isinstance(document, Document)]
    shared = shared_runs(rows, [*(document.text for document in documents), *(row.text for row in dev)])
    # Tables and mastheads of files with pages are no sentences to compare the composed ones with.
    real = [s.text for document in documents if not document.pages for s in document.sentences()]
    frames = overused_skeletons([row.text for row in rows], real)
    templates = [skeleton for skeleton, rates in frames.items() if rates["composed"] >= TEMPLATE_SHARE]
    return {
        "strata": {name: _stratum(members, taxonomy) for name, members in strata.items()},
        "overused_skeletons": frames,
        "real_documents": {
            "sentences": len(real),
            "words": _lengths(real),
            "distinct": {str(n): distinct(real, n, len(rows)) for n in (1, 2, 3)},
        },
        "checks": {
            f"no run of {SHARED_RUN} words in common with real text": {"passed": not shared, "value": shared},
            f"no skeleton of {SKELETON} words in {TEMPLATE_SHARE:.1%} of the sentences or more at over "
            f"{SKELETON_RATIO:g} times its rate in real documents": {"passed": not templates, "value": templates},
        },
    }


def near_duplicates(splits: Mapping[str, Sequence[Row]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Pairs of ids whose texts are near-duplicates by MinHash, and those of them that lie in two splits.

    Texts of fewer than `SHINGLE` words ("Thank you.", "###") are passed over.

    Raises:
        MissingExtraError: datasketch is not installed.
    """
    try:
        from datasketch import MinHash, MinHashLSH
    except ModuleNotFoundError:
        raise MissingExtraError("the corpus report", "report") from None
    index = MinHashLSH(threshold=NEAR_DUPLICATE, num_perm=128)
    shingles: dict[str, frozenset[str]] = {}
    home = {row.id: split for split, rows in splits.items() for row in rows}
    found: list[tuple[str, str]] = []
    for rows in splits.values():
        for row in rows:
            words = _WORDS.findall(row.text.lower())
            if len(words) < SHINGLE:
                continue
            runs = frozenset(" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))
            sketch = MinHash(num_perm=128)
            sketch.update_batch([run.encode() for run in runs])
            found += [(str(other), row.id) for other in index.query(sketch) if _jaccard(shingles[str(other)], runs)]
            shingles[row.id] = runs
            index.insert(row.id, sketch, check_duplication=False)
    return found, [pair for pair in found if home[pair[0]] != home[pair[1]]]


def shared_runs(rows: Sequence[Row], texts: Iterable[str]) -> list[str]:
    """Ids of the rows that share a run of `SHARED_RUN` words with one of the texts."""
    ours: dict[int, set[str]] = {}
    for row in rows:
        for run in _runs(row.text):
            ours.setdefault(run, set()).add(row.id)
    return sorted(set().union(*(ours[run] for text in texts for run in _runs(text) if run in ours)))


def skeletons(texts: Iterable[str]) -> tuple[Counter[str], int]:
    """How many texts hold each run of `SKELETON` tokens with the content words masked; and the number of texts.

    Runs with fewer than three unmasked words say little about a frame and are left out, and so are chains of noun
    phrases ("in the _ of the _"), which are grammar: one unmasked word must be more than an article, preposition or
    conjunction.
    """
    from spacy.lang.en.stop_words import STOP_WORDS

    counts: Counter[str] = Counter()
    total = 0
    for text in texts:
        total += 1
        masked = [t if t in STOP_WORDS or not t[0].isalnum() else "_" for t in _TOKENS.findall(text.lower())]
        runs = {tuple(masked[i : i + SKELETON]) for i in range(len(masked) - SKELETON + 1)}
        counts.update(" ".join(run) for run in runs if sum(t in STOP_WORDS for t in run) >= 3 and set(run) - _GRAMMAR)
    return counts, total


def overused_skeletons(composed: Sequence[str], real: Sequence[str]) -> dict[str, dict[str, float]]:
    """Skeletons that stand in composed text surely more than `SKELETON_RATIO` times as often as in real text.

    Those in fewer than `SKELETON_MIN` composed sentences are left out, and the lower end of the 95 % interval of
    the ratio must pass, for a rare run says nothing.
    """
    ours, total = skeletons(composed)
    theirs, real_total = skeletons(real)
    found = {}
    for skeleton, n in ours.items():
        m = theirs[skeleton]
        ratio = (n / total) / ((m + 0.5) / real_total)
        low = ratio * np.exp(-1.96 * np.sqrt(1 / n + 1 / (m + 0.5)))
        if n >= SKELETON_MIN and low > SKELETON_RATIO:
            found[skeleton] = {"composed": n / total, "real": m / real_total, "sentences": n}
    return dict(sorted(found.items(), key=lambda item: (-item[1]["sentences"], item[0])))


def distinct(texts: Sequence[str], n: int, sample: int | None = None) -> float:
    """Share of distinct word n-grams among all, over at most `sample` texts drawn with a fixed seed."""
    if sample is not None and sample < len(texts):
        chosen = np.random.default_rng(0).choice(len(texts), sample, replace=False)
        texts = [texts[i] for i in chosen]
    grams: set[tuple[str, ...]] = set()
    total = 0
    for text in texts:
        words = _WORDS.findall(text.lower())
        runs = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        grams.update(runs)
        total += len(runs)
    return len(grams) / max(1, total)


def render(alone: Mapping[str, Any], beside: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        "# Corpus report",
        "",
        f"Written by `make corpus-report`: {alone['sentences']:,} sentences in {alone['documents']:,} documents. "
        f"{alone['without_label']:.1%} of the sentences carry no label; of the others {alone['several_labels']:.1%} "
        f"carry several, and {alone['needs_context']:.1%} need the sentences before them.",
        "",
        "| label | " + " | ".join(alone["splits"]) + " | all |",
        "|---|" + "---:|" * (len(alone["splits"]) + 1),
    ]
    for label, total in alone["positives"].items():
        cells = " | ".join(str(split["positives"][label]) for split in alone["splits"].values())
        lines.append(f"| {label} | {cells} | {total} |")
    for name in ("sentences", "documents"):
        cells = " | ".join(f"{split[name]:,}" for split in alone["splits"].values())
        lines.append(f"| **{name}** | {cells} | **{alone[name]:,}** |")
    lines += ["", "## Checks", "", "| check | passed | value |", "|---|---|---|"]
    for name, check in {**alone["checks"], **beside.get("checks", {})}.items():
        lines.append(f"| {name} | {'yes' if check['passed'] else '**no**'} | {_short(check['value'])} |")
    if beside:
        lines += ["", *_beside(beside)]
    lines += ["", "## Which labels stand together", "", "| labels | sentences |", "|---|---:|"]
    lines += [f"| {pair} | {n} |" for pair, n in list(alone["co_occurrence"].items())[:20]]
    lines += ["", "## Cells", ""]
    for cell, values in alone["cells"].items():
        lines += [f"**{cell}** (documents): " + ", ".join(f"{value} {n}" for value, n in values.items()), ""]
    lines += ["![lengths](lengths.png)", "", "![plain terms](terms.png)", ""]
    return "\n".join(lines)


def plot(alone: Mapping[str, Any], beside: Mapping[str, Any], folder: Path) -> None:
    """Draw sentence lengths and, where real text was compared, the rates of the plain terms.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ModuleNotFoundError:
        raise MissingExtraError("the corpus report", "report") from None
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4))
    curves = {"composed": alone["words"]}
    curves |= {name: s["words"] for name, s in beside.get("strata", {}).items() if name != "composed"}
    for name, curve in curves.items():
        axes.plot([int(q) for q in curve], list(curve.values()), marker="o", label=name)
    axes.set(xlabel="percentile of sentences", ylabel="words", title="Sentence lengths")
    axes.legend()
    figure.tight_layout()
    figure.savefig(folder / "lengths.png", dpi=100, metadata={"Software": None})
    plt.close(figure)
    if not beside:
        return
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    labels = list(alone["positives"])
    for axes, key in ((left, "in_positives"), (right, "in_others")):
        for name, marker in (("natural", "<"), ("composed", "o"), ("keyword-drawn", ">")):
            values = [beside["strata"][name]["terms"][label][key] for label in labels]
            points = [(v, y) for y, v in enumerate(values) if v is not None]
            axes.scatter([v for v, _ in points], [y for _, y in points], marker=marker, label=name)
        axes.set_xlabel(f"share of sentences {'with' if key == 'in_positives' else 'without'} the label")
    left.set_yticks(range(len(labels)), labels)
    right.legend(loc="lower right")
    figure.suptitle("Sentences that hold the label's plain term")
    figure.tight_layout()
    figure.savefig(folder / "terms.png", dpi=100, metadata={"Software": None})
    plt.close(figure)


def _beside(beside: Mapping[str, Any]) -> Iterator[str]:
    strata = beside["strata"]
    yield "## Beside real text"
    yield ""
    yield "natural: whole passages in order; keyword-drawn: found by the labels' words. Not in this repository."
    yield ""
    yield "| | " + " | ".join(strata) + " |"
    yield "|---|" + "---:|" * len(strata)
    yield "| sentences | " + " | ".join(f"{s['sentences']:,}" for s in strata.values()) + " |"
    for name in ("without_label", "several_labels"):
        yield f"| {name.replace('_', ' ')} | " + " | ".join(f"{s[name]:.1%}" for s in strata.values()) + " |"
    for q in LENGTHS:
        yield f"| words, percentile {q} | " + " | ".join(f"{s['words'][str(q)]:.0f}" for s in strata.values()) + " |"
    real = beside["real_documents"]
    yield ""
    yield (
        f"Distinct word n-grams among all, n = 1, 2, 3: composed "
        f"{', '.join(f'{v:.3f}' for v in strata['composed']['distinct'].values())}; as many real sentences "
        f"{', '.join(f'{v:.3f}' for v in real['distinct'].values())}."
    )
    yield ""
    yield (
        "Share of sentences that hold the label's plain term (the regular expression in taxonomy.toml), among those "
        "with the label and among the others. between: whether composed text lies between the two real strata; "
        "n/a: no positives."
    )
    yield ""
    heads = [" | ".join(f"{kind}: {name}" for name in strata) for kind in ("with", "others")]
    yield f"| label | {heads[0]} | between | {heads[1]} | between |"
    yield "|---|" + "---:|" * len(strata) + "---|" + "---:|" * len(strata) + "---|"
    for label in strata["composed"]["terms"]:
        cells = []
        for key in ("in_positives", "in_others"):
            rates = [s["terms"][label][key] for s in strata.values()]
            cells.append(" | ".join("n/a" if r is None else f"{r:.1%}" for r in rates) + f" | {_between(*rates)}")
        yield f"| {label} | " + " | ".join(cells) + " |"
    yield from _style(beside["overused_skeletons"])


def _style(frames: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield ""
    yield (
        f"Skeletons (content words masked as _) surely more than {SKELETON_RATIO:g} times as frequent here as in the "
        f"real documents: {len(frames)}. They are the composed text's manner; the most frequent:"
    )
    yield ""
    yield "| skeleton | sentences | share here | share in real documents |"
    yield "|---|---:|---:|---:|"
    for skeleton, rates in list(frames.items())[:20]:
        yield f"| `{skeleton}` | {rates['sentences']} | {rates['composed']:.2%} | {rates['real']:.3%} |"


def _between(composed: float | None, natural: float | None, drawn: float | None) -> str:
    ends = [rate for rate in (natural, drawn) if rate is not None]
    if composed is None or not ends:
        return ""
    return "yes" if min(ends) <= composed <= max(ends) else ("above" if composed > max(ends) else "below")


def _stratum(rows: Sequence[Row], taxonomy: Taxonomy) -> dict[str, Any]:
    labelled = [row for row in rows if row.labels]
    terms = {}
    for label in taxonomy:
        pattern = re.compile(label.plain_terms, re.IGNORECASE)
        hits = np.array([bool(pattern.search(row.text)) for row in rows], dtype=bool)
        carried = np.array([label.id in row.labels for row in rows], dtype=bool)
        terms[label.id] = {
            "positives": int(carried.sum()),
            "in_positives": float(hits[carried].mean()) if carried.any() else None,
            "in_others": float(hits[~carried].mean()) if (~carried).any() else None,
        }
    return {
        "sentences": len(rows),
        "without_label": 1 - len(labelled) / max(1, len(rows)),
        "several_labels": sum(len(row.labels) > 1 for row in labelled) / max(1, len(labelled)),
        "words": _lengths(row.text for row in rows),
        "distinct": {str(n): distinct([row.text for row in rows], n) for n in (1, 2, 3)},
        "terms": terms,
    }


def _lengths(texts: Iterable[str]) -> dict[str, float]:
    words = [len(normalise(text).split()) for text in texts]
    return {str(q): float(v) for q, v in zip(LENGTHS, np.percentile(words or [0], LENGTHS), strict=True)}


def _cells(rows: Iterable[Row], cell: str) -> dict[str, int]:
    return dict(Counter(str(row.extra.get(cell) or "not recorded") for row in rows).most_common())


def _pairs(labels: Sequence[str]) -> list[tuple[str, str]]:
    ordered = sorted(labels)
    return [(a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :]]


def _runs(text: str) -> Iterator[int]:
    words = _WORDS.findall(text.lower())
    return (hash(" ".join(words[i : i + SHARED_RUN])) for i in range(len(words) - SHARED_RUN + 1))


def _jaccard(one: frozenset[str], two: frozenset[str]) -> bool:
    return len(one & two) >= NEAR_DUPLICATE * len(one | two)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2%}"
    if isinstance(value, dict | list):
        names = ", ".join(f"`{v}`" for v in list(value)[:12])
        return f"{len(value)}{': ' + names if names else ''}"
    return str(value)


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
