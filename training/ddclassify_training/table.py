"""A table that can be written as Markdown and as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from ddclassify.writing import printable


class Strong(str):
    """A cell that is set off."""

    __slots__ = ()


@dataclass(frozen=True)
class Table:
    """A head and rows of cells, which are plain text.

    Attributes:
        head: names of the columns.
        rows: as many cells each.
        numbers: the columns, from 0, that hold numbers and are set flush right.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.head):
                raise ValueError(f"{len(self.head)} columns but a row of {len(row)} cells")

    def markdown(self) -> str:
        """As Markdown; what would break the table, or steer a terminal, is replaced."""
        rule = "".join("---:|" if column in self.numbers else "---|" for column in range(len(self.head)))
        lines = [self.head, *self.rows]
        text = [f"| {' | '.join(map(_markdown, line))} |" for line in lines]
        return "\n".join([text[0], f"|{rule}", *text[1:]])

    def html(self) -> str:
        """As an HTML table; all text is escaped."""
        head = "".join(f'<th scope="col"{self._kind(j)}>{escape(cell)}</th>' for j, cell in enumerate(self.head))
        body = "\n".join(
            f"<tr>{''.join(f'<td{self._kind(j)}>{_html(cell)}</td>' for j, cell in enumerate(row))}</tr>"
            for row in self.rows
        )
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"

    def _kind(self, column: int) -> str:
        return ' class="n"' if column in self.numbers else ""


def escape(text: str) -> str:
    """Text for HTML, between tags or in a quoted attribute, without control characters."""
    return html.escape(one_line(text))


def one_line(text: str) -> str:
    """Text on one line, without control characters."""
    return printable(" ".join(text.split()))


def _markdown(cell: str) -> str:
    text = one_line(cell).replace("|", "\\|")
    return f"**{text}**" if text and isinstance(cell, Strong) else text


def _html(cell: str) -> str:
    return f"<strong>{escape(cell)}</strong>" if cell and isinstance(cell, Strong) else escape(cell)
