"""fastText, one binary classifier a label, on the sentences of ddclassify's splitter."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from peer import Score, Split, main, split_by_rules

PREFIX = "__label__"
_MARKS = re.compile(r"([.!?,;:'\"/()])")


def prepare(sentence: str) -> str:
    """Lower case, marks apart, one line: what fastText's tutorial does before training."""
    return " ".join(_MARKS.sub(r" \1 ", sentence).lower().split())


def train(sentences: list[str], labels: list[list[str]], folder: Path) -> None:
    """Settings of the tutorial's multi-label part."""
    import fasttext

    rows = folder / "train.txt"
    rows.write_text(
        "".join(
            " ".join([*(PREFIX + label for label in given), prepare(text)]) + "\n"
            for text, given in zip(sentences, labels, strict=True)
            if given
        )
        + "".join(
            f"{PREFIX}none {prepare(text)}\n" for text, given in zip(sentences, labels, strict=True) if not given
        ),
        encoding="utf-8",
    )
    model = fasttext.train_supervised(
        input=str(rows), lr=0.5, epoch=25, wordNgrams=2, bucket=200_000, dim=50, loss="ova", thread=1, verbose=0
    )
    model.save_model(str(folder / "model.bin"))


def load(folder: Path) -> tuple[Score, Split]:
    """What scores, and what splits."""
    import fasttext

    model = fasttext.load_model(str(folder / "model.bin"))

    def score(sentences: Sequence[str]) -> Iterable[dict[str, float]]:
        names, probabilities = model.predict([prepare(sentence) for sentence in sentences], k=-1)
        for row_names, row in zip(names, probabilities, strict=True):
            found = {name.removeprefix(PREFIX): float(p) for name, p in zip(row_names, row, strict=True)}
            found.pop("none", None)
            yield found

    return score, split_by_rules


if __name__ == "__main__":
    sys.exit(main(train, load))
