"""From annotated rows to a model folder."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ddclassify.accurate import AccurateScorer
from ddclassify.classifier import Classifier, Scorer
from ddclassify.encoder import PackedVectors
from ddclassify.errors import CorpusError, ModelError
from ddclassify.linear import LinearScorer
from ddclassify.modelfolder import (
    EncoderPart,
    GoldenPrediction,
    Manifest,
    ModelFolder,
    check_target,
    write_model_folder,
)
from ddclassify.sentences import normalise
from ddclassify.taxonomy import Taxonomy

from .card import render_card
from .config import TrainingConfig
from .corpus import Row, contexts, fingerprint, label_matrix, pack
from .evaluate import Evaluation, evaluate
from .fit import fit
from .fit_head import fit_head
from .thresholds import choose_thresholds
from .validate import validate_corpus, validate_rows
from .vectors import EncoderSource, corpus_texts

LIBRARIES = ("ddclassify", "spacy", "scikit-learn", "numpy", "scipy")
ENCODER_LIBRARIES = ("onnxruntime", "tokenizers")
DEV_SHARE = 0.15
ELSEWHERE = ("features", "name", "tier", "seed", "passing")
"""Settings that the manifest names outside `settings`."""


def train(
    splits: Mapping[str, Sequence[Row]],
    taxonomy: Taxonomy,
    config: TrainingConfig,
    output: str | Path,
    *,
    encoder: str | Path | None = None,
    added: Sequence[Row] = (),
    elsewhere: Mapping[str, Sequence[Row]] | None = None,
    corpus: Mapping[str, Any] | None = None,
    command: str = "",
    report: Callable[[str], None] = lambda message: None,
) -> Manifest:
    """Train, evaluate and write a model folder, whole or not at all.

    Args:
        splits: the corpus; "train" is fitted on, "dev" calibrates and chooses thresholds (taken from train by
            document where there is none), the others are evaluated on, once.
        taxonomy: the labels.
        config: settings.
        output: the model folder; an older model there is replaced.
        encoder: for the accurate tier, the folder that holds its encoder.
        added: the user's own rows, fitted on beside "train". Where one repeats a sentence of the corpus, the
            user's coding holds in train; a repeat of a held-out sentence is left out, for it would flatter.
        elsewhere: further rows to evaluate on, by name, for the card.
        corpus: what is said of the corpus in manifest and card: its `name`, and `synthetic` where it is.
        command: how the run was started, for the manifest.
        report: called with a line at each step.

    Raises:
        CorpusError: a row is bad, added rows contradict one another, or a label has nothing to learn from.
        ModelError: there is no encoder to build the accurate tier on.
        OutputError: the folder cannot be written.
    """
    check_target(output)
    validate_corpus(splits, taxonomy)
    validate_rows(added, taxonomy)
    splits = dict(splits)
    if "dev" not in splits:
        splits["train"], splits["dev"] = _split_off(splits["train"], DEV_SHARE, config.seed)
    splits["train"], kept = _merge(splits, added)
    if len(kept) < len(added):
        report(f"{len(added) - len(kept)} added rows repeat a held-out sentence or one another: left out")
    report(f"fitting on {len(splits['train']):,} sentences")
    weights = fit(splits["train"], splits["dev"], taxonomy.ids, config)
    about: Mapping[str, Any] = {}
    scorer: Scorer = LinearScorer(config.features, weights)
    part = None
    if config.tier == "accurate":
        if encoder is None:
            raise ModelError("the accurate tier is built on an encoder; name a folder that holds one")
        source = EncoderSource(encoder)
        about = source.about
        report("fitting the head on the encoder's vectors")
        linear = LinearScorer(config.features, weights)
        head = fit_head(
            splits["train"], splits["dev"], taxonomy.ids, config, linear, source.context_layer, source.vectors
        )
        part = EncoderPart(source.path, head, PackedVectors.pack(source.vectors(corpus_texts(splits))))
        scorer = AccurateScorer(linear, source.encode, head, config.passing)
    report("choosing thresholds")
    dev_scores = scorer.score([r.text for r in splits["dev"]], contexts(splits["dev"]))
    thresholds = choose_thresholds(dev_scores, *label_matrix(splits["dev"], taxonomy.ids), taxonomy.ids, config)
    training: dict[str, Any] = {
        "command": command,
        "corpus": dict(corpus or {}),
        "seed": config.seed,
        "settings": {k: v for k, v in asdict(config).items() if k not in ELSEWHERE},
        "rows": {**{split: len(rows) for split, rows in splits.items()}, "added": len(kept)},
        "documents": len({row.doc_id for row in splits["train"]}),
        "data": {split: fingerprint(rows)[:16] for split, rows in splits.items()},
        "encoder": dict(about),
    }
    packages = LIBRARIES + (ENCODER_LIBRARIES if part else ())
    libraries = {name: version(name) for name in packages} | {"python": platform.python_version()}
    fields: dict[str, Any] = {
        "name": config.name,
        "tier": config.tier,
        "features": asdict(config.features),
        "passing": config.passing if part else 0.0,
        "thresholds": thresholds,
        "training": training,
        "libraries": libraries,
        "metrics": {},
    }
    draft = Manifest(id=config.name, files={}, **fields)
    classifier = Classifier(ModelFolder(Path(output), draft, taxonomy, config.features, weights, ()), scorer)
    held_out = _evaluate(classifier, {k: v for k, v in splits.items() if k != "train"}, report)
    others = _evaluate(classifier, elsewhere or {}, report)
    judge = next((name for name in held_out if name != "dev"), "dev")
    policies = {policy: evaluate(classifier, splits[judge], policy).figures["all"] for policy in thresholds}
    fields["metrics"] = {name: found.to_metrics() for name, found in {**held_out, **others}.items()}
    return write_model_folder(
        output,
        manifest=fields,
        taxonomy=taxonomy,
        weights=weights,
        golden=_golden(taxonomy, scorer),
        card=render_card(taxonomy, training, thresholds, policies, held_out, others, config.tier),
        corpus=pack(splits),
        encoder=part,
    )


def _evaluate(
    classifier: Classifier, sets: Mapping[str, Sequence[Row]], report: Callable[[str], None]
) -> dict[str, Evaluation]:
    found: dict[str, Evaluation] = {}
    for name, rows in sets.items():
        found[name] = evaluate(classifier, rows)
        figures = found[name].figures["all"]
        report(
            f"{name}: {figures.rows:,} sentences, macro-F1 {figures.macro_f1:.3f}, "
            f"macro average precision {figures.macro_average_precision:.3f}"
        )
    return found


def _merge(splits: Mapping[str, Sequence[Row]], added: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The training rows with the added ones, and those of the added that were taken."""
    seen: dict[str, Row] = {}
    for row in added:
        other = seen.setdefault(_key(row), row)
        if (set(other.labels), other.coded) != (set(row.labels), row.coded):
            raise CorpusError(f"{row.where}: {row.text[:60]!r} is coded otherwise at {other.where}; decide for one")
    held_out = {_key(row) for split, rows in splits.items() if split != "train" for row in rows}
    kept = {key: row for key, row in seen.items() if key not in held_out}
    base = [row for row in splits["train"] if _key(row) not in kept]
    renamed = [replace(row, id=f"added:{row.id}", doc_id=f"added:{row.doc_id}") for row in kept.values()]
    return base + renamed, renamed


def _split_off(rows: Sequence[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    documents = sorted({row.doc_id for row in rows})
    if len(documents) < 2:
        raise CorpusError("the corpus has no dev split and too few documents to take one from train")
    chosen = np.random.default_rng(seed).permutation(len(documents))[: max(1, round(share * len(documents)))]
    held = {documents[i] for i in chosen}
    return [r for r in rows if r.doc_id not in held], [r for r in rows if r.doc_id in held]


def _golden(taxonomy: Taxonomy, scorer: Scorer) -> tuple[GoldenPrediction, ...]:
    """Predictions of the taxonomy's own example sentences, each in the context of those before it."""
    texts = [text for label in taxonomy for text in label.examples] or [label.definition for label in taxonomy]
    rows = [Row(f"golden-{i}", "golden", i, text, ()) for i, text in enumerate(texts)]
    around = list(contexts(rows))
    scores = scorer.score(texts, around).tolist()
    return tuple(
        GoldenPrediction(text, context.before, context.title, dict(zip(taxonomy.ids, row, strict=True)))
        for text, context, row in zip(texts, around, scores, strict=True)
    )


def _key(row: Row) -> str:
    return normalise(row.text).casefold()
