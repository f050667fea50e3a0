"""Rows of Parquet files, one row group after another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from ..errors import InputError, MissingExtraError
from .arrowrows import BATCH_ROWS, batch_rows, check_columns
from .opened import Opened, Row


def parquet_rows(opened: Opened, skip: int = 0) -> Iterator[Row]:
    """The rows of a file, nested columns included.

    Args:
        opened: by path; `rows` is set.
        skip: row groups that lie wholly within so many rows are not read.

    Yields:
        The row's number from 1 and its columns, or what is wrong with it.

    Raises:
        InputError: the file is no Parquet, damaged, or has no column with text.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("reading .parquet", "datasets") from None
    try:
        # Columns are read by the page and not ahead, so that memory does not grow with the row group.
        with parquet.ParquetFile(opened.path, pre_buffer=False, buffer_size=1 << 20) as file:
            check_columns(file.schema_arrow, opened)
            opened.rows = file.metadata.num_rows
            number = 1
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if number + rows - 1 <= skip:
                    yield from zip(range(number, number + rows), repeat(None))
                    number += rows
                    continue
                for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], use_threads=False):
                    yield from batch_rows(batch, opened, number)
                    number += batch.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        message = str(error).partition("\n")[0].rstrip(".")
        raise InputError(f"{opened.name}: is damaged or no Parquet file: {message}; get it anew") from None
