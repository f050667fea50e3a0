"""Passages that the encoder learns from: of annotated documents, or of unlabelled ones that a teacher has scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddclassify.accurate import trails
from ddclassify.classifier import load
from ddclassify.context import Context, contexts_of
from ddclassify.errors import ModelError
from ddclassify.reading import Failed, ReadOptions, find_sources, read_documents
from ddclassify.sentences import normalise, split_sentences

from .corpus import read_rows

PASSAGE = 8
"""Sentences of an unlabelled passage."""

SHARES = ((0.3, 0.55), (0.1, 0.25), (0.0, 0.045))
"""(highest probability in the passage at least, share of such passages drawn): most of plain text has no label."""

DISTINCT = 25
"""Letters and digits from which on a sentence is taken to stand in one document only."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence to learn from.

    Attributes:
        trail: the sentence and those before it, the nearest first, normalised.
        target: float32 [labels], 1 where it carries the label, or a teacher's probability.
        decided: bool [labels], which of them were decided.
    """

    trail: list[str]
    target: NDArray[np.float32]
    decided: NDArray[np.bool_]


Passage = list[Sentence]


def teacher_passages(
    paths: Sequence[str],
    teachers: Sequence[str | Path],
    sentences: int,
    seed: int,
    *,
    label_ids: Sequence[str] | None = None,
    leave_out: str | Path | None = None,
) -> list[Passage]:
    """Passages of unlabelled documents with teachers' probabilities as targets.

    Args:
        paths: files or folders, as `ddclassify tag` takes them.
        teachers: model folders; the mean of their probabilities is taken.
        sentences: how many sentences to draw, at least where there are as many.
        seed: of the draw.
        label_ids: the labels that every teacher must have, in order; None: not checked.
        leave_out: annotated rows; a document that holds one of their sentences is not used.

    Raises:
        ModelError: a teacher has other labels.
    """
    known = _keys_of(leave_out) if leave_out else frozenset()
    texts, around = [], []
    for own, title in _documents(paths):
        if not known.isdisjoint(map(_key, own)):
            continue
        texts.append(own)
        around.append(contexts_of(own, title))
    fast = load(tier="fast")
    chance = np.random.default_rng(seed)
    drawn: list[tuple[list[str], list[Context]]] = []
    for own, contexts in zip(texts, around, strict=True):
        highest = fast.score(own, contexts).max(axis=1, initial=0)
        for start in range(0, len(own), PASSAGE):
            found = highest[start : start + PASSAGE].max()
            share = next(share for least, share in SHARES if found >= least)
            if chance.random() < share:
                drawn.append((own[start : start + PASSAGE], contexts[start : start + PASSAGE]))
    drawn = [drawn[i] for i in chance.permutation(len(drawn))]
    ends = np.cumsum([len(own) for own, _ in drawn])
    drawn = drawn[: int(np.searchsorted(ends, sentences)) + 1]
    every, surroundings = [s for own, _ in drawn for s in own], [c for _, own in drawn for c in own]
    classifiers = [load(teacher) for teacher in teachers]
    for classifier in classifiers:
        if label_ids is not None and classifier.taxonomy.ids != tuple(label_ids):
            raise ModelError(f"{classifier.model.path}: labels {', '.join(classifier.taxonomy.ids)}, not the corpus's")
    scores = np.stack([classifier.score(every, surroundings) for classifier in classifiers]).mean(axis=0)
    targets = iter(scores)
    everything = np.ones(scores.shape[-1], dtype=bool)
    return [[Sentence(trail, next(targets), everything) for trail in trails(own, own_c)] for own, own_c in drawn]


def _documents(paths: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    for document in read_documents(find_sources(paths), ReadOptions()):
        if not isinstance(document, Failed):
            yield [sentence.text for sentence in document.sentences()], document.title


def _keys_of(path: str | Path) -> frozenset[str]:
    found: set[str] = set()
    for row in read_rows(path):
        before = row.context or ""
        found.update(_long(_key(text) for text in [row.text, *(before[a:b] for a, b in split_sentences(before))]))
    return frozenset(found)


def _long(keys: Iterable[str]) -> Iterator[str]:
    return (key for key in keys if len(key) >= DISTINCT)


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, normalise(text).casefold()))
