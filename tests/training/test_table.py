from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddclassify_training.table import Strong, Table, one_line


class Cells(HTMLParser):
    """The tags and the texts of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.texts and data != "\n":
            self.texts[-1] += data


def test_markdown() -> None:
    table = Table(["label", "n"], [["a|b", "1"], [Strong("macro"), Strong("")]], frozenset({1}))
    assert table.markdown() == "| label | n |\n|---|---:|\n| a\\|b | 1 |\n| **macro** |  |"


def test_html() -> None:
    table = Table(["label", "n"], [["<b>", "1"], [Strong('"&'), "2"]], frozenset({1}))
    assert table.html() == (
        '<table>\n<thead><tr><th scope="col">label</th><th scope="col" class="n">n</th></tr></thead>\n<tbody>\n'
        '<tr><td>&lt;b&gt;</td><td class="n">1</td></tr>\n'
        '<tr><td><strong>&quot;&amp;</strong></td><td class="n">2</td></tr>\n</tbody>\n</table>'
    )


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns but a row of 1 cells"):
        Table(["a", "b"], [["1"]])


@settings(deadline=None)
@given(st.text(st.characters()))
def test_no_text_breaks_out_of_its_cell(text: str) -> None:
    parsed = Cells(Table(["head"], [[text], ["next"]]).html())
    assert parsed.tags == ["table", "thead", "tr", "th", "tbody", "tr", "td", "tr", "td"]
    assert parsed.texts == ["head", one_line(text), "next"]
    lines = Table(["head"], [[text], ["next"]]).markdown().split("\n")
    assert len(lines) == 4 and "\x1b" not in lines[2]
    lines[2].encode()
