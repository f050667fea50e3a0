"""From bytes to characters: byte-order marks, and bad bytes that cost one row instead of the file."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import InputError
from .opened import Opened

_ESCAPED_BYTE = re.compile(r"[\udc80-\udcff]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def marked_encoding(start: bytes) -> str | None:
    """The encoding that a byte-order mark at the start names."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    return None


@contextmanager
def decoded(opened: Opened, newline: str) -> Iterator[io.TextIOWrapper]:
    """The characters of a stream; bytes that cannot be decoded are escaped as lone surrogates.

    Args:
        opened: read as a stream; it stays open.
        newline: as for `open`.

    Raises:
        InputError: an encoding with units of several bytes is broken; nothing after this place can be read.
    """
    file: Any = opened.stream
    start = file.peek(4)[:4] if hasattr(file, "peek") else b""
    stream = io.TextIOWrapper(
        file, marked_encoding(start) or opened.encoding, errors="surrogateescape", newline=newline
    )
    try:
        yield stream
    except UnicodeError as error:
        raise InputError(
            f"{opened.name}: cannot be decoded as {opened.encoding}: {error}; name the right one with --encoding"
        ) from None
    finally:
        stream.detach()


def undecoded(text: str, encoding: str) -> str:
    """What is wrong with a text whose undecodable bytes were escaped; "" when nothing is."""
    found = None if text.isascii() else _ESCAPED_BYTE.search(text)
    return not_text(ord(found[0]) - 0xDC00, encoding) if found else ""


def not_text(byte: int, encoding: str) -> str:
    """Says that a byte is not of the encoding."""
    return f"(0x{byte:02x}) is not {encoding}; name the right one with --encoding"


def short(value: object) -> str:
    """A value as a message shows it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
