"""The accurate tier: an encoder's vectors of a sentence and of what stands before it, weighed with the n-grams.

    vectors of the sentence and the two before ──context layer──> features ──head──> decision values ─┐
    n-grams ──linear model──> decision values ────────────────────────────────────────────────────────┴─> probabilities

The context layer is learned with the encoder; the head is a scikit-learn logistic regression, refitted in seconds.
Sentences that the n-grams find next to nothing in keep the linear model's probabilities and are never encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .context import WINDOW, Context
from .encoder import Vectors
from .errors import ModelError
from .features import ContextTokens
from .linear import LinearScorer, Scores, calibrated
from .sentences import normalise

Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class HeadWeights:
    """What turns vectors of size d into decision values.

    Attributes:
        context_layer: float32 [(1 + WINDOW) * d + 1 x d], its last row the offsets.
        coefficients: float32 [2 * d x labels].
        intercepts: float32 [labels].
        mixture: float32 [3 x labels]: slope of the head's decision value, slope of the linear model's, offset.
    """

    context_layer: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    intercepts: NDArray[np.float32]
    mixture: NDArray[np.float32]

    def __post_init__(self) -> None:
        size, labels = self.context_layer.shape[-1], self.intercepts.size
        shapes = (self.context_layer.shape, self.coefficients.shape, self.intercepts.shape, self.mixture.shape)
        if shapes != (((1 + WINDOW) * size + 1, size), (2 * size, labels), (labels,), (3, labels)):
            raise ModelError(f"the head's arrays do not fit together: shapes {shapes}")


def encoded_texts(sentences: Sequence[str], contexts: Sequence[Context]) -> list[str]:
    """The distinct texts whose vectors the sentences need, their own and those before, normalised."""
    return list(dict.fromkeys(text for trail in trails(sentences, contexts) for text in trail))


def head_features(
    sentences: Sequence[str],
    contexts: Sequence[Context],
    vector_of: Callable[[Sequence[str]], Vectors],
    context_layer: NDArray[np.float32],
) -> Vectors:
    """Features [n x 2 * d]: each sentence's vector, and the context layer's view of it and the `WINDOW` before.

    Args:
        sentences, contexts: n of each; a missing sentence before counts as a vector of zeros.
        vector_of: gives the vectors of distinct normalised texts.
        context_layer: as in `HeadWeights`.
    """
    every = trails(sentences, contexts)
    texts = list(dict.fromkeys(text for trail in every for text in trail))
    size = context_layer.shape[1]
    vectors = np.concatenate([vector_of(texts).reshape(-1, size), np.zeros((1, size), dtype=np.float32)])
    place = {text: i for i, text in enumerate(texts)}
    absent = len(texts)
    index = np.full((len(every), 1 + WINDOW), absent, dtype=np.int64)
    for row, trail in enumerate(every):
        index[row, : len(trail)] = [place[text] for text in trail]
    joined = vectors[index].reshape(len(every), (1 + WINDOW) * size)
    inner = np.maximum(joined @ context_layer[:-1] + context_layer[-1], 0)
    return np.concatenate([joined[:, :size], inner], axis=1)


def trails(sentences: Sequence[str], contexts: Iterable[Context]) -> list[list[str]]:
    """Each sentence, followed by those before it, the nearest first, normalised."""
    return [
        [normalise(sentence), *(normalise(text) for text in reversed(context.sentences_before()))]
        for sentence, context in zip(sentences, contexts, strict=True)
    ]


class AccurateScorer:
    """Scores sentences with encoder and n-grams together.

    Args:
        linear: the n-gram model.
        encode: gives vectors of normalised texts.
        head: what weighs them.
        passing: a sentence is encoded when the linear model gives a label at least this probability; 0: every one is.
        cuts: says of each text whether the encoder leaves out a part of it; None: it never does.
    """

    def __init__(
        self,
        linear: LinearScorer,
        encode: Encode,
        head: HeadWeights,
        passing: float,
        cuts: Callable[[Sequence[str]], NDArray[np.bool_]] | None = None,
    ) -> None:
        self.linear = linear
        self.head = head
        self.passing = passing
        self.encode = encode
        self.cuts = cuts

    def tokenise(self, sentences: Sequence[str], contexts: Sequence[Context]) -> ContextTokens:
        """The tokens of n sentences and their contexts, to score with."""
        return self.linear.tokenise(sentences, contexts)

    def score(
        self,
        sentences: Sequence[str],
        contexts: Sequence[Context],
        tokens: ContextTokens | None = None,
        truncated: NDArray[np.bool_] | None = None,
    ) -> Scores:
        """Calibrated probabilities [sentences x labels], each column by itself (labels do not exclude each other).

        Args:
            sentences, contexts: n of each.
            tokens: theirs, where they are known already.
            truncated: bool [n], set where only a part of a sentence was looked at.
        """
        tokens = tokens or self.tokenise(sentences, contexts)
        shallow = self.linear.decide(sentences, contexts, tokens)
        scores = calibrated(shallow, self.linear.weights.calibration)
        passed = np.flatnonzero((scores >= self.passing).any(axis=1)).tolist()
        if truncated is not None:
            truncated |= tokens.truncated
            if self.cuts is not None:
                truncated[passed] |= self.cuts([sentences[i] for i in passed])
        if passed:
            features = head_features(
                [sentences[i] for i in passed], [contexts[i] for i in passed], self.encode, self.head.context_layer
            )
            deep = features @ self.head.coefficients + self.head.intercepts
            scores[passed] = mixed(deep, shallow[passed], self.head.mixture)
        return scores


def mixed(deep: Scores, shallow: Scores, mixture: NDArray[np.float32]) -> Scores:
    """Probabilities [n x labels] of the two models' decision values under slopes and offsets [3 x labels]."""
    return calibrated(deep * mixture[0] + shallow * mixture[1], np.stack([np.ones_like(mixture[2]), mixture[2]]))
