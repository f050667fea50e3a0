"""A sentence with the stretches that speak for a label and against it marked, on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from ..writing import printable

FOR, AGAINST = ("{+", "+}"), ("[-", "-]")
"""What encloses the stretches; the marks that `wdiff` uses."""


def marked(text: str, spans: Iterable[tuple[int, int, float]]) -> str:
    """The text with white space tidied, control characters made visible and spans marked.

    Args:
        text: a sentence.
        spans: start, end and weight of stretches of it, overlapping or not; weights of a character add up, and a
            positive sum is marked as for the label, a negative one as against it. White space goes with its neighbours.
    """
    weights = [0.0] * len(text)
    for start, end, weight in spans:
        for i in range(start, end):
            weights[i] += weight
    signs = [(weight > 0) - (weight < 0) for weight in weights]
    for gap in re.finditer(r"\s+", text):
        start, end = gap.span()
        if start > 0 and end < len(text) and signs[start - 1] == signs[end]:
            signs[start:end] = [signs[end]] * (end - start)
    parts: list[str] = []
    for sign, run in groupby(range(len(text)), lambda i: signs[i]):
        opening, closing = {0: ("", ""), 1: FOR, -1: AGAINST}[sign]
        parts += [opening, *(text[i] for i in run), closing]
    return printable(" ".join("".join(parts).split()))
