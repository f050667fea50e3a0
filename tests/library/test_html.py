from __future__ import annotations

import codecs
import time

import pytest

from ddclassify.errors import InputError
from ddclassify.formats.html import read_html
from ddclassify.sentences import split_sentences

LONG = (
    "The defence ministers of Norway and Chile met in the old harbour town on Monday. They signed a letter of intent "
    "on joint training, and spoke with officers of both navies about the exercise that is planned for the autumn."
)
PAGE = f"""<!DOCTYPE html>
<html><head><title>Ministers meet | Ministry of Defence</title>
<meta name="author" content="Ann Bo">
<meta property="article:published_time" content="2023-05-04T10:00:00Z">
<script>var x = "<p>script</p>"; // comment
</script><style>p {{ color: red }}</style></head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/news">All our news</a></li></ul></nav>
<main><article><h1>Ministers meet</h1>
<p>The defence ministers of <a href="/no">Norway</a> and
<b>Chile</b> met in the old
harbour town on Monday. They signed a letter of intent on joint training.</p>
<p>{LONG}</p>
<ul><li>joint patrols</li><li>staff talks</li></ul>
<table><tr><th>Navy</th><th>Ships</th></tr><tr><td>Norway</td><td>3</td></tr></table>
<p>First line<br>second line.</p>
</article></main>
<footer><a href="/legal">Legal notice</a> Copyright 2023. All rights reserved.</footer></body></html>"""


def text_of(page: str | bytes) -> str:
    return read_html(page if isinstance(page, bytes) else page.encode(), "a.html").text


def test_main_text_without_menus(no_network: None) -> None:
    text = text_of(PAGE)
    assert "All our news" not in text
    assert "Legal notice" not in text
    assert "script" not in text
    assert "comment" not in text
    blocks = text.split("\n\n")
    assert blocks[0] == "Ministers meet"
    assert blocks[1] == (
        "The defence ministers of Norway and Chile met in the old harbour town on Monday. "
        "They signed a letter of intent on joint training."
    )
    assert blocks[2] == LONG
    assert blocks[3:7] == ["- joint patrols", "- staff talks", "| Navy | Ships |", "| Norway | 3 |"]
    assert blocks[7:] == ["First line", "second line."]
    assert len(split_sentences(text)) == 10


def test_metadata(no_network: None) -> None:
    metadata = read_html(PAGE.encode(), "a.html").metadata
    assert metadata["title"] == "Ministers meet"
    assert metadata["author"] == "Ann Bo"
    assert metadata["date"] == "2023-05-04"


def test_a_date_in_the_text_is_not_the_date_of_the_page() -> None:
    page = f"<html><head><title>Visits</title></head><body><p>{LONG}</p><p>On 4 May 2019 they sailed.</p></body></html>"
    assert read_html(page.encode(), "a.html").metadata == {"title": "Visits"}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>Short.</p>", "Short."),
        (
            "<body>The navies of <a href=x>Norway</a>\nand <b>Chile</b> met.</body>",
            "The navies of Norway and Chile met.",
        ),
        (
            "<html><body><nav>Menu</nav><div>A <i>word</i>.</div><div>B.<!-- c --> C.</div></body></html>",
            "A word.\n\nB. C.",
        ),
        (
            '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Ł.</p></body></html>',
            "Ł.",
        ),
    ],
)
def test_short_pages_keep_their_sentences_whole(page: str, expected: str) -> None:
    assert text_of(page) == expected


CYRILLIC = "Министры обороны двух стран провели переговоры о сотрудничестве и договорились о совместных учениях флота."
FRENCH = "Le ministre de la défense a reçu son homologue à Paris. Ils ont signé un accord de coopération « navale »."


@pytest.mark.parametrize(
    ("text", "encoding", "head"),
    [
        (CYRILLIC, "utf-8", ""),
        (CYRILLIC, "windows-1251", '<meta charset="windows-1251">'),
        (CYRILLIC, "koi8-r", '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">'),
        (CYRILLIC, "windows-1251", ""),
        (FRENCH, "windows-1252", ""),
        (FRENCH, "windows-1252", "<meta charset=iso-8859-1>"),
        (FRENCH, "windows-1252", '<meta charset="utf-8">'),  # a page that names the wrong one
        (FRENCH, "utf-8", '<meta charset="no-such-encoding">'),
        (CYRILLIC, "utf-16", ""),
    ],
)
def test_encodings(text: str, encoding: str, head: str) -> None:
    page = f"<html><head>{head}</head><body><p>{text}</p></body></html>"
    assert text_of(page.encode(encoding)) == text


def test_a_byte_order_mark_overrules_the_name() -> None:
    page = f'<html><head><meta charset="windows-1252"></head><body><p>{FRENCH}</p></body></html>'
    assert text_of(codecs.BOM_UTF8 + page.encode()) == FRENCH


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"The fleet sailed.",
        bytes(range(256)) * 20,
        b"%PDF-1.7 <p>",
        b"PK\x03\x04 <p>",
        b"<html><body><script>document.write('x')</script></body></html>",
        b"<div>" * 100_000,
        b"<b><pre>" * 100_000,
    ],
    ids=["empty", "text", "bytes", "pdf", "zip", "script", "deep", "deep pre"],
)
def test_what_holds_no_text_is_one_clear_error(raw: bytes) -> None:
    with pytest.raises(InputError, match=r"^odd\.html: [^\n]+; [^\n]+$"):
        read_html(raw, "odd.html")


def test_deep_pages_take_bounded_time() -> None:
    raw = b"<html><body>" + b"<div>" * 100_000 + b"<p>Deep.</p>" + b"</div>" * 100_000 + f"<p>{LONG}</p>".encode()
    start = time.process_time()
    try:
        text = text_of(raw)
    except InputError:
        text = ""
    assert text in ("", "Deep.", LONG, f"Deep.\n\n{LONG}")
    assert time.process_time() - start < 20
