"""From rows to documents, by the rule of `ddclassify.predictions.TaggedDocument`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddclassify.linear import Scores

Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class DocumentLevel:
    """What was annotated and given, a row a document.

    Attributes:
        documents: the documents, sorted.
        scores: highest probability of a sentence [documents x labels].
        predicted: given to at least one sentence [documents x labels].
        carried: carried by at least one sentence [documents x labels].
        decided: whether `carried` is known [documents x labels]: a sentence is known to carry the label, or every
            sentence was decided.
    """

    documents: tuple[str, ...]
    scores: Scores
    predicted: Booleans
    carried: Booleans
    decided: Booleans


def roll_up(
    scores: Scores, predicted: Booleans, carried: Booleans, decided: Booleans, documents: Sequence[str]
) -> DocumentLevel:
    """Roll rows up to their documents.

    Args:
        scores, predicted, carried, decided: [rows x labels].
        documents: the document of each row.
    """
    names, index = np.unique(np.asarray(documents, dtype=str), return_inverse=True)
    shape = (names.size, scores.shape[1])
    highest = np.zeros(shape, dtype=scores.dtype)
    np.maximum.at(highest, index, scores)
    given, known, undecided = (np.zeros(shape, dtype=bool) for _ in range(3))
    np.logical_or.at(given, index, predicted)
    np.logical_or.at(known, index, carried & decided)
    np.logical_or.at(undecided, index, ~decided)
    return DocumentLevel(tuple(names.tolist()), highest, given, known, known | ~undecided)
