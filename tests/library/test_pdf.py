from __future__ import annotations

import io
from bisect import bisect_right
from pathlib import Path

import pytest
from fpdf import FPDF, enums

from ddclassify.errors import InputError
from ddclassify.formats.filetext import FileText
from ddclassify.formats.pdf import read_pdf
from ddclassify.sentences import normalise, split_sentences


class Report(FPDF):
    """A report with running heads and feet as the United Nations set them."""

    def header(self) -> None:
        self.set_font("Times", size=9)
        self.set_y(12)
        self.cell(text="S/2031/417", align="R" if self.page_no() % 2 else "L")
        self.set_y(30)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Times", size=9)
        self.cell(text=f"31-20417 {self.page_no()}/7")


def report(paragraphs: list[str], **options: object) -> bytes:
    pdf = Report(format="A4")
    pdf.set_auto_page_break(True, margin=25)
    pdf.add_page()
    pdf.set_font("Times", size=11)
    for paragraph in paragraphs:
        pdf.set_font("Times", size=11)
        pdf.multi_cell(130, 5, paragraph, align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(4)
    return bytes(pdf.output())


def placed(pages: list[list[tuple[float, float, str]]], size: float = 11) -> bytes:
    """Lines at given places: millimetres from the left and from the top."""
    pdf = FPDF(format="A4")
    pdf.set_font("Times", size=size)
    for page in pages:
        pdf.add_page()
        for left, top, text in page:
            pdf.text(left, top, text)
    return bytes(pdf.output())


def sentences(file: FileText) -> list[str]:
    return [normalise(file.text[start:end]) for start, end in split_sentences(file.text)]


def page_of(file: FileText, part: str) -> int:
    return bisect_right(file.pages, file.text.index(part))


TOWNS = "Oslo Bergen Lima Nairobi Mombasa Jakarta Riga Tallinn Gdynia Kiel Brest Toulon Cadiz".split()


@pytest.fixture(scope="module")
def long_report() -> FileText:
    paragraphs = [
        f"{n}. The mission's patrol to {TOWNS[n % 13]} and {TOWNS[n % 7]} went ashore, where the two commanders met "
        f"for talks about joint training. The talks of {TOWNS[n % 11]} were held in the old customs house near the "
        f"quay{', and both sides agreed to send word home from ' + TOWNS[n % 5] if n % 3 else ''}. "
        f"Nothing else of note happened in {TOWNS[n % 9]}."
        for n in range(1, 60)
    ]
    return read_pdf(report(paragraphs), "report.pdf")


def test_running_heads_and_page_numbers_are_dropped(long_report: FileText) -> None:
    assert len(long_report.pages) > 4
    assert "S/2031" not in long_report.text
    assert "31-20417" not in long_report.text


def test_every_paragraph_gives_its_three_sentences(long_report: FileText) -> None:
    found = sentences(long_report)
    assert len(found) == 3 * 59
    assert found[3] == (
        "2. The mission's patrol to Lima and Lima went ashore, where the two commanders met for talks about joint "
        "training."
    )


def test_sentences_run_over_the_turn_of_a_page(long_report: FileText) -> None:
    spans = split_sentences(long_report.text)
    pages = long_report.pages
    crossing = [(a, b) for a, b in spans if bisect_right(pages, a) != bisect_right(pages, b - 1)]
    assert crossing
    for start, end in crossing:
        assert long_report.text[start:end].endswith(".")


def test_page_starts_are_those_of_the_file() -> None:
    pages = [[(30, 50, f"The first sentence of page {n} stands here.")] for n in range(1, 8)]
    file = read_pdf(placed(pages), "a.pdf")
    for n in range(1, 8):
        assert page_of(file, f"The first sentence of page {n} ") == n
        assert file.text[file.pages[n - 1] :].startswith(f"The first sentence of page {n} ")


def test_a_page_without_text_begins_where_the_next_does() -> None:
    file = read_pdf(placed([[], [(30, 50, "Second.")], [], [(30, 50, "Fourth.")], []]), "a.pdf")
    assert file.text == "Second.\n\nFourth."
    assert file.pages == (0, 0, 9, 9, 16)
    assert page_of(file, "Second") == 2
    assert page_of(file, "Fourth") == 4


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        ("They agreed on naval co-", "operation in the strait.", "They agreed on naval cooperation in the strait."),
        ("He spoke of self-", "defence at sea.", "He spoke of self-defence at sea."),
        ("The Anglo-", "French force sailed.", "The Anglo-French force sailed."),
        # The rest of the document tells which hyphens belong.
        ("A decision-", "making body met. All decision-making ended.", "A decision-making body met."),
    ],
)
def test_words_divided_at_a_line_end_are_whole(above: str, below: str, expected: str) -> None:
    file = read_pdf(placed([[(30, 50, above), (30, 55, below)]]), "a.pdf")
    assert sentences(file)[0] == expected
    assert normalise(expected).split()[-2] in file.text


def test_a_word_divided_over_a_page_turn_stays_on_its_page() -> None:
    lines = [(30.0, 40.0 + 5 * n, "The ships of both navies sailed through the strait and they") for n in range(3)]
    first = [*lines, (30.0, 55.0, "came back to their own harbours after long naval co-")]
    file = read_pdf(placed([first, [(30, 40, "operation off the coast.")]]), "a.pdf")
    assert "naval cooperation\noff the coast." in file.text
    assert page_of(file, "cooperation") == 1
    assert page_of(file, "off the coast") == 2


def test_gaps_and_indents_part_paragraphs() -> None:
    body = "Ships of the fleet sailed into the harbour of the old town today"
    gap = [(30.0, 40.0, body), (30.0, 45.0, body), (30.0, 50.0, body), (30.0, 59.0, body), (30.0, 64.0, body)]
    assert read_pdf(placed([gap]), "a.pdf").text.count("\n\n") == 1
    indent = [(30.0, 40.0, body), (30.0, 45.0, body), (37.0, 50.0, body), (30.0, 55.0, body), (30.0, 60.0, body)]
    assert read_pdf(placed([indent]), "a.pdf").text.split("\n\n")[1] == "\n".join([body] * 3)


def test_columns_are_read_one_after_the_other() -> None:
    left = [(25.0, 50.0 + 5 * n, f"left column line {n} of the report") for n in range(12)]
    right = [(110.0, 50.0 + 5 * n, f"right column line {n} of the report") for n in range(12)]
    title = [(25.0, 35.0, "A title over both of the columns of this page")]
    expected = [text for *_, text in left + right]
    for order in (title + left + right, title + right + left, left + right + title):
        text = read_pdf(placed([order]), "a.pdf").text
        lines = text.splitlines()
        assert lines[0] == title[0][2]
        assert [line for line in lines if line and line != title[0][2]] == expected


def test_lines_written_out_of_order_are_put_right() -> None:
    lines = [(30.0, 50.0 + 5 * n, f"Line number {n} of the page goes here") for n in range(10)]
    file = read_pdf(placed([lines[6:] + lines[:6]]), "a.pdf")
    assert file.text.splitlines() == [text for *_, text in lines]


def test_notes_do_not_cut_the_sentence_that_goes_on_overleaf() -> None:
    pdf = FPDF(format="A4")
    pdf.set_font("Times", size=11)
    pdf.add_page()
    for n in range(4):
        pdf.text(30, 40 + 5 * n, "The ships of both navies sailed through the strait in June." + " So it was." * 2)
    for n in range(3):
        pdf.text(30, 68 + 5 * n, "The ships of both navies then sailed through the strait in convoy and they")
    pdf.set_font("Times", size=8)
    pdf.text(30, 250, "1 See the first note on the ships of both navies, which is small.")
    pdf.set_font("Times", size=11)
    pdf.add_page()
    pdf.text(30, 40, "came home in May.")
    file = read_pdf(bytes(pdf.output()), "a.pdf")
    found = sentences(file)
    assert found[-1].endswith("and they came home in May.")
    assert any(sentence.startswith("1 See the first note") for sentence in found)
    assert page_of(file, "1 See the first note") == 1
    assert page_of(file, "came home") == 2


def test_names_on_a_map_are_left_out() -> None:
    pdf = FPDF(format="A4")
    pdf.set_font("Times", size=8)
    pdf.add_page()
    for n in range(90):
        pdf.text(10 + (n * 37) % 180, 20 + (n * 53) % 250, f"Town{n}")
    pdf.add_page()
    pdf.text(30, 50, "The fleet sailed to Oslo.")
    file = read_pdf(bytes(pdf.output()), "a.pdf")
    assert file.text == "The fleet sailed to Oslo."
    assert page_of(file, "The fleet") == 2


def test_rows_of_a_table_are_kept() -> None:
    rows = [("Norway", "12", "40"), ("Chile", "8", "31"), ("Kenya", "5", "2"), ("Nepal", "61", "7")] * 12
    page = [
        (left, 30 + 5 * n, cell) for n, row in enumerate(rows) for left, cell in zip((30, 90, 120), row, strict=True)
    ]
    text = read_pdf(placed([page]), "a.pdf").text
    assert text.splitlines()[0].split() == ["Norway", "12", "40"]
    assert len(split_sentences(text)) == len(rows)


def test_metadata_is_what_the_file_says_of_itself() -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=11)
    pdf.text(30, 50, "Text.")
    pdf.set_title("Naval visits of 2031")
    pdf.set_author("Ann Bo")
    metadata = read_pdf(bytes(pdf.output()), "a.pdf").metadata
    assert metadata["title"] == "Naval visits of 2031"
    assert metadata["author"] == "Ann Bo"
    assert len(metadata["date"]) == 10


@pytest.mark.parametrize("title", ["Microsoft Word - report_final.doc", "report.wpf", "untitled", "Etpu", "  "])
def test_titles_that_programs_made_up_are_left_out(title: str) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=11)
    pdf.text(30, 50, "Text.")
    pdf.set_title(title)
    pdf.set_author("Administrator")
    assert set(read_pdf(bytes(pdf.output()), "a.pdf").metadata) == {"date"}


def encrypted(user: str) -> bytes:
    pdf = FPDF()
    pdf.set_encryption(owner_password="owner", user_password=user, encryption_method=enums.EncryptionMethod.RC4)
    pdf.add_page()
    pdf.set_font("Times", size=11)
    pdf.text(30, 50, "Kept from copying.")
    return bytes(pdf.output())


def test_a_password_is_asked_for() -> None:
    with pytest.raises(InputError, match=r"^secret\.pdf: needs a password to open"):
        read_pdf(encrypted("secret"), "secret.pdf")


def test_a_file_that_opens_with_the_empty_password_is_read() -> None:
    assert read_pdf(encrypted(""), "open.pdf").text == "Kept from copying."


def test_a_scan_is_told_from_text() -> None:
    pdf = FPDF()
    for _ in range(3):
        pdf.add_page()
        pdf.rect(20, 20, 100, 100, style="F")
    with pytest.raises(InputError, match=r"^scan\.pdf: has no text, only images of 3 pages; .*OCR"):
        read_pdf(bytes(pdf.output()), "scan.pdf")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_file_cut_off_is_an_error(share: float) -> None:
    raw = report(["The fleet sailed to Oslo."] * 40)
    with pytest.raises(InputError) as caught:
        read_pdf(raw[: int(share * len(raw))], "cut.pdf")
    assert str(caught.value).startswith("cut.pdf: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"not a PDF at all", bytes(range(256)) * 40, b"%PDF-1.7\nstartxref\n0\n%%EOF"])
def test_what_is_no_pdf_is_an_error(raw: bytes) -> None:
    with pytest.raises(InputError, match=r"^odd\.pdf: [^\n]+; [^\n]+$"):
        read_pdf(raw, "odd.pdf")


def test_reports_of_the_united_nations(real_data: Path) -> None:
    """Scans are told from text; of the others the text, the pages and no furniture of pages."""
    import pypdfium2

    files = sorted((real_data / "real-docs" / "un-reports").glob("*.pdf"))
    assert len(files) == 25
    scans = 0
    for path in files:
        raw = path.read_bytes()
        document = pypdfium2.PdfDocument(io.BytesIO(raw))
        plain = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
        document.close()
        if not any(plain):
            scans += 1
            with pytest.raises(InputError, match="has no text"):
                read_pdf(raw, path.name)
            continue
        file = read_pdf(raw, path.name)
        assert len(file.pages) == len(plain)
        assert file.pages[0] == 0
        assert list(file.pages) == sorted(file.pages)
        spans = split_sentences(file.text)
        checked = wrong = 0
        for start, end in spans:
            words = file.text[start:end].split()[:6]
            page = bisect_right(file.pages, start)
            if len(words) == 6 and "-" not in "".join(words):
                checked += 1
                wrong += "".join(words) not in "".join(plain[page - 1].split())
        assert checked > 10
        assert wrong <= 0.02 * checked, path.name
        bare = sum(not any(char.isalpha() for char in file.text[start:end]) for start, end in spans)
        assert bare <= max(0.01 * len(spans), 2), path.name
    assert scans == 11
