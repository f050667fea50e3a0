"""Bodies of requests and responses. Unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ddclassify.context import Context


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"holds half a surrogate pair at character {error.start}") from None
    return text


Text = Annotated[str, AfterValidator(_encodable)]
Probabilities = Annotated[
    dict[str, float], Field(description="Calibrated probability of each label.", examples=[{"peacekeeping": 0.97}])
]
Labels = Annotated[
    list[str], Field(description="Labels over their thresholds, in the taxonomy's order.", examples=[["peacekeeping"]])
]

Unsure = Annotated[
    list[str],
    Field(
        description="Labels worth a person's look: a chance of at least one in ten, and below the threshold of the "
        "policy precision. "
        "Of a document: those unsure in a sentence and given in none.",
        examples=[["interoperability"]],
    ),
]


class Strict(BaseModel):
    """A body that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ContextIn(Strict):
    """What stands around a sentence."""

    before: Text = Field("", description="Text just before the sentence.")
    after: Text = Field("", description="Text just after the sentence.")
    title: Text = Field("", description="Title of its document.")

    def to_context(self) -> Context:
        """The library's value."""
        return Context(self.before, self.after, self.title)


class SentenceIn(Strict):
    """One sentence."""

    text: Text = Field(examples=["The second company has relieved the first on the buffer zone."])
    context: ContextIn | None = None


class ClassifyRequest(Strict):
    """Single sentences to label."""

    sentences: list[SentenceIn]
    policy: str = Field("balanced", description="Which of the model's threshold sets gives the labels.")


class DocumentIn(Strict):
    """One document."""

    id: Text = Field(examples=["communique-7"])
    text: Text
    title: Text = ""


class DocumentsRequest(Strict):
    """Documents to split into sentences and label."""

    documents: list[DocumentIn]
    policy: str = Field("balanced", description="Which of the model's threshold sets gives the labels.")


class PredictionOut(BaseModel):
    """What the model says of a sentence."""

    labels: Labels
    unsure: Unsure
    probabilities: Probabilities
    language: str | None = Field(description='"en", "other", or null where the sentence is too short to tell.')


class ClassifyResponse(BaseModel):
    """One result for each sentence, in order."""

    model: str
    policy: str
    results: list[PredictionOut]


class SentenceOut(PredictionOut):
    """A sentence of a document; offsets count characters of the text that was sent."""

    start: int
    end: int
    text: str


class DocumentOut(BaseModel):
    """A document with its sentences and their roll-up."""

    id: str
    labels: Labels
    unsure: Unsure
    probabilities: Probabilities
    counts: dict[str, int] = Field(description="Sentences that carry each label.")
    language: str | None
    sentences: list[SentenceOut]


class DocumentsResponse(BaseModel):
    """One result for each document, in order."""

    model: str
    policy: str
    documents: list[DocumentOut]


class ModelOut(BaseModel):
    """The model at work and the limits of the service."""

    id: str
    tier: str
    labels: list[str]
    policies: list[str]
    thresholds: dict[str, dict[str, float]]
    metrics: dict[str, Any]
    limits: dict[str, int]


class LabelsResponse(BaseModel):
    """The taxonomy of the model."""

    id: str
    name: str
    citation: str
    doi: str
    labels: list[dict[str, Any]]


class Health(BaseModel):
    """Whether the service lives or is ready."""

    status: str


class Problem(BaseModel):
    """An error (RFC 9457, application/problem+json)."""

    type: str = Field(examples=["/problems/invalid-body"])
    title: str
    status: int
    detail: str
