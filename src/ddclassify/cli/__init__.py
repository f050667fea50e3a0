"""The command line: one file a verb, each with `configure` (its arguments) and `run` (its work).

Exit codes: 0 done, 1 some inputs failed, 2 bad input or usage (or all inputs failed), 3 refused by the gate,
130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from ..errors import DDClassifyError
from . import agreement, evaluate, explain, labels, serve, tag, train

_VERBS = {
    "tag": tag,
    "explain": explain,
    "labels": labels,
    "train": train,
    "evaluate": evaluate,
    "agreement": agreement,
    "serve": serve,
}


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="ddclassify",
        description="Tag sentences and documents with the activities of defence diplomacy.",
    )
    parser.add_argument("--version", action="version", version=f"ddclassify {version('ddclassify')}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, module in _VERBS.items():
        summary = (module.__doc__ or "").partition("\n")[0]
        module.configure(verbs.add_parser(name, help=summary, description=summary))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb; errors meant for the user become one line on stderr."""
    arguments = build_parser().parse_args(argv)
    arguments.command = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace" if stream is sys.stderr else "strict")
    try:
        code: int = _VERBS[arguments.verb].run(arguments)
        return code
    except DDClassifyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (head, less): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
