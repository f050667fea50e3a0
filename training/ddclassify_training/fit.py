"""Fit the linear model: n-gram features, one logistic regression a label, calibration, thresholds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from ddclassify.context import Context
from ddclassify.errors import CorpusError
from ddclassify.features import FeatureExtractor, SparseRows, Vocabulary
from ddclassify.linear import LinearScorer, LinearWeights, Scores

from .config import TrainingConfig
from .corpus import Row, contexts, label_matrix

Booleans = NDArray[np.bool_]


def fit(train: Sequence[Row], dev: Sequence[Row], label_ids: Sequence[str], config: TrainingConfig) -> LinearWeights:
    """Fit a model on train and calibrate it on dev.

    Args:
        train: rows to fit on.
        dev: rows to calibrate on; never fitted on.
        label_ids: the columns, in order.
        config: settings; the same rows, settings and library versions give the same arrays.

    Raises:
        CorpusError: a label has no positive or no negative row to learn from.
    """
    carried, decided = label_matrix(train, label_ids)
    around = dropped(contexts(train), config)
    texts = [row.text for row in train]
    extractor = FeatureExtractor(config.features)
    vocabulary = extractor.learn_vocabulary(texts, around)
    if not vocabulary.hashes.size:
        raise CorpusError(f"no n-gram stands in {config.features.min_df} training sentences; lower min_df")
    matrix = to_csr(extractor.rows(extractor.tokenise(texts, around), vocabulary), vocabulary)
    for j, label in enumerate(label_ids):
        use = np.flatnonzero(decided[:, j])
        target = carried[use, j]
        if not 0 < target.sum() < target.size:
            raise CorpusError(
                f"label {label!r}: {target.sum()} of {target.size} training rows carry it; "
                "it needs some with and some without"
            )
    fitted = Parallel(n_jobs=-1, prefer="threads")(
        delayed(_fit_label)(matrix[np.flatnonzero(use)], target[use], config)
        for use, target in zip(decided.T, carried.T, strict=True)
    )
    coefficients = np.stack([coefficient for coefficient, _ in fitted], axis=1)
    intercepts = np.array([intercept for _, intercept in fitted], dtype=np.float32)
    identity = np.array([[1.0], [0.0]], dtype=np.float32).repeat(len(label_ids), axis=1)
    weights = LinearWeights(vocabulary, coefficients, intercepts, identity)
    decisions = LinearScorer(config.features, weights).decide([row.text for row in dev], contexts(dev))
    return LinearWeights(vocabulary, coefficients, intercepts, calibrate(decisions, *label_matrix(dev, label_ids)))


def _fit_label(matrix: csr_matrix, target: Booleans, config: TrainingConfig) -> tuple[NDArray[np.float32], float]:
    """Coefficients and intercept of one label."""
    model = LogisticRegression(C=config.c, solver="liblinear", max_iter=1000, random_state=config.seed)
    model.fit(matrix, target)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def dropped(around: Sequence[Context], config: TrainingConfig) -> list[Context]:
    """The contexts with a share of them withheld, the same ones for the same seed."""
    withheld = np.random.default_rng(config.seed).random(len(around)) < config.context_dropout
    return [Context() if gone else context for gone, context in zip(withheld, around, strict=True)]


def calibrate(decisions: Scores, carried: Booleans, decided: Booleans) -> NDArray[np.float32]:
    """Platt's slope and offset of each label [2 x labels] from decision values on held-out rows.

    Targets are smoothed as Platt (1999) does, so that a label that separates dev perfectly does not get
    probabilities of 0 and 1. A label with fewer than five positive or negative held-out rows keeps the model's own
    log-odds.
    """
    fitted = np.array([[1.0], [0.0]], dtype=np.float32).repeat(decisions.shape[1], axis=1)
    for j in range(decisions.shape[1]):
        use = decided[:, j]
        target = carried[use, j]
        if min(target.sum(), (~target).sum()) >= 5:
            positives, negatives = target.sum(), (~target).sum()
            hope = np.where(target, (positives + 1) / (positives + 2), 1 / (negatives + 2))
            values = np.tile(decisions[use, j], 2)[:, None]
            sure = np.repeat([True, False], target.size)
            model = LogisticRegression(C=1e6).fit(values, sure, sample_weight=np.concatenate([hope, 1 - hope]))
            if model.coef_[0, 0] > 0:
                fitted[:, j] = model.coef_[0, 0], model.intercept_[0]
    return fitted


def to_csr(rows: SparseRows, vocabulary: Vocabulary) -> csr_matrix:
    """Feature rows as SciPy's matrix, for scikit-learn."""
    shape = (rows.indptr.size - 1, vocabulary.hashes.size)
    return csr_matrix((rows.values, rows.columns, rows.indptr), shape=shape)
