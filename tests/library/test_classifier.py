from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import ddclassify
from ddclassify import Classifier, Context, Document, load
from ddclassify.classifier import BATCH
from ddclassify.errors import ModelError

TEXT = """Defence ministers meet in Tallinn

The defence ministers of Estonia and Portugal met in Tallinn on Monday. They also agreed that the exercise
would be repeated next year. Rain is expected on Tuesday.
"""


def test_all_is_the_truth() -> None:
    assert all(hasattr(ddclassify, name) for name in ddclassify.__all__)
    assert sorted(ddclassify.__all__) == ddclassify.__all__


def test_one_prediction_for_each_input_in_order(classifier: Classifier) -> None:
    sentences = ["", "The attaché left.", "  ", "…", "The attaché left."]
    predictions = classifier.classify(sentences)
    assert [p.sentence.text for p in predictions] == sentences
    assert predictions[1] == predictions[4]
    assert classifier.classify([]) == []


def test_score_and_label_are_two_steps(classifier: Classifier) -> None:
    scores = classifier.score(["The naval attaché was expelled.", "Bread is dear."])
    assert scores.shape == (2, 9) and scores.dtype == np.float32
    assert ((scores > 0) & (scores < 1)).all()
    labels = classifier.label(scores)
    assert "defence_attaches" in labels[0] and labels[1] == ()
    assert classifier.label(np.ones((1, 9), dtype=np.float32)) == [classifier.taxonomy.ids]
    assert classifier.label(np.zeros((1, 9), dtype=np.float32)) == [()]


def test_policies_are_nested_where_thresholds_are(classifier: Classifier) -> None:
    assert classifier.policies == ("recall", "balanced", "precision")
    scores = classifier.score(["The two ministers discussed the exercise."])
    thresholds = classifier.model.manifest.thresholds
    for policy in classifier.policies:
        expected = {i for i, p in zip(classifier.taxonomy.ids, scores[0], strict=True) if p >= thresholds[policy][i]}
        assert set(classifier.label(scores, policy)[0]) == expected
    with pytest.raises(ModelError, match=r"no policy .guess.*balanced"):
        classifier.label(scores, "guess")


def test_context_changes_the_score(classifier: Classifier) -> None:
    sentence = ["It will end on Friday."]
    alone = classifier.score(sentence)
    after = classifier.score(sentence, [Context(before="The navies of Chile and Peru began a joint exercise.")])
    column = classifier.taxonomy.ids.index("joint_exercises")
    assert after[0, column] > alone[0, column]
    assert (classifier.score(sentence, [None]) == alone).all()


def test_contexts_must_match(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="2 sentences but 1 contexts"):
        classifier.score(["a", "b"], [None])


def test_a_string_is_no_list_of_sentences(classifier: Classifier) -> None:
    with pytest.raises(TypeError, match="pass a list"):
        classifier.classify("The navies exercised.")


def test_scores_do_not_depend_on_the_batch(classifier: Classifier) -> None:
    sentences = [f"Exercise number {i} of the two navies ended on day {i}." for i in range(BATCH + 10)]
    together = classifier.score(sentences)
    for i in (0, BATCH - 1, BATCH, BATCH + 9):
        assert classifier.score([sentences[i]])[0] == pytest.approx(together[i], abs=1e-5)


def test_tag_gives_exact_offsets(classifier: Classifier) -> None:
    tagged = classifier.tag(TEXT)
    for prediction in tagged.predictions:
        sentence = prediction.sentence
        assert TEXT[sentence.start : sentence.end] == sentence.text
    assert "official_contacts" in tagged.predictions[1].labels
    assert tagged.predictions[-1].labels == ()


def test_document_roll_up(classifier: Classifier) -> None:
    tagged = classifier.tag(TEXT)
    for label in classifier.taxonomy.ids:
        carrying = [p for p in tagged.predictions if label in p.labels]
        assert (label in tagged.labels) == bool(carrying)
        assert tagged.counts.get(label, 0) == len(carrying)
        assert tagged.probabilities[label] == max(p.probabilities[label] for p in tagged.predictions)


def test_empty_document(classifier: Classifier) -> None:
    tagged = classifier.tag(" \n ")
    assert tagged.predictions == () and tagged.labels == () and tagged.probabilities == {} and tagged.language is None


def test_tag_many_streams_in_order_and_equals_tag(classifier: Classifier) -> None:
    documents = [Document(str(i), TEXT * (i % 3), {"title": f"Title {i}"}) for i in range(30)]
    taken: list[str] = []

    def stream() -> object:
        for document in documents:
            taken.append(document.id)
            yield document

    tagged = classifier.tag_many(stream())  # type: ignore[arg-type]
    assert taken == [], "nothing is read before it is needed"
    found = list(tagged)
    assert [t.document.id for t in found] == [d.id for d in documents]
    for one in (1, 2, 17):
        alone = classifier.tag(documents[one])
        assert [p.labels for p in alone.predictions] == [p.labels for p in found[one].predictions]


def test_tag_many_reads_no_further_than_a_batch(classifier: Classifier) -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield Document(str(taken), "One sentence here. Another one there.")

    stream = classifier.tag_many(endless())  # type: ignore[arg-type]
    next(stream)
    assert taken <= BATCH


def test_the_title_is_context(classifier: Classifier) -> None:
    text = "It ends on Friday."
    plain = classifier.tag(Document("a", text)).predictions[0].probabilities
    titled = classifier.tag(Document("a", text, {"title": "Joint exercise of two navies"})).predictions[0].probabilities
    assert titled["joint_exercises"] > plain["joint_exercises"]


def test_pages() -> None:
    document = Document("d", "One here. Two there.\n\fThree now.", pages=(0, 21))
    assert [s.page for s in document.sentences()] == [1, 1, 2]
    assert [s.page for s in Document("d", "One here.").sentences()] == [None]


def test_default_model_loads_offline_and_is_sound(no_network: None) -> None:
    found = load(check_golden=True)
    assert found.taxonomy == ddclassify.Taxonomy.table1(), "the shipped model carries the current table"
    assert found.tag("The defence attaché of Ghana paid a call on the minister of defence.").labels


def test_default_model_on_the_tables_own_examples(default_classifier: Classifier) -> None:
    """Each label's examples get it: most of them, for the plain model is not perfect."""
    pairs = [(label.id, text) for label in default_classifier.taxonomy for text in label.examples]
    predictions = default_classifier.classify([text for _, text in pairs])
    hits = sum(label in p.labels for (label, _), p in zip(pairs, predictions, strict=True))
    assert hits >= 0.6 * len(pairs)


def test_sentences_that_say_nothing_get_no_label(default_classifier: Classifier) -> None:
    empty = [
        "And —",
        "Was he?",
        "He just left.",
        "Of course not.",
        "Yesterday —",
        "Q  So —",
        "Yes.",
        "Why is that?",
        "###",
        "3.",
    ]
    assert [p.labels for p in default_classifier.classify(empty)] == [()] * len(empty)


def test_languages(classifier: Classifier) -> None:
    tagged = classifier.tag(
        "Les ministres de la défense des deux pays se sont rencontrés à Paris pour signer un accord.\n\n"
        "The two ministers of defence met in Paris and signed an agreement on training.\n\n"
        "Министры обороны двух стран встретились в Москве и подписали соглашение о сотрудничестве.\n\n"
        "Navy chief visits Hanoi"
    )
    assert [p.language for p in tagged.predictions] == ["other", "en", "other", None]


def test_threads_share_a_classifier(small_model: Path) -> None:
    shared, alone = load(small_model), load(small_model)
    batches = [[f"Word{n}x{i} drill of Peru-{n} and Chile's navy {i * n}." for i in range(60)] for n in range(24)]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(shared.score, batches))
    for batch, scores in zip(batches, together, strict=True):
        assert np.array_equal(alone.score(batch), scores)


def test_missing_model_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model there"):
        load(tmp_path)
