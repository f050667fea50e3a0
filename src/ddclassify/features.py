"""N-gram features: tokens in, a sparse matrix of TF-IDF weights out, by array operations alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .context import Context
from .errors import ModelError
from .tokens import Hashes, TokenBatch, TokenHasher

CONTEXT_CHARACTERS = 1000
"""Characters of the text before a sentence that are looked at, counted back from the sentence."""

_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_SALTS = {
    "word": np.uint64(0x8BADF00D5EED0001),
    "stem": np.uint64(0x8BADF00D5EED0003),
    "context": np.uint64(0x8BADF00D5EED0007),
}


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """What counts as a feature.

    Attributes:
        stem_length: first letters of a word that make its stem.
        words, stems: longest n-gram of words and of stems (0: none).
        context_weight: length of the context's vector beside 1 for the words and 1 for the stems; 0 leaves
            it out. Its features are the stems of the title and of the text before.
        min_df: texts an n-gram must stand in to be kept.
        full_norm: norm of a block's weights from which on the block has its full length. A sentence of a few common
            words stays under it and keeps a short vector, so that "And —" is not judged on one word alone.
    """

    stem_length: int = 5
    words: int = 2
    stems: int = 2
    context_weight: float = 0.5
    min_df: int = 2
    full_norm: float = 25.0

    def __post_init__(self) -> None:
        for name in ("stem_length", "words", "stems", "min_df"):
            if not isinstance(getattr(self, name), int):
                raise ValueError(f"{name} must be a whole number, not {getattr(self, name)!r}")
        if self.stem_length < 1 or self.min_df < 1:
            raise ValueError(f"stem_length and min_df must be at least 1: {self}")
        if min(self.words, self.stems, self.context_weight, self.full_norm) < 0:
            raise ValueError(f"words, stems, context_weight and full_norm must not be negative: {self}")
        if max(self.words, self.stems) < 1:
            raise ValueError(f"words or stems must be at least 1: {self}")


@dataclass(frozen=True, slots=True)
class SparseRows:
    """A sparse float32 matrix in compressed rows.

    Attributes:
        indptr: int64 [n + 1], where each row begins.
        columns: int64 [nonzero], ascending within a row.
        values: float32 [nonzero].
    """

    indptr: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.float32]

    def dot(self, dense: NDArray[np.float32]) -> NDArray[np.float32]:
        """Multiply by a dense matrix [columns x k], giving [n x k]."""
        product = np.zeros((self.indptr.size - 1, dense.shape[1]), dtype=np.float32)
        filled = np.flatnonzero(np.diff(self.indptr))
        if filled.size:
            terms = dense[self.columns] * self.values[:, None]
            product[filled] = np.add.reduceat(terms, self.indptr[filled], axis=0)
        return product


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The n-grams a model knows.

    Attributes:
        hashes: uint64 [n-grams], ascending.
        idf: float32 [n-grams], smoothed inverse document frequency.
    """

    hashes: Hashes
    idf: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.hashes.dtype != np.uint64 or self.hashes.ndim != 1 or self.idf.shape != self.hashes.shape:
            raise ModelError("vocabulary and idf do not fit together")


@dataclass(frozen=True, slots=True)
class Block:
    """The n-gram occurrences of one kind in n texts: the unigrams in order, then the bigrams in order, and so on.

    Attributes:
        kind: "word", "stem" or "context".
        longest: tokens of the longest n-gram.
        weight: length of the block's vector.
        rows: int64 [occurrences], which text an occurrence belongs to, ascending for each length.
        hashes: uint64 [occurrences].
    """

    kind: str
    longest: int
    weight: float
    rows: NDArray[np.int64]
    hashes: Hashes


class FeatureExtractor:
    """Turns sentences with contexts into rows of features."""

    def __init__(self, config: FeatureConfig) -> None:
        self.config = config
        self.hasher = TokenHasher(config.stem_length)

    def learn_vocabulary(self, sentences: Sequence[str], contexts: Sequence[Context]) -> Vocabulary:
        """Keep the n-grams that stand in at least `min_df` of the sentences."""
        blocks = self.blocks(sentences, contexts)
        rows = np.concatenate([block.rows for block in blocks])
        hashes, numbers = np.unique(np.concatenate([block.hashes for block in blocks]), return_inverse=True)
        pairs = np.unique(rows * hashes.size + numbers)
        counts = np.bincount(pairs % hashes.size, minlength=hashes.size)
        kept = counts >= self.config.min_df
        idf = np.log((1 + len(sentences)) / (1 + counts[kept])) + 1
        return Vocabulary(hashes[kept], idf.astype(np.float32))

    def rows(self, sentences: Sequence[str], contexts: Sequence[Context], vocabulary: Vocabulary) -> SparseRows:
        """TF-IDF rows [n x n-grams]: 1 + log tf, times idf, each block scaled to its length."""
        keys: list[NDArray[np.int64]] = []
        values: list[NDArray[np.float32]] = []
        width = np.int64(vocabulary.hashes.size)
        for block in self.blocks(sentences, contexts):
            rows, hashes = block.rows, block.hashes
            if not width or not hashes.size:
                continue
            columns = np.searchsorted(vocabulary.hashes, hashes)
            columns[columns == width] = 0
            known = vocabulary.hashes[columns] == hashes
            key, counts = np.unique(rows[known] * width + columns[known], return_counts=True)
            value = (1 + np.log(counts)) * vocabulary.idf[key % width]
            norms = np.sqrt(np.bincount(key // width, value**2, minlength=len(sentences)))
            norms = np.maximum(norms, self.config.full_norm)
            keys.append(key)
            values.append((value * block.weight / norms[key // width]).astype(np.float32))
        if not keys:
            empty = np.zeros(len(sentences) + 1, dtype=np.int64)
            return SparseRows(empty, empty[:0], np.zeros(0, dtype=np.float32))
        key, value = np.concatenate(keys), np.concatenate(values)
        order = np.argsort(key, kind="stable")
        key = key[order]
        indptr = np.searchsorted(key, np.arange(len(sentences) + 1, dtype=np.int64) * width)
        return SparseRows(indptr.astype(np.int64), key % width, value[order])

    def blocks(self, sentences: Sequence[str], contexts: Sequence[Context]) -> list[Block]:
        """Every n-gram occurrence of the sentences and their contexts, known to a vocabulary or not."""
        own = self.hasher(sentences)
        found = [
            _block("word", own, own.words, self.config.words, 1.0),
            _block("stem", own, own.stems, self.config.stems, 1.0),
        ]
        if self.config.context_weight:
            around = self.hasher([context_text(context) for context in contexts])
            found.append(_block("context", around, around.stems, 1, self.config.context_weight))
        return found


def context_text(context: Context) -> str:
    """The part of a context that features are made of."""
    return f"{context.title} {context.before[-CONTEXT_CHARACTERS:]}"


def _block(kind: str, batch: TokenBatch, tokens: Hashes, longest: int, weight: float) -> Block:
    return Block(kind, longest, weight, *_ngrams(batch, tokens, longest, _SALTS[kind]))


def _ngrams(batch: TokenBatch, tokens: Hashes, longest: int, salt: np.uint64) -> tuple[NDArray[np.int64], Hashes]:
    rows, hashes = [], []
    gram = tokens * _FIRST + salt
    for n in range(1, longest + 1):
        if n > 1:
            gram = gram[:-1] * _SECOND + tokens[n - 1 :] * _FIRST
        whole = batch.rows[: gram.size] == batch.rows[n - 1 :]
        rows.append(batch.rows[: gram.size][whole].astype(np.int64))
        hashes.append(gram[whole])
    if not rows:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64)
    return np.concatenate(rows), np.concatenate(hashes)
