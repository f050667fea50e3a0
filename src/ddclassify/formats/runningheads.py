"""Running heads and feet, page numbers and document marks: the lines of a page that are not its text."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from .pdflines import Line

_EDGE_LINES = 5
"""Rows from the top or the bottom of a page that may be furniture."""
_SHARE = 0.3  # of the pages; heads of left and right pages often differ, so each is on half of them
_ENOUGH = 5  # pages, however long the document: heads change with the chapter
_SAME_PLACE = 6.0  # points

_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"(?:[Pp]age\s*)?[-–—]?\s*(?:\d{1,4}|[ivxl]{1,7})\s*[-–—]?(?:\s*(?:/|of)\s*\d{1,4})?")
# Job numbers, bar codes, symbols ("S/2004/698/Add.1") and turn-over marks of United Nations documents.
_UN_MARK = re.compile(
    r"(?:\d{1,4}\s+)?\d\d-\d{4,6}\b(?:\s*\([A-Z]\)[\d\s]*)?(?:/\s?\.\.\.|\s+\d{1,4}(?:/\d{1,4})?)?"
    r"|\d{1,3}(?:/\d{1,3})?\s+\d\d-\d{5}"
    r"|\*\s?\d{7,8}\s?\*"
    r"|/\s?\.\s?\.\s?\."
    r"|(?:[AES]|ST)/(?:[A-Z0-9.]+/){0,4}\d+(?:/(?:Add|Corr|Rev)\.\d+)*"
)


def without_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The lines of each page, in the order given, that are no heads, feet, page numbers or document marks.

    A line is one if only such lines part it from the edge of the page, and it stands at the same place with the same
    words on many pages (numbers may differ), or is a page number or a mark of United Nations documents.
    """
    edges = [(_edge(page, top=True), _edge(page, top=False)) for page in pages]
    places: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for head, foot in edges:
        lines = (line for rows in (head, foot) for row in rows for line in row)
        for key, place in {(_mask(line.text), _place(line)) for line in lines}:
            places[key][place] += 1
    enough = max(2, min(math.ceil(_SHARE * len(pages)), _ENOUGH))
    kept = []
    for page, (head, foot) in zip(pages, edges, strict=True):
        dropped: set[int] = set()
        for rows, numbered in ((head, _is_apart(head)), (foot, _is_apart(foot))):
            for row in rows:
                found = {
                    id(line)
                    for line in row
                    if _repeats(line, places, enough)
                    or _UN_MARK.fullmatch(line.text)
                    or (numbered and row is rows[0] and _NUMBER.fullmatch(line.text))
                }
                dropped |= found
                if len(found) < len(row):
                    break
        kept.append([line for line in page if id(line) not in dropped])
    return kept


def _edge(page: Sequence[Line], *, top: bool) -> list[list[Line]]:
    """The rows nearest to one edge, from the edge inwards."""
    rows: list[list[Line]] = []
    for line in sorted(page, key=lambda line: -line.middle if top else line.middle):
        if rows and abs(rows[-1][0].middle - line.middle) <= 0.4 * max(line.height, 1):
            rows[-1].append(line)
        elif len(rows) == _EDGE_LINES:
            break
        else:
            rows.append([line])
    return rows


def _is_apart(rows: list[list[Line]]) -> bool:
    """Whether a gap sets the outermost row off from the text."""
    if len(rows) < 2:
        return True
    outer, inner = rows[0][0], rows[1][0]
    return abs(outer.middle - inner.middle) > 1.5 * max(outer.height, inner.height)


def _repeats(line: Line, places: dict[str, Counter[int]], enough: int) -> bool:
    key, place = _mask(line.text), _place(line)
    if not any(char.isalpha() for char in key) and key.count("#") > 3:
        return False  # a row of figures
    return sum(places[key][near] for near in (place - 1, place, place + 1)) >= enough


def _place(line: Line) -> int:
    return round(line.middle / _SAME_PLACE)


def _mask(text: str) -> str:
    return _DIGITS.sub("#", text)
