"""Measure a model on annotated sentences: per label, beside the baselines."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..classifier import TIERS
from ..errors import InputError, OutputError
from ..writing import refuse_inputs, write_lines, write_text
from .tag import POLICIES

if TYPE_CHECKING:
    from ddclassify_training.evaluate import Evaluation


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="annotated rows, JSONL or CSV; each file is measured by itself"
    )
    parser.add_argument("--model", metavar="DIR", help="a model folder (default: the one that came with ddclassify)")
    parser.add_argument("--tier", choices=TIERS, help="fast or accurate (default: accurate where it is installed)")
    parser.add_argument("--policy", choices=POLICIES, default="balanced")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--errors", metavar="FILE", help="write the wrongly labelled rows there, JSONL, surest first")
    parser.add_argument("--html", metavar="FILE", help="write a report with plots there (needs the extra [report])")
    parser.add_argument(
        "--no-texts", action="store_true", help="leave the sentences out of the report, so that it can be published"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, write the side files, and print the tables."""
    _check(arguments)
    if arguments.html:
        from ddclassify_training.html_report import Measured, render_html
    from ddclassify_training.corpus import read_rows
    from ddclassify_training.evaluate import errors, evaluate

    from ..classifier import load

    rows = {file: read_rows(file) for file in arguments.files}
    for file, members in rows.items():
        if not members:
            raise InputError(f"{file}: has no rows to evaluate on")
    classifier = load(arguments.model, tier=arguments.tier)
    found = {file: evaluate(classifier, members, arguments.policy) for file, members in rows.items()}
    wrong = {file: errors(classifier, members, found[file]) for file, members in rows.items()}
    if arguments.errors:
        every = [{"file": file, **row} for file, members in wrong.items() for row in members]
        write_lines(arguments.errors, sorted(every, key=lambda row: -float(row["distance"])))
    if arguments.html:
        names = _short_names(arguments.files)
        measured = [Measured(name, found[file], wrong[file]) for file, name in names.items()]
        write_text(arguments.html, render_html(measured, texts=not arguments.no_texts))
    if arguments.format == "json":
        listed: list[dict[str, Any]] = [{"file": file, **evaluation.to_dict()} for file, evaluation in found.items()]
        print(json.dumps(listed[0] if len(listed) == 1 else listed, indent=2))
    else:
        print("\n\n".join("\n".join(_lines(file, evaluation)) for file, evaluation in found.items()))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what would lose a file or mean nothing, before the work."""
    resolved = [Path(file).resolve() for file in arguments.files]
    for i, file in enumerate(arguments.files):
        if resolved[i] in resolved[:i]:
            raise InputError(f"{file}: is named twice")
    if arguments.no_texts and not arguments.html:
        raise InputError("--no-texts concerns the report; name one with --html")
    inputs = [*arguments.files, *(Path(arguments.model).glob("*") if arguments.model else ())]
    for output in (arguments.errors, arguments.html):
        if output:
            refuse_inputs(output, inputs)
    if arguments.errors and arguments.html and Path(arguments.errors).resolve() == Path(arguments.html).resolve():
        raise OutputError(f"{arguments.html}: is named for --errors too; name two files")


def _lines(file: str, evaluation: Evaluation) -> Iterator[str]:
    from ddclassify_training import tables

    yield f"{evaluation.model_id}, policy {evaluation.policy}, on {file}\n"
    baselines = {f"{kind} baseline": figures for kind, figures in evaluation.baselines.items()}
    yield tables.summary_table({**evaluation.figures, **baselines})
    for part, figures in evaluation.figures.items():
        yield f"\n{part}\n{tables.label_table(figures)}"
    yield f"\n{tables.NOTE}"
    whole = evaluation.figures["all"].calibration
    if whole is not None:
        yield f"\ncalibration\n{tables.calibration(whole).markdown()}\n\n{tables.CALIBRATION_NOTE}"
    yield f"\nconfusion\n{tables.misses_and_gifts(evaluation.confusion).markdown()}\n"
    yield f"{tables.confused_pairs(evaluation.confusion).markdown()}\n\n{tables.CONFUSION_NOTE}"
    if evaluation.workload is not None:
        yield f"\nworkload\n{tables.workload(evaluation.workload).markdown()}\n"
        yield tables.workload_sentence(evaluation.workload)


def _short_names(files: Sequence[str]) -> dict[str, str]:
    """Each file's name without its folder, unless two share it: a report tells no more of a machine than it must."""
    names = [Path(file).name for file in files]
    return {file: name if names.count(name) == 1 else file for file, name in zip(files, names, strict=True)}
