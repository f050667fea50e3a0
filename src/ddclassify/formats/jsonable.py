"""Values of typed columns as JSON can hold them."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

MAX_BINARY = 1024
"""Largest binary value (bytes) that is kept; pictures and sound would be repeated in every row of the output."""


def jsonable(value: Any) -> Any:
    """A value as JSON can hold it.

    Dates and times become ISO 8601, exact decimals and other unknown values their text, binary values their text where
    they are UTF-8, else base64, and just their size beyond `MAX_BINARY`; NaN and the infinities become None.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(inner) for inner in value]
    if isinstance(value, bytes):
        return _binary(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _binary(value: bytes) -> str:
    if len(value) > MAX_BINARY:
        return f"{len(value):,} bytes"
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(value).decode("ascii")
