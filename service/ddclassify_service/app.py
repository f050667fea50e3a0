"""The app factory and its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request

from ddclassify.classifier import Classifier, load
from ddclassify.documents import Document
from ddclassify.predictions import Prediction, TaggedDocument

from . import problems
from .limits import Limits
from .schemas import (
    ClassifyRequest,
    ClassifyResponse,
    DocumentOut,
    DocumentsRequest,
    DocumentsResponse,
    Health,
    LabelsResponse,
    ModelOut,
    PredictionOut,
    Problem,
    SentenceOut,
)
from .settings import Settings

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": title, "content": {problems.MEDIA_TYPE: {}}}
    for status, title in (problems.TITLES[kind] for kind in ("too-large", "invalid-body", "busy"))
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the service; the model is loaded when it starts, not when it is built."""
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.classifier = load(chosen.model, tier=chosen.tier)
        app.state.classifier.classify(["Warm-up."])
        yield

    app = FastAPI(
        title="ddclassify",
        version=version("ddclassify"),
        description="Labels sentences and documents with the activities of defence diplomacy.",
        lifespan=lifespan,
        # FastAPI's own pages load their scripts from the network.
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = chosen
    app.add_middleware(Limits, max_body=chosen.max_body, max_concurrency=chosen.max_concurrency)
    problems.install(app)
    _add_routes(app)
    return app


def classifier_of(request: Request) -> Classifier:
    """The loaded classifier."""
    classifier: Classifier = request.app.state.classifier
    return classifier


def settings_of(request: Request) -> Settings:
    """The settings the app was built with."""
    settings: Settings = request.app.state.settings
    return settings


ClassifierDep = Annotated[Classifier, Depends(classifier_of)]
SettingsDep = Annotated[Settings, Depends(settings_of)]


def _add_routes(app: FastAPI) -> None:
    # Plain functions: FastAPI runs them in threads, so that scoring does not block the event loop.
    @app.post("/v1/classify", responses=PROBLEMS)
    def classify(body: ClassifyRequest, classifier: ClassifierDep, settings: SettingsDep) -> ClassifyResponse:
        """Label single sentences: one result for each, in order."""
        _at_most(len(body.sentences), settings.max_sentences, "sentences")
        contexts = [s.context.to_context() if s.context else None for s in body.sentences]
        predictions = classifier.classify([s.text for s in body.sentences], contexts, body.policy)
        results = [PredictionOut(**_prediction(p)) for p in predictions]
        return ClassifyResponse(model=classifier.model_id, policy=body.policy, results=results)

    @app.post("/v1/documents", responses=PROBLEMS)
    def documents(body: DocumentsRequest, classifier: ClassifierDep, settings: SettingsDep) -> DocumentsResponse:
        """Split documents into sentences and label each in its context."""
        _at_most(len(body.documents), settings.max_documents, "documents")
        sent = (Document(d.id, d.text, {"title": d.title} if d.title else {}) for d in body.documents)
        tagged: list[DocumentOut] = []
        total = 0
        for document in classifier.tag_many(sent, body.policy):
            total += len(document.predictions)
            _at_most(total, settings.max_sentences, "sentences")
            tagged.append(_document(document))
        return DocumentsResponse(model=classifier.model_id, policy=body.policy, documents=tagged)

    @app.get("/v1/labels")
    def labels(classifier: ClassifierDep) -> LabelsResponse:
        """The taxonomy with definitions and the codes of other schemes."""
        table = classifier.taxonomy.to_dict()
        return LabelsResponse(**{name: table[name] for name in ("id", "name", "citation", "doi", "labels")})

    @app.get("/v1/model")
    def model(classifier: ClassifierDep, settings: SettingsDep) -> ModelOut:
        """The model at work, what was measured of it, and the limits of the service."""
        manifest = classifier.model.manifest
        return ModelOut(
            id=manifest.id,
            tier=manifest.tier,
            labels=list(classifier.taxonomy.ids),
            policies=list(classifier.policies),
            thresholds={policy: dict(cuts) for policy, cuts in manifest.thresholds.items()},
            metrics=dict(manifest.metrics),
            limits={n: getattr(settings, n) for n in ("max_body", "max_sentences", "max_documents", "max_concurrency")},
        )

    @app.get("/healthz/live")
    async def live() -> Health:
        """The process answers."""
        return Health(status="live")

    @app.get("/healthz/ready")
    async def ready(classifier: ClassifierDep) -> Health:
        """The model is loaded (the server takes no request before it is)."""
        return Health(status="ready")


def _at_most(count: int, limit: int, what: str) -> None:
    if count > limit:
        raise problems.ProblemError("too-large", f"{count} {what} in one request; at most {limit}")


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "labels": list(prediction.labels),
        "unsure": list(prediction.unsure),
        "probabilities": {label: round(p, 5) for label, p in prediction.probabilities.items()},
        "language": prediction.language,
    }


def _document(tagged: TaggedDocument) -> DocumentOut:
    sentences = [
        SentenceOut(start=p.sentence.start, end=p.sentence.end, text=p.sentence.text, **_prediction(p))
        for p in tagged.predictions
    ]
    return DocumentOut(
        id=tagged.document.id,
        labels=list(tagged.labels),
        unsure=list(tagged.unsure),
        probabilities={label: round(p, 5) for label, p in tagged.probabilities.items()},
        counts=tagged.counts,
        language=tagged.language,
        sentences=sentences,
    )
