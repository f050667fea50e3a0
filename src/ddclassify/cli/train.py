"""Train a model from an annotated corpus, yours or the one that the default model carries."""

from __future__ import annotations

import argparse
import shlex
import sys

from ..errors import InputError, ModelError
from ..taxonomy import Taxonomy


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "corpus",
        nargs="?",
        metavar="FOLDER",
        help="annotation splits (default: the rows that the default model carries)",
    )
    parser.add_argument(
        "--add", nargs="+", default=[], metavar="FILE", help="your own rows, JSONL or CSV with text and labels"
    )
    parser.add_argument("--output", required=True, metavar="DIR", help="the model folder to write")
    parser.add_argument("--config", metavar="FILE", help="settings, TOML")
    parser.add_argument("--taxonomy", metavar="FILE", help="your own labels, TOML (default: Table 1)")
    parser.add_argument(
        "--evaluate", nargs="+", default=[], metavar="FILE", help="further annotated files to measure on, for the card"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train and write the model folder."""
    from pathlib import Path

    from ddclassify_training.config import TrainingConfig
    from ddclassify_training.corpus import read_corpus, read_rows, unpack
    from ddclassify_training.train import train

    taxonomy = Taxonomy.from_toml(arguments.taxonomy) if arguments.taxonomy else Taxonomy.table1()
    config = TrainingConfig.from_toml(arguments.config) if arguments.config else TrainingConfig()
    splits = read_corpus(arguments.corpus) if arguments.corpus else unpack(_carried_corpus())
    elsewhere = {}
    for file in arguments.evaluate:
        name = Path(file).parent.name or Path(file).stem
        if name in elsewhere or name in splits:
            raise InputError(f"{file}: two sets to evaluate on are called {name!r}; put them in folders of other names")
        elsewhere[name] = read_rows(file)
    command = ["ddclassify", "train"]
    command += [arguments.corpus] if arguments.corpus else []
    command += ["--add", *arguments.add] if arguments.add else []
    manifest = train(
        splits,
        taxonomy,
        config,
        arguments.output,
        added=[row for file in arguments.add for row in read_rows(file)],
        elsewhere=elsewhere,
        command=shlex.join([*command, "--output", Path(arguments.output).name]),
        report=lambda message: print(message, file=sys.stderr),
    )
    print(f"{manifest.id} written to {arguments.output}")
    return 0


def _carried_corpus() -> str:
    from ..classifier import default_model_path
    from ..modelfolder import read_model_folder

    corpus = read_model_folder(default_model_path()).corpus
    if corpus is None:
        raise ModelError("the default model carries no corpus; name an annotations folder")
    return str(corpus)
