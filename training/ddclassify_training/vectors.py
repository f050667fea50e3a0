"""Vectors of a corpus's texts, each encoded once and kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ddclassify.accurate import Encode, encoded_texts
from ddclassify.encoder import PackedVectors, SentenceEncoder, Vectors
from ddclassify.errors import ModelError
from ddclassify.modelfolder import CONTEXT_LAYER, CORPUS, ENCODER, MANIFEST, TOKENIZER, read_model_folder

from .corpus import Row, contexts, unpack

CHUNK = 256


class VectorCache:
    """Gives vectors of normalised texts; what was asked for once is not encoded again.

    Vectors are rounded as a model folder stores them, so that a head fitted from stored vectors is the one fitted from
    new ones.

    Args:
        encode: gives the vectors of texts [n x d].
        known: vectors that are there already, [d] each.
    """

    def __init__(self, encode: Encode, known: Mapping[str, Vectors] | None = None) -> None:
        self._encode = encode
        self._known = dict(known or {})

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors float32 [n x d]; encodes those not yet known, with progress on stderr."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        quiet = not sys.stderr.isatty() or len(new) < CHUNK
        with tqdm(total=len(new), desc="encoding", unit=" sentences", disable=quiet) as bar:
            for start in range(0, len(new), CHUNK):
                chunk = new[start : start + CHUNK]
                self._known.update(zip(chunk, PackedVectors.pack(self._encode(chunk)).unpack(), strict=True))
                bar.update(len(chunk))
        return np.array([self._known[text] for text in texts], dtype=np.float32)


class EncoderSource:
    """A folder that holds an encoder: an exported one, or a model folder of the accurate tier.

    Attributes:
        path: the folder.
        context_layer: as in `HeadWeights`.
        vectors: what it encodes to; a model folder brings the vectors of the corpus it carries.

    Raises:
        ModelError: a file is missing or cannot be read.
        MissingExtraError: the extra `accurate` is not installed.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        for name in (ENCODER, TOKENIZER, CONTEXT_LAYER):
            if not (self.path / name).is_file():
                raise ModelError(f"{self.path}: no encoder there ({name} is missing)")
        known = {}
        if (self.path / MANIFEST).is_file():
            model = read_model_folder(self.path)
            if CORPUS in model.manifest.files:
                known = dict(zip(corpus_texts(unpack(self.path / CORPUS)), model.vectors(), strict=True))
        self.context_layer = np.load(self.path / CONTEXT_LAYER, allow_pickle=False)
        self.vectors = VectorCache(SentenceEncoder(self.path / ENCODER, self.path / TOKENIZER), known)


def corpus_texts(splits: Mapping[str, Sequence[Row]]) -> list[str]:
    """The distinct texts of all splits that are encoded, titles and contexts among them, normalised."""
    found: dict[str, None] = {}
    for rows in splits.values():
        found |= dict.fromkeys(encoded_texts([row.text for row in rows], contexts(rows)))
    return list(found)
