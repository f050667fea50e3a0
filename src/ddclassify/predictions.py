"""What tagging gives back: a prediction a sentence, and their roll-up to the document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

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


@dataclass(frozen=True)
class TaggedDocument:
    """A document's predictions and their roll-up.

    The rule: a document carries a label when at least one of its sentences does, and its probability is the
    highest among them; `counts` says how many sentences carry it, for those who want a stricter rule.
    """

    document: Document
    predictions: tuple[Prediction, ...]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of sentences that carry each label; labels on no sentence are left out."""
        return dict(Counter(label for p in self.predictions for label in p.labels))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels on at least one sentence, in the taxonomy's order."""
        return tuple(label for label in self.probabilities if label in self.counts)

    @cached_property
    def unsure(self) -> tuple[str, ...]:
        """The labels unsure in at least one sentence and given in none, in the taxonomy's order."""
        doubtful = {label for p in self.predictions for label in p.unsure}
        return tuple(label for label in self.probabilities if label in doubtful and label not in self.counts)

    @cached_property
    def probabilities(self) -> dict[str, float]:
        """The highest sentence probability of each label; empty for a document without sentences."""
        highest: dict[str, float] = {}
        for prediction in self.predictions:
            for label, probability in prediction.probabilities.items():
                highest[label] = max(probability, highest.get(label, 0.0))
        return highest

    @cached_property
    def language(self) -> str | None:
        """ "other" when the sentences that tell are mostly not English, else "en"; None when none tells."""
        told = Counter(p.language for p in self.predictions if p.language)
        return max(told, key=lambda language: told[language]) if told else None
