"""Rows of Hugging Face datasets saved to disk."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import repeat

from ..errors import InputError, MissingExtraError
from .arrowrows import BATCH_ROWS, batch_rows, check_columns
from .opened import Opened, Row

SUFFIX = "dataset folder"
"""Stands for the suffix that these folders lack."""


def is_dataset_folder(names: Collection[str]) -> bool:
    """Whether a folder with these files was made by `Dataset.save_to_disk` or `DatasetDict.save_to_disk`."""
    return "dataset_dict.json" in names or ("state.json" in names and "dataset_info.json" in names)


def dataset_rows(opened: Opened, skip: int = 0) -> Iterator[Row]:
    """The rows of a dataset; of several splits in the order of their names, each with a column `split`.

    Args:
        opened: by path; `rows` is set.
        skip: so many rows are not read.

    Yields:
        The row's number from 1, after the split's name where there are splits, and its columns, or what is wrong.

    Raises:
        InputError: the folder is damaged, or a split has no column with text.
        MissingExtraError: datasets is not installed.
    """
    try:
        import pyarrow
        from datasets import DatasetDict, load_from_disk
    except ImportError:
        raise MissingExtraError("reading datasets", "datasets") from None
    try:
        loaded = load_from_disk(opened.path, keep_in_memory=False)
        splits = dict(sorted(loaded.items())) if isinstance(loaded, DatasetDict) else {"": loaded}
        for data in splits.values():
            check_columns(data.features.arrow_schema, opened)
        opened.rows = sum(len(data) for data in splits.values())
        for split, data in splits.items():
            skipped = min(skip, len(data))
            skip -= skipped
            prefix = f"{split}:" if split else ""
            yield from zip((f"{prefix}{number}" for number in range(1, skipped + 1)), repeat(None))
            if skipped == len(data):
                continue
            # As Arrow tables, pictures and sound stay undecoded.
            tables = data.select(range(skipped, len(data))).with_format("arrow").iter(BATCH_ROWS)
            number = skipped + 1
            for table in tables:
                for batch in table.to_batches():
                    for row, record in batch_rows(batch, opened, number):
                        if split and isinstance(record, dict):
                            record.setdefault("split", split)
                        yield (f"{prefix}{row}" if split else row), record
                    number += batch.num_rows
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = (str(error) or type(error).__name__).partition("\n")[0].rstrip(".")
        raise InputError(f"{opened.name}: is a damaged dataset: {message}; save it anew") from None
