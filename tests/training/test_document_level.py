from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddclassify import Classifier
from ddclassify.documents import Document
from ddclassify.predictions import PredictionColumns, TaggedDocument
from ddclassify_training.corpus import Row, contexts
from ddclassify_training.document_level import roll_up
from ddclassify_training.evaluate import DOCUMENTS, evaluate

ROW = st.tuples(st.sampled_from("abc"), st.floats(0, 1, width=32), st.booleans(), st.booleans(), st.booleans())


def test_two_documents_by_hand() -> None:
    scores = np.array([[0.2, 0.9], [0.7, 0.1], [0.3, 0.4]], dtype=np.float32)
    found = roll_up(
        scores,
        scores > 0.5,
        np.array([[True, False], [False, False], [False, True]]),
        np.ones((3, 2), bool),
        list("bba"),
    )
    assert found.documents == ("a", "b")
    assert found.scores.tolist() == [scores[2].tolist(), [scores[1, 0], scores[0, 1]]]
    assert found.predicted.tolist() == [[False, False], [True, True]]
    assert found.carried.tolist() == [[False, True], [True, False]]
    assert found.decided.all()


@pytest.mark.parametrize(
    ("carried", "decided", "known"),
    [
        ([True, False], [True, False], True),
        ([False, False], [True, False], False),
        ([False, False], [True, True], True),
        ([False, False], [False, False], False),
    ],
)
def test_a_document_is_decided_when_the_undecided_sentences_cannot_change_it(
    carried: list[bool], decided: list[bool], known: bool
) -> None:
    def column(values: list[bool]) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        return np.array(values, dtype=bool)[:, None]

    found = roll_up(np.zeros((2, 1), np.float32), column([False] * 2), column(carried), column(decided), ["d", "d"])
    assert found.decided.tolist() == [[known]] and found.carried.tolist() == [[any(carried)]]


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=30))
def test_it_is_the_union_and_the_maximum(rows: list[tuple[str, float, bool, bool, bool]]) -> None:
    names, scores, given_, carried, decided = zip(*rows, strict=True)
    found = roll_up(
        np.array(scores, dtype=np.float32)[:, None],
        np.array(given_)[:, None],
        np.array(carried)[:, None],
        np.array(decided)[:, None],
        names,
    )
    assert found.documents == tuple(sorted(set(names)))
    for d, name in enumerate(found.documents):
        members = [row for row in rows if row[0] == name]
        assert found.scores[d, 0] == np.float32(max(row[1] for row in members))
        assert found.predicted[d, 0] == any(row[2] for row in members)
        assert found.carried[d, 0] == any(row[3] and row[4] for row in members)
        assert found.decided[d, 0] == (found.carried[d, 0] or all(row[4] for row in members))


def test_it_is_the_rule_of_tagged_documents(classifier: Classifier, small_corpus: dict[str, list[Row]]) -> None:
    rows = small_corpus["test"]
    evaluation = evaluate(classifier, rows)
    predictions = classifier.classify([row.text for row in rows], contexts(rows))
    members = defaultdict(list)
    for row, prediction in zip(rows, predictions, strict=True):
        members[row.doc_id].append(prediction)
    names = [row.doc_id for row in rows]
    found = roll_up(evaluation.scores, evaluation.predicted, evaluation.carried, evaluation.decided, names)
    assert len(found.documents) == evaluation.figures[DOCUMENTS].rows == len(members)
    given_to: Counter[str] = Counter()
    for d, name in enumerate(found.documents):
        tagged = TaggedDocument(Document(name, ""), PredictionColumns.of(members[name]))
        assert tagged.labels == tuple(
            i for i, yes in zip(classifier.taxonomy.ids, found.predicted[d], strict=True) if yes
        )
        assert list(tagged.probabilities.values()) == found.scores[d].tolist()
        given_to.update(tagged.labels)
    assert {label: f.predicted for label, f in evaluation.figures[DOCUMENTS].labels.items() if f.predicted} == given_to
