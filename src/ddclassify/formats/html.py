"""HTML files to text."""

from __future__ import annotations

import codecs
import re
from typing import Any

from ..errors import InputError, MissingExtraError
from .filetext import FileText, check_size

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_OTHER_FORMATS = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_HEAD = 4096  # bytes in which a page has to name its encoding
_CHARSET = re.compile(rb"""<meta\b[^>]{0,400}\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml\b[^>]{0,200}\bencoding\s*=\s*["']([\w.:-]{1,40})""")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,400}\?>")
_TAG = re.compile(r"<(?:!doctype|!--|/?[a-z][a-z0-9]{0,15}[\s/>])", re.IGNORECASE)
_HTML = re.compile(r"<html[\s>]", re.IGNORECASE)
_PREFORMATTED = re.compile(r"(</?pre\b)", re.IGNORECASE)
_LINE_ENDS = re.compile(r"[\r\n]+")
_TABLE_RULE = re.compile(r"\|[-|: ]+\|?")
# Encodings that pages without a name of one are in; the others that a guess may come up with are not of the web.
_WEB_ENCODINGS = re.compile(r"cp(?:125\d|874|932|949)|koi8_[ru]|iso8859_\d+|shift_jis|gb18030|gb2312|gbk|big5|euc_\w+")
_SHORT = 250  # characters
_LEFT_OUT = frozenset("head script style noscript template nav header footer aside form button svg".split())
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strong sub"
    " sup time tt u var wbr".split()
)
_FIELDS = ("title", "author", "date", "sitename", "url")


def read_html(raw: bytes, name: str) -> FileText:
    """The main text of an HTML file, without menus and the like.

    The encoding is that of the byte-order mark, else the one that the page names, else UTF-8 or what the bytes look
    like. Rows of tables are lines of cells between "|".

    Args:
        raw: the file.
        name: of the file, for messages.

    Raises:
        InputError: the file is no HTML, or there is no text in it.
        MissingExtraError: the library that reads HTML is not installed.
    """
    try:
        import trafilatura
        from trafilatura.utils import detect_encoding
    except ImportError:
        raise MissingExtraError("reading HTML", "documents") from None
    if raw.startswith(_OTHER_FORMATS):
        raise InputError(f"{name}: is no HTML file but another kind under that name; rename it")
    page = _decode(raw)
    if page is None:
        page = raw.decode(_likely(detect_encoding(raw)), errors="replace")
    check_size(len(page), name)
    if not _TAG.search(page):
        raise InputError(f"{name}: {'is no HTML file' if raw else 'is empty'}; export it again")
    page = _XML_DECLARATION.sub("", page).replace("\0", "")
    page = _without_source_lines(page)
    if not _HTML.search(page):
        page = f"<html><body>{page}</body></html>"  # a part of a page, which the library would pass over
    found = trafilatura.bare_extraction(
        page,
        include_comments=False,
        include_tables=True,
        with_metadata=True,
        date_extraction_params={"original_date": True, "extensive_search": False},
    )
    text = _paragraphs(getattr(found, "text", None) or "")
    if len(text) < _SHORT:
        whole = _paragraphs(_whole_text(page))
        # On pages this short the library may take in menus, and break lines at every element within a sentence.
        if not text or len("".join(whole.split())) <= len("".join(text.split())):
            text = whole or text
    if not text:
        raise InputError(f"{name}: no text found in it; a page that scripts fill has to be saved from a browser")
    metadata: dict[str, Any] = {}
    for key in _FIELDS:
        value = getattr(found, key, None)
        if isinstance(value, str) and value.strip():
            metadata[key] = " ".join(value.split())
    return FileText(text, metadata)


def _decode(raw: bytes) -> str | None:
    """The page in the encoding that it names; None where it names none and is no UTF-8."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    head = raw[:_HEAD]
    if named := _CHARSET.search(head) or _XML_ENCODING.search(head):
        encoding = named[1].decode("ascii").lower()
        if encoding.startswith(("utf-16", "utf16")):
            encoding = "utf-8"  # the name could be read, so the bytes are not in it
        elif encoding in ("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"):
            encoding = "windows-1252"  # what browsers take these for
        try:
            return raw.decode(encoding)
        except (LookupError, UnicodeError):
            pass
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _without_source_lines(page: str) -> str:
    """The page with its line ends as the spaces that they are; those in the text found then are breaks."""
    parts = _PREFORMATTED.split(page)
    opened = False
    for i, part in enumerate(parts):
        if i % 2:
            opened = part[1] != "/"
        elif not opened:
            parts[i] = _LINE_ENDS.sub(" ", part)
    return "".join(parts)


def _whole_text(page: str) -> str:
    """All text but menus, heads and feet; a line for each block."""
    from lxml import etree, html

    try:
        tree = html.document_fromstring(page)
    except (etree.LxmlError, ValueError):
        return ""
    parts: list[str] = []
    hidden = 0
    for event, element in etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _LEFT_OUT:
            hidden += 1 if event == "start" else -1
        if tag not in _INLINE and event in ("start", "end"):
            parts.append("\n")
        if not hidden:
            parts.append(element.text or "" if event == "start" else "")
            parts.append(element.tail or "" if event != "start" else "")
    return "".join(parts)


def _likely(guesses: list[str]) -> str:
    names = [guess.lower().replace("-", "_") for guess in guesses]
    if "cp1252" in names:
        return "cp1252"
    return next((name for name in names if _WEB_ENCODINGS.fullmatch(name)), "cp1252")


def _paragraphs(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n\n".join(line for line in lines if line and not _TABLE_RULE.fullmatch(line))
