"""Is this English? A flag for sentences that the model was never trained on, by their function words."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+")

ENOUGH = 6
"""Words a sentence needs for a verdict."""

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
    words = _WORD.findall(sentence.lower())
    letters = sum(map(len, words))
    if letters >= 20 and sum(len(w) for w in words if w[0] > "\u024f") > letters / 2:
        return "other"
    if len(words) < ENOUGH:
        return None
    english, other = _share(words, _ENGLISH), _share(words, _OTHERS)
    if english >= other:
        return "en" if english else None
    return "other" if other >= 0.15 else None


def _share(words: list[str], known: Iterable[str]) -> float:
    return sum(word in known for word in words) / len(words)
