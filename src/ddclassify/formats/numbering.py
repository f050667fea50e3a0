"""The numbers and bullets that Word shows before the paragraphs of a list but does not store in their text."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

_BULLET = "•"
_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


class ListMarks:
    """Counts the lists of one document, paragraph by paragraph.

    Args:
        numbering: the `w:numbering` element, or None where the document has none.
    """

    def __init__(self, numbering: Any | None) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._list_of: dict[str, str] = {}
        if numbering is None:
            return
        for abstract in numbering.iterfind("{*}abstractNum"):
            levels = {_int(_value(level, "ilvl")): _level(level) for level in abstract.iterfind("{*}lvl")}
            self._levels[_value(abstract, "abstractNumId")] = levels
        for number in numbering.iterfind("{*}num"):
            self._list_of[_value(number, "numId")] = _child(number, "abstractNumId")

    def mark(self, properties: Any | None, style_properties: Any | None) -> str:
        """The mark before the next paragraph, "" where it is in no list.

        Args:
            properties, style_properties: the `w:numPr` elements of the paragraph and of its style, or None.
        """
        given = [element for element in (properties, style_properties) if element is not None]
        number = next((value for element in given if (value := _child(element, "numId"))), "")
        if not number or number == "0":
            return ""
        level = min(_int(next((value for element in given if (value := _child(element, "ilvl"))), "0")), _LEVELS - 1)
        levels = self._levels.get(self._list_of.get(number, ""), {})
        kind, pattern, start = levels.get(level, ("bullet", "", 1))
        counts = self._counts[self._list_of.get(number, number)]
        counts[level] = counts.get(level, start - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        if kind == "none" or not pattern.strip():
            return "" if kind != "bullet" else _BULLET
        if kind == "bullet" or "%" not in pattern:
            return _BULLET

        def shown(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            kind_there, _, start_there = levels.get(place, ("decimal", "", 1))
            return _shown(counts.get(place, start_there), kind_there)

        return _PLACE.sub(shown, pattern)


def _level(element: Any) -> tuple[str, str, int]:
    start = _child(element, "start")
    return _child(element, "numFmt") or "decimal", _child(element, "lvlText"), _int(start) if start else 1


def _shown(count: int, kind: str) -> str:
    if kind in ("lowerLetter", "upperLetter") and count > 0:
        letters = chr(ord("a") + (count - 1) % 26) * min(1 + (count - 1) // 26, 9)
        return letters if kind == "lowerLetter" else letters.upper()
    if kind in ("lowerRoman", "upperRoman") and 0 < count < 400:
        roman = ""
        for value, letters in _ROMAN:
            roman += letters * (count // value)
            count %= value
        return roman if kind == "lowerRoman" else roman.upper()
    return str(count)


def _child(element: Any, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return "" if found is None else _value(found, "val")


def _value(element: Any, name: str) -> str:
    from docx.oxml.ns import qn

    return str(element.get(qn(f"w:{name}")) or "")


def _int(text: str) -> int:
    try:
        return max(0, min(int(text), 1_000_000))
    except ValueError:
        return 0
