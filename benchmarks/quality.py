"""How well each labels real sentences: thresholds of the dev split, measured as ddclassify's own models are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ddclassify import Taxonomy, load
from ddclassify.linear import Scores
from ddclassify_training.config import TrainingConfig
from ddclassify_training.corpus import Row, contexts, label_matrix, read_rows
from ddclassify_training.metrics import measure
from ddclassify_training.thresholds import choose_thresholds


def quality_of_tier(tier: str, dev: Path, held_out: Path) -> dict[str, float]:
    """Figures of a model that ships; it sees what stands around each sentence, as it does in use."""
    classifier = load(tier=tier)
    rows = [read_rows(path) for path in (dev, held_out)]
    scores = [classifier.score([row.text for row in part], contexts(part)) for part in rows]
    return quality(scores[0], rows[0], scores[1], rows[1])


def quality_of_peer(dev_scores: Path, dev: Path, held_out_scores: Path, held_out: Path) -> dict[str, float]:
    """Figures of a peer, from the scores it wrote for the rows of both files."""
    return quality(_read_scores(dev_scores), read_rows(dev), _read_scores(held_out_scores), read_rows(held_out))


def quality(dev_scores: Scores, dev: Sequence[Row], scores: Scores, rows: Sequence[Row]) -> dict[str, float]:
    """Choose a threshold a label for the best F1 on dev rows, and measure on others.

    Args:
        dev_scores, scores: probabilities [rows x labels].
        dev, rows: the rows they are of.

    Returns:
        `macro_f1`, `micro_f1`, `macro_ap`, and `rows`, how many there were.
    """
    ids = Taxonomy.table1().ids
    chosen = choose_thresholds(dev_scores, *label_matrix(dev, ids), ids, TrainingConfig(name="bench"))["balanced"]
    predicted = scores >= np.array([chosen[label] for label in ids])
    found = measure(predicted, scores, *label_matrix(rows, ids), [row.doc_id for row in rows], ids)
    return {
        "macro_f1": found.macro_f1,
        "micro_f1": found.micro_f1,
        "macro_ap": found.macro_average_precision,
        "rows": len(rows),
    }


def _read_scores(path: Path) -> Any:
    ids = Taxonomy.table1().ids
    with path.open(encoding="utf-8") as file:
        return np.array([[row[label] for label in ids] for row in map(json.loads, file)])
