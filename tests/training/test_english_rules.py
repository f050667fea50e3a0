from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

import pytest

from ddclassify.englishrules import english_rules
from ddclassify_training.english_rules import spacys_rules


def test_the_file_holds_the_rules_of_the_spacy_that_it_names() -> None:
    rules = english_rules()
    if version("spacy").split(".")[:2] != rules.spacy_version.split(".")[:2]:
        pytest.skip(f"spaCy {version('spacy')} is installed; the rules of the library are from {rules.spacy_version}")
    assert replace(spacys_rules(), spacy_version=rules.spacy_version, notice=rules.notice) == rules


def test_the_file_carries_the_licence_of_the_rules() -> None:
    assert "MIT" in english_rules().notice and "ExplosionAI" in english_rules().notice
