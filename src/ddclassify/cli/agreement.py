"""How far annotators agree, per label, and where they do not."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from ..taxonomy import Taxonomy
from ..writing import refuse_inputs, write_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="annotations, JSONL or CSV; one file an annotator, or a field 'annotator'",
    )
    parser.add_argument("--taxonomy", metavar="FILE", help="your own labels, TOML (default: Table 1)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--disagreements", metavar="FILE", help="write the sentences coded differently there, JSONL")


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    from ddclassify_training.agreement import agreement, agreement_table, disagreements, read_codings

    taxonomy = Taxonomy.from_toml(arguments.taxonomy) if arguments.taxonomy else Taxonomy.table1()
    if arguments.disagreements:
        refuse_inputs(arguments.disagreements, arguments.files)
    codings = read_codings(arguments.files)
    found = agreement(codings, taxonomy)
    if arguments.disagreements:
        write_lines(arguments.disagreements, disagreements(codings))
    if arguments.format == "json":
        print(json.dumps({label: asdict(figures) for label, figures in found.items()}, indent=2))
    else:
        print(agreement_table(found))
    return 0
