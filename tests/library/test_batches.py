from __future__ import annotations

import json
import pickle
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from ddclassify import Classifier
from ddclassify.batch.batches import MAX_CHARACTERS, MAX_ITEMS, Batch, read_batches
from ddclassify.batch.run import tag_batches
from ddclassify.batch.tagging import Counts, TaggedBatch, TagSettings, failed_batch, join, tag_batch
from ddclassify.documents import Document
from ddclassify.errors import ModelError
from ddclassify.reading import Failed, Position, ReadOptions, find_sources
from ddclassify.rows import FIELDS

PLACE = Position(0, 3, 30)


@pytest.fixture(scope="module")
def settings(fast: Classifier) -> TagSettings:
    return TagSettings(None, "fast", version("ddclassify"), fast.model.manifest.digest(), "balanced")


def rows(tagged: TaggedBatch) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tagged.rows.splitlines()]


def batch(*items: Document | Failed) -> Batch:
    return Batch(items, (), PLACE)


DOCUMENT = Document("d", "The naval attaché of Peru left. It rained.", {"n": 1}, "f.txt")
FAILED = Failed("x", "f.txt: row 2: broken", {"n": 2.5}, "f.txt")


def test_where_a_batch_ends(tmp_path: Path) -> None:
    lengths = [10] * (MAX_ITEMS + 5) + [MAX_CHARACTERS - 1, 1, 5 * MAX_CHARACTERS, 20]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": n, "text": "x" * size}) + "\n" for n, size in enumerate(lengths)))
    sources, options = find_sources([str(path)]), ReadOptions()
    found = list(read_batches(sources, options))
    assert [len(one.items) for one in found] == [MAX_ITEMS, 6, 2, 1]
    assert [one.after.item for one in found] == [2048, 2054, 2056, 0]
    assert (found[-1].after.file, found[-1].after.bytes) == (1, sources.size), "nothing of the last file is left"
    for number, one in enumerate(found):
        assert list(read_batches(sources, options, one.after)) == found[number + 1 :], "the rest, in the same batches"
    assert pickle.loads(pickle.dumps(found[1])) == found[1]


@pytest.mark.parametrize("level", ["sentence", "document"])
def test_rows_have_the_fields_of_their_level(settings: TagSettings, level: str) -> None:
    tagged = tag_batch(replace(settings, level=level), batch(DOCUMENT, FAILED))
    assert {tuple(row) for row in rows(tagged)} == {FIELDS[level]}


def test_a_batch_is_tagged_and_counted(settings: TagSettings, fast: Classifier) -> None:
    tagged = tag_batch(settings, Batch((DOCUMENT, FAILED, Document("e", "")), ("first", None, None), PLACE))
    assert tagged.counts == Counts(rows=3, documents=2, sentences=2, failed=1, foreign=0, empty=1)
    one, two, error = rows(tagged)
    assert one["labels"] == list(fast.tag(DOCUMENT).predictions[0].labels) == ["defence_attaches"]
    assert one["duplicate_of"] == two["duplicate_of"] == "first" and error["duplicate_of"] is None
    assert error["error"] == FAILED.message and tagged.failures == (FAILED.message,)
    assert tagged.columns == {"n": "float"} and tagged.after == PLACE and tagged.stopped is None


@pytest.mark.parametrize(("errors", "count"), [("row", 5), ("skip", 4), ("stop", 2)])
def test_what_a_bad_input_costs(settings: TagSettings, errors: str, count: int) -> None:
    tagged = tag_batch(replace(settings, errors=errors), batch(DOCUMENT, FAILED, DOCUMENT))
    assert len(rows(tagged)) == tagged.counts.rows == count
    assert tagged.stopped == (FAILED.message if errors == "stop" else None)


def test_one_bad_document_among_others(settings: TagSettings) -> None:
    endless = Document("e", "word " * 210_000)
    tagged = tag_batch(settings, batch(DOCUMENT, endless, FAILED, DOCUMENT))
    assert [row["doc_id"] for row in rows(tagged)] == ["d", "d", "e", "x", "d", "d"] and tagged.counts.failed == 2
    stopped = tag_batch(replace(settings, errors="stop"), batch(DOCUMENT, endless, DOCUMENT))
    assert len(rows(stopped)) == 2 and stopped.stopped is not None and "a sentence of" in stopped.stopped


def test_a_document_given_up(settings: TagSettings) -> None:
    tagged = failed_batch(settings, batch(DOCUMENT), "it is cursed")
    (row,) = rows(tagged)
    assert row["error"] == "it is cursed" and row["metadata"] == {"n": 1} and row["file"] == "f.txt"


@pytest.mark.parametrize("change", [{"digest": "0" * 64}, {"version": "0.0.1"}, {"model": "nowhere"}, {"policy": "x"}])
def test_a_worker_that_has_not_the_same_refuses(settings: TagSettings, change: dict[str, Any]) -> None:
    """As an error of the run, not of its documents."""
    with pytest.raises(ModelError):
        tag_batch(replace(settings, **change), batch(DOCUMENT))
    if "digest" in change:
        with pytest.raises(ModelError, match="another model"):
            list(tag_batches([batch(DOCUMENT)], replace(settings, **change), jobs=2))


def test_joining_ends_where_a_part_stopped() -> None:
    parts = [
        TaggedBatch(
            Position(0, n, n), f"{n}\n".encode(), Counts(rows=1), {"a": kind}, stopped="bad" if n == 2 else None
        )
        for n, kind in ((1, "int"), (2, "float"), (3, "text"))
    ]
    joined = join(iter(parts))
    assert joined.rows == b"1\n2\n" and joined.counts.rows == 2 and joined.columns == {"a": "float"}
    assert joined.stopped == "bad" and joined.after == Position(0, 2, 2)


def test_batches_are_read_as_workers_become_free(settings: TagSettings) -> None:
    read = []

    def endless() -> Any:
        while True:
            read.append(1)
            yield batch(DOCUMENT)

    for _ in range(3):
        read.clear()
        results = tag_batches(endless(), settings, jobs=2)
        assert [len(rows(next(results))) for _ in range(5)] == [2] * 5
        results.close()
        assert len(read) <= 9, "no more are read ahead than two for each worker"
