"""Files as an office program writes them: the same text comes out of each format."""

from __future__ import annotations

import shutil
import subprocess
from bisect import bisect_right
from pathlib import Path

import pytest

from ddclassify.formats.docx import read_docx
from ddclassify.formats.filetext import FileText
from ddclassify.formats.html import read_html
from ddclassify.formats.pdf import read_pdf
from ddclassify.sentences import normalise, split_sentences

SOFFICE = shutil.which("soffice")
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(SOFFICE is None, reason="soffice is not installed (apt-get install libreoffice-writer)"),
]

TOWNS = "Oslo Bergen Lima Nairobi Mombasa Jakarta Riga Tallinn Gdynia Kiel Brest Toulon Cadiz".split()
COUNT = 45

FODT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
  xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
  xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
  xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
  xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
  xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
  office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:meta><dc:title>Visits of the northern fleet</dc:title></office:meta>
<office:styles>
  <style:style style:name="Standard" style:family="paragraph">
    <style:paragraph-properties fo:margin-bottom="0.3cm" fo:orphans="2" fo:widows="2"/>
    <style:text-properties fo:font-size="11pt"/>
  </style:style>
  <text:notes-configuration text:note-class="footnote" style:num-format="1"/>
</office:styles>
<office:automatic-styles>
  <style:page-layout style:name="L">
    <style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm" fo:margin="2cm"/>
    <style:header-style><style:header-footer-properties fo:margin-bottom="0.5cm"/></style:header-style>
    <style:footer-style><style:header-footer-properties fo:margin-top="0.5cm"/></style:footer-style>
  </style:page-layout>
</office:automatic-styles>
<office:master-styles>
  <style:master-page style:name="Standard" style:page-layout-name="L">
    <style:header><text:p>Annual report of the northern fleet</text:p></style:header>
    <style:footer><text:p>Page <text:page-number/> of <text:page-count/></text:p></style:footer>
  </style:master-page>
</office:master-styles>
<office:body><office:text>
BODY
</office:text></office:body></office:document>
"""


def sentences_of(n: int) -> list[str]:
    return [
        f"Visit {n} took the ships from {TOWNS[n % 13]} to {TOWNS[n % 7]}, where the two commanders met for talks on "
        "joint training and the cooperation of their staffs.",
        f"The talks in {TOWNS[n % 7]} were held over {n + 2} days in the old customs house near the quay, and officers "
        f"from {TOWNS[n % 5]} came to listen"
        + (
            f" and to speak for {n} hours of what they had seen on their way, of the plans for the coming year and of "
            "what the fleets of the neighbours might think of all this."
            if n % 2
            else "."
        ),
        f"Nothing else of note happened in {TOWNS[n % 11]}.",
    ]


EXPECTED = [sentence for n in range(COUNT) for sentence in sentences_of(n)]


def converted(source: Path, kind: str, folder: Path) -> bytes:
    """The source in another format."""
    assert SOFFICE is not None
    command = [SOFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", kind]
    done = subprocess.run(
        [*command, "--outdir", str(folder), str(source)], capture_output=True, text=True, timeout=300, check=True
    )
    made = folder / f"{source.stem}.{kind.split(':')[0]}"
    assert made.exists(), done.stderr
    return made.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


@pytest.fixture(scope="module")
def report(folder: Path) -> Path:
    path = folder / "report.fodt"
    body = "\n".join(f"<text:p>{' '.join(sentences_of(n))}</text:p>" for n in range(COUNT))
    path.write_text(FODT.replace("BODY", body), encoding="utf-8")
    return path


def sentences(file: FileText) -> list[str]:
    return [normalise(file.text[start:end]) for start, end in split_sentences(file.text)]


def test_pdf_loses_its_heads_and_nothing_else(report: Path, folder: Path) -> None:
    file = read_pdf(converted(report, "pdf", folder), "report.pdf")
    assert sentences(file) == EXPECTED
    assert file.metadata["title"] == "Visits of the northern fleet"


def test_pages_of_pdf_are_those_that_the_page_numbers_say(report: Path, folder: Path) -> None:
    import pypdfium2

    raw = converted(report, "pdf", folder)
    file = read_pdf(raw, "report.pdf")
    document = pypdfium2.PdfDocument(raw)
    plain = ["".join(page.get_textpage().get_text_range().split()) for page in document]
    document.close()
    assert len(file.pages) == len(plain) >= 3
    crossing = 0
    for start, end in split_sentences(file.text):
        first, last = bisect_right(file.pages, start), bisect_right(file.pages, end - 1)
        crossing += first != last
        assert "".join(file.text[start : start + 12].split()) in plain[first - 1]
        assert "".join(file.text[end - 12 : end].split()) in plain[last - 1]
    assert crossing


def test_docx(report: Path, folder: Path) -> None:
    file = read_docx(converted(report, "docx", folder), "report.docx")
    assert sentences(file) == EXPECTED
    assert file.metadata["title"] == "Visits of the northern fleet"


def test_html(report: Path, folder: Path) -> None:
    file = read_html(converted(report, "html", folder), "report.html")
    found = sentences(file)
    assert [sentence for sentence in found if sentence in EXPECTED] == EXPECTED
    assert len(found) <= len(EXPECTED) + 4  # head and foot of the page stand in the page once
    assert file.metadata["title"] == "Visits of the northern fleet"


@pytest.mark.parametrize("kind", ["pdf", "docx", "html"])
def test_samples_give_their_words_in_each_format(root: Path, folder: Path, kind: str) -> None:
    source = folder / f"sample-{kind}.txt"
    text = (root / "annotations" / "samples" / "release.txt").read_text("utf-8")
    source.write_text(text, encoding="utf-8")
    raw = converted(source, kind, folder)
    file = {"pdf": read_pdf, "docx": read_docx, "html": read_html}[kind](raw, source.name)
    assert "".join(file.text.split()) == "".join(text.split())
    expected = [normalise(text[start:end]) for start, end in split_sentences(text)]
    missing = set(expected) - set(sentences(file))
    assert len(missing) <= 0.1 * len(expected)


def test_lists_tables_and_notes(folder: Path) -> None:
    source = folder / "parts.fodt"
    body = (
        '<text:h text:outline-level="1">Joint training</text:h>'
        "<text:p>The navies met in Oslo<text:note text:note-class='footnote'><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>See the annex.</text:p></text:note-body></text:note> in May.</text:p>"
        "<text:list><text:list-item><text:p>joint patrols</text:p></text:list-item>"
        "<text:list-item><text:p>staff talks</text:p></text:list-item></text:list>"
        "<table:table><table:table-column table:number-columns-repeated='3'/><table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in ("Norway", "3", "410"))
        + "</table:table-row></table:table><text:p>Then they left.</text:p>"
    )
    source.write_text(FODT.replace("BODY", body), encoding="utf-8")
    text = read_docx(converted(source, "docx", folder), "parts.docx").text
    assert text.split("\n\n")[:3] == ["Joint training", "The navies met in Oslo in May.", "See the annex."]
    assert "joint patrols" in text
    assert "| Norway | 3 | 410 |" in text
    assert text.endswith("Then they left.")
