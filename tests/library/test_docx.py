from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import docx
import pytest
from docx.document import Document

from ddclassify.errors import InputError
from ddclassify.formats.docx import MAX_UNPACKED, read_docx
from ddclassify.sentences import split_sentences


def saved(document: Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def patched(raw: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The package with one part changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return buffer.getvalue()


def with_body(xml: str) -> bytes:
    """A file whose body begins with the XML."""
    raw = saved(docx.Document())
    return patched(raw, "word/document.xml", lambda part: part.replace(b"<w:body>", b"<w:body>" + xml.encode(), 1))


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def text_of(raw: bytes) -> str:
    return read_docx(raw, "a.docx").text


def test_paragraphs_headings_lists_and_tables_in_order() -> None:
    document = docx.Document()
    document.add_heading("Naval visit", 1)
    paragraph = document.add_paragraph("The frigate ")
    paragraph.add_run("Kent").italic = True
    paragraph.add_run(" called at Oslo. ")
    document.add_paragraph("joint patrols", style="List Bullet")
    document.add_paragraph("staff talks", style="List Bullet")
    table = document.add_table(2, 3)
    for cell, text in zip(table._cells, ["Navy", "Ships", "Crew", "Norway", "3", "410"], strict=True):
        cell.text = text
    document.add_paragraph("Then it sailed.")
    text = text_of(saved(document))
    assert text == (
        "Naval visit\n\nThe frigate Kent called at Oslo.\n\n• joint patrols\n\n• staff talks\n\n"
        "| Navy | Ships | Crew |\n| Norway | 3 | 410 |\n\nThen it sailed."
    )
    assert len(split_sentences(text)) == 7


def test_numbers_of_lists_are_counted() -> None:
    document = docx.Document()
    for text in ("First.", "Second.", "Third."):
        document.add_paragraph(text, style="List Number")
    assert text_of(saved(document)) == "1. First.\n\n2. Second.\n\n3. Third."


def test_levels_and_kinds_of_lists() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="77">'
        '<w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
        "</w:abstractNum>"
    )
    number = '<w:num w:numId="99"><w:abstractNumId w:val="77"/></w:num></w:numbering>'
    body = "".join(
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="99"/></w:numPr></w:pPr>{run("X")}</w:p>'
        for level in (0, 1, 1, 0, 1)
    )
    raw = patched(
        with_body(body),
        "word/numbering.xml",
        lambda part: part.replace(b"<w:abstractNum ", numbering.encode() + b"<w:abstractNum ", 1).replace(
            b"</w:numbering>", number.encode()
        ),
    )
    assert text_of(raw).split("\n\n") == ["IV. X", "IV.a) X", "IV.b) X", "V. X", "V.a) X"]


def test_tracked_changes_read_as_accepted() -> None:
    raw = with_body(
        f"<w:p>{run('The navies ')}<w:del><w:r><w:delText>fought</w:delText></w:r></w:del>"
        f"<w:ins>{run('met')}</w:ins><w:moveFrom>{run(' twice')}</w:moveFrom><w:moveTo>{run(' in Oslo')}</w:moveTo>"
        f"{run('.')}</w:p>"
    )
    assert text_of(raw) == "The navies met in Oslo."


def test_what_is_not_shown_is_left_out() -> None:
    raw = with_body(
        f"<w:p>{run('They met')}<w:r><w:rPr><w:vanish/></w:rPr><w:t> secretly</w:t></w:r>"
        '<w:r><w:instrText> PAGE </w:instrText></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t> at sea</w:t></w:r>'
        "<w:r><w:noBreakHyphen/></w:r><w:r><w:t>side</w:t><w:br/><w:t>and</w:t><w:tab/><w:t>on land.</w:t></w:r></w:p>"
    )
    assert text_of(raw) == "They met at sea-side\nand on land."


def test_contents_tables_are_left_out_and_content_controls_kept() -> None:
    contents = '<w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
    raw = with_body(
        f"<w:sdt>{contents}<w:sdtContent><w:p>{run('Intro 3')}</w:p></w:sdtContent></w:sdt>"
        f"<w:sdt><w:sdtContent><w:p>{run('Kept.')}</w:p></w:sdtContent></w:sdt>"
    )
    assert text_of(raw) == "Kept."


def test_footnotes_and_text_boxes_follow_their_paragraph() -> None:
    body = (
        f"<w:p>{run('They met')}<w:r><w:footnoteReference w:id='2'/></w:r>{run(' in May.')}"
        f"<w:r><w:pict><w:txbxContent><w:p>{run('In a box.')}</w:p></w:txbxContent></w:pict></w:r></w:p>"
        f"<w:p>{run('They left.')}</w:p>"
    )
    namespace = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    notes = b"<w:footnotes %s><w:footnote w:id='2'><w:p>%s</w:p></w:footnote></w:footnotes>" % (
        namespace,
        run("See the annex.").encode(),
    )
    relation = (
        b'<Relationship Id="rId99" Target="footnotes.xml" Type="'
        b'http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"/></Relationships>'
    )
    raw = patched(
        with_body(body), "word/_rels/document.xml.rels", lambda part: part.replace(b"</Relationships>", relation)
    )
    buffer = io.BytesIO(raw)
    with zipfile.ZipFile(buffer, "a") as package:
        package.writestr("word/footnotes.xml", notes)
    assert text_of(buffer.getvalue()).split("\n\n") == ["They met in May.", "See the annex.", "In a box.", "They left."]


def test_tables_that_lay_out_text_are_read_cell_by_cell() -> None:
    document = docx.Document()
    table = document.add_table(1, 2)
    left, right = table._cells
    left.text = "The ministers met."
    left.add_paragraph("They agreed to train.")
    right.text = "A second column."
    assert text_of(saved(document)) == "The ministers met.\n\nThey agreed to train.\n\nA second column."


def test_merged_cells_are_read_once() -> None:
    document = docx.Document()
    table = document.add_table(2, 3)
    for cell, text in zip(table._cells, "abcdef", strict=True):
        cell.text = text
    table.cell(0, 0).merge(table.cell(1, 0)).text = "both"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "wide"
    assert text_of(saved(document)) == "| both | wide |\n| e | f |"


def test_metadata() -> None:
    document = docx.Document()
    document.add_paragraph("Text.")
    document.core_properties.title = "Visits  of 2031"
    document.core_properties.author = "Ann Bo"
    document.core_properties.created = datetime(2031, 5, 4, 10)
    assert read_docx(saved(document), "a.docx").metadata == {
        "title": "Visits of 2031",
        "author": "Ann Bo",
        "date": "2031-05-04",
    }


def test_marks_of_the_template_are_no_metadata() -> None:
    document = docx.Document()
    document.add_paragraph("Text.")
    assert read_docx(saved(document), "a.docx").metadata == {}


def some() -> bytes:
    document = docx.Document()
    for n in range(60):
        document.add_paragraph(f"Sentence {n * n} of the file.")
    return saved(document)


def bomb() -> bytes:
    return patched(some(), "word/styles.xml", lambda _: bytes(MAX_UNPACKED))


def external_entity() -> bytes:
    doctype = b'?><!DOCTYPE w [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    return patched(
        some(), "word/document.xml", lambda part: part.replace(b"?>", doctype, 1).replace(b"Sentence 0", b"&e;")
    )


def nested() -> bytes:
    return with_body("<w:sdt><w:sdtContent>" * 20_000 + "</w:sdtContent></w:sdt>" * 20_000)


def other_package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return buffer.getvalue()


def corrupt() -> bytes:
    raw = bytearray(some())
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        at = package.getinfo("word/document.xml").header_offset + 60
    raw[at : at + 200] = bytes(200)
    return bytes(raw)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (bomb, "unpacks to more than 200 MB"),
        (external_entity, "declares entities"),
        (nested, "damaged"),
        (other_package, "is no Word file"),
        (corrupt, "damaged"),
        (lambda: some()[:2000], "is damaged or cut off"),
        (lambda: b"", "is empty"),
        (lambda: b"The fleet sailed.", "is no Word file"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "is an old Word file or needs a password"),
        (lambda: saved(docx.Document()), "has no text"),
    ],
)
def test_bad_files_are_one_clear_error(make: Callable[[], bytes], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_docx(make(), "odd.docx")
    assert str(caught.value).startswith("odd.docx: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
