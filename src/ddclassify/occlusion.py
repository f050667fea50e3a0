"""Which words a decision hangs on, for any kind of model: leave some out and score what remains."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .context import Context
from .linear import Scores
from .taxonomy import Taxonomy

LONGEST = 3
"""Words of the longest stretch that is left out at once."""

MOST_PIECES = 200
"""A sentence of more words is cut into at most this many pieces of several words."""

GAIN = 1.5
"""How much more a longer stretch must matter than the strongest stretch within it to be shown in its place."""

LEAST = 0.1
"""Log-odds that a stretch must matter to be reported, and also the part of what the strongest matters."""

_WORD = re.compile(r"\S+")
_EDGE = 1e-7
"""Probabilities are kept this far from 0 and 1: near 1, float32 tells no finer ones apart."""


class Scorer(Protocol):
    """What is needed of a classifier."""

    @property
    def taxonomy(self) -> Taxonomy:
        """The labels, in the order of the columns of the scores."""

    def score(self, sentences: Sequence[str], contexts: Sequence[Context | None] | None = None) -> Scores:
        """Probabilities [n x labels]."""


class Occluded(NamedTuple):
    """A stretch of a sentence and what the label loses without it.

    Attributes:
        start, end: characters of the sentence, end exclusive.
        drop: log-odds of the label with the stretch minus without it; negative where it speaks against the label.
    """

    start: int
    end: int
    drop: float


@dataclass(frozen=True, slots=True)
class Drops:
    """What every label loses without every stretch of one to `LONGEST` words.

    Attributes:
        stretches: first word (or piece) of each stretch, the one after its last, first character, the one after it.
        values: float64 [stretches x labels], log-odds with the stretch minus without it.
    """

    stretches: tuple[tuple[int, int, int, int], ...]
    values: NDArray[np.float64]

    def strongest(self, column: int) -> list[Occluded]:
        """The stretches that matter most to one label, the strongest first, none overlapping another.

        A longer stretch stands for the shorter ones within it only where it matters `GAIN` times as much.
        """
        values = self.values[:, column]
        size = {(first, end): abs(value) for (first, end, _, _), value in zip(self.stretches, values, strict=True)}
        least = max(LEAST, LEAST * max(size.values(), default=0.0))
        found: list[Occluded] = []
        taken: set[int] = set()
        for i in np.argsort(-np.abs(values), kind="stable").tolist():
            first, end, start, stop = self.stretches[i]
            parts = [size[a, b] for a in range(first, end) for b in range(a + 1, end + 1) if b - a < end - first]
            words = range(first, end)
            if size[first, end] >= max([least, *(GAIN * part for part in parts)]) and taken.isdisjoint(words):
                taken.update(words)
                found.append(Occluded(start, stop, float(values[i])))
        return found


def drops(classifier: Scorer, sentence: str, context: Context | None = None) -> Drops:
    """Leave out each word, and each two to `LONGEST` words that follow each other, in one call of `score`.

    Args:
        classifier: anything that scores sentences.
        sentence: the sentence; words are what white space divides, without the punctuation around them.
        context: what stands around it, the same for all variants; None where nothing is known.
    """
    pieces = _pieces(sentence)
    stretches = tuple(
        (first, first + n, pieces[first][0], pieces[first + n - 1][1])
        for n in range(1, LONGEST + 1)
        for first in range(len(pieces) - n + 1)
    )
    if not stretches:
        return Drops((), np.zeros((0, len(classifier.taxonomy)), dtype=np.float64))
    variants = [sentence, *(_without(sentence, start, end) for _, _, start, end in stretches)]
    probabilities = np.clip(classifier.score(variants, [context] * len(variants)).astype(np.float64), _EDGE, 1 - _EDGE)
    log_odds = np.log(probabilities / (1 - probabilities))
    return Drops(stretches, log_odds[0] - log_odds[1:])


def occlusion(classifier: Scorer, sentence: str, context: Context | None, label: str) -> list[Occluded]:
    """The stretches of a sentence without which a label gets less likely (or likelier), the strongest first.

    Args:
        classifier: anything that scores sentences; only its `score` is asked, once.
        sentence: the sentence.
        context: what stands around it, None where nothing is known.
        label: id of the label.

    Returns:
        Stretches of one to `LONGEST` words, none overlapping another; those that hardly matter are left out.

    Raises:
        TaxonomyError: the classifier has no such label.
    """
    (label,) = classifier.taxonomy.check([label])
    return drops(classifier, sentence, context).strongest(classifier.taxonomy.ids.index(label))


def _pieces(sentence: str) -> list[tuple[int, int]]:
    """The words' spans; of a long sentence, those of groups of words."""
    words: list[tuple[int, int]] = []
    for match in _WORD.finditer(sentence):
        letters = [i for i, character in enumerate(match.group()) if character.isalnum()]
        if letters:
            words.append((match.start() + letters[0], match.start() + letters[-1] + 1))
    size = -(-len(words) // MOST_PIECES) or 1
    groups = [words[i : i + size] for i in range(0, len(words), size)]
    return [(group[0][0], group[-1][1]) for group in groups]


def _without(sentence: str, start: int, end: int) -> str:
    """The sentence without a stretch, and without the white space that would stand there twice."""
    before, after = sentence[:start], sentence[end:]
    return before + (after.lstrip() if not before or before[-1].isspace() else after)
