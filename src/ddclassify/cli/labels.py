"""Show the labels: what each means and its codes in other schemes."""

from __future__ import annotations

import argparse
import json

from ..taxonomy import Label, Taxonomy


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--explain", metavar="ID", help="one label whole: definition, boundaries, examples, codes")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--model", metavar="DIR", help="the labels of this model instead of the built-in table")


def run(arguments: argparse.Namespace) -> int:
    """Print the table, or one label of it."""
    if arguments.model:
        from ..modelfolder import read_model_folder

        taxonomy = read_model_folder(arguments.model).taxonomy
    else:
        taxonomy = Taxonomy.table1()
    if arguments.explain:
        label = taxonomy[arguments.explain]
        print(_json([label]) if arguments.format == "json" else explain(label))
    else:
        print(_json(list(taxonomy)) if arguments.format == "json" else overview(taxonomy))
    return 0


def overview(taxonomy: Taxonomy) -> str:
    """A line or two a label."""
    lines = [taxonomy.name or taxonomy.id]
    for parent, heading in (("main", "Main activities"), ("sub", "Sub-activities")):
        members = [label for label in taxonomy if label.parent == parent]
        if members:
            lines += ["", heading]
            lines += [f"  {label.id:24} {label.definition}" for label in members]
    if taxonomy.citation:
        lines += ["", f"{taxonomy.citation} https://doi.org/{taxonomy.doi}"]
    return "\n".join(lines)


def explain(label: Label) -> str:
    """All that the table says of a label."""
    codes = label.crosswalk
    parts = [f"{label.id}: {label.name} ({label.parent} activity)", f"  {label.definition}"]
    if label.article:
        parts.append(f"  in the article: {label.article}")
    for title, clauses in (("includes", label.includes), ("excludes", label.excludes), ("examples", label.examples)):
        if clauses:
            parts += [f"  {title}:", *(f"    - {clause}" for clause in clauses)]
    parts.append(f"  CAMEO: {', '.join(codes.cameo) or 'none'}")
    parts.append(f"  PLOVER (event/mode/context): {', '.join(codes.plover) or 'none'}")
    parts.append(f"  Cottey & Forster (2004): {', '.join(map(str, codes.cottey_forster)) or 'none'}")
    parts.append(f"  Multinational Military Exercises flag: {codes.mme or 'none'}")
    return "\n".join(parts)


def _json(labels: list[Label]) -> str:
    rows = Taxonomy("selection", tuple(labels)).to_dict()["labels"]
    return json.dumps(rows, ensure_ascii=False, indent=2)
