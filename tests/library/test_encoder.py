from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ddclassify import Classifier
from ddclassify.encoder import MAX_TOKENS, PackedVectors, SentenceEncoder, Vectors, can_encode
from ddclassify.errors import MissingExtraError, ModelError
from ddclassify.modelfolder import ENCODER, TOKENIZER

SENTENCES = [
    "The naval attaché of Peru paid a call on the chief of the general staff.",
    "Rain.",
    "Frigates of both navies exercised off Muscat for ten days, and their crews played football on the last of them.",
    "It will end on Friday.",
]
LONG = " ".join(["The ministers of defence agreed to hold the exercise again"] * 20)
"""200 words, of which some lie beyond the last word piece that is looked at."""

COMPANIONS = ["No.", LONG, "Navy", LONG + " soon"]


@pytest.fixture(scope="module")
def encode(accurate_folder: Path) -> SentenceEncoder:
    return SentenceEncoder(accurate_folder / ENCODER, accurate_folder / TOKENIZER)


@pytest.fixture(scope="module")
def alone(encode: SentenceEncoder) -> Vectors:
    """The vector of each of the sentences, encoded by itself."""
    return np.concatenate([encode([sentence]) for sentence in SENTENCES])


def test_vectors_are_float32_one_for_each_text(encode: SentenceEncoder) -> None:
    vectors = encode(["The attaché left.", "Rain."])
    assert vectors.dtype == np.float32 and vectors.shape == (2, 384) and encode.size == 384
    assert np.isfinite(vectors).all() and not np.allclose(vectors[0], vectors[1], atol=0.1)
    assert encode([]).shape == (0, 384)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 1, 3, 1, 0, 2, 2]])
def test_a_sentence_has_the_same_vector_in_any_order(encode: SentenceEncoder, alone: Vectors, order: list[int]) -> None:
    assert encode([SENTENCES[i] for i in order]) == pytest.approx(alone[order], abs=1e-4)


@pytest.mark.parametrize("companions", [COMPANIONS[:1], COMPANIONS[1:2], COMPANIONS])
def test_a_sentence_has_the_same_vector_in_any_company(
    encode: SentenceEncoder, alone: Vectors, companions: list[str]
) -> None:
    together = encode([*companions, *SENTENCES, *companions])
    assert together[len(companions) : -len(companions)] == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_number_of_threads_gives_the_same_vectors(accurate_folder: Path, alone: Vectors, threads: int) -> None:
    encode = SentenceEncoder(accurate_folder / ENCODER, accurate_folder / TOKENIZER, threads)
    assert encode([LONG, *SENTENCES])[1:] == pytest.approx(alone, abs=1e-6)
    assert encode([]).shape == (0, encode.size)


def test_scores_of_the_accurate_tier_do_not_depend_on_the_company(accurate: Classifier) -> None:
    together = accurate.score([*COMPANIONS, *SENTENCES, *COMPANIONS])[4:-4]
    for i, sentence in enumerate(SENTENCES):
        assert accurate.score([sentence])[0] == pytest.approx(together[i], abs=1e-4)


def test_threads_share_an_encoder(encode: SentenceEncoder, alone: Vectors) -> None:
    with ThreadPoolExecutor(4) as pool:
        for i, vectors in enumerate(pool.map(encode, [[LONG, sentence] for sentence in SENTENCES])):
            assert vectors[1] == pytest.approx(alone[i], abs=1e-4)


def test_texts_without_a_word_have_a_vector(encode: SentenceEncoder) -> None:
    vectors = encode(["", "   ", "\n\t\u00a0", "\u200b"])
    assert np.isfinite(vectors).all()
    assert vectors == pytest.approx(np.tile(vectors[0], (4, 1)), abs=1e-5)


def test_white_space_and_composition_make_no_difference(encode: SentenceEncoder) -> None:
    vectors = encode(
        ["The attaché left.", " The\u00a0 attaché\r\n\tleft. ", "The attache\u0301 left.", "The attaché won."]
    )
    assert vectors[1:3] == pytest.approx(vectors[[0, 0]], abs=1e-5)
    assert not np.allclose(vectors[3], vectors[0], atol=0.01)


def test_a_word_that_a_line_end_broke_is_whole(encode: SentenceEncoder) -> None:
    vectors = encode(["Naval cooperation ended.", "Naval coopera-\ntion ended.", "Naval coopera\u00adtion ended."])
    assert vectors[1:] == pytest.approx(vectors[[0, 0]], abs=1e-5)


def test_only_the_first_word_pieces_are_looked_at(encode: SentenceEncoder) -> None:
    whole = MAX_TOKENS - 2  # two mark the ends
    vectors = encode(["navy " * whole, "navy " * whole + "and peace", "navy " * (whole - 1) + "peace"])
    assert vectors[1] == pytest.approx(vectors[0], abs=1e-5)
    assert not np.allclose(vectors[2], vectors[0], atol=1e-4)


def test_a_very_long_text_costs_little(encode: SentenceEncoder) -> None:
    vectors = encode(["x" * 5_000_000, "navy " * 1_000_000, "navy " * MAX_TOKENS])
    assert np.isfinite(vectors).all()
    assert vectors[1] == pytest.approx(vectors[2], abs=1e-5)


def test_half_a_surrogate_pair_is_an_unknown_character(encode: SentenceEncoder) -> None:
    vectors = encode(["The attach\ud800 left.", "The attach\ufffd left."])
    assert np.array_equal(vectors[0], vectors[1])


@pytest.mark.parametrize("text", ["\ud83d", "a\x00b\x07\x1b[0m", "\ufeff\ufffe\uffff", "\x85", "🚢" * 300])
def test_odd_characters_are_scored(accurate: Classifier, text: str) -> None:
    scores = accurate.score([text, "The attaché left."])
    assert ((scores > 0) & (scores < 1)).all()
    assert scores[1] == pytest.approx(accurate.score(["The attaché left."])[0], abs=1e-4)


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_missing_package_names_the_extra(
    accurate_folder: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert can_encode()
    monkeypatch.setitem(sys.modules, package, None)
    assert not can_encode()
    with pytest.raises(MissingExtraError, match=r"accurate tier needs .*pip install 'ddclassify\[accurate\]'"):
        SentenceEncoder(accurate_folder / ENCODER, accurate_folder / TOKENIZER)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"no graph\nat all", b"\x08\x08"])
def test_a_broken_encoder_is_one_clear_error(accurate_folder: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / ENCODER).write_bytes(content)
    with pytest.raises(ModelError) as caught:
        SentenceEncoder(tmp_path / ENCODER, accurate_folder / TOKENIZER)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: the encoder cannot be read: ") and "\n" not in message


def test_a_cut_off_encoder_is_one_clear_error(accurate_folder: Path, tmp_path: Path) -> None:
    whole = (accurate_folder / ENCODER).read_bytes()
    (tmp_path / ENCODER).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"the encoder cannot be read: [^\n]+$"):
        SentenceEncoder(tmp_path / ENCODER, accurate_folder / TOKENIZER)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1,\n2]", b'{"version": "1.0",\n "model": 7}', b"\xff\xfe"])
def test_a_broken_tokenizer_is_one_clear_error(accurate_folder: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / TOKENIZER).write_bytes(content)
    with pytest.raises(ModelError, match=r"the encoder cannot be read: [^\n]+$"):
        SentenceEncoder(accurate_folder / ENCODER, tmp_path / TOKENIZER)


@pytest.mark.parametrize("missing", [ENCODER, TOKENIZER])
def test_a_missing_file_is_one_clear_error(accurate_folder: Path, tmp_path: Path, missing: str) -> None:
    places = {name: (tmp_path if name == missing else accurate_folder) / name for name in (ENCODER, TOKENIZER)}
    with pytest.raises(ModelError, match=r"the encoder cannot be read: [^\n]+$"):
        SentenceEncoder(places[ENCODER], places[TOKENIZER])


many_vectors = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=6),
    elements=st.floats(-1e6, 1e6, width=32) | st.floats(-1, 1, width=32),
)


@settings(deadline=None)
@given(many_vectors)
def test_packing_costs_half_a_step_at_most(vectors: Vectors) -> None:
    packed = PackedVectors.pack(vectors)
    back = packed.unpack()
    assert packed.steps.dtype == np.int8 and packed.scales.dtype == np.float32
    assert back.dtype == np.float32 and back.shape == vectors.shape
    largest = np.abs(vectors).max(axis=1, initial=0, keepdims=True)
    assert (packed.scales[:, None] <= np.maximum(largest, 1e-12) / 127 * 1.0001).all(), "all 255 steps are used"
    assert (np.abs(back - vectors) <= packed.scales[:, None] / 2 + 1e-6 * largest).all()


@settings(deadline=None)
@given(many_vectors)
def test_packing_what_was_unpacked_changes_nothing(vectors: Vectors) -> None:
    packed = PackedVectors.pack(vectors)
    again = PackedVectors.pack(packed.unpack())
    assert np.array_equal(again.steps, packed.steps) and np.array_equal(again.scales, packed.scales)


def test_packed_vectors_that_do_not_fit_together_are_refused() -> None:
    steps, scales = np.zeros((2, 3), dtype=np.int8), np.ones(2, dtype=np.float32)
    assert np.array_equal(PackedVectors(steps, scales).unpack(), np.zeros((2, 3)))
    for bad in ((steps.astype(np.int16), scales), (steps, scales[:1]), (steps[0], scales), (steps, scales[:, None])):
        with pytest.raises(ModelError, match="do not fit together"):
            PackedVectors(*bad)
