"""The model folder on disk: what lies in it, how it is written whole or not at all, and how it is checked.

    manifest.json        this file's `Manifest`, with the SHA-256 of every other file
    taxonomy.json        the labels, in the order of the score columns
    vocabulary.npy       uint64 [n-grams], ascending hashes
    idf.npy              float32 [n-grams]
    coefficients.npy     float32 [n-grams x labels]
    intercepts.npy       float32 [labels]
    calibration.npy      float32 [2 x labels]
    golden.json          a few composed sentences and the probabilities they must get
    README.md            the model card
    corpus.jsonl.gz      the rows it was trained on, to retrain from (optional)

and in the accurate tier also

    encoder.onnx         sentence encoder: input_ids, attention_mask [n x word pieces] -> vector [n x d]
    tokenizer.json       its tokenizer
    context_layer.npy    float32 [3 * d + 1 x d]     (these four: `accurate.HeadWeights`)
    head_coefficients.npy, head_intercepts.npy       float32 [2 * d x labels], [labels]
    mixture.npy          float32 [3 x labels]
    vectors.npy          int8 [texts x d], of each row of the corpus, in order, then of its titles and contexts: to
                         retrain without encoding them, and to find the nearest
    vector_scales.npy    float32 [texts], what a step of each is worth

Arrays are read with `allow_pickle=False`; nothing on this path can run code. Raise `FORMAT_VERSION` whenever an
older reader would misread a newer folder, and say in CHANGELOG.md what changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .accurate import HeadWeights
from .encoder import PackedVectors
from .errors import ModelError, OutputError
from .features import FeatureConfig, Vocabulary
from .linear import LinearWeights
from .taxonomy import Taxonomy

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
TAXONOMY = "taxonomy.json"
GOLDEN = "golden.json"
CARD = "README.md"
CORPUS = "corpus.jsonl.gz"
ARRAYS = ("vocabulary", "idf", "coefficients", "intercepts", "calibration")
REQUIRED = (TAXONOMY, GOLDEN, CARD, *(f"{name}.npy" for name in ARRAYS))

ENCODER = "encoder.onnx"
TOKENIZER = "tokenizer.json"
CONTEXT_LAYER = "context_layer.npy"
VECTORS = ("vectors", "vector_scales")
HEAD_ARRAYS = ("context_layer", "head_coefficients", "head_intercepts", "mixture")
REQUIRED_OF = {
    "fast": REQUIRED,
    "accurate": (*REQUIRED, ENCODER, TOKENIZER, *(f"{name}.npy" for name in HEAD_ARRAYS + VECTORS)),
}
"""The files of each tier."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder says of itself.

    Attributes:
        id: name and first digits of the content's hash; output rows carry it.
        name: name given at training.
        tier: kind of model ("fast": n-grams, linear; "accurate": n-grams and an encoder).
        features: fields of `FeatureConfig`.
        passing: the accurate tier encodes a sentence when the n-grams give a label at least this probability.
        thresholds: policy -> label -> probability at which the label is given.
        training: seed, command, data hashes and row counts.
        libraries: versions the model was trained with.
        metrics: figures measured at training, by split.
        files: SHA-256 of every other file of the folder.
        format_version: layout of the folder.
    """

    id: str
    name: str
    tier: str
    features: Mapping[str, Any]
    passing: float
    thresholds: Mapping[str, Mapping[str, float]]
    training: Mapping[str, Any]
    libraries: Mapping[str, str]
    metrics: Mapping[str, Any]
    files: Mapping[str, str]
    format_version: int = FORMAT_VERSION

    def digest(self) -> str:
        """Hash over everything but the id, which ends in its first eight digits."""
        content = {k: v for k, v in asdict(self).items() if k != "id"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class GoldenPrediction:
    """A sentence with its context and the probabilities a sound copy of the model gives it."""

    text: str
    before: str
    title: str
    probabilities: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model folder's content, read and checked."""

    path: Path
    manifest: Manifest
    taxonomy: Taxonomy
    features: FeatureConfig
    weights: LinearWeights
    golden: tuple[GoldenPrediction, ...]
    head: HeadWeights | None = None

    @property
    def corpus(self) -> Path | None:
        """The training rows that the folder carries, None where it carries none."""
        path = self.path / CORPUS
        return path if CORPUS in self.manifest.files else None

    def vectors(self) -> NDArray[np.float32]:
        """Vectors [texts x d] of the carried corpus, those of its rows first, in order; accurate tier only."""
        return PackedVectors(*_read_arrays(self.path, VECTORS).values()).unpack()


@dataclass(frozen=True, slots=True)
class EncoderPart:
    """What the accurate tier has beside the n-grams, to be written.

    Attributes:
        source: a folder that holds the encoder and its tokenizer.
        head: what weighs its vectors.
        vectors: of the corpus's texts.
    """

    source: Path
    head: HeadWeights
    vectors: PackedVectors


def read_model_folder(path: str | Path) -> ModelFolder:
    """Read a model folder and check every file against its hash.

    Raises:
        ModelError: it is missing, truncated, tampered with, or of another format version.
    """
    folder = Path(path)
    manifest = _manifest(folder)
    for name in REQUIRED_OF[manifest.tier]:
        if name not in manifest.files:
            raise ModelError(f"{folder}: the manifest does not list {name}; get the model again")
    for name, expected in manifest.files.items():
        if Path(name).name != name:
            raise ModelError(f"{folder}: the manifest lists {name!r}, which is not a plain file name")
        if _sha256(folder / name) != expected:
            raise ModelError(f"{folder / name}: differs from its hash in the manifest; get the model again")
    try:
        taxonomy = Taxonomy.from_dict(json.loads((folder / TAXONOMY).read_text("utf-8")), str(folder / TAXONOMY))
        arrays = _read_arrays(folder, ARRAYS)
        head = _head(_read_arrays(folder, HEAD_ARRAYS)) if manifest.tier == "accurate" else None
        features = FeatureConfig(**manifest.features)
        golden = tuple(GoldenPrediction(**row) for row in json.loads((folder / GOLDEN).read_text("utf-8")))
    except (ValueError, TypeError, EOFError) as error:
        raise ModelError(f"{folder}: cannot be read as a model: {error}") from None
    weights = _weights(arrays)
    for policy, thresholds in manifest.thresholds.items():
        if set(thresholds) != set(taxonomy.ids):
            raise ModelError(f"{folder}: the thresholds of policy {policy!r} are not those of the taxonomy's labels")
    for part in (weights, head):
        if part is not None and part.intercepts.size != len(taxonomy):
            raise ModelError(f"{folder}: {part.intercepts.size} columns for {len(taxonomy)} labels")
    return ModelFolder(folder, manifest, taxonomy, features, weights, golden, head)


def write_model_folder(
    path: str | Path,
    *,
    manifest: Mapping[str, Any],
    taxonomy: Taxonomy,
    weights: LinearWeights,
    golden: tuple[GoldenPrediction, ...],
    card: str,
    corpus: bytes | None = None,
    encoder: EncoderPart | None = None,
) -> Manifest:
    """Write a model folder, whole or not at all; an older model at the same place is replaced at the end.

    Args:
        manifest: the fields of `Manifest` but `id`, `files` and `format_version`.
        card: text of the model card, with "{model_id}" where the id belongs.
        corpus: gzipped JSONL of the training rows.
        encoder: what the accurate tier has beside the n-grams.

    Raises:
        OutputError: the place cannot be written or holds something that is not a model.
    """
    target = Path(path)
    with _replacing(target) as folder:
        _write_json(folder / TAXONOMY, taxonomy.to_dict())
        _write_json(folder / GOLDEN, [asdict(row) for row in golden])
        arrays = _arrays(weights)
        if encoder is not None:
            arrays |= _head_arrays(encoder.head)
            arrays |= dict(zip(VECTORS, (encoder.vectors.steps, encoder.vectors.scales), strict=True))
            for name in (ENCODER, TOKENIZER):
                shutil.copyfile(encoder.source / name, folder / name)
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        if corpus is not None:
            (folder / CORPUS).write_bytes(corpus)
        content = {f.name: _sha256(f) for f in sorted(folder.iterdir())}
        draft = Manifest(id="", files={**content, CARD: ""}, **manifest)
        model_id = f"{draft.name}-{draft.digest()[:8]}"
        (folder / CARD).write_text(card.replace("{model_id}", model_id), encoding="utf-8")
        files = {**content, CARD: _sha256(folder / CARD)}
        final = Manifest(id=model_id, files=files, **manifest)
        _write_json(folder / MANIFEST, asdict(final))
    return final


def _manifest(folder: Path) -> Manifest:
    try:
        data = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder}: no model there ({MANIFEST} is missing)") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / MANIFEST}: cannot be read: {error}") from None
    version = data.get("format_version") if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        raise ModelError(
            f"{folder}: model format {version!r}, this version of ddclassify reads {FORMAT_VERSION}; "
            "retrain the model or install the matching version"
        )
    names = {f.name for f in fields(Manifest)}
    if set(data) != names:
        raise ModelError(f"{folder / MANIFEST}: fields {sorted(set(data) ^ names)} are missing or unknown")
    mappings = ("features", "thresholds", "training", "libraries", "metrics", "files")
    if not isinstance(data["id"], str) or not all(isinstance(data[name], dict) for name in mappings):
        raise ModelError(f"{folder / MANIFEST}: its fields are of other types; get the model again")
    if (
        not isinstance(data["tier"], str)
        or data["tier"] not in REQUIRED_OF
        or not isinstance(data["passing"], int | float)
    ):
        raise ModelError(f"{folder / MANIFEST}: tier {data['tier']!r} is unknown here; install a newer ddclassify")
    manifest = Manifest(**data)
    draft = Manifest(**{**data, "files": {**data["files"], CARD: ""}})
    if not manifest.id.endswith(draft.digest()[:8]):
        raise ModelError(f"{folder / MANIFEST}: was changed after training; get the model again")
    return manifest


def _arrays(weights: LinearWeights) -> dict[str, NDArray[Any]]:
    return {
        "vocabulary": weights.vocabulary.hashes,
        "idf": weights.vocabulary.idf,
        "coefficients": weights.coefficients,
        "intercepts": weights.intercepts,
        "calibration": weights.calibration,
    }


def _weights(arrays: Mapping[str, NDArray[Any]]) -> LinearWeights:
    return LinearWeights(
        Vocabulary(arrays["vocabulary"], arrays["idf"]),
        arrays["coefficients"],
        arrays["intercepts"],
        arrays["calibration"],
    )


def _head_arrays(head: HeadWeights) -> dict[str, NDArray[Any]]:
    values = (head.context_layer, head.coefficients, head.intercepts, head.mixture)
    return dict(zip(HEAD_ARRAYS, values, strict=True))


def _head(arrays: Mapping[str, NDArray[Any]]) -> HeadWeights:
    return HeadWeights(*(arrays[name] for name in HEAD_ARRAYS))


def _read_arrays(folder: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    return {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in names}


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; get the model again") from None


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def check_target(path: str | Path) -> None:
    """Refuse a place at which no model may be written.

    Raises:
        OutputError: it holds something that is not a model.
    """
    target = Path(path)
    if target.exists() and not ((target / MANIFEST).is_file() or (target.is_dir() and not any(target.iterdir()))):
        raise OutputError(f"{target}: exists and is not a model; name another folder")


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A new folder beside the target that takes its place when the block ends without an error."""
    check_target(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror}") from None
    new, old = scratch / "new", scratch / "old"
    try:
        new.mkdir()
        yield new
        if target.exists():
            target.replace(old)
        new.replace(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.replace(target)
        raise OutputError(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
