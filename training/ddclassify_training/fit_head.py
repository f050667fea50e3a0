"""Fit the head of the accurate tier over an encoder's vectors: one logistic regression a label, then the mixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ddclassify.accurate import HeadWeights, head_features
from ddclassify.encoder import Vectors
from ddclassify.linear import LinearScorer, Scores

from .config import TrainingConfig
from .corpus import Row, contexts, label_matrix
from .fit import calibrate, dropped

Booleans = NDArray[np.bool_]


def fit_head(
    train: Sequence[Row],
    dev: Sequence[Row],
    label_ids: Sequence[str],
    config: TrainingConfig,
    linear: LinearScorer,
    context_layer: NDArray[np.float32],
    vector_of: Callable[[Sequence[str]], Vectors],
) -> HeadWeights:
    """Fit head and mixture.

    Args:
        train: rows to fit the head on.
        dev: rows to fit the mixture on; never fitted on otherwise.
        label_ids: the columns, in order.
        config: settings.
        linear: the n-gram model, fitted on the same rows.
        context_layer: as in `HeadWeights`, learned with the encoder.
        vector_of: gives the vectors of normalised texts.
    """
    carried, decided = label_matrix(train, label_ids)
    around = dropped(contexts(train), config)
    features = head_features([row.text for row in train], around, vector_of, context_layer)
    fitted = Parallel(n_jobs=-1, prefer="threads")(
        delayed(_fit_label)(features[use], target[use], config)
        for use, target in zip(decided.T, carried.T, strict=True)
    )
    coefficients = np.stack([coefficient for coefficient, _ in fitted], axis=1)
    intercepts = np.array([intercept for _, intercept in fitted], dtype=np.float32)
    texts, around = [row.text for row in dev], contexts(dev)
    deep = head_features(texts, around, vector_of, context_layer) @ coefficients + intercepts
    mixture = mix(deep, linear.decide(texts, around), config.head_share, *label_matrix(dev, label_ids))
    return HeadWeights(context_layer, coefficients, intercepts, mixture)


def mix(deep: Scores, shallow: Scores, share: float, carried: Booleans, decided: Booleans) -> NDArray[np.float32]:
    """The mixture [3 x labels] of two models' decision values [n x labels], calibrated on held-out rows.

    The share is the same for all labels: a few dozen positives a label do not tell it better.
    """
    slope, offset = calibrate(share * deep + (1 - share) * shallow, carried, decided)
    return np.stack([share * slope, (1 - share) * slope, offset])


def _fit_label(features: Vectors, target: Booleans, config: TrainingConfig) -> tuple[NDArray[np.float32], float]:
    """Coefficients and intercept of one label."""
    model = LogisticRegression(C=config.head_c, max_iter=500).fit(features, target)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])
