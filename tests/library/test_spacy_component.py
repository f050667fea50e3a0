from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ddclassify import load

TEXT = "The defence ministers of Chile and Peru met in Lima. It rained. They also agreed to hold the naval exercise."


@Language.component("test_country_counter")
def count_countries(doc: Doc) -> Doc:
    doc.user_data["countries"] = sum(ent.label_ == "GPE" for ent in doc.ents)
    return doc


@pytest.mark.filterwarnings("ignore:.*W001.*")
def test_component_composes_with_a_foreign_pipeline(small_model: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "GPE", "pattern": name} for name in ("Chile", "Peru", "Lima")])  # type: ignore[attr-defined]
    nlp.add_pipe("ddclassify", config={"model": str(small_model)})
    nlp.add_pipe("test_country_counter")
    doc = nlp(TEXT)
    tagged = load(small_model).tag(TEXT)
    assert doc.user_data["countries"] == 3 and len(list(doc.sents)) == 3
    found = [(span.text, span.label_) for span in doc.spans["ddclassify"]]
    assert found == [(p.sentence.text, label) for p in tagged.predictions for label in p.labels] and found
    assert doc.cats == tagged.probabilities
    for span in doc.spans["ddclassify"]:
        assert span._.ddclassify[span.label_] == doc.cats[span.label_] or span._.ddclassify[span.label_] > 0
    docs = list(nlp.pipe([TEXT, "", "Rain."]))
    assert [len(d.spans["ddclassify"]) for d in docs] == [len(found), 0, 0]


def test_component_with_the_default_model_and_a_policy() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("ddclassify", config={"policy": "recall"})
    wide = nlp(TEXT).spans["ddclassify"]
    nlp.replace_pipe("ddclassify", "ddclassify", config={"policy": "precision"})
    assert len(wide) >= len(nlp(TEXT).spans["ddclassify"])
