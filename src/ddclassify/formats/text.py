"""Plain text and Markdown, with `key: value` front matter."""

from __future__ import annotations

import re
from typing import Any

from ..errors import InputError
from .decoding import marked_encoding, not_text
from .filetext import FileText

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n", re.DOTALL | re.MULTILINE)
_FRONT_LINE = re.compile(r"([A-Za-z_][\w-]*):[ \t]*(.*)")


def read_text(raw: bytes, name: str, encoding: str = "utf-8") -> FileText:
    """The text of a file; the fields of its front matter are the metadata.

    Args:
        raw: the whole file.
        name: of the file, for messages.
        encoding: of the file; a byte-order mark overrules it.

    Raises:
        InputError: a byte cannot be decoded.
    """
    encoding = marked_encoding(raw) or encoding
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        byte = raw[error.start] if error.start < len(raw) else 0
        raise InputError(f"{name}: byte {error.start} {not_text(byte, encoding)}") from None
    metadata, body = _front_matter(text)
    return FileText(body, metadata, ())


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The `key: value` lines between `---` lines at the top of a file, and the text after them."""
    block = _FRONT_MATTER.match(text)
    lines = block[1].splitlines() if block else []
    pairs = [_FRONT_LINE.fullmatch(line.rstrip()) for line in lines if line.strip()]
    if block is None or not all(pairs):
        return {}, text
    return {pair[1]: pair[2].strip().strip("\"'") for pair in pairs if pair}, text[block.end() :]
