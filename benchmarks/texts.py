"""The texts that are tagged: real ones, or the corpus's own; a sample of them, and the same repeated."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ddclassify.documents import Document
from ddclassify.reading import Failed, ReadOptions, find_sources, read_documents

SUFFIXES = frozenset({".txt", ".jsonl", ".csv"})


@dataclass(frozen=True, slots=True)
class Texts:
    """A folder or file of texts.

    Attributes:
        path: where it lies.
        what: said in the report.
        documents: how many.
        size: bytes of text, UTF-8.
    """

    path: Path
    what: str
    documents: int
    size: int


def gather(real: Path | None, annotations: Path, target: Path) -> Texts:
    """Put the texts into a folder of their own.

    Args:
        real: a folder with `real-docs/`; its .txt, .jsonl and .csv files are taken. None: the corpus's sentences are
            joined into documents.
        annotations: the corpus.
        target: the folder to fill.
    """
    target.mkdir(parents=True)
    if real is None:
        what = "the corpus's own text (synthetic; the models were trained on most of it), for want of real text"
        _write(_corpus_documents(annotations), target / "corpus.jsonl")
    else:
        what = "real documents that no model was trained on with labels"
        source = real / "real-docs"
        for file in sorted(source.rglob("*")):
            if file.suffix in SUFFIXES:
                copy = target / file.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
    sizes = [len(document.text.encode("utf-8", "replace")) for document in documents_of(target)]
    return Texts(target, what, len(sizes), sum(sizes))


def documents_of(path: Path) -> Iterator[Document]:
    """The documents of a file or folder, in the order in which ddclassify reads them."""
    for found in read_documents(find_sources([str(path)]), ReadOptions()):
        if isinstance(found, Failed):
            raise ValueError(found.message)
        yield found


def sample(texts: Texts, size: int, target: Path) -> Texts:
    """Documents spread evenly over the texts, about `size` bytes of them, as one JSONL file."""
    step = max(1, texts.size // size)
    return _texts(
        target, f"every {step}th document", (d for i, d in enumerate(documents_of(texts.path)) if i % step == 0)
    )


def repeat(texts: Texts, size: int, target: Path) -> Texts:
    """The texts over and over, until there are `size` bytes of them, as one JSONL file with ids of their own."""

    def rounds() -> Iterator[Document]:
        total = turn = 0
        while True:
            for document in documents_of(texts.path):
                total += len(document.text.encode("utf-8", "replace"))
                yield Document(f"{document.id}-{turn}", document.text, document.metadata)
                if total >= size:
                    return
            turn += 1

    return _texts(target, "repeated", rounds())


def _texts(target: Path, what: str, documents: Iterable[Document]) -> Texts:
    count, size = _write(documents, target)
    return Texts(target, what, count, size)


def _write(documents: Iterable[Document], target: Path) -> tuple[int, int]:
    count = size = 0
    with target.open("w", encoding="utf-8") as file:
        for document in documents:
            row = {**document.metadata, "id": document.id, "text": document.text}
            file.write(json.dumps(row) + "\n")
            count += 1
            size += len(document.text.encode("utf-8", "replace"))
    return count, size


def _corpus_documents(annotations: Path) -> Iterator[Document]:
    for split in ("train", "dev", "test", "test_shift"):
        with (annotations / f"{split}.jsonl").open(encoding="utf-8") as file:
            for name, rows in groupby(map(json.loads, file), key=lambda row: row["doc_id"]):
                sentences = list(rows)
                yield Document(name, " ".join(row["text"] for row in sentences), {"title": sentences[0]["title"]})
