"""The linear scorer: features in, calibrated probabilities out. Arrays only, nothing to unpickle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .context import Context
from .errors import ModelError
from .features import ContextTokens, FeatureConfig, FeatureExtractor, Vocabulary

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LinearWeights:
    """The arrays of a fitted one-vs-rest linear model over n-gram features.

    Attributes:
        vocabulary: the n-grams and their weights.
        coefficients: float32 [n-grams x labels].
        intercepts: float32 [labels].
        calibration: float32 [2 x labels], slope and offset that turn a decision value into log-odds.
    """

    vocabulary: Vocabulary
    coefficients: NDArray[np.float32]
    intercepts: NDArray[np.float32]
    calibration: NDArray[np.float32]

    def __post_init__(self) -> None:
        labels = self.intercepts.size
        shapes = (self.coefficients.shape, self.intercepts.shape, self.calibration.shape)
        if shapes != ((self.vocabulary.hashes.size, labels), (labels,), (2, labels)):
            raise ModelError(f"the model's arrays do not fit together: shapes {shapes}")


class LinearScorer:
    """Scores sentences with a linear model.

    Args:
        config: how features are made; must be what the weights were fitted with.
        weights: the fitted arrays.
    """

    def __init__(self, config: FeatureConfig, weights: LinearWeights) -> None:
        self.config = config
        self.weights = weights
        self._extractor = FeatureExtractor(config)

    def tokenise(self, sentences: Sequence[str], contexts: Sequence[Context]) -> ContextTokens:
        """The tokens of n sentences and their contexts, to score with."""
        return self._extractor.tokenise(sentences, contexts)

    def decide(
        self, sentences: Sequence[str], contexts: Sequence[Context], tokens: ContextTokens | None = None
    ) -> Scores:
        """Uncalibrated decision values [sentences x labels]; tokens: theirs, where they are known already."""
        tokens = tokens or self.tokenise(sentences, contexts)
        decisions = np.tile(self.weights.intercepts, (len(sentences), 1))
        for layer in self._extractor.layers(tokens, self.weights.vocabulary):
            decisions += layer.dot(self.weights.coefficients)
        return decisions

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
        if truncated is not None:
            truncated |= tokens.truncated
        return calibrated(self.decide(sentences, contexts, tokens), self.weights.calibration)


def calibrated(decisions: Scores, calibration: NDArray[np.float32]) -> Scores:
    """Probabilities of decision values [n x labels] under slopes and offsets [2 x labels]."""
    log_odds = (decisions * calibration[0] + calibration[1]).astype(np.float64)
    probabilities: Scores = (1 / (1 + np.exp(-log_odds))).astype(np.float32)
    return probabilities
