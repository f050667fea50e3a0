from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score

from ddclassify import Taxonomy
from ddclassify.errors import CorpusError
from ddclassify_training.agreement import Coding, agreement, disagreements, krippendorff_alpha
from ddclassify_training.baselines import keywords, majority
from ddclassify_training.config import TrainingConfig
from ddclassify_training.fit import calibrate
from ddclassify_training.metrics import measure
from ddclassify_training.thresholds import choose_thresholds, curve

RNG = np.random.default_rng(3)


def test_measure_agrees_with_scikit_learn() -> None:
    gold = RNG.random((300, 3)) < 0.3
    scores = np.clip(gold * 0.4 + RNG.random((300, 3)) * 0.6, 0, 1)
    given = scores > 0.5
    figures = measure(given, scores, gold, np.ones_like(gold), [str(i % 40) for i in range(300)], ["a", "b", "c"])
    for j, label in enumerate("abc"):
        assert figures.labels[label].f1 == pytest.approx(f1_score(gold[:, j], given[:, j]))
        assert figures.labels[label].average_precision == pytest.approx(
            average_precision_score(gold[:, j], scores[:, j])
        )
        assert figures.labels[label].f1_low < figures.labels[label].f1 < figures.labels[label].f1_high
    assert figures.macro_f1 == pytest.approx(f1_score(gold, given, average="macro"))
    assert figures.micro_f1 == pytest.approx(f1_score(gold, given, average="micro"))
    assert figures.documents == 40


def test_undecided_cells_count_nowhere() -> None:
    gold, given = np.array([[True], [False]]), np.array([[True], [True]])
    decided = np.array([[True], [False]])
    assert measure(given, None, gold, decided, ["a", "b"], ["x"]).labels["x"].precision == 1.0


def test_labels_without_positives_are_left_out_of_macro() -> None:
    gold = np.array([[True, False], [False, False]])
    figures = measure(gold, None, gold, np.ones_like(gold), ["a", "b"], ["x", "y"])
    assert figures.macro_f1 == 1.0 and figures.labels["y"].support == 0


def test_intervals_resample_documents() -> None:
    """All errors in one of two documents: the interval must be wide."""
    gold = np.array([[True]] * 50 + [[True]] * 50)
    given = np.array([[True]] * 50 + [[False]] * 50)
    figures = measure(given, None, gold, np.ones_like(gold), ["a"] * 50 + ["b"] * 50, ["x"])
    assert figures.macro_f1_low == 0.0 and figures.macro_f1_high == 1.0


def test_baselines(taxonomy: Taxonomy) -> None:
    gold = np.array([[True, False], [True, False], [False, False]])
    assert majority(gold).tolist() == [[True, False]] * 3
    found = keywords(["They MET the attaché.", "Nothing."], taxonomy)
    assert found.shape == (2, 9) and found[0, :2].tolist() == [True, True] and not found[1].any()


def test_curve_matches_counting() -> None:
    probability = np.round(RNG.random(200), 1)
    target = RNG.random(200) < 0.4
    for cut, precision, recall in zip(*curve(probability, target), strict=True):
        given = probability >= cut
        assert precision == pytest.approx(target[given].mean())
        assert recall == pytest.approx(given[target].mean())


def test_thresholds_do_what_their_policy_says() -> None:
    gold = RNG.random((2000, 1)) < 0.2
    scores = np.clip(gold * 0.3 + RNG.random((2000, 1)) * 0.7, 0, 1).astype(np.float32)
    config = TrainingConfig(recall=0.9, precision=0.8)
    found = choose_thresholds(scores, gold, np.ones_like(gold), ["x"], config)

    def at(policy: str) -> tuple[float, float, float]:
        given = scores[:, 0] >= found[policy]["x"]
        hits = (given & gold[:, 0]).sum()
        return hits / given.sum(), hits / gold.sum(), float(f1_score(gold[:, 0], given))

    assert at("recall")[1] >= 0.9
    assert at("precision")[0] >= 0.8 and at("precision")[1] > 0
    best = max(f1_score(gold[:, 0], scores[:, 0] >= cut) for cut in np.linspace(0, 1, 101))
    assert at("balanced")[2] >= best - 1e-9
    assert found["recall"]["x"] <= found["balanced"]["x"] <= found["precision"]["x"]


def test_the_precision_policy_stays_usable() -> None:
    """One sure positive on top of a hard label must not become the whole policy."""
    gold = RNG.random((1000, 1)) < 0.1
    scores = RNG.random((1000, 1)).astype(np.float32) * 0.9
    scores[np.flatnonzero(gold)[0]] = 0.99
    cut = choose_thresholds(scores, gold, np.ones_like(gold), ["x"], TrainingConfig())["precision"]["x"]
    assert (scores >= cut).sum() > 20


def test_a_label_without_positives_gets_a_half() -> None:
    scores = np.zeros((5, 1), dtype=np.float32)
    none = np.zeros((5, 1), dtype=bool)
    found = choose_thresholds(scores, none, ~none, ["x"], TrainingConfig())
    assert {policy: cuts["x"] for policy, cuts in found.items()} == dict.fromkeys(found, 0.5)


def test_calibration_recovers_the_odds() -> None:
    decisions = RNG.normal(size=(20_000, 1)).astype(np.float32)
    gold = RNG.random((20_000, 1)) < 1 / (1 + np.exp(-(2 * decisions - 1)))
    slope, offset = calibrate(decisions, gold, np.ones_like(gold))[:, 0]
    assert slope == pytest.approx(2, abs=0.1) and offset == pytest.approx(-1, abs=0.1)


def test_calibration_of_a_separable_or_rare_label_stays_modest() -> None:
    decisions = np.array([[-1.0], [-0.5], [1.0]] * 10, dtype=np.float32)
    gold = decisions > 0
    slope, offset = calibrate(decisions, gold, np.ones_like(gold))[:, 0]
    assert 0.9 < 1 / (1 + np.exp(-(slope + offset))) < 0.999
    few = np.zeros((30, 1), dtype=bool)
    few[0] = True
    assert calibrate(decisions, few, np.ones_like(few)).tolist() == [[1.0], [0.0]]


def test_alpha_on_the_textbook_example() -> None:
    """Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section A: two observers, ten units, 0.095."""
    meg = np.array([0, 1, 0, 0, 0, 0, 0, 0, 1, 0])
    owen = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    assert krippendorff_alpha((meg + owen).astype(float), np.full(10, 2.0)) == pytest.approx(0.095, abs=0.001)


def coded(annotator: str, *labels: bool) -> list[Coding]:
    return [
        Coding(str(i), annotator, ("peacekeeping",) if yes else (), f"doc{i // 3}", f"Text {i}.")
        for i, yes in enumerate(labels)
    ]


def test_agreement_figures(taxonomy: Taxonomy) -> None:
    one = (RNG.random(300) < 0.4).tolist()
    two = [value if RNG.random() < 0.9 else not value for value in one]
    found = agreement(coded("a", *one) + coded("b", *two), taxonomy)["peacekeeping"]
    assert found.kappa == pytest.approx(cohen_kappa_score(one, two))
    assert found.observed == pytest.approx(np.mean(np.array(one) == np.array(two)))
    assert found.alpha is not None and found.alpha_low is not None and found.alpha_high is not None
    assert found.alpha == pytest.approx(found.kappa, abs=0.01)
    assert found.alpha_low < found.alpha < found.alpha_high


def test_agreement_where_nobody_says_yes(taxonomy: Taxonomy) -> None:
    found = agreement(coded("a", True, False) + coded("b", True, False), taxonomy)
    assert found["hadr_sar"].alpha is None and found["hadr_sar"].kappa is None
    assert found["peacekeeping"].alpha == 1.0


def test_disagreements_say_who_said_what() -> None:
    (found,) = disagreements(coded("a", True, False) + coded("b", False, False))
    assert found == {"id": "0", "text": "Text 0.", "codings": {"a": ["peacekeeping"], "b": []}}


def test_what_one_did_not_decide_is_no_disagreement(taxonomy: Taxonomy) -> None:
    one = Coding("1", "a", ("peacekeeping",), "d", "T.", coded=("peacekeeping",))
    two = Coding("1", "b", ("peacekeeping", "hadr_sar"), "d", "T.")
    assert list(disagreements([one, two])) == []
    assert set(agreement([one, two], taxonomy)) == {"peacekeeping"}


def test_agreement_needs_two_annotators_and_shared_sentences(taxonomy: Taxonomy) -> None:
    with pytest.raises(CorpusError, match="two annotators"):
        agreement(coded("a", True), taxonomy)
    other = [Coding("zzz", "b", (), "d", "T.")]
    with pytest.raises(CorpusError, match="do the ids match"):
        agreement(coded("a", True) + other, taxonomy)
