"""The corpus of this repository."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ddclassify import Taxonomy
from ddclassify_training.agreement import agreement, read_codings
from ddclassify_training.corpus import SPLITS, Row
from ddclassify_training.validate import validate_corpus


def test_it_is_valid(corpus: dict[str, list[Row]], taxonomy: Taxonomy) -> None:
    assert set(corpus) <= set(SPLITS) and {"train", "dev", "test"} <= set(corpus)
    validate_corpus(corpus, taxonomy)


def test_every_row_has_its_documents_fields(corpus: dict[str, list[Row]]) -> None:
    for rows in corpus.values():
        for row in rows:
            assert {"genre", "region", "era", "date"} <= set(row.extra), row.id


def test_every_label_can_be_learned_and_measured(corpus: dict[str, list[Row]], taxonomy: Taxonomy) -> None:
    for split in corpus:
        counts = Counter(label for row in corpus[split] for label in row.labels)
        assert min(counts[label] for label in taxonomy.ids) >= 10, (split, counts)


@pytest.mark.filterwarnings("ignore")
def test_datasets_opens_the_folder_offline(
    root: Path, corpus: dict[str, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_network: None
) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    opened = datasets.load_dataset(str(root / "annotations"), "sentences", cache_dir=str(tmp_path))
    assert {split: len(rows) for split, rows in opened.items()} == {k: len(v) for k, v in corpus.items()}
    codings = datasets.load_dataset(str(root / "annotations"), "codings", cache_dir=str(tmp_path))["codings"]
    assert len(codings) == 2 * sum(map(len, corpus.values()))
    first = opened["train"][0]
    assert first["text"] == corpus["train"][0].text and first["labels"] == list(corpus["train"][0].labels)


def test_every_sentence_was_coded_twice_and_the_labels_follow_where_the_coders_agree(
    root: Path, corpus: dict[str, list[Row]]
) -> None:
    given: dict[str, list[frozenset[str]]] = {}
    for coding in read_codings([root / "annotations" / "codings.jsonl"]):
        given.setdefault(coding.id, []).append(frozenset(coding.labels))
    for rows in corpus.values():
        for row in rows:
            one, two = given[row.id]
            assert one != two or set(row.labels) == one, row.id


def test_agreement_of_the_coders(root: Path, taxonomy: Taxonomy) -> None:
    found = agreement(read_codings([root / "annotations" / "codings.jsonl"]), taxonomy)
    assert set(found) == set(taxonomy.ids)
    assert all(figures.alpha is not None and figures.alpha >= 0.75 for figures in found.values())
