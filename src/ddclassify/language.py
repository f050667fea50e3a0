"""Is this English? A flag for sentences that the model was never trained on, by their function words."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W\d_]+")

ENOUGH = 6
"""Words a sentence needs for a verdict."""

COUNTS = 5
"""What is counted of a text: words, letters, letters that are not Latin, English function words, those of others."""

_ENGLISH = frozenset(
    """
    the of and to in a is that for it on was with as be by at from this are were or an which have has had not
    but its their his her he she they we will would been who more also than other into after said when all
    between during about there no if can could should may our us i you what any under over before
    """.split()
)
_OTHERS = frozenset(
    """
    le la les des du de et un une dans pour par sur avec est sont qui que au aux ce cette pas plus il elle nous
    el los las del y en una con para por su se lo como más entre al sus o os das dos um uma não ao com mais pelo
    pela der die und das den von zu mit dem des ist für auf im nicht ein eine sich auch als nach wird werden
    het een van voor met op te zijn niet ook bij il di che e gli della delle nel per sono ve bir bu için ile
    dan yang di untuk dengan pada dari ini itu og av som til det har ikke på med att och är för w na z do się jest
    """.split()
)


def language_of(sentence: str) -> str | None:
    """ "en", "other", or None where the sentence is too short to tell or reads like neither.

    A headline has few function words of any language: it gets None or "en", never "other", unless most of
    its letters are not Latin.
    """
    return verdicts(np.array([counts_of(sentence)]))[0]


def counts_of(text: str) -> tuple[int, ...]:
    """What the verdict on a text rests on; those of its parts between spaces add up to those of the whole."""
    return counts_of_words(_WORD.findall(text.lower()))


def counts_of_words(words: list[str]) -> tuple[int, ...]:
    """The counts of a text from its words, which are letters only and in lower case."""
    letters = foreign = english = others = 0
    for word in words:
        letters += len(word)
        foreign += len(word) if word[0] > "\u024f" else 0
        english += word in _ENGLISH
        others += word in _OTHERS
    return len(words), letters, foreign, english, others


def verdicts(counts: NDArray[np.integer]) -> list[str | None]:
    """The languages of n texts from their counts [n x COUNTS]."""
    words, letters, foreign, english, others = counts.T
    told = np.zeros(len(counts), dtype=np.int64)
    enough = words >= ENOUGH
    told[enough & (english >= others) & (english > 0)] = 1
    told[enough & (english < others) & (others >= 0.15 * words)] = 2
    told[(letters >= 20) & (2 * foreign > letters)] = 2
    return [_VERDICTS[number] for number in told.tolist()]


_VERDICTS = (None, "en", "other")
