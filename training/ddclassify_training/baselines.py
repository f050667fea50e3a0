"""What a model must beat: predicting the majority, and looking for the plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ddclassify.taxonomy import Taxonomy


def majority(carried: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give each label to all rows where most rows of `carried` [rows x labels] carry it, else to none."""
    return np.broadcast_to(carried.mean(axis=0) > 0.5, carried.shape)


def keywords(texts: Sequence[str], taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """Give a label to every sentence that holds one of its plain terms; [rows x labels]."""
    patterns = [re.compile(label.plain_terms, re.IGNORECASE) if label.plain_terms else None for label in taxonomy]
    return np.array(
        [[bool(pattern and pattern.search(text)) for pattern in patterns] for text in texts], dtype=bool
    ).reshape(len(texts), len(taxonomy))
