"""The record format of annotations: one sentence a line, with its labels and its document.

A row needs `text` and `labels`. `coded` names the labels that were decided (absent: all of them), so that "not
annotated" stays distinct from "no". Rows of one `doc_id`, in the order of `position`, make a document; from
them the contexts are built. A row may bring its own `context` (the text before it) instead.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddclassify.context import Context, contexts_of
from ddclassify.errors import CorpusError, InputError
from ddclassify.formats.kinds import kind_of
from ddclassify.reading import read_rows as read_raw_rows
from ddclassify.writing import json_line

SPLITS = ("train", "dev", "test", "test_shift")


@dataclass(frozen=True, slots=True)
class Row:
    """An annotated sentence.

    Attributes:
        id: unique in its corpus.
        doc_id: its document.
        position: its place in the document, from 0.
        text: the sentence.
        labels: ids of the labels it carries; often empty.
        coded: ids of the labels that were decided, None for all of the taxonomy.
        context: text before it, where it comes with the row; None: built from the document.
        title: the document's title.
        extra: all other fields, kept as they were.
        where: file and line, for messages.
    """

    id: str
    doc_id: str
    position: int
    text: str
    labels: tuple[str, ...]
    coded: tuple[str, ...] | None = None
    context: str | None = None
    title: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The row as it stands in a file."""
        record: dict[str, Any] = {
            "id": self.id,
            "doc_id": self.doc_id,
            "position": self.position,
            "text": self.text,
            "labels": list(self.labels),
        }
        if self.coded is not None:
            record["coded"] = list(self.coded)
        if self.context is not None:
            record["context"] = self.context
        return {**record, "title": self.title, **self.extra}


def read_rows(path: str | Path) -> list[Row]:
    """Read annotation rows from JSONL, CSV (labels separated by semicolons) or another kind with rows.

    Raises:
        CorpusError: the file cannot be read or a row breaks the format; names file and line.
    """
    path = Path(path)
    return [_row(record, where, f"{path.stem}-{n}") for n, (where, record) in enumerate(read_records(path))]


def read_records(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The records of a file of any kind that has rows, also compressed, each with its file and row.

    In CSV and TSV, `labels` and `coded` are separated by semicolons or commas; an empty cell of another column is
    absent. Files of other names are read as JSONL.

    Raises:
        CorpusError: the file cannot be read or a row is bad; names file and row.
    """
    cells = kind_of(path.name)[0] in {".csv", ".tsv", ".xlsx"}
    try:
        for number, record in read_raw_rows(str(path), "utf-8"):
            if isinstance(record, str):
                raise CorpusError(record)
            yield f"{path}: row {number}", _cells(record) if cells else record
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror or error}") from None
    except InputError as error:
        raise CorpusError(str(error)) from None


def read_corpus(folder: str | Path) -> dict[str, list[Row]]:
    """Read the splits of an annotations folder; splits without a file are left out.

    Raises:
        CorpusError: there is no train split, or a row breaks the format.
    """
    folder = Path(folder)
    if not (folder / "train.jsonl").is_file():
        raise CorpusError(f"{folder}: no train.jsonl there; name a folder of annotation splits")
    splits = {split: read_rows(folder / f"{split}.jsonl") for split in SPLITS if (folder / f"{split}.jsonl").is_file()}
    for split, rows in splits.items():
        if not rows:
            raise CorpusError(f"{folder / split}.jsonl: has no rows; fill it or remove it")
    return splits


def describe_corpus(folder: str | Path) -> dict[str, Any]:
    """What the dataset card of an annotations folder says of it: its name, and whether it is synthetic."""
    card = Path(folder) / "README.md"
    text = card.read_text("utf-8", "replace") if card.is_file() else ""
    name = re.search(r"^pretty_name: *(.+)$", text, re.MULTILINE)
    return {
        "name": name[1].strip() if name else Path(folder).name,
        "synthetic": bool(re.search(r"^language_creators: *\[machine-generated\]", text, re.MULTILINE)),
    }


def pack(splits: Mapping[str, Sequence[Row]]) -> bytes:
    """All splits as one gzipped JSONL, each row with its `split`; the same rows give the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as file:
        for split, rows in splits.items():
            for row in rows:
                file.write((json_line({**row.to_dict(), "split": split}) + "\n").encode())
    return buffer.getvalue()


def unpack(path: str | Path) -> dict[str, list[Row]]:
    """Read what `pack` wrote."""
    splits: dict[str, list[Row]] = defaultdict(list)
    for row in read_rows(path):
        extra = {k: v for k, v in row.extra.items() if k != "split"}
        splits[str(row.extra.get("split", "train"))].append(
            Row(row.id, row.doc_id, row.position, row.text, row.labels, row.coded, row.context, row.title, extra)
        )
    return dict(splits)


def contexts(rows: Sequence[Row]) -> list[Context]:
    """The context of each row: its own where it brings one, else built from the rows of its document."""
    places: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        places[row.doc_id].append(i)
    found = [Context()] * len(rows)
    for members in places.values():
        members.sort(key=lambda i: rows[i].position)
        built = contexts_of([rows[i].text for i in members], rows[members[0]].title)
        for i, context in zip(members, built, strict=True):
            own = rows[i].context
            found[i] = context if own is None else Context(before=own, title=rows[i].title)
    return found


def label_matrix(rows: Sequence[Row], label_ids: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which labels rows carry, and which were decided: two boolean arrays [rows x labels]."""
    carried = np.array([[i in row.labels for i in label_ids] for row in rows], dtype=bool)
    decided = np.array([[row.coded is None or i in row.coded for i in label_ids] for row in rows], dtype=bool)
    shape = (len(rows), len(label_ids))
    return carried.reshape(shape), decided.reshape(shape)


def fingerprint(rows: Iterable[Row]) -> str:
    """SHA-256 over texts and labels, for the manifest."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row.to_dict(), sort_keys=True).encode())
    return digest.hexdigest()


def _cells(record: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a table, with its lists and numbers."""
    row = {k: v for k, v in record.items() if v is not None and v != ""}
    for name in ("labels", "coded"):
        if name in row or (name == "labels" and name in record):
            row[name] = [part.strip() for part in str(record[name] or "").replace(",", ";").split(";") if part.strip()]
    if str(row.get("position", "")).isdecimal():
        row["position"] = int(row["position"])
    return row


def _row(record: Mapping[str, Any], where: str, fallback_id: str) -> Row:
    def take(name: str, kind: type, default: Any) -> Any:
        value = record.get(name, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise CorpusError(f"{where}: {name} is {value!r}, expected {kind.__name__}")
        return value

    for name in ("text", "labels"):
        if name not in record:
            raise CorpusError(f"{where}: no {name!r}; a row needs text and labels")
    lists: dict[str, tuple[str, ...] | None] = {}
    for name in ("labels", "coded"):
        value = record.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
            raise CorpusError(f"{where}: {name} is {value!r}, expected a list of label ids")
        lists[name] = None if value is None else tuple(value)
    row_id = str(record.get("id", fallback_id))
    known = {"id", "doc_id", "position", "text", "labels", "coded", "context", "title"}
    context = record.get("context")
    return Row(
        id=row_id,
        doc_id=str(record.get("doc_id", row_id)),
        position=take("position", int, 0),
        text=take("text", str, ""),
        labels=lists["labels"] or (),
        coded=lists["coded"],
        context=None if context is None else take("context", str, ""),
        title=str(record.get("title") or ""),
        extra={k: v for k, v in record.items() if k not in known},
        where=where,
    )
