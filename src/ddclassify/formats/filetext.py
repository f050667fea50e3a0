"""What a reader of a document format gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError

MAX_TEXT = 32 * 1024 * 1024
"""Most characters of text that one document may hold."""


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of one file.

    Attributes:
        text: paragraphs with blank lines between them; never only white space.
        metadata: what the file says of itself ("title", "author", "date" and the like); strings, none empty.
        pages: offsets into `text`, in code points, at which the pages begin: ascending, the first 0, two alike where a
            page is empty. Empty for formats without pages.
    """

    text: str
    metadata: dict[str, Any] = field(default_factory=dict)
    pages: tuple[int, ...] = ()


def check_size(length: int, name: str) -> None:
    """Refuse a text that is too long to be one document.

    Raises:
        InputError: there are more than `MAX_TEXT` characters.
    """
    if length > MAX_TEXT:
        raise InputError(f"{name}: holds more than {MAX_TEXT >> 20} million characters of text; split the file")
