from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ddclassify import Classifier, Context, Taxonomy
from ddclassify.errors import InputError
from ddclassify_service.app import create_app
from ddclassify_service.limits import Limits
from ddclassify_service.settings import Settings

TEXT = "The defence ministers of Chile and Peru met in Lima.\nIt rained. They agreed to hold the naval exercise again."


@pytest.fixture(scope="module")
def client(small_model: Path) -> Iterator[TestClient]:
    settings = Settings(small_model, max_body=20_000, max_sentences=50, max_documents=5)
    with TestClient(create_app(settings)) as client:
        yield client


def test_classify_gives_one_result_each_in_order(client: TestClient, classifier: Classifier) -> None:
    context = "Two navies began a joint exercise."
    sentences: list[dict[str, Any]] = [
        {"text": "It will end on Friday.", "context": {"before": context}},
        {"text": ""},
        {"text": "The attaché left."},
    ]
    answer = client.post("/v1/classify", json={"sentences": sentences})
    assert answer.status_code == 200
    body = answer.json()
    assert body["model"] == classifier.model_id and len(body["results"]) == 3
    expected = classifier.classify([s["text"] for s in sentences], [Context(before=context), None, None])
    for result, prediction in zip(body["results"], expected, strict=True):
        assert result["labels"] == list(prediction.labels) and result["unsure"] == list(prediction.unsure)
        assert result["probabilities"] == pytest.approx(dict(prediction.probabilities), abs=1e-5)
    assert client.post("/v1/classify", json={"sentences": []}).json()["results"] == []


def test_documents_have_exact_offsets_and_a_roll_up(client: TestClient, classifier: Classifier) -> None:
    body = {"documents": [{"id": "a", "text": TEXT}, {"id": "b", "text": ""}], "policy": "recall"}
    a, b = client.post("/v1/documents", json=body).json()["documents"]
    assert (a["id"], b["id"], b["sentences"]) == ("a", "b", [])
    tagged = classifier.tag(TEXT, "recall")
    assert a["labels"] == list(tagged.labels) and a["counts"] == tagged.counts
    assert a["unsure"] == list(tagged.unsure)
    assert [s["unsure"] for s in a["sentences"]] == [list(p.unsure) for p in tagged.predictions]
    for sentence in a["sentences"]:
        assert TEXT[sentence["start"] : sentence["end"]] == sentence["text"]


def test_labels_model_and_health(client: TestClient, classifier: Classifier, taxonomy: Taxonomy) -> None:
    labels = client.get("/v1/labels").json()
    assert labels["labels"] == json.loads(json.dumps(taxonomy.to_dict()))["labels"]
    model = client.get("/v1/model").json()
    assert model["id"] == classifier.model_id and model["limits"]["max_sentences"] == 50
    assert client.get("/healthz/live").json() == {"status": "live"}
    assert client.get("/healthz/ready").json() == {"status": "ready"}


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "detail"),
    [
        ("classify", {"sentences": [{"text": "x"}] * 51}, 413, "too-large", "51 sentences"),
        ("documents", {"documents": [{"id": "a", "text": "x"}] * 6}, 413, "too-large", "6 documents"),
        ("classify", {"sentences": [{"text": "x" * 30_000}]}, 413, "too-large", "over 20000 bytes"),
        ("classify", {"sentences": [{"text": 5}]}, 422, "invalid-body", "body.sentences.0.text"),
        ("classify", {"sentences": [{"text": "x", "colour": "red"}]}, 422, "invalid-body", "colour"),
        ("classify", {"sentences": [], "policy": "guess"}, 422, "invalid-body", "no policy 'guess'"),
        ("classify", [], 422, "invalid-body", "body"),
        ("nothing", {}, 404, "not-found", "/v1/nothing"),
    ],
)
def test_errors_are_problems(client: TestClient, path: str, body: Any, status: int, kind: str, detail: str) -> None:
    answer = client.post(f"/v1/{path}", json=body)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["type"] == f"/problems/{kind}" and found["status"] == status and detail in found["detail"]


def test_sentences_of_documents_are_bounded_too(client: TestClient) -> None:
    body = {"documents": [{"id": "a", "text": "One here. " * 30}, {"id": "b", "text": "One here. " * 30}]}
    answer = client.post("/v1/documents", json=body)
    assert answer.status_code == 413 and "60 sentences" in answer.json()["detail"]


def test_an_unforeseen_failure_is_a_problem_too(small_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret detail")

    with TestClient(create_app(Settings(small_model)), raise_server_exceptions=False) as client:
        monkeypatch.setattr(Classifier, "classify", broken)
        answer = client.post("/v1/classify", json={"sentences": []})
    assert answer.status_code == 500 and answer.json()["type"] == "/problems/internal"
    assert "secret" not in answer.text


def test_many_requests_at_once_are_all_answered_rightly(client: TestClient, classifier: Classifier) -> None:
    texts = [f"Word{i}q of Peru and Chile{i} drilled at sea {i}." for i in range(40)]

    def ask(text: str) -> int:
        answer = client.post("/v1/classify", json={"sentences": [{"text": text}]})
        if answer.status_code == 200:
            expected = dict(classifier.classify([text])[0].probabilities)
            assert answer.json()["results"][0]["probabilities"] == pytest.approx(expected, abs=1e-5)
        return answer.status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, texts)) <= {200, 429}


def test_broken_json_and_wrong_methods_are_problems(client: TestClient) -> None:
    answer = client.post("/v1/classify", content=b'{"sentences": [', headers={"content-type": "application/json"})
    assert answer.status_code == 422 and answer.json()["type"] == "/problems/invalid-body"
    assert client.get("/v1/classify").json()["type"] == "/problems/method-not-allowed"


def test_a_streamed_body_is_bounded_too(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"sentences": [{"text": "'
        for _ in range(100):
            yield b"x" * 1000

    answer = client.post("/v1/classify", content=chunks(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def _unused(*args: object) -> None:
    raise AssertionError("a request over the limit was passed on")


def test_requests_over_the_concurrency_limit_are_turned_away() -> None:
    import asyncio

    sent: list[dict[str, Any]] = []
    middleware = Limits(_unused, max_body=10, max_concurrency=1)
    middleware._running = 1

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/v1/classify", "headers": [], "method": "POST"}
    asyncio.run(middleware(scope, _unused, send))
    assert sent[0]["status"] == 429 and (b"retry-after", b"1") in sent[0]["headers"]


def test_half_a_surrogate_pair_is_a_problem(client: TestClient) -> None:
    answer = client.post(
        "/v1/documents",
        content=b'{"documents": [{"id": "a", "text": "The attach\\ud800 left."}]}',
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 422 and "surrogate pair at character 10" in answer.json()["detail"]


def test_only_loopback_unless_told_so() -> None:
    assert Settings().host == "127.0.0.1"
    with pytest.raises(InputError, match="--allow-remote"):
        Settings(host="0.0.0.0")
    assert Settings(host="0.0.0.0", allow_remote=True).port == 8000


def test_every_route_is_in_the_openapi_document(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert sorted(paths) == [
        "/healthz/live",
        "/healthz/ready",
        "/v1/classify",
        "/v1/documents",
        "/v1/labels",
        "/v1/model",
    ]
    assert set(paths["/v1/classify"]["post"]["responses"]) == {"200", "413", "422", "429"}
