"""Vectors of a corpus's texts, each encoded once and kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ddclassify.accurate import Encode, encoded_texts
from ddclassify.context import WINDOW
from ddclassify.encoder import PackedVectors, SentenceEncoder, Vectors
from ddclassify.errors import ModelError
from ddclassify.modelfolder import CONTEXT_LAYER, CORPUS, ENCODER, MANIFEST, TOKENIZER, read_model_folder
from ddclassify.sentences import normalise

from .corpus import Row, contexts, unpack

CHUNK = 256
ABOUT = "encoder.json"


class VectorCache:
    """Gives vectors of normalised texts; what was asked for once is not encoded again.

    Args:
        encode: gives the vectors of texts [n x d].
        known: vectors that are there already, [d] each.
        packed: round vectors as a model folder stores them, so that a head fitted from stored vectors is the one fitted
            from new ones.
    """

    def __init__(self, encode: Encode, known: Mapping[str, Vectors] | None = None, *, packed: bool = True) -> None:
        self._encode = encode
        self._known = dict(known or {})
        self._packed = packed

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors float32 [n x d]; encodes those not yet known, with progress on stderr."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        quiet = not sys.stderr.isatty() or len(new) < CHUNK
        with tqdm(total=len(new), desc="encoding", unit=" sentences", disable=quiet) as bar:
            for start in range(0, len(new), CHUNK):
                chunk = new[start : start + CHUNK]
                vectors = self._encode(chunk)
                if self._packed:
                    vectors = PackedVectors.pack(vectors).unpack()
                self._known.update(zip(chunk, vectors, strict=True))
                bar.update(len(chunk))
        return np.array([self._known[text] for text in texts], dtype=np.float32)


class EncoderSource:
    """A folder that holds an encoder: an exported one, or a model folder of the accurate tier.

    Attributes:
        path: the folder.
        context_layer: as in `HeadWeights`.
        vectors: what to fit on, packed; a model folder brings the vectors of the corpus it carries.
        encode: what the model will see when it is used, to measure with.
        about: how it was made, as far as the folder says.

    Raises:
        ModelError: a file is missing or cannot be read.
        MissingExtraError: the extra `accurate` is not installed.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        for name in (ENCODER, TOKENIZER, CONTEXT_LAYER):
            if not (self.path / name).is_file():
                raise ModelError(f"{self.path}: no encoder there ({name} is missing)")
        known: dict[str, Vectors] = {}
        about = _about(self.path / ABOUT)
        if (self.path / MANIFEST).is_file():
            model = read_model_folder(self.path)
            about = model.manifest.training.get("encoder", {})
            if CORPUS in model.manifest.files:
                texts, vectors = corpus_texts(unpack(self.path / CORPUS)), model.vectors()
                if len(texts) != len(vectors):
                    raise ModelError(f"{self.path}: {len(vectors)} vectors for {len(texts)} texts; get the model again")
                known = dict(zip(texts, vectors, strict=True))
        self.about: Mapping[str, Any] = about
        encoder = SentenceEncoder(self.path / ENCODER, self.path / TOKENIZER)
        self.context_layer = _context_layer(self.path / CONTEXT_LAYER, encoder.size)
        self.vectors = VectorCache(encoder, known)
        self.encode = VectorCache(encoder, packed=False)


def _context_layer(path: Path, size: int) -> NDArray[np.float32]:
    try:
        layer: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from None
    expected = ((1 + WINDOW) * size + 1, size)
    if layer.shape != expected or layer.dtype != np.float32:
        raise ModelError(f"{path}: {layer.dtype} of shape {layer.shape}, this encoder needs float32 of {expected}")
    return layer


def _about(path: Path) -> Mapping[str, Any]:
    try:
        about = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from None
    if not isinstance(about, dict):
        raise ModelError(f"{path}: holds no record of how the encoder was made")
    return about


def corpus_texts(splits: Mapping[str, Sequence[Row]]) -> list[str]:
    """The texts of all splits that are encoded, normalised: that of each row, in order, then the others.

    The others are titles, and what contexts hold that is no row's text; each stands once.
    """
    own = [normalise(row.text) for rows in splits.values() for row in rows]
    others: dict[str, None] = {}
    for rows in splits.values():
        others |= dict.fromkeys(encoded_texts([row.text for row in rows], contexts(rows)))
    for text in own:
        others.pop(text, None)
    return own + list(others)
