"""What tagging gives back: a prediction a sentence, and their roll-up to the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from .documents import Document, Sentence


@dataclass(frozen=True, slots=True)
class Prediction:
    """A sentence with what the classifier says of it.

    Attributes:
        sentence: the sentence and its place.
        probabilities: calibrated probability of each label of the model's taxonomy.
        labels: the labels whose probability reaches their threshold, in the taxonomy's order; often none.
        language: "en" or "other" where the words tell, None where the sentence is too short to tell.
        unsure: the labels worth a person's look, given or not: a chance of at least one in ten that is below the
            threshold of the policy "precision" (see `unsure.unsure_labels`).
        truncated: whether the model looked at only a part of it: a stretch of more than 100 characters without white
            space counts by its beginning, and an encoder reads the first 128 word pieces.
    """

    sentence: Sentence
    probabilities: Mapping[str, float]
    labels: tuple[str, ...]
    language: str | None = None
    unsure: tuple[str, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class PredictionColumns:
    """The predictions of n sentences column by column, as they are computed and written.

    Attributes:
        ids: the labels, in the order of the columns of `scores`.
        sentences: text, first character and end of each.
        pages: page of each, None where its source has none; empty where no sentence has one.
        scores: probabilities [n x labels].
        labels, unsure, languages, truncated: of each sentence, as in `Prediction`.
    """

    ids: tuple[str, ...]
    sentences: Sequence[tuple[str, int, int]]
    pages: Sequence[int | None]
    scores: NDArray[np.floating]
    labels: Sequence[tuple[str, ...]]
    unsure: Sequence[tuple[str, ...]]
    languages: Sequence[str | None]
    truncated: Sequence[bool]

    def __len__(self) -> int:
        return len(self.sentences)

    @classmethod
    def of(cls, predictions: Sequence[Prediction]) -> PredictionColumns:
        """The columns of predictions that know the same labels."""
        sentences = [p.sentence for p in predictions]
        ids = tuple(predictions[0].probabilities) if predictions else ()
        return cls(
            ids,
            [(s.text, s.start, s.end) for s in sentences],
            [s.page for s in sentences],
            np.array([[p.probabilities[i] for i in ids] for p in predictions]).reshape(len(predictions), len(ids)),
            [p.labels for p in predictions],
            [p.unsure for p in predictions],
            [p.language for p in predictions],
            [p.truncated for p in predictions],
        )

    def part(self, start: int, end: int) -> PredictionColumns:
        """The predictions of some sentences that follow one another."""
        return PredictionColumns(
            self.ids,
            self.sentences[start:end],
            self.pages[start:end],
            self.scores[start:end],
            self.labels[start:end],
            self.unsure[start:end],
            self.languages[start:end],
            self.truncated[start:end],
        )

    def rows(self) -> Iterator[Prediction]:
        """Each sentence's prediction, in order."""
        pages = self.pages or repeat(None)
        sentences = (Sentence(*own, page) for own, page in zip(self.sentences, pages, strict=False))
        probabilities = (dict(zip(self.ids, row, strict=True)) for row in self.scores.tolist())
        return map(Prediction, sentences, probabilities, self.labels, self.languages, self.unsure, self.truncated)


class TaggedDocument:
    """A document's predictions and their roll-up.

    The rule: a document carries a label when at least one of its sentences does, and its probability is the
    highest among them; `counts` says how many sentences carry it, for those who want a stricter rule.

    Args:
        document: what was tagged.
        columns: the predictions of its sentences.
    """

    def __init__(self, document: Document, columns: PredictionColumns) -> None:
        self.document = document
        self.columns = columns

    @cached_property
    def predictions(self) -> tuple[Prediction, ...]:
        """A prediction a sentence, in order."""
        return tuple(self.columns.rows())

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of sentences that carry each label; labels on no sentence are left out."""
        return dict(Counter(chain.from_iterable(self.columns.labels)))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels on at least one sentence, in the taxonomy's order."""
        return tuple(label for label in self.columns.ids if label in self.counts)

    @cached_property
    def unsure(self) -> tuple[str, ...]:
        """The labels unsure in at least one sentence and given in none, in the taxonomy's order."""
        doubtful = set(chain.from_iterable(self.columns.unsure))
        return tuple(label for label in self.columns.ids if label in doubtful and label not in self.counts)

    @cached_property
    def probabilities(self) -> dict[str, float]:
        """The highest sentence probability of each label; empty for a document without sentences."""
        highest = self.columns.scores.max(axis=0).tolist() if len(self.columns) else []
        return dict(zip(self.columns.ids, highest, strict=False))

    @cached_property
    def language(self) -> str | None:
        """ "other" when the sentences that tell are mostly not English, else "en"; None when none tells."""
        told = Counter(language for language in self.columns.languages if language)
        return max(told, key=lambda language: told[language]) if told else None
