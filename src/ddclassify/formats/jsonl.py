"""Rows of JSON lines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from .decoding import decoded, short, undecoded
from .opened import Opened, Row


def json_rows(opened: Opened, skip: int = 0) -> Iterator[Row]:
    """The objects of a file with one on each line; empty lines are passed over.

    Args:
        opened: read as a stream.
        skip: so many rows are counted without being parsed.

    Yields:
        The line's number and its object, or what is wrong with it.

    Raises:
        InputError: nothing after this place can be read.
    """
    limit, name, encoding = opened.limit, opened.name, opened.encoding
    with decoded(opened, newline="\n") as stream:
        number = 0
        while line := stream.readline(limit + 1):
            number += 1
            too_long = len(line) > limit
            if too_long:
                rest = line
                while rest and not rest.endswith("\n"):
                    rest = stream.readline(limit)
            elif line.isspace():
                continue
            if skip > 0:
                skip -= 1
                yield number, None
            elif too_long:
                yield number, f"{name}: row {number}: more than {limit >> 20} MB in one line; split the document"
            elif trouble := undecoded(line, encoding):
                yield number, f"{name}: row {number}: {trouble}"
            else:
                try:
                    record = _DECODER.decode(line)
                except (ValueError, RecursionError) as error:
                    yield number, f"{name}: row {number}: not JSON: {error}"
                    continue
                if isinstance(record, dict):
                    yield number, record
                else:
                    yield number, f"{name}: row {number}: {short(record)} is not a JSON object"


def _number(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _no_number(text: str) -> None:
    """NaN and the infinities, which are no JSON, become null."""


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_number)
