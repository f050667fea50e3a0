"""scikit-learn alone: the sentences of ddclassify's splitter, TF-IDF and logistic regressions."""

from __future__ import annotations

import sys
from pathlib import Path

import linear
from peer import Score, Split, main, split_by_rules


def load(folder: Path) -> tuple[Score, Split]:
    """What scores, and what splits."""
    return linear.load(folder), split_by_rules


if __name__ == "__main__":
    sys.exit(main(linear.train, load))
