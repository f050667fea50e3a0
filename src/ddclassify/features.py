"""N-gram features: tokens in, a sparse matrix of TF-IDF weights out, by array operations alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .context import BREAK, WINDOW, Context, DocumentContexts
from .errors import ModelError
from .hashindex import FIRST, Hashes, HashIndex, Integers
from .language import verdicts
from .sentences import INVISIBLE
from .tokens import Lexicon, TokenBatch, TokenHasher, spread

CONTEXT_CHARACTERS = 1000
"""Characters of the text before a sentence that are looked at, counted back from the sentence."""

_SECOND = np.uint64(0xC2B2AE3D27D4EB4F)
_SALTS = {
    "word": np.uint64(0x8BADF00D5EED0001),
    "stem": np.uint64(0x8BADF00D5EED0003),
    "context": np.uint64(0x8BADF00D5EED0007),
}


# Normalising joins what ends in a hyphen (or in one that only invisible characters follow) with what comes next.
_JOINING = frozenset("-\u2010\u00ad" + INVISIBLE)


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
            terms = np.take(dense, self.columns, axis=0)  # several times as quick as by indexing
            terms *= self.values[:, None]
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
    rows: Integers
    hashes: Hashes


@dataclass(frozen=True, slots=True)
class ContextTokens:
    """The tokens of n sentences and of what stands around them, each text tokenised once.

    Attributes:
        batch: tokens of the sentences, the first n texts, and of what else the contexts hold.
        size: n.
        rows: int64 [parts], ascending: which sentence a part of a context belongs to.
        parts: int64 [parts], which text of the batch it is.
    """

    batch: TokenBatch
    size: int
    rows: Integers
    parts: Integers

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """bool [n], whether a stretch without white space is looked at only in part."""
        return self.batch.cut[: self.size]

    def languages(self) -> list[str | None]:
        """The language of each sentence, as `language.language_of` tells it of the normalised text."""
        return verdicts(self.batch.counts[: self.size])


class FeatureExtractor:
    """Turns sentences with contexts into rows of features."""

    def __init__(self, config: FeatureConfig) -> None:
        self.config = config
        self.hasher = TokenHasher(config.stem_length)
        self._columns: _Columns | None = None
        self._lock = threading.Lock()

    def learn_vocabulary(self, sentences: Sequence[str], contexts: Sequence[Context]) -> Vocabulary:
        """Keep the n-grams that stand in at least `min_df` of the sentences."""
        blocks = self.blocks(self.tokenise(sentences, contexts))
        rows = np.concatenate([block.rows for block in blocks])
        hashes, numbers = np.unique(np.concatenate([block.hashes for block in blocks]), return_inverse=True)
        pairs = np.unique(rows * hashes.size + numbers)
        counts = np.bincount(pairs % hashes.size, minlength=hashes.size)
        kept = counts >= self.config.min_df
        idf = np.log((1 + len(sentences)) / (1 + counts[kept])) + 1
        return Vocabulary(hashes[kept], idf.astype(np.float32))

    def tokenise(self, sentences: Sequence[str], contexts: Sequence[Context]) -> ContextTokens:
        """The tokens that the features of n sentences in their contexts are made of."""
        none = np.zeros(0, dtype=np.int64)
        if not self.config.context_weight:
            texts, rows, parts = list(sentences), none, none
        elif isinstance(contexts, DocumentContexts):
            texts, rows, parts = _parts_of_documents(contexts)
        else:
            texts, rows, parts = _parts_of_each(sentences, contexts)
        return ContextTokens(self.hasher(texts), len(sentences), rows, parts)

    def rows(self, tokens: ContextTokens, vocabulary: Vocabulary) -> SparseRows:
        """TF-IDF rows [n x n-grams]: 1 + log tf, times idf, each block scaled to its length."""
        layers = self.layers(tokens, vocabulary)
        rows = np.concatenate([np.repeat(np.arange(tokens.size), np.diff(layer.indptr)) for layer in layers])
        order = np.argsort(rows, kind="stable")
        return SparseRows(
            np.sum([layer.indptr for layer in layers], axis=0),
            np.concatenate([layer.columns for layer in layers])[order],
            np.concatenate([layer.values for layer in layers])[order],
        )

    def layers(self, tokens: ContextTokens, vocabulary: Vocabulary) -> list[SparseRows]:
        """The rows as a sum of matrices, one for each kind and length of n-gram: quicker to make than their sum."""
        with self._lock:
            if self._columns is None or self._columns.vocabulary is not vocabulary:
                self._columns = _Columns(vocabulary)
            columns = self._columns
            unigrams = columns.of_unigrams(tokens.batch.lexicon)
        size = tokens.size
        bits = max(vocabulary.hashes.size - 1, 1).bit_length()
        # A key holds a sentence and a column; small integers are sorted quicker.
        integers = np.dtype(np.int32 if size.bit_length() + bits < 32 else np.int64)
        borders = np.arange(size + 1, dtype=np.int64) << bits
        layers = []
        for block in self._tokens_by_block(tokens):
            rows = block.rows.astype(integers) << bits
            own: list[tuple[Integers, Integers, NDArray[np.float64]]] = []
            squares = np.zeros(size)
            for n, (places, hashes) in enumerate(_ngrams(block)):
                found = columns.find(hashes) if n else np.take(unigrams[block.kind], block.tokens)
                known = np.flatnonzero(found >= 0)
                key, counts = _counted(rows[places][known] | found[known])
                column = (key & ((1 << bits) - 1)).astype(np.int64)
                value = _weights_of(counts) * np.take(vocabulary.idf, column)
                squares += np.bincount(key >> bits, value**2, minlength=size)
                own.append((np.searchsorted(key, borders.astype(integers)), column, value))
            # A sentence without a known n-gram has no value to scale.
            scale = block.weight / np.where(squares > 0, np.maximum(np.sqrt(squares), self.config.full_norm), 1)
            for indptr, column, value in own:
                scaled = value * np.repeat(scale, np.diff(indptr))
                layers.append(SparseRows(indptr, column, scaled.astype(np.float32)))
        return layers

    def blocks(self, tokens: ContextTokens) -> list[Block]:
        """Every n-gram occurrence of the sentences and their contexts, known to a vocabulary or not."""
        found = []
        for block in self._tokens_by_block(tokens):
            grams = [(block.rows[places], hashes) for places, hashes in _ngrams(block)]
            rows, hashes = zip(*grams, strict=True)
            found.append(Block(block.kind, block.longest, block.weight, np.concatenate(rows), np.concatenate(hashes)))
        return found

    def _tokens_by_block(self, tokens: ContextTokens) -> list[_TokenBlock]:
        batch = tokens.batch
        ends = batch.ends[: tokens.size + 1]
        rows = np.repeat(np.arange(tokens.size, dtype=np.int64), np.diff(ends))
        own = batch.tokens[: ends[-1]]
        words, stems = batch.lexicon.words, batch.lexicon.stems
        config = self.config
        found = [
            _TokenBlock("word", config.words, 1.0, rows, own, words),
            _TokenBlock("stem", config.stems, 1.0, rows, own, stems),
        ]
        if config.context_weight:
            lengths = np.diff(batch.ends)[tokens.parts]
            around = np.take(batch.tokens, spread(batch.ends[tokens.parts], lengths))
            rows = np.repeat(tokens.rows, lengths)
            found.append(_TokenBlock("context", 1, config.context_weight, rows, around, stems))
        return [block for block in found if block.longest]


def context_text(context: Context) -> str:
    """The part of a context that features are made of."""
    return f"{context.title} {context.before[-CONTEXT_CHARACTERS:]}"


def _parts_of_each(sentences: Sequence[str], contexts: Sequence[Context]) -> tuple[list[str], Integers, Integers]:
    """Texts (the sentences first), and the rows and parts of `ContextTokens`."""
    texts = list(sentences)
    number = {text: i for i, text in enumerate(texts)}
    rows: list[int] = []
    parts: list[int] = []
    for row, context in enumerate(contexts):
        for part in _parts(context):
            found = number.setdefault(part, len(texts))
            if found == len(texts):
                texts.append(part)
            rows.append(row)
            parts.append(found)
    return texts, np.array(rows, dtype=np.int64), np.array(parts, dtype=np.int64)


def _parts_of_documents(contexts: DocumentContexts) -> tuple[list[str], Integers, Integers]:
    """The same for sentences that stand in each other's contexts, in a few array operations."""
    view = contexts.view
    base = max(0, view.start - WINDOW)
    firsts = np.asarray(contexts.firsts, dtype=np.int64)
    own = np.arange(view.start, view.stop, dtype=np.int64)
    documents = np.searchsorted(firsts, own, side="right") - 1
    low = int(documents[0]) if own.size else 0
    titles = list(contexts.titles[low : int(documents[-1]) + 1 if own.size else 0])
    earlier = list(contexts.sentences[base : view.start])
    texts = [*contexts.sentences[view.start : view.stop], *earlier, *titles]
    # Places in `texts`: of the title, then of the sentences before, the furthest first; -1 where there is none.
    around = own[:, None] - np.arange(WINDOW, 0, -1)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    joining = np.fromiter(map(_may_join, texts), dtype=np.bool_, count=len(texts))
    places = np.where(around >= view.start, around - view.start, own.size + around - base)
    places[around < firsts[documents][:, None]] = -1
    title = own.size + len(earlier) + documents - low
    parts = np.concatenate([np.where(lengths[title] > 0, title, -1)[:, None], places], axis=1)
    size = np.where(places >= 0, lengths[places] + len(BREAK), 0).sum(axis=1) - len(BREAK)
    whole = (size > CONTEXT_CHARACTERS) | (joining[parts] & (parts >= 0)).any(axis=1)
    for row in np.flatnonzero(whole).tolist():
        parts[row] = -1
        parts[row, 0] = len(texts)
        texts.append(context_text(contexts[row]))
    rows, columns = np.nonzero(parts >= 0)
    return texts, rows, parts[rows, columns]


def _parts(context: Context) -> list[str]:
    """Texts whose tokens together are those of `context_text`: most were sentences of the batch themselves."""
    before = context.before
    parts = [context.title, *before.split(BREAK)] if before else [context.title]
    if len(before) > CONTEXT_CHARACTERS or any(map(_may_join, parts)):
        return [context_text(context)]
    return [part for part in parts if part]


def _may_join(part: str) -> bool:
    """Whether normalising would join a text with the one after it, if both stood in one."""
    return part.rstrip()[-1:] in _JOINING


@dataclass(frozen=True, slots=True)
class _TokenBlock:
    """The tokens that the n-grams of one kind are made of.

    Attributes:
        kind, longest, weight: as in `Block`.
        rows: int64 [tokens], which sentence a token belongs to, ascending.
        tokens: int64 [tokens], places in the lexicon.
        hashes: uint64 [known], of the lexicon's tokens.
    """

    kind: str
    longest: int
    weight: float
    rows: Integers
    tokens: Integers
    hashes: Hashes


def _ngrams(block: _TokenBlock) -> Iterator[tuple[slice | Integers, Hashes]]:
    """For each length: where the n-grams begin among the tokens, and their hashes."""
    if block.longest == 1:
        yield slice(None), np.take(_unigrams(block.hashes, block.kind), block.tokens)
        return
    tokens = np.take(block.hashes, block.tokens)
    gram = _unigrams(tokens, block.kind)
    yield slice(None), gram
    for n in range(2, block.longest + 1):
        gram = gram[:-1] * _SECOND + tokens[n - 1 :] * FIRST
        whole = np.flatnonzero(block.rows[: gram.size] == block.rows[n - 1 :])
        yield whole, gram[whole]


def _unigrams(tokens: Hashes, kind: str) -> Hashes:
    return tokens * FIRST + _SALTS[kind]


class _Columns:
    """Finds the columns of a vocabulary's n-grams."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.find = HashIndex(vocabulary.hashes).find
        self._lexicon = -1
        self._unigrams: dict[str, NDArray[np.int32]] = {}

    def of_unigrams(self, lexicon: Lexicon) -> dict[str, NDArray[np.int32]]:
        """By kind, the columns of a lexicon's tokens as n-grams of one token, -1 for none; each is looked up once."""
        known = self._unigrams if lexicon.number == self._lexicon else {}
        for kind in _SALTS:
            hashes = lexicon.words if kind == "word" else lexicon.stems
            old = known.get(kind, np.zeros(0, dtype=np.int32))
            if hashes.size > old.size or kind not in known:
                known = {**known, kind: np.concatenate([old, self.find(_unigrams(hashes[old.size :], kind))])}
        self._lexicon, self._unigrams = lexicon.number, known
        return known


def _counted(keys: NDArray[np.integer]) -> tuple[NDArray[np.integer], Integers]:
    """The distinct keys, ascending, and how often each stands."""
    keys.sort(kind="stable")  # quick on keys that stand nearly in order
    firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if keys.size else keys.astype(np.int64)
    return keys[firsts], np.diff(firsts, append=keys.size)


def _weights_of(counts: Integers) -> NDArray[np.float64]:
    """1 + log of term frequencies, most of which are 1."""
    weights = np.ones(counts.size)
    several = np.flatnonzero(counts > 1)
    weights[several] += np.log(counts[several])
    return weights
