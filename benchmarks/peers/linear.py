"""The linear model of scikit-learn that two peers share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from peer import LABELS, Score


def train(sentences: list[str], labels: list[list[str]], folder: Path) -> None:
    """TF-IDF of words and word pairs, and one logistic regression a label, saved with joblib."""
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MultiLabelBinarizer

    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        OneVsRestClassifier(LogisticRegression(C=10, class_weight="balanced", max_iter=1000)),
    )
    pipeline.fit(sentences, MultiLabelBinarizer(classes=LABELS).fit_transform(labels))
    joblib.dump(pipeline, folder / "pipeline.joblib")


def load(folder: Path) -> Score:
    """What scores sentences."""
    import joblib

    pipeline: Any = joblib.load(folder / "pipeline.joblib")

    def score(sentences: Sequence[str]) -> Iterable[dict[str, float]]:
        return [dict(zip(LABELS, row, strict=True)) for row in pipeline.predict_proba(sentences).tolist()]

    return score
