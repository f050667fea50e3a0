from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ddclassify import Classifier, Taxonomy, load
from ddclassify.classifier import TIERS, default_model_path
from ddclassify_training.config import TrainingConfig
from ddclassify_training.corpus import Row, read_corpus
from ddclassify_training.train import train

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return Taxonomy.table1()


@pytest.fixture(scope="session")
def corpus() -> dict[str, list[Row]]:
    return read_corpus(ROOT / "annotations")


@pytest.fixture(scope="session")
def small_corpus(corpus: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Whole documents, enough of them that every label can be learned; quick to train on."""
    sizes = {"train": 2500, "dev": 600, "test": 400}
    small = {}
    for split, size in sizes.items():
        rows = corpus[split]
        last = {row.doc_id for row in rows[:size]}
        small[split] = [row for row in rows if row.doc_id in last]
    return small


@pytest.fixture(scope="session")
def small_model(
    small_corpus: dict[str, list[Row]], taxonomy: Taxonomy, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A real model folder, trained once a session; treat it as read-only."""
    folder = tmp_path_factory.mktemp("models") / "small"
    train(small_corpus, taxonomy, TrainingConfig(name="small"), folder)
    return folder


@pytest.fixture(scope="session")
def classifier(small_model: Path) -> Classifier:
    return load(small_model)


@pytest.fixture(scope="session", params=TIERS)
def default_classifier(request: pytest.FixtureRequest) -> Classifier:
    return load(tier=request.param)


@pytest.fixture(scope="session")
def accurate_folder() -> Path:
    """The shipped model of the accurate tier; treat it as read-only."""
    return default_model_path("accurate")


@pytest.fixture(scope="session")
def accurate(accurate_folder: Path) -> Classifier:
    return load(accurate_folder)


@pytest.fixture(scope="session")
def fast() -> Classifier:
    return load(tier="fast")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real text that is not part of the repository."""
    folder = os.environ.get("DDCLASSIFY_REAL_DATA")
    if not folder:
        pytest.skip("DDCLASSIFY_REAL_DATA names no folder with real text")
    path = Path(folder)
    if not path.is_dir() or not any(path.iterdir()):
        pytest.fail(f"DDCLASSIFY_REAL_DATA is set, but {path} is empty or missing")
    return path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to open a connection fails."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"tried to reach the network: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
