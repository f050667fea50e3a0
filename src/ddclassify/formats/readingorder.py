"""The order in which the lines of a page are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .pdflines import Line


def reading_order(lines: Sequence[Line]) -> list[Line]:
    """Lines from top to bottom, column by column.

    A file mostly holds its lines in the order of reading; this puts right what stands out of it, such as notes and
    captions written first. Columns are kept in the order of the file where they do not overlap.
    """
    runs: list[list[Line]] = []
    for line in lines:
        if runs and line.middle < runs[-1][-1].middle + 0.5 * line.height:
            runs[-1].append(line)
        else:
            runs.append([line])
    ordered: list[Line] = []
    for run in runs:
        ordered = _placed(ordered, run)
    return ordered


def _placed(page: list[Line], run: list[Line]) -> list[Line]:
    """The lines of a page with a run of further ones where they belong."""
    top, bottom = max(line.top for line in run), min(line.bottom for line in run)
    beside = [i for i, line in enumerate(page) if bottom < line.middle < top]
    if not beside:
        below = (i for i, line in enumerate(page) if line.middle <= bottom)
        at = next(below, len(page))
        return page[:at] + run + page[at:]
    first, last = beside[0], beside[-1] + 1
    left, right = _left(run), _right(run)
    neighbours = [page[i] for i in beside]
    if left > _right(neighbours):
        # After the whole column to the left, and what stands above in its own.
        while last < len(page) and (page[last].right < left or page[last].middle >= top):
            last += 1
        return page[:last] + run + page[last:]
    if right < _left(neighbours):
        while first > 0 and (page[first - 1].left > right or page[first - 1].middle <= bottom):
            first -= 1
        return page[:first] + run + page[first:]
    return page[:first] + sorted(page[first:last] + run, key=lambda line: -line.middle) + page[last:]


def _left(lines: Iterable[Line]) -> float:
    return min(line.left for line in lines)


def _right(lines: Iterable[Line]) -> float:
    return max(line.right for line in lines)
