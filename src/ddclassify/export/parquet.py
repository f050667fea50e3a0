"""Parquet: typed columns, written a group of rows at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import MissingExtraError
from ..rows import Row
from ..writing import encodable
from .layout import Layout, plain

GROUP = 20_000
"""Rows of a group, which is what is in memory at a time."""

_INTEGERS = frozenset({"schema", "index", "start", "end", "page", "sentences"})


def check_parquet() -> None:
    """See early that it can be written.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("writing Parquet", "datasets") from None


def write_parquet(rows: Iterable[Row], path: Path, layout: Layout) -> None:
    """Write rows; the columns and their types depend on the layout alone.

    Lists of labels are lists, probabilities and counts structs with a field a label, metadata columns of the type
    that all their values have, else strings.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OSError: the file cannot be written.
    """
    check_parquet()
    import pyarrow
    import pyarrow.parquet

    own = layout.own_names(layout.fields)
    schema = pyarrow.schema(
        [(name, _type_of(name, layout)) for name in layout.fields]
        + [(own[name], _type_of_kind(kind)) for name, kind in layout.metadata.items()]
    )
    stream = iter(rows)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(stream, GROUP)):
            columns = [_column(name, [row[name] for row in group], schema.field(name).type) for name in layout.fields]
            for name, kind in layout.metadata.items():
                values = [_value(row["metadata"].get(name), kind) for row in group]
                columns.append(pyarrow.array(values, schema.field(own[name]).type))
            writer.write_batch(pyarrow.record_batch(columns, schema=schema))


def _type_of(name: str, layout: Layout) -> Any:
    import pyarrow

    if name in _INTEGERS:
        return pyarrow.int64()
    if name in ("labels", "unsure"):
        return pyarrow.list_(pyarrow.string())
    if name in ("probabilities", "counts"):
        number = pyarrow.float64() if name == "probabilities" else pyarrow.int64()
        return pyarrow.struct([(label, number) for label in layout.labels])
    return pyarrow.string()


def _type_of_kind(kind: str) -> Any:
    import pyarrow

    types = {"bool": pyarrow.bool_(), "int": pyarrow.int64(), "float": pyarrow.float64()}
    return types.get(kind, pyarrow.string())


def _column(name: str, values: list[Any], arrow_type: Any) -> Any:
    import pyarrow

    if name in ("probabilities", "counts"):
        values = [value or None for value in values]
    elif arrow_type == pyarrow.string():
        values = [encodable(value) if isinstance(value, str) else value for value in values]
    return pyarrow.array(values, arrow_type)


def _value(value: Any, kind: str) -> Any:
    if value is None or kind in ("bool", "int"):
        return value
    if kind == "float":
        return float(value)
    value = plain(value)
    return encodable(value) if isinstance(value, str) else json.dumps(value)
