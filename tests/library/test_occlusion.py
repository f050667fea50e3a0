from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from ddclassify import Classifier, Context, Label, Taxonomy
from ddclassify.errors import TaxonomyError
from ddclassify.linear import Scores
from ddclassify.occlusion import MOST_PIECES, drops, occlusion

LABELS = Taxonomy("own", (Label("rain", "Rain", "Rain."), Label("sun", "Sun", "Sun.")))


class Stub:
    """Scores by a rule of its own for the log-odds of "rain"; those of "sun" are their opposite."""

    def __init__(self, log_odds: Callable[[list[str]], float]) -> None:
        self.taxonomy = LABELS
        self.calls: list[tuple[list[str], list[Context | None]]] = []
        self._log_odds = log_odds

    def score(self, sentences: Sequence[str], contexts: Sequence[Context | None] | None = None) -> Scores:
        assert contexts is not None
        self.calls.append((list(sentences), list(contexts)))
        values = np.array([self._log_odds(re.findall(r"\w+", text.lower())) for text in sentences])
        return np.stack([1 / (1 + np.exp(-values)), 1 / (1 + np.exp(values))], axis=1).astype(np.float32)


def weigh(**weights: float) -> Callable[[list[str]], float]:
    return lambda words: sum(weights.get(word, 0) for word in words)


def found(stub: Stub, sentence: str, label: str = "rain") -> list[tuple[str, float]]:
    return [(sentence[one.start : one.end], round(one.drop, 3)) for one in occlusion(stub, sentence, None, label)]


def test_each_word_that_counts_is_found_with_its_weight_and_nothing_else() -> None:
    sentence = " It “poured”, they\n say, on\tthe parade."
    stub = Stub(weigh(poured=3, parade=-1))
    assert found(stub, sentence) == [("poured", 3), ("parade", -1)]
    assert found(stub, sentence, "sun") == [("poured", -3), ("parade", 1)]


def test_all_variants_are_scored_in_one_call_in_the_same_context() -> None:
    stub, context = Stub(weigh(rain=1)), Context(before="Clouds.", title="Weather")
    occlusion(stub, "It will rain.", context, "rain")
    ((texts, contexts),) = stub.calls
    assert texts == ["It will rain.", "will rain.", "It rain.", "It will .", "rain.", "It .", "."]
    assert contexts == [context] * 7


def test_words_that_stand_in_for_each_other_are_found_together() -> None:
    either = Stub(lambda words: 2.0 if {"rain", "showers"} & set(words) else -2.0)
    assert found(either, "Rain showers fell in Lima.") == [("Rain showers", 4)]


def test_words_that_are_both_needed_are_each_found() -> None:
    both = Stub(lambda words: 2.0 if {"heavy", "rain"} <= set(words) else -2.0)
    assert sorted(found(both, "On Friday heavy rain fell.")) == [("heavy", 4), ("rain", 4)]


def test_neighbours_that_add_up_are_one_stretch() -> None:
    assert found(Stub(weigh(heavy=2, rain=2)), "On Friday heavy rain fell.") == [("heavy rain", 4)]


def test_a_weak_neighbour_does_not_ride_along_with_a_strong_word() -> None:
    assert found(Stub(weigh(heavy=0.5, rain=3)), "On Friday heavy rain fell.") == [("rain", 3), ("heavy", 0.5)]


def test_stretches_never_overlap_and_come_strongest_first() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(40)]
    stub = Stub(weigh(**dict(zip(words, rng.normal(0, 0.2, 40).tolist(), strict=True))))
    result = occlusion(stub, " ".join(words), None, "rain")
    spans = sorted((one.start, one.end) for one in result)
    assert len(spans) > 5 and all(end <= start for (_, end), (start, _) in pairwise(spans))
    sizes = [abs(one.drop) for one in result]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("sentence", ["", " \n", "— … !"])
def test_a_sentence_without_words_has_nothing_to_leave_out(sentence: str) -> None:
    stub = Stub(weigh())
    assert occlusion(stub, sentence, None, "rain") == [] and stub.calls == []
    assert drops(stub, sentence).strongest(1) == []


def test_certainty_has_finite_log_odds() -> None:
    ((text, drop),) = found(Stub(weigh(rain=60)), "It will rain")
    assert text == "rain" and math.isfinite(drop) and drop > 10


def test_a_very_long_sentence_is_cut_into_fewer_pieces() -> None:
    stub = Stub(weigh(rain=3))
    words = ["dry"] * 5000
    words[3217] = "rain"
    sentence = " ".join(words)
    (stretch,) = occlusion(stub, sentence, None, "rain")
    assert len(stub.calls[0][0]) <= 3 * MOST_PIECES + 1
    assert stretch.start <= sentence.index("rain") < stretch.end and stretch.drop == pytest.approx(3, abs=1e-3)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(TaxonomyError, match="unknown label 'snow'"):
        occlusion(Stub(weigh()), "x", None, "snow")


def test_a_real_classifier_hangs_on_the_words_of_the_activity(classifier: Classifier) -> None:
    sentence = "On Friday the naval attaché went home."
    first = occlusion(classifier, sentence, None, "defence_attaches")[0]
    assert "attaché" in sentence[first.start : first.end] and first.drop > 1
    variant = sentence[: first.start] + sentence[first.end + 1 :]
    with_it, without = (float(row[1]) for row in classifier.score([sentence, variant]).astype(np.float64))
    expected = math.log(with_it / (1 - with_it)) - math.log(without / (1 - without))
    assert first.drop == pytest.approx(expected, abs=1e-3)
