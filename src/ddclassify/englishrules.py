"""The rules of spaCy's English tokenizer and the names its string store reserves, from a file of this package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("englishrules.json")


@dataclass(frozen=True, slots=True)
class EnglishRules:
    """What `python -m ddclassify_training.english_rules` takes from spaCy, so that tokenising does without it.

    Attributes:
        spacy_version: of the spaCy that the rules are from.
        notice: its licence (MIT); the pattern of web addresses in it is by Diego Perini (MIT).
        prefix, suffix, infix, url: regular expressions.
        special_cases: strings without white space, and the tokens that each is divided into.
        phrases: those of them that the other rules might divide, and the tokens that these alone make of each.
        symbols: reserved strings and their numbers.
    """

    spacy_version: str
    notice: str
    prefix: str
    suffix: str
    infix: str
    url: str
    special_cases: Mapping[str, list[str]]
    phrases: Mapping[str, list[str]]
    symbols: Mapping[str, int]


@cache
def english_rules() -> EnglishRules:
    """The rules, read once."""
    return EnglishRules(**json.loads(FILE.read_text(encoding="utf-8")))
