from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ddclassify import Classifier, Context, load
from ddclassify.errors import ModelError, TaxonomyError
from ddclassify.explain import Contribution, Explanation, NgramExplainer, Span
from ddclassify.features import CONTEXT_CHARACTERS, FeatureConfig
from ddclassify.linear import LinearScorer
from ddclassify.tokens import TokenHasher
from ddclassify_training.corpus import Row

PIECES = [
    "the", "The", "naval", "exercise", "exercises,", "EXERCISE.", "attaché", "attache\u0301", "minis-\nters", "of",
    "Chile", "U.S.-led", "didn't", "12-14", "May", "2019", "co\u00adoperation", "peace\u200bkeeping", "—", "…",
    "“drill”", "\ud800", "x\udfff", "東京", "각", "parade;parade", "defence", "ministers", "met", "training", "relief",
]  # fmt: skip
GAPS = [" ", "  ", "\n", "\t", "\u00a0", "", "-\n", "\r\n\r\n", "\u2028", "\x1c"]
PHRASES = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(GAPS)), max_size=25).map(
    lambda pairs: "".join(piece + gap for piece, gap in pairs)
)
TEXTS = st.one_of(PHRASES, st.text(max_size=40))
CONTEXTS = st.builds(Context, before=TEXTS, after=TEXTS, title=TEXTS)


@pytest.fixture(scope="module")
def explainer(classifier: Classifier) -> NgramExplainer:
    return NgramExplainer(classifier)


@pytest.fixture(scope="module")
def scorer(classifier: Classifier) -> LinearScorer:
    return LinearScorer(classifier.model.features, classifier.model.weights)


def texts_of(span: Span, sentence: str, context: Context) -> str:
    return {"sentence": sentence, "title": context.title, "before": context.before}[span.part][span.start : span.end]


def check(explainer: NgramExplainer, scorer: LinearScorer, sentence: str, context: Context) -> list[Explanation]:
    """The sum of the parts is the whole, and every span lies where it can; for each label."""
    classifier_ids = explainer._classifier.taxonomy.ids
    decisions = scorer.decide([sentence], [context])[0]
    found = [explainer.explain(sentence, context, label=label) for label in classifier_ids]
    for column, explanation in enumerate(found):
        total = explanation.intercept + sum(one.value for one in explanation.contributions)
        assert total == pytest.approx(float(decisions[column]), abs=1e-5)
        assert explanation.decision == pytest.approx(float(decisions[column]), abs=1e-5)
        values = [abs(one.value) for one in explanation.contributions]
        assert values == sorted(values, reverse=True)
        for one in explanation.contributions:
            assert one.spans
            for span in one.spans:
                assert texts_of(span, sentence, context).strip(), "a span holds something"
                assert (span.part != "sentence") == (one.kind == "context")
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sentence=TEXTS, context=CONTEXTS)
@example(sentence="", context=Context())
@example(sentence=" exercise exercise\nexercise ", context=Context())
@example(sentence="It ends.", context=Context(before="the exer-\ncise of", title="the exer-"))
@example(sentence="It ends.", context=Context(before="-\ncise of", title="exer"))
@example(sentence="\ud800 attaché", context=Context(title="\udc00"))
def test_contributions_add_up_to_the_decision(
    explainer: NgramExplainer, scorer: LinearScorer, sentence: str, context: Context
) -> None:
    check(explainer, scorer, sentence, context)


def test_contributions_add_up_and_stand_in_place_on_the_corpus(
    explainer: NgramExplainer, scorer: LinearScorer, small_corpus: dict[str, list[Row]]
) -> None:
    hasher = TokenHasher(scorer.config.stem_length)
    rows = small_corpus["test"][:60]
    for row, earlier in zip(rows[1:], rows, strict=False):
        context = Context(before=earlier.text * 12, title=earlier.title or "Exercise of two navies")
        explanation = check(explainer, scorer, row.text, context)[2]
        assert explanation.contributions
        for one in explanation.contributions:
            for span in one.spans:
                inside = hasher.tokens(texts_of(span, row.text, context))
                read = [token.word if one.kind == "word" else token.stem for token in inside]
                assert " ".join(read) == one.ngram


def contributions(explanation: Explanation, kind: str) -> dict[str, Contribution]:
    return {one.ngram: one for one in explanation.contributions if one.kind == kind}


def test_every_place_of_a_repeated_word_is_found_in_the_text_as_given(explainer: NgramExplainer) -> None:
    sentence = "  The exercise -\tan EXERCISE at sea - was the exer-\n  cise of the year."
    explanation = explainer.explain(sentence, label="joint_exercises")
    places = [sentence[span.start : span.end] for span in contributions(explanation, "word")["exercise"].spans]
    assert places == ["exercise", "EXERCISE", "exer-\n  cise"]
    (bigram,) = contributions(explanation, "word")["at sea"].spans
    assert sentence[bigram.start : bigram.end] == "at sea"
    assert sentence[slice(*contributions(explanation, "stem")["exerc"].spans[1][:2])] == "EXERCISE"


def test_an_ngram_reaches_over_what_is_no_word(explainer: NgramExplainer) -> None:
    sentence = "They agreed on training — and on exercises."
    bigram = contributions(explainer.explain(sentence, label="joint_exercises"), "stem")["train and"]
    assert [sentence[span.start : span.end] for span in bigram.spans] == ["training — and"]


def test_context_features_stand_in_the_title_and_in_the_text_before(explainer: NgramExplainer) -> None:
    context = Context(before="Filler. " * 200 + "They began an exercise.", after="Exercise.", title="Exercises begin")
    explanation = explainer.explain("It ends.", context, label="joint_exercises")
    spans = contributions(explanation, "context")["exerc"].spans
    assert [(span.part, texts_of(span, "It ends.", context)) for span in spans] == [
        ("title", "Exercises"),
        ("before", "exercise"),
    ]
    far = Context(before="Exercise. " + "x " * CONTEXT_CHARACTERS)
    assert "exerc" not in contributions(explainer.explain("It ends.", far, label="joint_exercises"), "context")


def test_a_word_joined_over_the_end_of_the_title_has_a_span_in_both(explainer: NgramExplainer) -> None:
    context = Context(before="\ncise ended.", title="The exer-")
    explanation = explainer.explain("It ends.", context, label="joint_exercises")
    spans = contributions(explanation, "context")["exerc"].spans
    assert [texts_of(span, "", context) for span in spans] == ["exer-", "\ncise"]


def test_probability_and_threshold_are_the_classifiers(explainer: NgramExplainer, classifier: Classifier) -> None:
    sentence, context = "It will end on Friday.", Context(before="Two navies began a joint exercise.")
    scores = classifier.score([sentence], [context])
    for policy in classifier.policies:
        labels = classifier.label(scores, policy)[0]
        for column, label in enumerate(classifier.taxonomy.ids):
            found = explainer.explain(sentence, context, label=label, policy=policy)
            assert found.probability == pytest.approx(float(scores[0, column]), abs=1e-6)
            assert (found.probability >= found.threshold) == (label in labels)


def test_the_words_of_an_activity_speak_for_it(explainer: NgramExplainer) -> None:
    strongest = explainer.explain("On Friday the naval attaché went home.", label="defence_attaches").contributions[0]
    assert strongest.ngram in ("attaché", "attac") and strongest.value > 0


def test_a_model_without_stems_and_context_is_explained_too(scorer: LinearScorer, classifier: Classifier) -> None:
    bare = FeatureConfig(stem_length=5, words=2, stems=0, context_weight=0)
    changed = Classifier(dataclasses.replace(classifier.model, features=bare))
    sentence, context = "The exercise ended.", Context(before="An exercise.")
    decision = LinearScorer(bare, classifier.model.weights).decide([sentence], [context])[0, 2]
    explanation = NgramExplainer(changed).explain(sentence, context, label=classifier.taxonomy.ids[2])
    assert {one.kind for one in explanation.contributions} == {"word"}
    total = explanation.intercept + sum(one.value for one in explanation.contributions)
    assert total == pytest.approx(float(decision), abs=1e-5) and np.isfinite(total)


def test_unknown_labels_policies_and_other_tiers_are_refused(explainer: NgramExplainer, small_model: Path) -> None:
    with pytest.raises(TaxonomyError, match="unknown label 'snow'"):
        explainer.explain("x", label="snow")
    with pytest.raises(ModelError, match="no policy 'guess'"):
        explainer.explain("x", label="hadr_sar", policy="guess")
    other = load(small_model)
    other.tier = "accurate"
    with pytest.raises(ModelError, match="tier 'accurate', which has no n-grams"):
        NgramExplainer(other)
