"""Train a model from an annotated corpus, yours or the one that the default model carries."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..classifier import TIERS, default_model_path
from ..errors import InputError, ModelError
from ..modelfolder import MANIFEST, ModelFolder, read_model_folder
from ..taxonomy import Taxonomy

if TYPE_CHECKING:
    from ddclassify_training.config import TrainingConfig
    from ddclassify_training.corpus import Row


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "corpus",
        nargs="?",
        metavar="FOLDER",
        help="annotation splits, or a model folder whose rows to use (default: the default model)",
    )
    parser.add_argument(
        "--add", nargs="+", default=[], metavar="FILE", help="your own rows, JSONL or CSV with text and labels"
    )
    parser.add_argument("--output", required=True, metavar="DIR", help="the model folder to write")
    parser.add_argument("--config", metavar="FILE", help="settings, TOML")
    parser.add_argument("--tier", choices=TIERS, help="default: the settings', else the best that can run here")
    parser.add_argument(
        "--encoder", metavar="DIR", help="what the accurate tier is built on (default: the accurate model's)"
    )
    parser.add_argument(
        "--taxonomy", metavar="FILE", help="your own labels, TOML (default: the model folder's, else Table 1)"
    )
    parser.add_argument(
        "--evaluate", nargs="+", default=[], metavar="FILE", help="further annotated files to measure on, for the card"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train and write the model folder."""
    from ddclassify_training.corpus import read_rows
    from ddclassify_training.train import train

    model = _model(arguments.corpus)
    config = _config(arguments, model)
    encoder = arguments.encoder
    if config.tier == "accurate" and encoder is None:
        encoder = model.path if model is not None and model.head is not None else default_model_path("accurate")
    splits, taxonomy, about = _corpus(arguments.corpus, model)
    if arguments.taxonomy:
        taxonomy = Taxonomy.from_toml(arguments.taxonomy)
    elsewhere = {}
    for file in arguments.evaluate:
        name = Path(file).parent.name or Path(file).stem
        if name in elsewhere or name in splits:
            raise InputError(f"{file}: two sets to evaluate on are called {name!r}; put them in folders of other names")
        elsewhere[name] = read_rows(file)
    command = ["ddclassify", "train", *([arguments.corpus] if arguments.corpus else [])]
    command += ["--add", *arguments.add] if arguments.add else []
    for option in ("config", "tier", "encoder", "taxonomy"):
        command += [f"--{option}", getattr(arguments, option)] if getattr(arguments, option) else []
    manifest = train(
        splits,
        taxonomy,
        config,
        arguments.output,
        encoder=encoder,
        added=[row for file in arguments.add for row in read_rows(file)],
        elsewhere=elsewhere,
        corpus=about,
        command=shlex.join([*command, "--output", Path(arguments.output).name]),
        report=lambda message: print(message, file=sys.stderr),
    )
    print(f"{manifest.id} written to {arguments.output}")
    return 0


def _model(name: str | None) -> ModelFolder | None:
    """The model folder to retrain from: the one named, the default one where none is; None for annotations."""
    folder = Path(name) if name else default_model_path()
    return read_model_folder(folder) if not name or (folder / MANIFEST).is_file() else None


def _config(arguments: argparse.Namespace, model: ModelFolder | None) -> TrainingConfig:
    """The settings, of the tier that was asked for, else of the model's, else of the best that can run here."""
    from ddclassify_training.config import TrainingConfig

    if arguments.config:
        config = TrainingConfig.from_toml(arguments.config)
        if arguments.tier not in (None, config.tier):
            raise InputError(f"{arguments.config}: settings of the tier {config.tier!r}, not {arguments.tier!r}")
        return config
    tier = arguments.tier or (model.manifest.tier if model else default_model_path().name)
    return TrainingConfig(name=f"ddclassify-{tier}", tier=tier)


def _corpus(name: str | None, model: ModelFolder | None) -> tuple[dict[str, list[Row]], Taxonomy, Mapping[str, Any]]:
    """The splits of an annotations folder, or of the corpus that a model folder carries; their labels; what is said."""
    from ddclassify_training.corpus import describe_corpus, read_corpus, unpack

    if model is None:
        folder = Path(name or "")
        return read_corpus(folder), Taxonomy.table1(), describe_corpus(folder)
    if model.corpus is None:
        raise ModelError(f"{model.path}: this model carries no corpus; name an annotations folder")
    return unpack(model.corpus), model.taxonomy, model.manifest.training.get("corpus", {})
