"""The training sentences nearest to a sentence: what the accurate tier learned from that is most like it."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

import numpy as np

from .accurate import Encode
from .encoder import Vectors
from .errors import ModelError
from .modelfolder import ModelFolder
from .sentences import normalise

LEARNED_FROM = "train"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training sentence.

    Attributes:
        text: the sentence.
        labels: the labels it carries there.
        similarity: cosine of its vector and the other sentence's, from -1 to 1.
    """

    text: str
    labels: tuple[str, ...]
    similarity: float


class NearestSentences:
    """Finds the nearest training sentences of a model of the accurate tier.

    Args:
        model: its folder, which must carry its corpus.
        encode: gives the vectors of normalised texts.

    Raises:
        ModelError: the model is of another tier, or carries no corpus.
    """

    def __init__(self, model: ModelFolder, encode: Encode) -> None:
        if model.head is None or model.corpus is None:
            raise ModelError(f"{model.path}: only a model of the accurate tier that carries its corpus has neighbours")
        with gzip.open(model.corpus, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        chosen = [i for i, row in enumerate(rows) if row["split"] == LEARNED_FROM]
        self._rows = [rows[i] for i in chosen]
        self._vectors = _unit(model.vectors()[chosen])
        self._encode = encode

    def __call__(self, sentence: str, number: int) -> list[Neighbour]:
        """The nearest ones, nearest first, each text once.

        Args:
            sentence: any sentence; read by itself, without its context.
            number: how many.
        """
        similarity = self._vectors @ _unit(self._encode([normalise(sentence)]))[0]
        found: dict[str, Neighbour] = {}
        for i in np.argsort(-similarity, kind="stable"):
            if len(found) == number:
                break
            row = self._rows[i]
            found.setdefault(row["text"], Neighbour(row["text"], tuple(row["labels"]), float(similarity[i])))
        return list(found.values())


def _unit(vectors: Vectors) -> Vectors:
    norms: Vectors = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    unit: Vectors = vectors / norms
    return unit
