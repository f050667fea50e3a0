from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from ddclassify import Classifier
from ddclassify.context import Context, DocumentContexts, contexts_of
from ddclassify.documents import Document
from ddclassify.features import FeatureConfig, FeatureExtractor, SparseRows, Vocabulary
from ddclassify.language import language_of, verdicts
from ddclassify.reading import ReadOptions, find_sources, read_documents
from ddclassify.sentences import normalise
from ddclassify.tokens import CHUNK_CAP, GROUP, TokenHasher

TEXTS = [
    "The two navies' frigates (F-230 and F-125) exercised off Muscat, 12-14 May 2019.",
    "Lt. Gen. Okoye's staff didn't confirm the U.S.-led drill; see http://example.org/a?b=1.",
    "",
    "coopera-\ntion between   armed\u00a0forces",
    "— … !!!",
]

nlp = spacy.blank("en")


def spacy_words(text: str) -> list[str]:
    words = [token.lower_ for token in nlp.tokenizer(normalise(text)) if not token.is_space]
    masked = ["".join("0" if c.isdecimal() else c for c in word) for word in words]
    return [word for word in masked if any(map(str.isalnum, word))]


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_spacys(text: str) -> None:
    hashes = [nlp.vocab.strings.add(word) for word in spacy_words(text)]
    assert TokenHasher()([text]).words.tolist() == hashes


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_tokens_are_spacys_on_any_text(text: str) -> None:
    if any(len(chunk) > CHUNK_CAP for chunk in normalise(text).split()):
        return
    hashes = [nlp.vocab.strings.add(word) for word in spacy_words(text)]
    assert TokenHasher()([text]).words.tolist() == hashes


PLAIN = st.sampled_from(
    [*"Aa9 -.,:'’\"”()[]$£?!", " ", "cannot", "Mr", "U.S", "id", "dont", "McD", "it", "’s", "don’t", "1,000.5", "co-op"]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PLAIN, max_size=12).map("".join))
def test_words_that_need_no_tokeniser_are_spacys_too(text: str) -> None:
    hashes = [nlp.vocab.strings.add(word) for word in spacy_words(text)]
    assert TokenHasher()([text]).words.tolist() == hashes


def test_tokens_and_languages_of_real_text_are_those_of_the_plain_way(real_data: Path, fast: Classifier) -> None:
    documents = read_documents(find_sources([str(real_data / "real-docs" / "white-house")]), ReadOptions())
    texts = [s.text for d in islice(documents, 150) if isinstance(d, Document) for s in d.sentences()]
    batch = TokenHasher()(texts)
    assert len(texts) > 3000
    words = batch.words.tolist()
    for i, text in enumerate(texts):
        expected = [nlp.vocab.strings.add(word) for word in spacy_words(text)]
        assert words[batch.ends[i] : batch.ends[i + 1]] == expected, text
    assert verdicts(batch.counts) == [language_of(normalise(text)) for text in texts]


def test_contexts_within_documents_are_scored_like_contexts_by_themselves(real_data: Path, fast: Classifier) -> None:
    texts: list[str] = []
    titles: list[str] = []
    firsts = [0]
    for document in read_documents(find_sources([str(real_data / "real-docs")]), ReadOptions()):
        if isinstance(document, Document):
            texts += [sentence.text for sentence in document.sentences()]
            titles.append(document.title)
            firsts.append(len(texts))
    within = DocumentContexts(texts, titles, firsts)
    every = list(within)
    for unlike in (lambda c: len(c.before) > 1000, lambda c: "-\n\n" in c.before, lambda c: bool(c.title)):
        at = next(i for i, context in enumerate(every) if unlike(context))
        part = slice(max(0, at - 100), at + 100)
        expected = fast.score(texts[part], every[part])
        assert fast.scorer.score(texts[part], within[part]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("size", [GROUP - 1, GROUP, GROUP + 1, *range(3 * GROUP, 3 * GROUP + 12)])
def test_long_texts_are_read_in_pieces(size: int) -> None:
    words = "The naval attaché of Peru exercised off Muscat with forty frigates".split()
    text = " ".join(islice(cycle(words), size // 6))
    batch = TokenHasher()(["Before.", text, "After."])
    assert len(text) >= size * 0.8
    assert np.diff(batch.ends).tolist() == [1, size // 6, 1]
    once = TokenHasher()([" ".join(words)]).words.tolist()
    assert batch.words[1:-1].tolist() == list(islice(cycle(once), size // 6))


def test_a_text_that_normalising_lengthens_past_a_group_is_read_in_pieces() -> None:
    composed = "\ufb2c "  # a letter that Unicode decomposes into three even in composed text
    size = GROUP // 2 - 1
    batch = TokenHasher()([composed * size])
    once = TokenHasher()([composed]).words.tolist()
    assert batch.words.tolist() == once * size


def test_an_endless_chunk_does_not_hide_what_stands_around_it() -> None:
    batch = TokenHasher()(["peace " + "x" * (3 * GROUP) + " talks", "next"])
    alone = TokenHasher()(["peace " + "x" * CHUNK_CAP + " talks", "next"])
    assert batch.words.tolist() == alone.words.tolist() and batch.ends.tolist() == alone.ends.tolist()
    assert batch.cut.tolist() == [True, False] and not alone.cut.any()


def test_a_memo_that_starts_anew_changes_nothing(monkeypatch: pytest.MonkeyPatch, fast: Classifier) -> None:
    sentences = [f"The {word} of Peru met word{i}." for i, word in enumerate(["attaché", "navy", "minister"] * 20)]
    expected = fast.score(sentences)
    monkeypatch.setattr("ddclassify.tokens.MEMO_CAP", 10)
    for i in range(0, len(sentences), 7):
        assert fast.score(sentences[i : i + 7]) == pytest.approx(expected[i : i + 7], abs=1e-6)


def test_tokens_of_a_batch_are_those_of_each_text() -> None:
    hasher = TokenHasher()
    batch = hasher(TEXTS)
    for i, text in enumerate(TEXTS):
        assert batch.words[batch.ends[i] : batch.ends[i + 1]].tolist() == hasher([text]).words.tolist()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_readable_tokens_are_those_that_are_hashed(text: str) -> None:
    hasher = TokenHasher()
    batch, tokens = hasher([text]), hasher.tokens(text)
    assert batch.words.tolist() == [nlp.vocab.strings.add(token.word) for token in tokens]
    assert batch.stems.tolist() == [nlp.vocab.strings.add(token.stem) for token in tokens]
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)


@pytest.mark.parametrize("text", TEXTS)
def test_readable_tokens_stand_where_they_say(text: str) -> None:
    hasher = TokenHasher()
    for token in hasher.tokens(text):
        assert [again.word for again in hasher.tokens(text[token.start : token.end])] == [token.word]


def test_the_readable_token_of_an_endless_chunk_ends_where_it_is_cut() -> None:
    (token,) = TokenHasher().tokens(" " + "x" * 500)
    assert (token.start, token.end) == (1, 1 + CHUNK_CAP) and token.word == "x" * CHUNK_CAP


def test_stems_join_inflections() -> None:
    batch = TokenHasher(5)(["training trained exercise"])
    assert batch.stems[0] == batch.stems[1] != batch.stems[2]
    assert batch.words[0] != batch.words[1]


def test_half_a_surrogate_pair_is_a_token_like_any_other() -> None:
    assert TokenHasher()(["attach\ud800 left"]).words.size == 2


def test_a_chunk_without_space_costs_little() -> None:
    assert TokenHasher()(["x" * 5_000_000]).words.size == 1


def dense(rows: SparseRows, width: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    full = np.zeros((rows.indptr.size - 1, width), dtype=np.float32)
    for i in range(rows.indptr.size - 1):
        part = slice(rows.indptr[i], rows.indptr[i + 1])
        full[i, rows.columns[part]] = rows.values[part]
    return full


def extracted(
    texts: list[str], contexts: list[Context] | None = None, **config: float
) -> tuple[SparseRows, Vocabulary, FeatureExtractor]:
    extractor = FeatureExtractor(FeatureConfig(**{"min_df": 1, "full_norm": 0.0, **config}))  # type: ignore[arg-type]
    around = contexts or [Context()] * len(texts)
    vocabulary = extractor.learn_vocabulary(texts, around)
    return extractor.rows(extractor.tokenise(texts, around), vocabulary), vocabulary, extractor


def test_rows_are_tf_idf_with_unit_blocks() -> None:
    texts = ["exercise exercise navy", "navy parade", "parade"]
    rows, vocabulary, _ = extracted(texts, words=1, stems=0, context_weight=0)
    full = dense(rows, vocabulary.hashes.size)
    idf = {word: np.log(4 / (1 + df)) + 1 for word, df in {"exercise": 1, "navy": 2, "parade": 2}.items()}
    expected = np.array([(1 + np.log(2)) * idf["exercise"], idf["navy"]])
    assert sorted(full[0][full[0] > 0]) == pytest.approx(sorted(expected / np.linalg.norm(expected)), rel=1e-5)
    assert np.linalg.norm(full, axis=1) == pytest.approx([1, 1, 1], rel=1e-5)


def test_blocks_have_their_own_length() -> None:
    texts = ["the drill ended", "the navy left"]
    contexts = [Context(before="Two navies began a drill."), Context()]
    rows, vocabulary, _ = extracted(texts, contexts, context_weight=0.5)
    lengths = np.linalg.norm(dense(rows, vocabulary.hashes.size), axis=1) ** 2
    assert lengths == pytest.approx([1 + 1 + 0.25, 1 + 1], rel=1e-5)


def test_a_sentence_of_a_few_common_words_keeps_a_short_vector() -> None:
    texts = [
        "and so",
        "and so the navies of Chile and Peru exercised off Arica with four frigates each",
        "and so",
        "and",
    ]
    rows, vocabulary, _ = extracted(texts, words=1, stems=0, context_weight=0, full_norm=6)
    lengths = np.linalg.norm(dense(rows, vocabulary.hashes.size), axis=1)
    assert lengths[0] < 0.5 and lengths[1] == pytest.approx(1, rel=1e-5)


def test_bigrams_do_not_cross_texts() -> None:
    _, vocabulary, extractor = extracted(["alpha", "beta"], words=2, stems=0, context_weight=0)
    assert vocabulary.hashes.size == 2
    assert extractor.rows(extractor.tokenise(["alpha beta"], [Context()]), vocabulary).columns.size == 2


def test_min_df_counts_texts_not_occurrences() -> None:
    extractor = FeatureExtractor(FeatureConfig(min_df=2, words=1, stems=0, context_weight=0))
    vocabulary = extractor.learn_vocabulary(["drill drill", "parade", "parade"], [Context()] * 3)
    assert vocabulary.hashes.size == 1


def test_unknown_words_and_empty_texts_give_empty_rows() -> None:
    _, vocabulary, extractor = extracted(["navy drill"])
    rows = extractor.rows(extractor.tokenise(["zzz qqq", "", "navy"], [Context()] * 3), vocabulary)
    assert np.diff(rows.indptr).tolist()[:2] == [0, 0] and np.diff(rows.indptr)[2] > 0
    product = rows.dot(np.ones((vocabulary.hashes.size, 2), dtype=np.float32))
    assert product[:2].tolist() == [[0, 0], [0, 0]] and (product[2] > 0).all()


def test_dot_is_the_matrix_product() -> None:
    rows, vocabulary, _ = extracted([*TEXTS, "navy parade", ""])
    weights = np.random.default_rng(0).normal(size=(vocabulary.hashes.size, 9)).astype(np.float32)
    assert rows.dot(weights) == pytest.approx(dense(rows, vocabulary.hashes.size) @ weights, abs=1e-5)


@pytest.mark.parametrize(
    "bad", [{"stem_length": 0}, {"min_df": 0}, {"words": 0, "stems": 0}, {"context_weight": -1}, {"full_norm": -1.0}]
)
def test_impossible_settings_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        FeatureConfig(**bad)  # type: ignore[arg-type]


def test_contexts_hold_two_sentences_on_each_side() -> None:
    contexts = contexts_of(["a", "b", "c", "d"], "T")
    assert contexts[0] == Context("", "b\n\nc", "T")
    assert contexts[2] == Context("a\n\nb", "d", "T")
    assert contexts[3] == Context("b\n\nc", "", "T")
