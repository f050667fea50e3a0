"""Normalised text with the way back: which characters of the original each of its characters stands for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from .sentences import HEAP, HYPHEN_GAP, ZERO_WIDTH, join_hyphen, lower_heap

_SOFT_HYPHEN = re.compile("\u00ad")
_WORD = re.compile(r"\S+")
_FIRST_COMBINING = "\u0300"
"""No character below this one ever merges with the one before it."""


def normalise_with_offsets(text: str) -> tuple[str, list[int], list[int]]:
    """What `normalise` gives, more slowly, and where each of its characters comes from.

    Args:
        text: any string.

    Returns:
        The normalised text; for each of its characters the offset in `text` of the first character that it stands
        for; and the offset after the last one. A letter composed of several characters stands for all of them.
    """
    places = list(range(len(text)))
    text, places = _cut(text, places, ZERO_WIDTH, _nothing)
    text, places = _cut(text, places, HYPHEN_GAP, join_hyphen)
    text, places = _cut(text, places, _SOFT_HYPHEN, _nothing)
    if not unicodedata.is_normalized("NFC", text):
        text, places = _cut(text, places, HEAP, lower_heap)
    text, starts, ends = _compose(text, places)
    words: list[str] = []
    kept: list[int] = []
    for match in _WORD.finditer(text):
        if words:
            kept.append(match.start() - 1)
        words.append(match.group())
        kept += range(match.start(), match.end())
    return " ".join(words), [starts[i] for i in kept], [ends[i] for i in kept]


def _nothing(match: re.Match[str]) -> str:
    return ""


def _cut(
    text: str, places: list[int], pattern: re.Pattern[str], stays: Callable[[re.Match[str]], str]
) -> tuple[str, list[int]]:
    """Cut every match down to what stays of it, its beginning; the places of all other characters go along."""
    parts: list[str] = []
    left: list[int] = []
    here = 0
    for match in pattern.finditer(text):
        end = match.start() + len(stays(match))
        parts.append(text[here:end])
        left += places[here:end]
        here = match.end()
    return "".join((*parts, text[here:])), left + places[here:]


def _compose(text: str, places: list[int]) -> tuple[str, list[int], list[int]]:
    """Compose to NFC; starts and ends of what each character stands for."""
    if unicodedata.is_normalized("NFC", text):
        return text, places, [place + 1 for place in places]
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        part = unicodedata.normalize("NFC", text[start:end])
        same = part == text[start:end]
        parts.append(part)
        starts += places[start:end] if same else [places[start]] * len(part)
        ends += [place + 1 for place in places[start:end]] if same else [places[end - 1] + 1] * len(part)
    return "".join(parts), starts, ends


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Shortest stretches that compose alone as they do together."""
    start = 0
    for i in range(1, len(text)):
        if text[i] < _FIRST_COMBINING or _parts(text[start:i], text[i]):
            yield start, i
            start = i
    if text:
        yield start, len(text)


def _parts(before: str, character: str) -> bool:
    """Whether a character stays apart from what stands before it, and from all that may follow."""
    if unicodedata.combining(character) or unicodedata.combining(unicodedata.normalize("NFD", character)[0]):
        return False
    whole = unicodedata.normalize("NFC", before + character)
    return whole == unicodedata.normalize("NFC", before) + unicodedata.normalize("NFC", character)
