"""What is compared: ddclassify's tiers and the peers, and how each is called."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .measure import OFFLINE, ONE_THREAD

ROOT = Path(__file__).parent.parent
PEERS_FOLDER = Path(__file__).parent / "peers"
_PACKAGES = ("src", "training", "service", "models")


@dataclass(frozen=True, slots=True)
class Peer:
    """Another way to do the same work.

    Attributes:
        name: of its script in peers/.
        title: for the tables.
        libraries: distributions whose versions the report gives.
        torch: whether it runs in the environment with torch.
        tier: the tier that it is compared with.
        goal: how many times as long as ddclassify it should take; None: no goal is set.
        cold_goal: the same of the time to a first answer.
    """

    name: str
    title: str
    libraries: tuple[str, ...]
    torch: bool = False
    tier: str = "fast"
    goal: float | None = None
    cold_goal: float | None = None

    @property
    def script(self) -> Path:
        """Its script."""
        return PEERS_FOLDER / f"{self.name}.py"


PEERS = (
    Peer("spacy_sklearn", "spaCy sentencizer + scikit-learn", ("spacy", "scikit-learn", "joblib"), goal=5, cold_goal=2),
    Peer("sklearn_tfidf", "scikit-learn, our sentences", ("scikit-learn", "joblib"), goal=2),
    Peer("spacy_textcat", "spaCy textcat (BOW), our sentences", ("spacy",), goal=4),
    Peer("fasttext_ova", "fastText, our sentences", ("fasttext-numpy2-wheel",), goal=0.8),
    Peer(
        "sentence_transformers_lr",
        "sentence-transformers MiniLM + scikit-learn, our sentences",
        ("sentence-transformers", "torch", "transformers", "scikit-learn"),
        torch=True,
        tier="accurate",
        goal=5,
    ),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A command and the variables it runs with."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


class Ours:
    """Calls of ddclassify from this checkout, in this environment."""

    environment: Mapping[str, str] = {
        **ONE_THREAD,
        **OFFLINE,
        "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in _PACKAGES),
    }

    def tag(self, tier: str, source: Path, output: str, *options: str) -> Call:
        """Tag a file or folder; `output` may be a device."""
        arguments = ("tag", str(source), "--tier", tier, "--output", output, "--format", "jsonl", "--quiet", *options)
        return Call((sys.executable, "-m", "ddclassify", *arguments), self.environment)

    def first(self, tier: str, text: str) -> Call:
        """Print what one sentence is about."""
        code = f"import ddclassify; print(ddclassify.load(tier={tier!r}).tag({text!r}).predictions[0], flush=True)"
        return Call((sys.executable, "-c", code), self.environment)


class Theirs:
    """Calls of a peer.

    Args:
        peer: which.
        python: the interpreter of its environment.
        cache: folder of what the peers learned.
        annotations: the train split.
    """

    environment: Mapping[str, str] = {**ONE_THREAD, **OFFLINE, "PYTHONPATH": str(ROOT / "src")}

    def __init__(self, peer: Peer, python: Path, cache: Path, annotations: Path) -> None:
        self.peer = peer
        self._python = python
        self._annotations = annotations
        learned = hashlib.sha256()
        for file in (annotations, peer.script, PEERS_FOLDER / "linear.py"):
            learned.update(file.read_bytes())
        self.folder = cache / f"{peer.name}-{learned.hexdigest()[:12]}"

    def train(self, folder: Path) -> Call:
        """Learn from the train split and save it in a folder."""
        return self._call("train", str(self._annotations), str(folder))

    def tag(self, source: Path, output: str) -> Call:
        """Tag a file or folder."""
        return self._call("run", str(self.folder), str(source), output)

    def score(self, rows: Path, output: Path) -> Call:
        """Score annotated rows."""
        return self._call("score", str(self.folder), str(rows), str(output))

    def first(self, text: str) -> Call:
        """Print what one sentence is about."""
        return self._call("first", str(self.folder), text)

    def _call(self, *arguments: str) -> Call:
        return Call((str(self._python), str(self.peer.script), *arguments), self.environment)
