"""What the peers share: reading files, finding sentences, writing rows, and their command line."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddclassify.sentences import split_sentences

BATCH = 2048
"""Sentences scored at once, as many as ddclassify scores at once."""

LABELS = (
    "official_contacts",
    "defence_attaches",
    "joint_exercises",
    "cooperation_agreements",
    "interoperability",
    "education_training",
    "peacekeeping",
    "hadr_sar",
    "events_ceremonies",
)

Span = tuple[int, int]
Score = Callable[[Sequence[str]], Iterable[dict[str, float]]]
Split = Callable[[Iterable[str]], Iterator[list[Span]]]


@dataclass(frozen=True, slots=True)
class Text:
    """A document: its id, the file it came from, its text and its other columns."""

    id: str
    file: str
    text: str
    metadata: dict[str, Any]


def split_by_rules(texts: Iterable[str]) -> Iterator[list[Span]]:
    """ddclassify's own sentence splitter, which needs nothing but Python."""
    return map(split_sentences, texts)


def main(train: Callable[[list[str], list[list[str]], Path], None], load: Callable[[Path], tuple[Score, Split]]) -> int:
    """The command line of a peer.

    Args:
        train: learns from sentences and the labels of each, and saves what it learned in a folder.
        load: reads that folder; gives what scores sentences and what splits texts into sentences.
    """
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, arguments in {
        "train": ("annotations", "folder"),
        "run": ("folder", "input", "output"),
        "score": ("folder", "input", "output"),
        "first": ("folder", "text"),
    }.items():
        added = verbs.add_parser(verb)
        for name in arguments:
            added.add_argument(name)
    given = parser.parse_args()
    folder = Path(given.folder)
    if given.verb == "train":
        folder.mkdir(parents=True, exist_ok=True)
        rows = list(_json_rows(Path(given.annotations)))
        train([row["text"] for row in rows], [row["labels"] for row in rows], folder)
        return 0
    score, split = load(folder)
    if given.verb == "run":
        run(score, split, given.input, given.output)
    elif given.verb == "score":
        sentences = [row["text"] for row in _json_rows(Path(given.input))]
        with Path(given.output).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(scores) + "\n" for scores in score(sentences))
    else:
        ((start, end), *_) = next(split([given.text]))
        print(next(iter(score([given.text[start:end]]))), flush=True)
    return 0


def run(score: Score, split: Split, source: str, output: str) -> None:
    """Read, split, score and write, a batch of sentences at a time."""
    with Path(output).open("w", encoding="utf-8") as file:
        for batch in _batches(read(Path(source)), split):
            sentences = [text.text[start:end] for text, spans in batch for start, end in spans]
            scores = iter(score(sentences))
            for text, spans in batch:
                for index, (start, end) in enumerate(spans):
                    probabilities = {label: round(p, 5) for label, p in next(scores).items()}
                    row = {
                        "doc_id": text.id,
                        "file": text.file,
                        "index": index,
                        "start": start,
                        "end": end,
                        "text": text.text[start:end],
                        "labels": [label for label, p in probabilities.items() if p >= 0.5],
                        "probabilities": probabilities,
                        "metadata": text.metadata,
                    }
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")


def read(source: Path) -> Iterator[Text]:
    """The documents of a file or of a folder's .txt, .jsonl and .csv files."""
    for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
        if path.suffix == ".txt":
            yield Text(path.stem, str(path), path.read_text(encoding="utf-8"), {})
        elif path.suffix in {".jsonl", ".csv"}:
            for row in _json_rows(path) if path.suffix == ".jsonl" else _csv_rows(path):
                rest = {name: value for name, value in row.items() if name not in {"id", "text"}}
                yield Text(row["id"], str(path), row["text"], rest)


def _batches(texts: Iterator[Text], split: Split) -> Iterator[list[tuple[Text, list[Span]]]]:
    batch: list[tuple[Text, list[Span]]] = []
    size = 0
    for text, spans in _with_spans(texts, split):
        batch.append((text, spans))
        size += len(spans)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _with_spans(texts: Iterator[Text], split: Split) -> Iterator[tuple[Text, list[Span]]]:
    waiting: list[Text] = []

    def bodies() -> Iterator[str]:
        for text in texts:
            waiting.append(text)
            yield text.text

    for spans in split(bodies()):
        yield waiting.pop(0), spans


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _csv_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
