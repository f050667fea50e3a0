"""PDF files to text."""

from __future__ import annotations

import re
import threading
from typing import Any

from ..errors import InputError, MissingExtraError
from .filetext import FileText, check_size
from .paragraphs import join_pages
from .pdflines import Line, page_lines
from .readingorder import reading_order
from .runningheads import without_running_heads

_PDFIUM = threading.Lock()  # it is not safe to call from two threads at once
_TAIL = 32 * 1024  # bytes at the end of a file that must hold the way to its index
# What programs write on their own: names of files and templates, and of accounts.
_NOISE = re.compile(
    r"Microsoft (?:Word|PowerPoint|Excel)\b.*|.*\.(?:docx?|pdf|wp[dfp]?|rtf|od[tp]|pptx?|xlsx?|html?|txt|indd|qxd|tex)"
    r"|untitled\d*|Etpu|PowerPoint Presentation|(?:slide|document) ?\d*"
    r"|administrat(?:or|eur)|admin|unknown|anonymous|(?:.* )?user|owner|test|\W*",
    re.IGNORECASE | re.DOTALL,
)
_FIELDS = {"Title": "title", "Author": "author", "Subject": "subject", "Keywords": "keywords"}
_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)")


def read_pdf(raw: bytes, name: str) -> FileText:
    """The text of a PDF file, without running heads and page numbers.

    Args:
        raw: the file.
        name: of the file, for messages.

    Raises:
        InputError: the file is damaged, needs a password, or holds no text (a scan).
        MissingExtraError: the library that reads PDF is not installed.
    """
    try:
        import pypdfium2
    except ImportError:
        raise MissingExtraError("reading PDF", "documents") from None
    if b"startxref" not in raw[-_TAIL:]:
        kind = "is a PDF cut off before its end" if raw.startswith(b"%PDF") else "is no PDF file"
        raise InputError(f"{name}: {kind if raw else 'is empty'}; fetch or export it again")
    try:
        with _PDFIUM:
            pages, fields = _open_and_read(pypdfium2, raw, name)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise InputError(f"{name}: needs a password to open; save a copy without one") from None
        raise InputError(f"{name}: is a damaged PDF ({_one_line(error)}); export it again") from None
    if not any(pages):
        raise InputError(f"{name}: has no text, only images of {len(pages)} pages; recognise it first (OCR)")
    lines = without_running_heads(pages)
    text, starts = join_pages([reading_order(page) for page in (lines if any(lines) else pages)])
    return FileText(text, _metadata(fields), starts)


def _open_and_read(pypdfium2: Any, raw: bytes, name: str) -> tuple[list[list[Line]], dict[str, str]]:
    document = pypdfium2.PdfDocument(raw)
    try:
        pages = []
        length = 0
        for index in range(len(document)):
            page = document[index]
            try:
                text_page = page.get_textpage()
                length += text_page.count_chars()
                check_size(length, name)
                pages.append(page_lines(text_page))
                text_page.close()
            finally:
                page.close()
        return pages, document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()


def _metadata(fields: dict[str, str]) -> dict[str, Any]:
    values = {key: " ".join(fields.get(name, "").replace("\0", "").split()) for name, key in _FIELDS.items()}
    found: dict[str, Any] = {key: value for key, value in values.items() if not _NOISE.fullmatch(value)}
    if date := _DATE.match(fields.get("CreationDate", "")):
        found["date"] = "-".join(date.groups())
    return found


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:120]
