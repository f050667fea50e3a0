"""HTML files to text."""

from __future__ import annotations

import codecs
import re
from typing import Any

from ..errors import InputError, MissingExtraError
from .filetext import FileText, check_size

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HEAD = 4096  # bytes in which a page has to name its encoding
_CHARSET = re.compile(rb"""<meta\b[^>]{0,400}\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml\b[^>]{0,200}\bencoding\s*=\s*["']([\w.:-]{1,40})""")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,400}\?>")
_TAG = re.compile(r"<(?:!doctype|!--|/?[a-z][a-z0-9]{0,15}[\s/>])", re.IGNORECASE)
_HTML = re.compile(r"<html[\s>]", re.IGNORECASE)
_PREFORMATTED = re.compile(r"(<pre\b.*?</pre\s*>)", re.IGNORECASE | re.DOTALL)
_LINE_ENDS = re.compile(r"[\r\n]+")
_TABLE_RULE = re.compile(r"\|[-|: ]+\|?")
# Encodings that pages without a name of one are in; the others that a guess may come up with are not of the web.
_WEB_ENCODINGS = re.compile(r"cp(?:125\d|874|932|949)|koi8_[ru]|iso8859_\d+|shift_jis|gb18030|gb2312|gbk|big5|euc_\w+")
_FIELDS = ("title", "author", "date", "sitename", "url", "description")


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
    page = _decode(raw)
    if page is None:
        page = raw.decode(_likely(detect_encoding(raw)), errors="replace")
    check_size(len(page), name)
    if not _TAG.search(page):
        raise InputError(f"{name}: {'is no HTML file' if raw else 'is empty'}; export it again")
    page = _XML_DECLARATION.sub("", page).replace("\0", "")
    # The ends of source lines are spaces; those that are left in the text found are breaks then.
    page = "".join(part if i % 2 else _LINE_ENDS.sub(" ", part) for i, part in enumerate(_PREFORMATTED.split(page)))
    if not _HTML.search(page):
        page = f"<html><body>{page}</body></html>"  # a part of a page, which the library would pass over
    found = trafilatura.bare_extraction(
        page,
        include_comments=False,
        include_tables=True,
        with_metadata=True,
        date_extraction_params={"original_date": True, "extensive_search": False},
    )
    text = _paragraphs(getattr(found, "text", None) or "") or _paragraphs(trafilatura.html2txt(page))
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


def _likely(guesses: list[str]) -> str:
    names = [guess.lower().replace("-", "_") for guess in guesses]
    if "cp1252" in names:
        return "cp1252"
    return next((name for name in names if _WEB_ENCODINGS.fullmatch(name)), "cp1252")


def _paragraphs(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n\n".join(line for line in lines if line and not _TABLE_RULE.fullmatch(line))
