"""Sentence vectors: a small transformer in ONNX, run by onnxruntime on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import MissingExtraError, ModelError
from .sentences import normalise, without_surrogates

Vectors = NDArray[np.float32]

MAX_TOKENS = 128
"""Word pieces of a sentence that are looked at; the rest is cut off."""

MAX_CHARACTERS = 100 * MAX_TOKENS
"""Cut off before a text is split into word pieces: a word of more than 100 characters is one piece."""

BATCH_TOKENS = 1024
"""Word pieces run at once, padding included; more is no faster on a processor."""


@dataclass(frozen=True, slots=True)
class PackedVectors:
    """Vectors at one byte a number.

    Attributes:
        steps: int8 [n x d].
        scales: float32 [n], what a step of each vector is worth.
    """

    steps: NDArray[np.int8]
    scales: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.steps.dtype != np.int8 or self.steps.ndim != 2 or self.scales.shape != self.steps.shape[:1]:
            raise ModelError("the stored vectors do not fit together")

    @classmethod
    def pack(cls, vectors: Vectors) -> PackedVectors:
        """Round vectors [n x d] to 255 steps each."""
        scales = np.maximum(np.abs(vectors).max(axis=1, initial=0), 1e-12).astype(np.float32) / np.float32(127)
        return cls(np.rint(vectors / scales[:, None]).astype(np.int8), scales)

    def unpack(self) -> Vectors:
        """The vectors, float32 [n x d]."""
        return self.steps * self.scales[:, None]


def can_encode() -> bool:
    """Whether the packages of the extra `accurate` are installed."""
    from importlib.util import find_spec

    return all(find_spec(name) for name in ("onnxruntime", "tokenizers"))


class SentenceEncoder:
    """Turns sentences into vectors; a sentence's vector does not depend on what it is run with.

    Args:
        model: an ONNX graph from `input_ids` and `attention_mask` [n x word pieces] to `vector` [n x size].
        tokenizer: its tokenizer, as the tokenizers library writes it.
        threads: how many a sentence's vector is computed with; None: as many as there are cores.

    Raises:
        MissingExtraError: onnxruntime or tokenizers is not installed.
        ModelError: one of the files cannot be read.
    """

    def __init__(self, model: Path, tokenizer: Path, threads: int | None = None) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ModuleNotFoundError:
            raise MissingExtraError("the accurate tier", "accurate") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        try:
            self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            self._tokenizer: Any = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # both libraries raise their own bare kinds
            raise ModelError(
                f"{model.parent}: the encoder cannot be read: {str(error).partition(chr(10))[0]}"
            ) from None
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self.size = int(self._session.get_outputs()[0].shape[1])

    def cuts(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """bool [n], whether a part of each of n sentences is cut off."""
        found = np.array([len(text) > MAX_CHARACTERS for text in texts], dtype=np.bool_)
        # A word piece has at least one character, and two mark the ends.
        long = [i for i, text in enumerate(texts) if MAX_TOKENS - 2 < len(text) <= MAX_CHARACTERS]
        for i, encoding in zip(long, self._encodings([texts[i] for i in long]), strict=True):
            found[i] = bool(encoding.overflowing)
        return found

    def _encodings(self, texts: Sequence[str]) -> list[Any]:
        clean = [without_surrogates(normalise(text)[:MAX_CHARACTERS]) for text in texts]
        encodings: list[Any] = self._tokenizer.encode_batch(clean)
        return encodings

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Vectors of n sentences, float32 [n x size]."""
        pieces = [encoding.ids for encoding in self._encodings(texts)]
        lengths = np.array([len(ids) for ids in pieces], dtype=np.int64)
        order = np.argsort(lengths, kind="stable")
        vectors = np.empty((len(pieces), self.size), dtype=np.float32)
        start = 0
        while start < order.size:
            stop = start + 1
            while stop < order.size and (stop + 1 - start) * lengths[order[stop]] <= BATCH_TOKENS:
                stop += 1
            batch = order[start:stop]
            vectors[batch] = self._run([pieces[i] for i in batch])
            start = stop
        return vectors

    def _run(self, pieces: Sequence[Sequence[int]]) -> Vectors:
        width = max(map(len, pieces))
        ids = np.zeros((len(pieces), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, own in enumerate(pieces):
            ids[row, : len(own)] = own
            mask[row, : len(own)] = 1
        found: Vectors = self._session.run(["vector"], {"input_ids": ids, "attention_mask": mask})[0]
        return found
