"""Why a fast model said so: what each n-gram adds to a label's decision value, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

import numpy as np

from .classifier import DEFAULT_POLICY, Classifier
from .context import Context
from .errors import ModelError
from .features import CONTEXT_CHARACTERS, FeatureExtractor, context_text
from .linear import calibrated

Kind = Literal["word", "stem", "context"]
Part = Literal["sentence", "title", "before"]

TIER = "fast"
"""The tier whose decisions are sums over n-grams."""


class Span(NamedTuple):
    """A stretch of the sentence, or of the title or the text before it.

    Attributes:
        start, end: characters of that text as it was given, end exclusive.
        part: which text it is.
    """

    start: int
    end: int
    part: Part = "sentence"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one n-gram adds to a decision value.

    Attributes:
        ngram: its tokens as the model reads them (lower case, digits as 0, stems cut short), a space between two.
        kind: "word" or "stem" of the sentence, or "context": a stem of the title or of the text before.
        spans: each place where it stands, in order; several where it is repeated.
        value: added to the decision value by all its places together.
    """

    ngram: str
    kind: Kind
    spans: tuple[Span, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a label's decision value comes about: it is the intercept and all contributions, added up.

    Attributes:
        label: id of the label.
        decision: uncalibrated decision value, as `LinearScorer.decide` gives it.
        intercept: decision value of a sentence without a known n-gram.
        probability: calibrated probability.
        threshold: probability from which on the label is given under the policy asked for.
        contributions: of the n-grams that the model knows, the strongest (of either sign) first.
    """

    label: str
    decision: float
    intercept: float
    probability: float
    threshold: float
    contributions: tuple[Contribution, ...]


class NgramExplainer:
    """Explains what a model of the tier "fast" says; make one and ask it often.

    Args:
        classifier: the classifier whose decisions are explained.

    Raises:
        ModelError: its model is of another tier.
    """

    def __init__(self, classifier: Classifier) -> None:
        if classifier.tier != TIER:
            raise ModelError(
                f"model {classifier.model_id} is of tier {classifier.tier!r}, which has no n-grams to show; "
                "ask which words matter instead (occlusion)"
            )
        self._classifier = classifier
        self._weights = classifier.model.weights
        self._extractor = FeatureExtractor(classifier.model.features)

    def explain(
        self, sentence: str, context: Context | None = None, *, label: str, policy: str = DEFAULT_POLICY
    ) -> Explanation:
        """The contributions of a sentence's n-grams to one label.

        Args:
            sentence: the sentence, white space and all; spans count its characters.
            context: what stands around it, None where nothing is known.
            label: id of the label.
            policy: which of the model's threshold sets `threshold` is taken from.

        Raises:
            TaxonomyError: the model has no such label.
            ModelError: the model has no such policy.
        """
        around = context or Context()
        (label,) = self._classifier.taxonomy.check([label])
        column = self._classifier.taxonomy.ids.index(label)
        threshold = threshold_of(self._classifier, label, policy)
        weights = self._weights
        rows = self._extractor.rows(self._extractor.tokenise([sentence], [around]), weights.vocabulary)
        decisions = rows.dot(weights.coefficients) + weights.intercepts
        values = rows.values.astype(np.float64) * weights.coefficients[rows.columns, column]
        known = dict(zip(weights.vocabulary.hashes[rows.columns].tolist(), values.tolist(), strict=True))
        places: dict[int, tuple[str, Kind, list[Span]]] = {}
        for occurrence in self._occurrences(sentence, around):
            if occurrence.hash in known:
                places.setdefault(occurrence.hash, (occurrence.ngram, occurrence.kind, []))[2].extend(occurrence.spans)
        found = [Contribution(ngram, kind, tuple(spans), known[h]) for h, (ngram, kind, spans) in places.items()]
        return Explanation(
            label=label,
            decision=float(decisions[0, column]),
            intercept=float(weights.intercepts[column]),
            probability=float(calibrated(decisions, weights.calibration)[0, column]),
            threshold=threshold,
            contributions=tuple(sorted(found, key=lambda c: -abs(c.value))),
        )

    def _occurrences(self, sentence: str, context: Context) -> Iterator[_Occurrence]:
        """Every n-gram of the sentence and its context, in the order of the extractor's blocks."""
        tokens_of = self._extractor.hasher.tokens
        own = [(t, (Span(t.start, t.end),)) for t in tokens_of(sentence)]
        around = [(t, _context_spans(t.start, t.end, context)) for t in tokens_of(context_text(context))]
        for block in self._extractor.blocks(self._extractor.tokenise([sentence], [context])):
            tokens = around if block.kind == "context" else own
            names = [t.word if block.kind == "word" else t.stem for t, _ in tokens]
            spans = [places for _, places in tokens]
            grams = [(i, i + n) for n in range(1, block.longest + 1) for i in range(len(tokens) - n + 1)]
            for (first, end), number in zip(grams, block.hashes.tolist(), strict=True):
                place = spans[first] if end == first + 1 else (Span(spans[first][0].start, spans[end - 1][0].end),)
                yield _Occurrence(number, " ".join(names[first:end]), cast(Kind, block.kind), place)


def threshold_of(classifier: Classifier, label: str, policy: str) -> float:
    """The probability from which on a policy gives a label, as precise as the scores that are compared with it.

    Raises:
        ModelError: the model has no such policy.
    """
    classifier.label(np.zeros((0, len(classifier.taxonomy)), dtype=np.float32), policy)
    return float(np.float32(classifier.model.manifest.thresholds[policy][label]))


class _Occurrence(NamedTuple):
    hash: int
    ngram: str
    kind: Kind
    spans: tuple[Span, ...]


def _context_spans(start: int, end: int, context: Context) -> tuple[Span, ...]:
    """A stretch of `context_text` as stretches of the title and of the text before; a word may be cut by both."""
    title = len(context.title)
    shift = max(0, len(context.before) - CONTEXT_CHARACTERS) - title - 1
    spans = [Span(start, min(end, title), "title"), Span(max(start, title + 1) + shift, end + shift, "before")]
    return tuple(span for span in spans if span.start < span.end)
