"""Tag files, folders or standard input, sentence by sentence."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from ..classifier import DEFAULT_POLICY, TIERS, Classifier, load
from ..context import Context
from ..documents import Document
from ..errors import InputError
from ..reading import STDIN, Failed, ReadOptions, find_sources, read_documents
from ..rows import RowBuilder
from ..writing import FORMATS, RowWriter, open_writer, refuse_inputs
from .progress import Progress

SENTENCE_BATCH = 2048
POLICIES = ("recall", "balanced", "precision")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help=".txt .md .jsonl .csv, a folder, a pattern, or - for stdin"
    )
    parser.add_argument("--output", metavar="FILE", help="where the rows go (default: standard output)")
    parser.add_argument("--format", choices=FORMATS, help="default: by the output's name, else a table")
    parser.add_argument("--level", choices=("sentence", "document"), default="sentence")
    parser.add_argument("--model", metavar="DIR", help="a model folder (default: the one that came with ddclassify)")
    parser.add_argument(
        "--tier",
        choices=TIERS,
        help="fast: n-grams; accurate: with an encoder (default: accurate where it is installed)",
    )
    parser.add_argument("--policy", choices=POLICIES, default=DEFAULT_POLICY, help="which thresholds give the labels")
    parser.add_argument(
        "--sentences",
        action="store_true",
        help="each row is one sentence; a field 'context' may hold the text before it",
    )
    parser.add_argument("--text-field", default="text", metavar="NAME")
    parser.add_argument("--id-field", default="id", metavar="NAME")
    parser.add_argument("--encoding", default="utf-8", metavar="NAME")
    parser.add_argument("--stdin-format", choices=("txt", "md", "jsonl", "csv"), default="txt", help="what - holds")
    parser.add_argument(
        "--errors",
        choices=("stop", "skip", "row"),
        default="stop",
        help="what a bad input costs: the run, nothing, or a row with the error",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")


def run(arguments: argparse.Namespace) -> int:
    """Tag and write; 1 when some inputs failed."""
    if arguments.sentences and arguments.level == "document":
        raise InputError("--sentences gives a row a sentence; leave out --level document")
    sources = find_sources(arguments.paths)
    if sources.skipped:
        kinds = ", ".join(sorted({kind or "no suffix" for kind in sources.skipped}))
        print(f"skipped {len(sources.skipped)} files of other kinds ({kinds})", file=sys.stderr)
    if arguments.output:
        refuse_inputs(arguments.output, sources.files)
    options = ReadOptions(arguments.text_field, arguments.id_field, arguments.encoding, f".{arguments.stdin_format}")
    form = arguments.format or _format_of(arguments.output)
    classifier = load(arguments.model, tier=arguments.tier)
    builder = RowBuilder(classifier, arguments.policy)
    account = _Account(arguments.errors, arguments.level, builder)
    size = None if STDIN in sources.files else sources.size
    with (
        Progress(size, quiet=arguments.quiet) as progress,
        open_writer(arguments.output, form, classifier.taxonomy.ids) as writer,
    ):
        inputs = progress.follow(read_documents(sources, options))
        if arguments.sentences:
            _tag_sentences(classifier, inputs, builder, writer, account, arguments.policy)
        else:
            _tag_documents(classifier, inputs, builder, writer, account, arguments.policy, arguments.level)
    if account.empty:
        print(f"{account.empty:,} documents have no text and so no sentences", file=sys.stderr)
    if account.foreign:
        print(f"{account.foreign:,} sentences are not English; their rows say language: other", file=sys.stderr)
    return 1 if account.failed else 0


class _Account:
    """Deals with inputs that could not be read, as --errors says, and counts what the user should hear of."""

    def __init__(self, mode: str, level: str, builder: RowBuilder) -> None:
        self.failed = 0
        self.foreign = 0
        self.empty = 0
        self._mode = mode
        self._level = level
        self._builder = builder

    def take(self, failed: Failed, writer: RowWriter) -> None:
        if self._mode == "stop":
            raise InputError(f"{failed.message} (--errors skip or row goes on without it)")
        print(f"error: {failed.message}", file=sys.stderr)
        self.failed += 1
        if self._mode == "row":
            writer.write(self._builder.failure(failed, self._level))


def _tag_documents(
    classifier: Classifier,
    inputs: Iterator[Document | Failed],
    builder: RowBuilder,
    writer: RowWriter,
    account: _Account,
    policy: str,
    level: str,
) -> None:
    for run in _runs(inputs):
        if isinstance(run, Failed):
            account.take(run, writer)
            continue
        for tagged in classifier.tag_many(run, policy):
            account.empty += not tagged.predictions
            account.foreign += sum(p.language == "other" for p in tagged.predictions)
            if level == "document":
                writer.write(builder.document(tagged))
            else:
                for row in builder.sentences(tagged):
                    writer.write(row)


def _tag_sentences(
    classifier: Classifier,
    inputs: Iterator[Document | Failed],
    builder: RowBuilder,
    writer: RowWriter,
    account: _Account,
    policy: str,
) -> None:
    for run in _runs(inputs):
        if isinstance(run, Failed):
            account.take(run, writer)
            continue
        contexts = [Context(before=str(d.metadata.get("context") or ""), title=d.title) for d in run]
        predictions = classifier.classify([d.text for d in run], contexts, policy)
        for document, prediction in zip(run, predictions, strict=True):
            account.foreign += prediction.language == "other"
            writer.write(builder.sentence(prediction, document, 0))


def _runs(inputs: Iterator[Document | Failed]) -> Iterator[list[Document] | Failed]:
    """Batches of documents, broken at each failure so that rows keep the order of the inputs."""
    batch: list[Document] = []
    characters = 0
    for item in inputs:
        if not isinstance(item, Failed):
            batch.append(item)
            characters += len(item.text)
        if batch and (isinstance(item, Failed) or len(batch) >= SENTENCE_BATCH or characters > 1_000_000):
            yield batch
            batch, characters = [], 0
        if isinstance(item, Failed):
            yield item
    if batch:
        yield batch


def _format_of(output: str | None) -> str:
    suffix = Path(output).suffix.lstrip(".") if output else "table"
    if suffix not in FORMATS:
        raise InputError(f"{output}: say which --format: {', '.join(FORMATS)}")
    return suffix
