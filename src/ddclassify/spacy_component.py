"""The classifier as a component of anyone's spaCy pipeline: `nlp.add_pipe("ddclassify")`."""

from __future__ import annotations

from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from .classifier import DEFAULT_POLICY, load
from .documents import Document

KEY = "ddclassify"


class SpacyComponent:
    """Tags a Doc with the sentences and labels that `Classifier.tag` gives its text.

    Fills `doc.spans["ddclassify"]` with a span a labelled sentence and label, `doc.cats` with the document's
    probabilities, and on each sentence's span `span._.ddclassify` with all its probabilities. Sentences end where
    ddclassify ends them; `doc.sents` of other components stays as it is.
    """

    def __init__(self, model: str | None, policy: str) -> None:
        self.classifier = load(model)
        self.policy = policy
        self.classifier.label(self.classifier.score([]), policy)

    def __call__(self, doc: Doc) -> Doc:
        """Tag one Doc."""
        title = doc.user_data.get("title")
        document = Document("doc", doc.text, {"title": title} if title else {})
        tagged = self.classifier.tag(document, self.policy)
        spans: list[Span] = []
        for prediction in tagged.predictions:
            sentence = prediction.sentence
            whole = doc.char_span(sentence.start, sentence.end, alignment_mode="expand")
            if whole is None:
                continue
            whole._.set(KEY, dict(prediction.probabilities))
            spans += [Span(doc, whole.start, whole.end, label=label) for label in prediction.labels]
        doc.spans[KEY] = spans
        doc.cats = {**doc.cats, **tagged.probabilities}
        return doc


@Language.factory(KEY, default_config={"model": None, "policy": DEFAULT_POLICY}, assigns=["doc.spans", "doc.cats"])
def create_component(nlp: Language, name: str, model: str | None, policy: str) -> Any:
    """Build the component.

    Args:
        model: a model folder; None for the default model.
        policy: which of the model's threshold sets gives the spans.
    """
    if not Span.has_extension(KEY):
        Span.set_extension(KEY, default=None)
    return SpacyComponent(model, policy)
