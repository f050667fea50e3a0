"""The lines of a PDF page, with their places, as PDFium finds them."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

_LINE_ENDS = frozenset("\r\n")
# PDFium writes these for a hyphen at a line end, and goes on with the next line.
_HYPHEN_MARKS = frozenset("\x02\ufffe")
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
    | dict.fromkeys(map(chr, (*range(9), *range(14, 32), 0x7F, 0xFFFF)))
)
# Accents that old fonts set after the letter, as characters of their own.
_ACCENTS = {"\u02c7": "\u030c", "\u00b4": "\u0301", "\u02dd": "\u030b", "\u02d8": "\u0306", "\u02db": "\u0328"}
_ACCENTED = re.compile(f"[^\\W\\d_][{''.join(_ACCENTS)}]")
_WIDE_GAP = 2.5  # of the height of the type: wider than any space between words of a line that is set flush
_MANY, _CAPTION = 40, 30  # lines on a map; characters of a line on it that is no name
_NO_GAP = 0.18  # of the height: PDFium takes kerned letters that far apart for words
_JUMP = 0.8  # of the height, up or down: another line
_TILT = math.radians(5)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page, or one cell of a table.

    Attributes:
        text: without white space at the ends.
        left, right, top, bottom: in points, upwards and to the right as the text is read; top and bottom are those of
            most of its characters.
    """

    text: str
    left: float
    right: float
    top: float
    bottom: float

    @property
    def height(self) -> float:
        """Height of the type in points."""
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        """Half-way between top and bottom."""
        return (self.top + self.bottom) / 2


@dataclass(slots=True)
class _Char:
    text: str
    left: float
    right: float
    top: float
    bottom: float
    generated: bool  # a space that PDFium put in, not one of the file


def page_lines(text_page: Any) -> list[Line]:
    """The lines in the order in which the file holds them.

    Left out is text that runs another way than most of the page (watermarks, the labels of axes), and the names that
    lie scattered over a map or a drawing.

    Args:
        text_page: a `pypdfium2.PdfTextPage`.
    """
    fragments: dict[int, list[Line]] = {}
    weights: Counter[int] = Counter()
    for quarter, line in _fragments(text_page):
        fragments.setdefault(quarter, []).append(line)
        weights[quarter] += len(line.text)
    lines: list[Line] = []
    for quarter, _ in weights.most_common(1):
        for line in fragments[quarter]:
            if lines and _same_row(lines[-1], line):
                lines[-1] = _beside(lines[-1], line)
            else:
                lines.append(line)
    if _is_drawing(lines):
        return [line for line in lines if len(line.text) >= _CAPTION]
    return lines


def _is_drawing(lines: list[Line]) -> bool:
    """Whether the lines lie about the page in no rows or columns."""
    if len(lines) < _MANY:
        return False
    lefts = Counter(round(line.left / 2) for line in lines)
    aligned = sum(count for _, count in lefts.most_common(10))
    return aligned < 0.4 * len(lines) and sum(len(line.text) >= _CAPTION for line in lines) < 0.2 * len(lines)


def _fragments(text_page: Any) -> Iterator[tuple[int, Line]]:
    """Each run of characters, with the quarter turns of its direction."""
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    chars: list[_Char] = []
    last: _Char | None = None
    quarter: int | None = None
    for index in range(text_page.count_chars()):
        char = chr(pdfium.FPDFText_GetUnicode(text_page, index) % 0x110000)
        ends = char in _LINE_ENDS
        if not ends:
            if not chars:
                last = None
                quarter = _quarter_turns(pdfium.FPDFText_GetCharAngle(text_page, index))
            hyphen = char in _HYPHEN_MARKS
            pdfium.FPDFText_GetLooseCharBox(text_page, index, ctypes.byref(box))
            placed = _Char("-" if hyphen else char, *_turned(box, quarter or 0), generated=False)
            if char == " ":
                placed.generated = pdfium.FPDFText_IsGenerated(text_page, index) == 1
            elif last and quarter is not None and _jumps(last, placed):
                if line := _line(chars):
                    yield quarter, line
                chars.clear()
            chars.append(placed)
            if not char.isspace():
                last = placed
            ends = hyphen
        if ends and chars:
            if quarter is not None and (line := _line(chars)):
                yield quarter, line
            chars.clear()
    if chars and quarter is not None and (line := _line(chars)):
        yield quarter, line


def _jumps(before: _Char, char: _Char) -> bool:
    most = max(before.top - before.bottom, char.top - char.bottom)
    return abs(before.top + before.bottom - char.top - char.bottom) > 2 * _JUMP * most


def _quarter_turns(angle: float) -> int | None:
    turns = angle / (math.pi / 2)
    return round(turns) % 4 if abs(turns - round(turns)) * (math.pi / 2) < _TILT else None


def _turned(box: Any, quarter: int) -> tuple[float, float, float, float]:
    """Left, right, top and bottom as the reader of turned text sees them."""
    left, right, top, bottom = box.left, box.right, box.top, box.bottom
    if quarter == 1:
        return bottom, top, -left, -right
    if quarter == 2:
        return -right, -left, -bottom, -top
    if quarter == 3:
        return -top, -bottom, right, left
    return left, right, top, bottom


def _line(chars: list[_Char]) -> Line | None:
    seen = [char for char in chars if not char.text.isspace()]
    if not seen:
        return None
    text = " ".join("".join(_words(chars)).translate(_LIGATURES).split())
    text = _ACCENTED.sub(_composed, text)
    if not text or (len(text) > 2 and not any(char.isalnum() for char in text)):
        return None  # a rule
    # The median passes over raised footnote marks and the odd character of another font.
    top, bottom = median(char.top for char in seen), median(char.bottom for char in seen)
    return Line(text, min(c.left for c in seen), max(c.right for c in seen), top, bottom)


def _words(chars: list[_Char]) -> Iterator[str]:
    """The characters without spaces that only kerning made."""
    spaces = Counter(char.generated for char in chars if char.text == " ")
    real = spaces[False] > spaces[True]
    for i, char in enumerate(chars):
        if 0 < i < len(chars) - 1 and char.generated and real and _is_kerning(chars[i - 1], chars[i + 1]):
            continue
        yield char.text


def _composed(match: re.Match[str]) -> str:
    """Letter and accent as one character where there is one."""
    composed = unicodedata.normalize("NFC", match[0][0] + _ACCENTS[match[0][1]])
    return composed if len(composed) == 1 else match[0]


def _is_kerning(left: _Char, right: _Char) -> bool:
    if left.text.isspace() or right.text.isspace():
        return False
    return right.left - left.right < _NO_GAP * max(left.top - left.bottom, 1)


def _same_row(left: Line, right: Line) -> bool:
    shared = min(left.top, right.top) - max(left.bottom, right.bottom)
    low = min(left.height, right.height)
    return shared > 0.6 * low and 0 <= right.left - left.right + 1 <= 40 * max(low, 1)


def _beside(left: Line, right: Line) -> Line:
    higher = left if len(left.text) >= len(right.text) else right
    gap = right.left - left.right > _WIDE_GAP * higher.height
    text = left.text + ("    " if gap else " ") + right.text
    return replace(higher, text=text, left=left.left, right=right.right)
