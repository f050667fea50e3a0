"""Measure a model on annotated sentences: per label, beside the baselines."""

from __future__ import annotations

import argparse
import json

from ..writing import refuse_inputs, write_lines
from .tag import POLICIES


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("file", metavar="FILE", help="annotated rows, JSONL or CSV")
    parser.add_argument("--model", metavar="DIR", help="a model folder (default: the one that came with ddclassify)")
    parser.add_argument("--policy", choices=POLICIES, default="balanced")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--errors", metavar="FILE", help="write the wrongly labelled rows there, JSONL, surest first")


def run(arguments: argparse.Namespace) -> int:
    """Print the tables."""
    from ddclassify_training.corpus import read_rows
    from ddclassify_training.evaluate import errors, evaluate
    from ddclassify_training.tables import NOTE, label_table, summary_table

    from ..classifier import load

    if arguments.errors:
        refuse_inputs(arguments.errors, [arguments.file])
    rows = read_rows(arguments.file)
    classifier = load(arguments.model)
    evaluation = evaluate(classifier, rows, arguments.policy)
    if arguments.errors:
        write_lines(arguments.errors, errors(classifier, rows, evaluation))
    if arguments.format == "json":
        print(json.dumps(evaluation.to_dict(), indent=2))
        return 0
    print(f"{evaluation.model_id}, policy {evaluation.policy}, on {arguments.file}\n")
    baselines = {f"{kind} baseline": figures for kind, figures in evaluation.baselines.items()}
    print(summary_table({**evaluation.figures, **baselines}))
    for part, figures in evaluation.figures.items():
        print(f"\n{part}\n{label_table(figures)}")
    print(f"\n{NOTE}")
    return 0
