from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import spacy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer

from ddclassify.documents import Document
from ddclassify.englishrules import english_rules
from ddclassify.englishtokens import EnglishTokenizer
from ddclassify.reading import ReadOptions, find_sources, read_documents
from ddclassify.sentences import normalise

LONGEST = 100
BEFORE = ["", "(", "“", "'", "-", "x", "$", "..."]
AFTER = ["", ")", ".", ",", "’s", "-a", "”."]

english = EnglishTokenizer()


@cache
def spacys() -> Tokenizer:
    return spacy.blank("en").tokenizer


def assert_tokens_are_spacys(chunks: Iterable[str]) -> None:
    for chunk in chunks:
        assert english(chunk) == [(token.text, token.idx) for token in spacys()(chunk)], chunk


def test_special_cases_are_divided_as_by_spacy_whatever_stands_around_them() -> None:
    cases = english_rules().special_cases
    assert len(cases) > 1000
    assert_tokens_are_spacys(before + case + after for case, before, after in product(cases, BEFORE, AFTER))


def test_two_special_cases_in_one_chunk_are_divided_as_by_spacy() -> None:
    """Where both are put together from what the other rules made of them, they may overlap."""
    phrases = english_rules().phrases
    emoticons = [phrase for phrase in phrases if not any(map(str.isalpha, phrase))]
    assert len(emoticons) > 60
    assert_tokens_are_spacys(a + b for a, b in product(emoticons, emoticons))


PIECES = st.one_of(
    st.sampled_from(sorted(english_rules().special_cases)),
    st.sampled_from(sorted(english_rules().phrases)),
    st.sampled_from(list(".,:;!?'’‘\"“”`´()[]{}<>-–—―~…_#*&%=+/\\|@^$£€¥₹°§·«»„¡¿。，、「」【】（）؟،۔।")),
    st.sampled_from(["..", "...", "....", "--", "''", "’s", "'S", "n’t", "'ll", "s’", "US$", "C$", "A$", "<3", "C++"]),
    st.sampled_from(["km", "km²", "m³", "kg", "mm/h", "GB", "°C", "°F.", "%", "KB", "кг", "км", "м/с", "كم", "گرم"]),
    st.sampled_from(["0", "1", "2,000", "3.5", "10-12", "9/11", "1st", "24/7", "2^3", "5+", "½", "²", "٣", "१२", "Ⅳ"]),
    st.sampled_from(["http://", "https://a.org/b?c=d#e", "www.un.org", "a.co.uk:8080/", "ftp://x:y@z.io", "10.0.0.1"]),
    st.sampled_from(["8.8.8.8", "mailto:a.b+c@d.int", "x@y", "@z", "#tag", "file.txt", "v1.2.3", "U.S.-led", "e.g.,"]),
    st.sampled_from(
        ["a", "Z", "ab", "AB", "Word", "wORD", "co", "McD", "naïve", "Þór", "ǅ", "ß", "İ", "ﬁ", "Ａ", "ａ"]
    ),
    st.sampled_from(
        [
            "Мир",
            "мир",
            "ЩҐ",
            "Αθήνα",
            "ς",
            "שלום",
            "السلام",
            "ـ",
            "हिन्दी",
            "สวัสดี",
            "中国",
            "にほん",
            "ニホン",
            "한국",
            "ꙮ",
        ]
    ),
    st.sampled_from(["e\u0301", "\u0301", "\u20e3", "\u200b", "\u200d", "\ufe0f", "\xad", "\ufeff", "\x00", "\ufffd"]),
    st.sampled_from(
        ["🙂", "👩‍👩‍👧", "🇫🇷", "™", "©", "→", "✓", "■", "●", "𝔘", "𐍈", "ಠ_ಠ", "¯\\(ツ)/¯", "o_O", ":-)))", "8-D"]
    ),
)
CHUNKS = st.lists(PIECES, max_size=8).map(lambda pieces: "".join(pieces)[:LONGEST])


@settings(max_examples=500, deadline=None)
@given(CHUNKS)
@example("")
@example("(don't)...can't!:-)")
@example("((=-))")
def test_tricky_chunks_are_divided_as_by_spacy(chunk: str) -> None:
    assert_tokens_are_spacys([chunk])


CHARACTERS = st.characters(exclude_categories=["Cs"]).filter(lambda character: not character.isspace())


@settings(max_examples=500, deadline=None)
@given(st.text(CHARACTERS, max_size=LONGEST))
def test_any_chunk_is_divided_as_by_spacy(chunk: str) -> None:
    assert_tokens_are_spacys([chunk])


def test_tokens_lie_end_to_end() -> None:
    assert english("(U.S.-led)") == [("(", 0), ("U.S.-led", 1), (")", 9)]
    assert english("") == []


def test_chunks_of_real_text_are_divided_as_by_spacy(real_data: Path) -> None:
    chunks = {
        chunk[:LONGEST]
        for document in read_documents(find_sources([str(real_data / "real-docs" / "white-house")]), ReadOptions())
        if isinstance(document, Document)
        for chunk in normalise(document.text).split()
    }
    assert len(chunks) > 5000
    assert_tokens_are_spacys(random.Random(0).sample(sorted(chunks), 5000))


@pytest.mark.parametrize("chunk", ["." * 100, "a." * 50, ":-)" * 33, "'" * 100, "a@" * 50, "don't" * 20])
def test_long_repetitions_are_divided_as_by_spacy(chunk: str) -> None:
    assert_tokens_are_spacys([chunk])
