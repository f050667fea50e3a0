"""A batch of documents to its rows: the work of one process, given and handed back as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import orjson

from ..classifier import load
from ..context import Context
from ..documents import MAX_SENTENCE_CHARACTERS, Document
from ..errors import InputError, MissingExtraError, ModelError
from ..predictions import Prediction, TaggedDocument
from ..reading import Failed, Position
from ..rows import Row, RowBuilder
from .batches import Batch


@dataclass(frozen=True, slots=True)
class TagSettings:
    """What decides the rows of a document.

    Attributes:
        model: a model folder; None: the one of that tier that came with the package, wherever the worker has it.
        tier: the model's tier.
        version: of ddclassify; a worker of another version refuses.
        digest: hash of the model's manifest; a worker that finds another model refuses.
        policy: which thresholds give the labels.
        level: "sentence" or "document".
        single: each document is one sentence, its metadata's `context` the text before it.
        errors: what a bad input costs: "stop", "skip" or "row".
        threads: how many the encoder uses in a process; None: as many as there are cores.
    """

    model: str | None
    tier: str
    version: str
    digest: str
    policy: str
    level: str = "sentence"
    single: bool = False
    errors: str = "row"
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run has seen so far; counts add up."""

    rows: int = 0
    documents: int = 0
    sentences: int = 0
    failed: int = 0
    foreign: int = 0
    empty: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Counts)))


@dataclass(frozen=True, slots=True)
class TaggedBatch:
    """A batch's rows.

    Attributes:
        after: the place behind the batch.
        rows: JSONL.
        counts: of this batch.
        columns: kind of each metadata field of the rows, see `merge_columns`.
        failures: what was wrong with the inputs that failed.
        stopped: the failure at which the batch ended because bad inputs stop the run.
    """

    after: Position
    rows: bytes = b""
    counts: Counts = field(default_factory=Counts)
    columns: Mapping[str, str] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    stopped: str | None = None


def tag_batch(settings: TagSettings, batch: Batch) -> TaggedBatch:
    """The rows of a batch; a document that cannot be tagged becomes a failure and costs no other its rows.

    Raises:
        ModelError: the model cannot be loaded here, or is another one.
    """
    tagger = _tagger(settings)
    try:
        return tagger.tag(batch)
    except ModelError:
        raise
    except Exception:  # whatever it was, the documents are taken one by one to find it
        return join(_tag_one(tagger, batch.single(i)) for i in range(len(batch.items)))


def failed_batch(settings: TagSettings, batch: Batch, message: str) -> TaggedBatch:
    """What stands for a batch of one document when tagging it is not to be tried again."""
    item = batch.items[0]
    failed = item if isinstance(item, Failed) else Failed(item.id, message, dict(item.metadata), item.source)
    return _tagger(settings).tag(Batch((failed,), batch.duplicates, batch.after))


def join(parts: Iterable[TaggedBatch]) -> TaggedBatch:
    """Tagged batches that follow one another as one, up to the first that stopped; there must be at least one."""
    kept: list[TaggedBatch] = []
    for part in parts:
        kept.append(part)
        if part.stopped:
            break
    columns: dict[str, str] = {}
    for part in kept:
        merge_columns(columns, part.columns)
    return TaggedBatch(
        after=kept[-1].after,
        rows=b"".join(part.rows for part in kept),
        counts=sum((part.counts for part in kept), Counts()),
        columns=columns,
        failures=tuple(message for part in kept for message in part.failures),
        stopped=kept[-1].stopped,
    )


def merge_columns(columns: dict[str, str], more: Mapping[str, str]) -> None:
    """Widen the kinds of columns to hold more values.

    Kinds: "null" (nothing yet), "bool", "int", "float" and "text", which holds anything.
    """
    for name, kind in more.items():
        known = columns.get(name, "null")
        if known == "null" or {known, kind} == {"int", "float"}:
            columns[name] = "float" if known != "null" else kind
        elif kind not in ("null", known):
            columns[name] = "text"


def row_line(row: Mapping[str, Any]) -> bytes:
    """A row as a line of JSON; what UTF-8 cannot hold stays escaped."""
    try:
        return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # lone surrogates, integers of more than 64 bits
        return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def _tag_one(tagger: _Tagger, batch: Batch) -> TaggedBatch:
    item = batch.items[0]
    try:
        return tagger.tag(batch)
    except Exception as error:
        if isinstance(item, Failed):
            raise
        message = str(error) if isinstance(error, InputError) else f"{item.id}: could not be tagged: {_reason(error)}"
        failed = Failed(item.id, message, dict(item.metadata), item.source)
        return tagger.tag(Batch((failed,), (), batch.after))


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"


@lru_cache(maxsize=1)
def _tagger(settings: TagSettings) -> _Tagger:
    """The model, loaded once in a process."""
    try:
        return _Tagger(settings)
    except MissingExtraError as error:  # its arguments do not survive the way between processes
        raise ModelError(str(error)) from None


class _Tagger:
    def __init__(self, settings: TagSettings) -> None:
        here = version("ddclassify")
        if here != settings.version:
            raise ModelError(f"a worker has ddclassify {here}, not {settings.version}; install the same everywhere")
        self._settings = settings
        self._classifier = load(settings.model, tier=settings.tier, threads=settings.threads)
        if self._classifier.model.manifest.digest() != settings.digest:
            raise ModelError(
                f"a worker has another model ({self._classifier.model_id}); "
                "install the same version of ddclassify and the same model everywhere"
            )
        self._builder = RowBuilder(self._classifier, settings.policy)

    def tag(self, batch: Batch) -> TaggedBatch:
        """The rows of a batch; the first document that cannot be tagged raises."""
        mode = self._settings.errors
        lines: list[bytes] = []
        columns: dict[str, str] = {}
        failures: list[str] = []
        documents = sentences = foreign = empty = 0
        stopped = None
        results = self._results(batch)
        for index, item in enumerate(batch.items):
            if isinstance(item, Failed):
                failures.append(item.message)
                if mode == "stop":
                    stopped = item.message
                    break
                if mode == "skip":
                    continue
                lines.append(row_line(self._builder.failure(item, self._settings.level)))
            else:
                predictions, rows = self._of_document(item, next(results), batch.duplicate_of(index))
                lines += map(row_line, rows)
                documents += 1
                sentences += len(predictions)
                foreign += sum(prediction.language == "other" for prediction in predictions)
                empty += not predictions
            merge_columns(columns, {name: _kind(value) for name, value in item.metadata.items()})
        counts = Counts(len(lines), documents, sentences, len(failures), foreign, empty)
        return TaggedBatch(batch.after, b"".join(lines), counts, columns, tuple(failures), stopped)

    def _results(self, batch: Batch) -> Iterator[TaggedDocument | Prediction]:
        documents: list[Document] = []
        for item in batch.items:
            if not isinstance(item, Failed):
                documents.append(item)
            elif self._settings.errors == "stop":
                break
        if not self._settings.single:
            return self._classifier.tag_many(documents, self._settings.policy)
        for document in documents:
            if len(document.text) > MAX_SENTENCE_CHARACTERS:
                raise InputError(
                    f"{document.id}: a sentence of {len(document.text):,} characters, "
                    f"more than {MAX_SENTENCE_CHARACTERS:,}"
                )
        contexts = [Context(before=str(d.metadata.get("context") or ""), title=d.title) for d in documents]
        return iter(self._classifier.classify([d.text for d in documents], contexts, self._settings.policy))

    def _of_document(
        self, document: Document, result: TaggedDocument | Prediction, duplicate_of: str | None
    ) -> tuple[tuple[Prediction, ...], Iterable[Row]]:
        if isinstance(result, Prediction):
            return (result,), [self._builder.sentence(result, document, 0, duplicate_of)]
        if self._settings.level == "document":
            return result.predictions, [self._builder.document(result, duplicate_of)]
        return result.predictions, self._builder.sentences(result, duplicate_of)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -(2**63) <= value < 2**63 else "text"
    return "float" if isinstance(value, float) else "text"
