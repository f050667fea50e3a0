from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ddclassify import Classifier
from ddclassify_training.corpus import Row
from ddclassify_training.evaluate import Evaluation, errors, evaluate
from ddclassify_training.html_report import SUREST, Measured, render_html

EMPTY = {"meta", "br"}
HOSTILE = "</td><script>alert('1')</script> & \"<img src=x onerror=alert(2)> $\\frac{1$ zorblat"


class Page(HTMLParser):
    """Tags, ids, links and text of a page; fails where tags do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on") and name not in ("src", "action", "data", "srcset"), name
            if name == "id":
                self.ids.append(value or "")
            if name.endswith("href"):
                self.links.append(value or "")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def measured(classifier: Classifier, small_corpus: dict[str, list[Row]]) -> Measured:
    rows = list(small_corpus["test"])
    rows[0] = replace(rows[0], text=HOSTILE, labels=("hadr_sar",), extra={"stratum": "<i>s</i>"})
    rows[1] = replace(rows[1], extra={"stratum": "natural", "hard": True})
    found = evaluate(classifier, rows)
    return Measured(
        "<b>test</b>.jsonl", found, sorted(errors(classifier, rows, found), key=lambda r: r["text"] != HOSTILE)
    )


@pytest.fixture(scope="module")
def page(measured: Measured) -> str:
    return render_html([measured])


def test_it_needs_nothing_beside_itself(page: str) -> None:
    parsed = Page(page)
    assert not parsed.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "image", "i", "b"}
    assert all(link.startswith("#") and link[1:] in parsed.ids for link in parsed.links)
    outside = re.sub(r'\bxmlns(:\w+)?="[^"]*"', "", page)
    assert "http:" not in outside and "https:" not in outside and "@import" not in outside
    assert set(re.findall(r"url\((.)", page)) <= {"#"}
    assert all(target in parsed.ids for target in re.findall(r"url\(#([^)]+)\)", page))


def test_ids_stand_once_also_with_several_files(measured: Measured) -> None:
    parsed = Page(render_html([measured, replace(measured, name="other")]))
    assert len(parsed.ids) == len(set(parsed.ids)) and {"#file0", "#file1"} <= set(parsed.links)


def test_all_text_is_escaped(page: str) -> None:
    text = Page(page).text
    assert HOSTILE in text and "<b>test</b>.jsonl" in text and "<i>s</i>" in text


def test_it_shows_what_was_measured(page: str, measured: Measured) -> None:
    found, text = measured.evaluation, Page(page).text
    for figures in (found.figures["all"], found.figures["documents"], found.figures["without hard"]):
        assert f"{figures.macro_f1:.3f}" in text
    for label, of_label in found.figures["all"].labels.items():
        cells = [label, *(f"{v:.3f}" for v in (of_label.precision, of_label.recall, of_label.f1))]
        cells.append(f"{of_label.f1_low:.2f} to {of_label.f1_high:.2f}")
        assert "".join(cells) in text, label
    assert found.workload is not None and f"{found.workload.share_to_read:.1%}" in text
    assert all(head in text for head in ("Calibration", "Confusion", "Workload", "Whole documents", "Surest errors"))
    shown = [row for row in measured.errors if row["text"] in page or row["text"] == HOSTILE]
    assert len(shown) >= SUREST - 5, "sentences with quotes stand escaped"


def test_each_label_has_a_curve_with_the_threshold_and_a_reliability_plot(page: str, measured: Measured) -> None:
    curves, plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    for label, threshold in measured.evaluation.thresholds.items():
        assert f">{label}<" in curves and f">{threshold:.2f}<" in curves and f">{label}<" in plots
    assert ">all labels<" in plots


def test_without_texts_no_sentence_is_left(measured: Measured) -> None:
    page = render_html([measured], texts=False)
    assert not [row["text"] for row in measured.errors if row["text"] in Page(page).text]
    assert "zorblat" not in page and measured.errors[0]["id"] in page


def test_the_same_evaluation_gives_the_same_page(page: str, measured: Measured) -> None:
    assert render_html([measured]) == page


def test_labels_without_positives_and_rows_without_errors(classifier: Classifier) -> None:
    rows = [Row("a", "a", 0, "Rain fell on the hills.", ())]
    found: Evaluation = evaluate(classifier, rows)
    text = Page(render_html([Measured("rain.csv", found, errors(classifier, rows, found))])).text
    assert text.count("no positives") == len(found.label_ids) and "no row carries a label." in text
