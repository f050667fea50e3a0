from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from ddclassify.accurate import AccurateScorer, HeadWeights, encoded_texts, head_features, mixed, trails
from ddclassify.context import Context, contexts_of
from ddclassify.encoder import Vectors
from ddclassify.errors import ModelError
from ddclassify.features import FeatureConfig, FeatureExtractor
from ddclassify.linear import LinearScorer, LinearWeights

SIZE, LABELS = 4, 2
DOCUMENT = [
    "The naval attaché of Peru left.",
    "Frigates  exercised\noff Muscat.",
    "It will end on Friday.",
    "Bread is dear.",
    "The attaché of Chile left too.",
]
AROUND = contexts_of(DOCUMENT, "Attachés")


def vector(text: str) -> Vectors:
    return np.array([byte / 128 - 1 for byte in hashlib.sha256(text.encode()).digest()[:SIZE]], dtype=np.float32)


class FakeEncoder:
    """Vectors from hashes of the texts; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([vector(text) for text in texts], dtype=np.float32).reshape(-1, SIZE)


def random(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


LAYER = random(3 * SIZE + 1, SIZE)


@pytest.fixture(scope="module")
def linear() -> LinearScorer:
    """An n-gram model of the document's own words."""
    config = FeatureConfig(min_df=1, full_norm=0.0)
    vocabulary = FeatureExtractor(config).learn_vocabulary(DOCUMENT, AROUND)
    weights = LinearWeights(
        vocabulary,
        random(vocabulary.hashes.size, LABELS) * 3,
        np.array([-0.5, 0.2], dtype=np.float32),
        np.array([[1.2, 0.8], [0.1, -0.3]], dtype=np.float32),
    )
    return LinearScorer(config, weights)


@pytest.fixture(scope="module")
def head() -> HeadWeights:
    mixture = np.array([[0.7, 1.4], [0.3, 0.6], [-0.5, 0.25]], dtype=np.float32)
    return HeadWeights(LAYER, random(2 * SIZE, LABELS), np.array([0.1, -0.2], dtype=np.float32), mixture)


def logistic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-values))


def test_a_trail_goes_back_from_the_sentence() -> None:
    title, (a, b, c, d, e) = "Attachés", [" ".join(sentence.split()) for sentence in DOCUMENT]
    assert trails(DOCUMENT, AROUND) == [[a, title], [b, a, title], [c, b, a], [d, c, b], [e, d, c]]
    assert trails(DOCUMENT, contexts_of(DOCUMENT))[:2] == [[a], [b, a]]
    assert trails([a], [Context(before="One came. Two came.\nThree came.")]) == [[a, "Three came.", "Two came."]]
    assert trails([], []) == []


def test_a_trail_needs_a_context_for_each_sentence() -> None:
    with pytest.raises(ValueError, match="zip"):
        trails(DOCUMENT, AROUND[:-1])


def test_each_text_is_encoded_once() -> None:
    texts = encoded_texts(DOCUMENT, AROUND)
    assert texts[:3] == ["The naval attaché of Peru left.", "Attachés", "Frigates exercised off Muscat."]
    assert len(texts) == len(set(texts)) == len(DOCUMENT) + 1
    encoder = FakeEncoder()
    head_features(DOCUMENT * 2, AROUND * 2, encoder, LAYER)
    assert encoder.asked == texts


def test_head_features_by_hand() -> None:
    features = head_features(DOCUMENT, AROUND, FakeEncoder(), LAYER)
    assert features.shape == (5, 2 * SIZE) and features.dtype == np.float32
    nothing = [0.0] * SIZE
    expected: dict[int, list[str | None]] = {
        0: [DOCUMENT[0], "Attachés", None],
        1: ["Frigates exercised off Muscat.", DOCUMENT[0], "Attachés"],
        4: [DOCUMENT[4], DOCUMENT[3], DOCUMENT[2]],
    }
    for row, texts in expected.items():
        joined = [x for text in texts for x in (nothing if text is None else vector(text).tolist())]
        inner = [
            max(0.0, sum(x * float(w) for x, w in zip([*joined, 1.0], LAYER[:, j], strict=True))) for j in range(SIZE)
        ]
        assert features[row] == pytest.approx([*joined[:SIZE], *inner], abs=1e-5)
    assert (features[:, SIZE:] == 0).any() and (features[:, SIZE:] > 0).any()


def test_head_features_without_contexts_or_sentences() -> None:
    (alone,) = head_features(DOCUMENT[:1], [Context()], FakeEncoder(), LAYER)
    own = vector(DOCUMENT[0])
    assert alone == pytest.approx(np.concatenate([own, np.maximum(own @ LAYER[:SIZE] + LAYER[-1], 0)]), abs=1e-5)
    assert head_features([], [], FakeEncoder(), LAYER).shape == (0, 2 * SIZE)


def test_with_passing_0_every_sentence_is_encoded_and_weighed(linear: LinearScorer, head: HeadWeights) -> None:
    encoder = FakeEncoder()
    scores = AccurateScorer(linear, encoder, head, 0.0).score(DOCUMENT, AROUND)
    assert scores.dtype == np.float32 and scores.shape == (5, LABELS)
    assert encoder.asked == encoded_texts(DOCUMENT, AROUND)
    deep = head_features(DOCUMENT, AROUND, FakeEncoder(), LAYER) @ head.coefficients + head.intercepts
    slopes, offset = head.mixture[:2], head.mixture[2]
    expected = logistic(deep * slopes[0] + linear.decide(DOCUMENT, AROUND) * slopes[1] + offset)
    assert scores == pytest.approx(expected, abs=1e-5)


def test_with_passing_above_1_nothing_is_encoded(linear: LinearScorer, head: HeadWeights) -> None:
    encoder = FakeEncoder()
    scores = AccurateScorer(linear, encoder, head, 1.01).score(DOCUMENT, AROUND)
    assert encoder.asked == []
    assert np.array_equal(scores, linear.score(DOCUMENT, AROUND))


def test_only_sentences_that_pass_are_encoded(linear: LinearScorer, head: HeadWeights) -> None:
    shallow, every = linear.score(DOCUMENT, AROUND), AccurateScorer(linear, FakeEncoder(), head, 0.0)
    highest = shallow.max(axis=1)
    for passing in sorted(highest.tolist())[1:]:
        passed = [i for i, probability in enumerate(highest) if probability >= passing]
        assert 0 < len(passed) < len(DOCUMENT), "one that is just as high as asked for passes"
        encoder = FakeEncoder()
        scores = AccurateScorer(linear, encoder, head, passing).score(DOCUMENT, AROUND)
        assert encoder.asked == encoded_texts([DOCUMENT[i] for i in passed], [AROUND[i] for i in passed])
        assert scores[passed] == pytest.approx(every.score(DOCUMENT, AROUND)[passed], abs=1e-6)
        rest = [i for i in range(len(DOCUMENT)) if i not in passed]
        assert np.array_equal(scores[rest], shallow[rest])


@pytest.mark.parametrize("passing", [0.0, 0.6])
def test_scores_do_not_depend_on_what_else_is_asked(linear: LinearScorer, head: HeadWeights, passing: float) -> None:
    scorer = AccurateScorer(linear, FakeEncoder(), head, passing)
    together = scorer.score(DOCUMENT, AROUND)
    backwards = scorer.score(DOCUMENT[::-1], AROUND[::-1])[::-1]
    assert backwards == pytest.approx(together, abs=1e-6)
    for i, sentence in enumerate(DOCUMENT):
        assert scorer.score([sentence], [AROUND[i]])[0] == pytest.approx(together[i], abs=1e-6)
    assert scorer.score([], []).shape == (0, LABELS)


@pytest.mark.parametrize("name", ["context_layer", "coefficients", "intercepts", "mixture"])
def test_arrays_that_do_not_fit_together_are_refused(head: HeadWeights, name: str) -> None:
    arrays = {key: getattr(head, key) for key in ("context_layer", "coefficients", "intercepts", "mixture")}
    HeadWeights(**arrays)
    for bad in (arrays[name][:-1], arrays[name][None], arrays[name].T[:-1].T):
        with pytest.raises(ModelError, match="the head's arrays do not fit together"):
            HeadWeights(**{**arrays, name: bad})


def test_mixed_by_hand() -> None:
    deep = np.array([[1.0, -2.0], [0.0, 4.0]], dtype=np.float32)
    shallow = np.array([[3.0, 0.0], [-1.0, 2.0]], dtype=np.float32)
    mixture = np.array([[0.5, 1.0], [2.0, 0.25], [-1.0, 0.5]], dtype=np.float32)
    found = mixed(deep, shallow, mixture)
    assert found.dtype == np.float32
    assert found == pytest.approx(logistic(np.array([[5.5, -1.5], [-3.0, 5.0]])), abs=1e-6)
