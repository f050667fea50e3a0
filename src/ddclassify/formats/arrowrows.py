"""Rows of Arrow tables, which Parquet files and Hugging Face datasets come as."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .decoding import short
from .jsonable import jsonable
from .opened import Opened

if TYPE_CHECKING:
    import pyarrow

BATCH_ROWS = 256
"""Rows turned into Python's values at once; few, since each may hold a long document."""


def check_columns(schema: pyarrow.Schema, opened: Opened) -> None:
    """Refuse a table that has no column with text.

    Raises:
        InputError: the column is missing or of another type, or two columns have one name.
    """
    from pyarrow import types

    names: list[str] = schema.names
    if len(set(names)) < len(names):
        double = next(n for n in names if names.count(n) > 1)
        raise InputError(f"{opened.name}: the column {double!r} stands twice; rename one")
    field = opened.text_field
    if field not in names:
        columns = ", ".join(names[:8]) or "none"
        raise InputError(f"{opened.name}: no column {field!r} (there are: {columns}); name it with --text-field")
    kind = schema.field(field).type
    inner = kind.value_type if types.is_dictionary(kind) else kind
    text = types.is_string(inner) or types.is_large_string(inner) or types.is_null(inner)
    if not text and not getattr(types, "is_string_view", lambda _: False)(inner):
        raise InputError(
            f"{opened.name}: the column {field!r} holds {kind}, expected text; name another with --text-field"
        )


def batch_rows(batch: pyarrow.RecordBatch, opened: Opened, first: int) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The rows of a batch.

    Args:
        batch: columns of any type; what JSON cannot hold becomes text.
        opened: whose limit holds for a text, counted in bytes of UTF-8.
        first: number of the batch's first row.

    Yields:
        The row's number and its columns, or what is wrong with it.
    """
    for start in range(0, batch.num_rows, BATCH_ROWS):
        part = batch.slice(start, BATCH_ROWS)
        try:
            rows = _rows(part)
        except ValueError:  # one bad value; find its row
            for index in range(part.num_rows):
                number = first + start + index
                try:
                    yield number, _rows(part.slice(index, 1))[0]
                except ValueError as error:
                    yield number, f"{opened.name}: row {number}: cannot be decoded: {short(str(error))}; mend the row"
            continue
        yield from enumerate(rows, first + start)


def _rows(batch: pyarrow.RecordBatch) -> list[dict[str, Any]]:
    names = batch.schema.names
    columns = [_values(column) for column in batch.columns]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _values(column: Any) -> list[Any]:
    """A column's values; an out-of-range time, which has no Python value, raises ValueError."""
    import pyarrow
    from pyarrow import types

    kind = column.type
    if isinstance(kind, pyarrow.BaseExtensionType):
        column = column.storage
        kind = column.type
    if types.is_timestamp(kind) and kind.unit == "ns":  # Python's times end at microseconds
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    if types.is_duration(kind) and kind.unit == "ns":
        column = column.cast(pyarrow.duration("us"), safe=False)
    values: list[Any] = column.to_pylist()
    if types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind) or types.is_boolean(kind):
        return values
    return [jsonable(value) for value in values]
