"""Pages of lines with places to one text: paragraphs apart, words and paragraphs whole over line and page ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..sentences import HYPHEN_GAP, join_hyphen
from .pdflines import Line

_GAP = 1.25  # of the usual distance of lines; more parts paragraphs
_OTHER_TYPE = 0.15  # relative difference of heights that shows another size of type
_NOTE_SIZE = 0.92  # of the height of the text; notes are smaller
_INDENT = (0.8, 6.0)  # of the height of the type: a first line stands in by as much
_FULL = 0.85  # of the width of the text; a line so long goes on in the next

_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_LAST_HALF = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)-$")
_FIRST_HALF = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FINAL = re.compile(r"[.?!:;…][\"'”’»)\]]{0,3}\d{0,2}$")
_NOTE = re.compile(r"\(?(?:\d{1,3}|[a-z]|[*†‡§]{1,3})(?:\)|/|\s|\b)")


def join_pages(pages: Sequence[Sequence[Line]]) -> tuple[str, tuple[int, ...]]:
    """The text of pages, and the offsets at which they begin.

    Lines end in a line feed, paragraphs in a blank line. A word divided at a line end is put together on the upper
    line. A paragraph that goes on over the turn of a page is not broken there: notes below it come before it.

    Args:
        pages: lines in the order of reading, without running heads.
    """
    style = _Style(pages)
    text: list[str] = []
    length = 0
    starts: list[int] = []
    last: Line | None = None
    for page in pages:
        starts.append(-1)
        for line, blank in style.set_lines(page, last):
            content = line.text
            if last is None:
                gap = ""
            elif blank:
                gap = "\n\n"
            else:
                head, content = style.whole_word(text[-1], content)
                length += len(head) - len(text[-1])
                text[-1] = head
                gap = " " if style.is_heading(last, line) else "\n"
            last = line
            if not content:
                continue
            text += [gap, content]
            length += len(gap) + len(content)
            if starts[-1] < 0:
                starts[-1] = length - len(content)
    return "".join(text), _filled(starts, length)


def _filled(starts: list[int], length: int) -> tuple[int, ...]:
    """Pages without text begin where the next one does, the first page at 0."""
    for i in range(len(starts) - 1, -1, -1):
        if starts[i] < 0:
            starts[i] = starts[i + 1] if i + 1 < len(starts) else length
    return (0, *starts[1:]) if starts else ()


class _Style:
    """How a document sets its paragraphs."""

    def __init__(self, pages: Sequence[Sequence[Line]]) -> None:
        self.words: Counter[str] = Counter()
        heights: Counter[float] = Counter()
        lefts: Counter[int] = Counter()
        ratios: Counter[float] = Counter()
        rights: Counter[int] = Counter()
        for page in pages:
            for line in page:
                self.words.update(word.casefold() for word in _WORD.findall(line.text))
                heights[round(line.height, 1)] += len(line.text)
                lefts[round(line.left)] += len(line.text)
                rights[round(line.right)] += len(line.text)
            for above, below in pairwise(page):
                distance = above.bottom - below.bottom
                if 0.7 * above.height < distance < 3 * above.height and not self._other_type(above, below):
                    ratios[round(distance / max(above.height, 1), 2)] += 1
        self.height = heights.most_common(1)[0][0] if heights else 0.0
        self.left = lefts.most_common(1)[0][0] if lefts else 0
        self.right = rights.most_common(1)[0][0] if rights else 0
        self.leading = ratios.most_common(1)[0][0] if ratios else 1.2

    def set_lines(self, page: Sequence[Line], last: Line | None) -> Iterator[tuple[Line, bool]]:
        """The lines of a page, and whether a blank line comes before each.

        ``last`` is the last line of the page before.
        """
        body, notes = self._notes_apart(page)
        blanks = [
            self._turns_paragraph(last, line, body[1] if len(body) > 1 else None)
            if i == 0
            else self._parts(body[i - 1], line, body[i + 1] if i + 1 < len(body) else None)
            for i, line in enumerate(body)
        ]
        if notes and not _FINAL.search(body[-1].text):
            # The paragraph that goes on overleaf has to stay in one piece.
            at = next((i for i in range(len(body) - 1, 0, -1) if blanks[i]), 0 if blanks[0] else len(body))
        else:
            at = len(body)
        yield from zip(body[:at], blanks, strict=False)
        for i, note in enumerate(notes):
            yield note, i == 0 or bool(_NOTE.match(note.text))
        for i in range(at, len(body)):
            yield body[i], blanks[i] or (i == at and bool(notes))

    def is_heading(self, above: Line, below: Line) -> bool:
        """Whether two lines of one paragraph are those of a heading, set close in larger type than the text."""
        return below.height > (1 + _OTHER_TYPE) * self.height and above.bottom - below.bottom < 1.35 * below.height

    def whole_word(self, above: str, below: str) -> tuple[str, str]:
        """Two lines, with the rest of a word divided between them moved up."""
        if not (last := _LAST_HALF.search(above)) or not (first := _FIRST_HALF.match(below)):
            return above, below
        joined = f"{above}\n{below}"
        gap = HYPHEN_GAP.match(joined, len(above) - 1)
        glue = join_hyphen(gap) if gap else "-\n"
        if glue not in ("", "-"):
            return above, below
        if not glue and self._keeps_hyphen(last[1].casefold(), first[0].casefold()):
            glue = "-"
        end = below.find(" ")
        end = len(below) if end < 0 else end
        return above[:-1] + glue + below[:end], below[end:].lstrip()

    def _keeps_hyphen(self, first: str, second: str) -> bool:
        """Whether the document itself shows that the hyphen belongs to the word."""
        if "-" in first or "-" in second or self.words[f"{first}-{second}"]:
            return True
        if self.words[first + second]:
            return False
        return len(first) > 2 and len(second) > 3 and self.words[second] > 1 and self.words[first] > 1

    def _parts(self, above: Line, below: Line, after: Line | None) -> bool:
        """Whether paragraphs part between two lines of one page."""
        distance = above.bottom - below.bottom
        if distance < -0.5 * below.height:
            return self._turns_paragraph(above, below, after)  # from one column to the next
        if self._other_type(above, below):
            return True
        if distance > _GAP * self.leading * max(above.height, below.height):
            return True
        return self._is_indented(above, below, after)

    def _is_indented(self, above: Line, below: Line, after: Line | None) -> bool:
        least, most = (part * below.height for part in _INDENT)
        if not least < below.left - above.left < most:
            return False
        back = after.left if after else self.left
        return abs(above.left - back) < 0.3 * below.height

    def _turns_paragraph(self, above: Line | None, below: Line, after: Line | None) -> bool:
        """Whether a paragraph ends with a page or a column."""
        if above is None:
            return False
        if self._other_type(above, below) or _FINAL.search(above.text):
            return True
        if below.text[0].islower():
            return False
        if after and 0.8 * below.height < below.left - after.left < 6 * below.height:
            return True
        return above.right - above.left < _FULL * (self.right - self.left)

    @staticmethod
    def _other_type(above: Line, below: Line) -> bool:
        return abs(above.height - below.height) > _OTHER_TYPE * max(above.height, below.height)

    def _notes_apart(self, page: Sequence[Line]) -> tuple[Sequence[Line], Sequence[Line]]:
        """The text of a page, and the notes below it in smaller type."""
        at = len(page)
        while at > 0 and page[at - 1].height < _NOTE_SIZE * self.height:
            at -= 1
        if at == 0 or at == len(page) or not _NOTE.match(page[at].text):
            return page, ()
        return page[:at], page[at:]
