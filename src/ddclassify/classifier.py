"""The classifier: a model folder at work on sentences, texts and documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from itertools import accumulate, islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .accurate import AccurateScorer
from .context import Context, DocumentContexts
from .documents import Document
from .encoder import SentenceEncoder, can_encode
from .errors import ModelError
from .features import ContextTokens
from .linear import LinearScorer, Scores
from .modelfolder import ENCODER, TOKENIZER, ModelFolder, read_model_folder
from .predictions import Prediction, PredictionColumns, TaggedDocument
from .unsure import label_sets, unsure_labels

TIERS = ("fast", "accurate")
DEFAULT_POLICY = "balanced"
BATCH = 4096
"""Sentences scored at once. Memory depends on the largest document, not on how many there are."""

GOLDEN_TOLERANCE = {"fast": 1e-4, "accurate": 1e-2}
"""By tier: the encoder rounds as the processor's eight-bit instructions do."""

_NOTHING = Context()


class Scorer(Protocol):
    """What computes probabilities."""

    def tokenise(self, sentences: Sequence[str], contexts: Sequence[Context]) -> ContextTokens:
        """The tokens of n sentences and their contexts."""

    def score(
        self,
        sentences: Sequence[str],
        contexts: Sequence[Context],
        tokens: ContextTokens | None = None,
        truncated: NDArray[np.bool_] | None = None,
    ) -> Scores:
        """Calibrated probabilities [n x labels]; for tokens and truncated see `LinearScorer.score`."""


class Classifier:
    """Tags sentences with the labels of the taxonomy that its model carries.

    Args:
        model: a model folder that has been read.
        scorer: what computes its probabilities; None: built from the folder.

    Raises:
        MissingExtraError: the model is of the accurate tier and the extra `accurate` is not installed.
    """

    def __init__(self, model: ModelFolder, scorer: Scorer | None = None) -> None:
        self.model = model
        self.taxonomy = model.taxonomy
        self.model_id = model.manifest.id
        self.tier = model.manifest.tier
        self.scorer = scorer or scorer_of(model)

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the threshold sets stored with the model."""
        return tuple(self.model.manifest.thresholds)

    def score(self, sentences: Sequence[str], contexts: Sequence[Context | None] | None = None) -> Scores:
        """Calibrated probabilities; decides nothing.

        Args:
            sentences: n sentences.
            contexts: what stands around each, None where nothing is known; None: nothing is known of any.

        Returns:
            float32 [n x labels], columns in the order of `taxonomy.ids`.

        Raises:
            TypeError: sentences is a string.
            ValueError: contexts and sentences differ in number.
        """
        parts = [scores for scores, _, _ in self._scored(sentences, self._known(sentences, contexts))]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.taxonomy)), dtype=np.float32)

    def label(self, scores: Scores, policy: str = DEFAULT_POLICY) -> list[tuple[str, ...]]:
        """The labels whose probability reaches its threshold; computes no score.

        Args:
            scores: probabilities [n x labels], as `score` gives them.
            policy: which of the model's threshold sets applies.

        Raises:
            ModelError: the model has no such policy.
        """
        return label_sets(scores >= self._thresholds(policy), self.taxonomy.ids)

    def classify(
        self,
        sentences: Sequence[str],
        contexts: Sequence[Context | None] | None = None,
        policy: str = DEFAULT_POLICY,
    ) -> list[Prediction]:
        """Predictions for single sentences, one for each input, in order.

        Args:
            sentences: n sentences.
            contexts: what stands around each, None where nothing is known.
            policy: which of the model's threshold sets applies.

        Raises:
            TypeError: sentences is a string.
            ValueError: contexts and sentences differ in number.
            ModelError: the model has no such policy.
        """
        self._thresholds(policy)
        known = self._known(sentences, contexts)
        spans = [(text, 0, len(text)) for text in sentences]
        return list(self._columns(spans, (), sentences, known, policy).rows())

    def tag(self, text: str | Document, policy: str = DEFAULT_POLICY) -> TaggedDocument:
        """Split a text or document into sentences and label each in its context."""
        document = Document("text", text) if isinstance(text, str) else text
        return next(self.tag_many([document], policy))

    def tag_many(self, documents: Iterable[Document], policy: str = DEFAULT_POLICY) -> Iterator[TaggedDocument]:
        """Tag a stream of documents in order; memory does not grow with their number.

        Raises:
            ModelError: the model has no such policy.
        """
        self._thresholds(policy)
        stream = iter(documents)
        while batch := list(islice(_bounded(stream), BATCH)):
            every = [sentence for _, sentences in batch for sentence in sentences]
            texts = [text for text, _, _ in every]
            firsts = list(accumulate((len(sentences) for _, sentences in batch), initial=0))
            contexts = DocumentContexts(texts, [document.title for document, _ in batch], firsts)
            pages: list[int | None] = []
            if any(document.pages for document, _ in batch):
                pages = [document.page_at(start) for document, sentences in batch for _, start, _ in sentences]
            columns = self._columns(every, pages, texts, contexts, policy)
            for (document, _), start, end in zip(batch, firsts, firsts[1:], strict=False):
                yield TaggedDocument(document, columns.part(start, end))

    def check_golden(self) -> None:
        """Compare the predictions stored with the model with what it gives here.

        Raises:
            ModelError: one differs by more than the tier's `GOLDEN_TOLERANCE`.
        """
        golden = self.model.golden
        contexts = [Context(before=row.before, title=row.title) for row in golden]
        expected = np.array([[row.probabilities[i] for i in self.taxonomy.ids] for row in golden])
        difference = np.abs(self.score([row.text for row in golden], contexts) - expected.reshape(len(golden), -1))
        if difference.size and difference.max() > GOLDEN_TOLERANCE[self.tier]:
            raise ModelError(
                f"{self.model.path}: predictions differ by {difference.max():.2g} from those stored at training "
                f"(libraries then: {dict(self.model.manifest.libraries)}); retrain the model here"
            )

    def _thresholds(self, policy: str) -> Scores:
        thresholds = self.model.manifest.thresholds.get(policy)
        if thresholds is None:
            raise ModelError(f"model {self.model_id} has no policy {policy!r}; it has {', '.join(self.policies)}")
        return np.array([thresholds[i] for i in self.taxonomy.ids], dtype=np.float32)

    def _columns(
        self,
        sentences: Sequence[tuple[str, int, int]],
        pages: Sequence[int | None],
        texts: Sequence[str],
        contexts: Sequence[Context],
        policy: str,
    ) -> PredictionColumns:
        ids = self.taxonomy.ids
        scores: list[Scores] = [np.zeros((0, len(ids)), dtype=np.float32)]
        labels: list[tuple[str, ...]] = []
        unsure: list[tuple[str, ...]] = []
        languages: list[str | None] = []
        truncated: list[bool] = []
        for found, tokens, cut in self._scored(texts, contexts):
            scores.append(found)
            labels += self.label(found, policy)
            unsure += unsure_labels(found, self.model.manifest.thresholds, ids)
            languages += tokens.languages()
            truncated += cut.tolist()
        return PredictionColumns(ids, sentences, pages, np.concatenate(scores), labels, unsure, languages, truncated)

    def _known(self, sentences: Sequence[str], contexts: Sequence[Context | None] | None) -> Sequence[Context]:
        """A context for each sentence, an empty one where nothing is known."""
        if isinstance(sentences, str):
            raise TypeError("sentences is one string; pass a list of sentences, or a text to tag()")
        if contexts is not None and len(contexts) != len(sentences):
            raise ValueError(f"{len(sentences)} sentences but {len(contexts)} contexts")
        return [context or _NOTHING for context in contexts or [None] * len(sentences)]

    def _scored(
        self, sentences: Sequence[str], contexts: Sequence[Context]
    ) -> Iterator[tuple[Scores, ContextTokens, NDArray[np.bool_]]]:
        """Scores, tokens and whether a part was left out, a batch at a time."""
        for i in range(0, len(sentences), BATCH):
            own, around = sentences[i : i + BATCH], contexts[i : i + BATCH]
            tokens = self.scorer.tokenise(own, around)
            truncated = np.zeros(len(own), dtype=np.bool_)
            yield self.scorer.score(own, around, tokens, truncated), tokens, truncated


def scorer_of(model: ModelFolder, threads: int | None = None) -> Scorer:
    """What computes a model's probabilities; threads: see `SentenceEncoder`."""
    linear = LinearScorer(model.features, model.weights)
    if model.head is None:
        return linear
    encoder = SentenceEncoder(model.path / ENCODER, model.path / TOKENIZER, threads)
    return AccurateScorer(linear, encoder, model.head, model.manifest.passing, encoder.cuts)


def load(
    model: str | Path | None = None,
    *,
    tier: str | None = None,
    check_golden: bool = False,
    threads: int | None = None,
) -> Classifier:
    """Load a classifier, offline.

    Args:
        model: a model folder; None loads a model that comes with the package.
        tier: which of those: "fast" (n-grams) or "accurate" (n-grams and an encoder); None: the accurate one where
            the extra `accurate` is installed, else the fast one.
        check_golden: also compare its predictions with those stored at training.
        threads: how many the encoder of the accurate tier may use; None: as many as there are cores.

    Raises:
        ModelError: there is no model there, or it is damaged, tampered with, of another format or of another tier.
        MissingExtraError: the model is of the accurate tier and the extra `accurate` is not installed.
    """
    folder = read_model_folder(default_model_path(tier) if model is None else model)
    if tier is not None and folder.manifest.tier != tier:
        raise ModelError(f"{folder.path}: a model of tier {folder.manifest.tier!r}, not {tier!r}")
    classifier = Classifier(folder, scorer_of(folder, threads))
    if check_golden:
        classifier.check_golden()
    return classifier


def default_model_path(tier: str | None = None) -> Path:
    """Where the model of a tier lies that comes with the package; None: the best that can run here.

    Raises:
        ModelError: there is no such tier, or the package was installed without its model.
    """
    if tier is not None and tier not in TIERS:
        raise ModelError(f"there is no tier {tier!r}; choose one of {', '.join(TIERS)}")
    try:
        root = Path(str(resources.files("ddclassify_models")))
    except ModuleNotFoundError:
        raise ModelError("the default model is not installed; name a model folder or reinstall ddclassify") from None
    if tier is None:
        tier = "accurate" if can_encode() and (root / "accurate").is_dir() else "fast"
    return root / tier


def _bounded(stream: Iterator[Document]) -> Iterator[tuple[Document, list[tuple[str, int, int]]]]:
    """Documents with their sentences (text, first character, end), ended once they hold a batch's worth."""
    total = 0
    for document in stream:
        text = document.text
        sentences = [(text[start:end], start, end) for start, end in document.spans()]
        yield document, sentences
        total += len(sentences)
        if total >= BATCH:
            return
