"""Evaluation figures as tables, for the terminal, the model card, the HTML report and the notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .calibration_figures import Calibration, ReliabilityPoint
from .confusion import Confusion
from .metrics import Figures
from .table import Strong, Table
from .workload import Workload

NOTE = "Macro: over the labels that occur there. Intervals: 95 %, bootstrap over documents."
CALIBRATION_NOTE = (
    "Skill: 1 for a perfect forecast, 0 for giving every row the base rate of these rows. ECE (expected calibration "
    "error): distance between probability and share of positives, over the probabilities above 0.1."
)
CONFUSION_NOTE = (
    "Numbers of rows. Instead: the row misses the label and wrongly carries the other. Beside: it rightly carries the "
    "label and wrongly the other as well."
)


def label_table(figures: Figures) -> str:
    """Per-label figures with macro and micro means, as Markdown."""
    return labels(figures).markdown()


def summary_table(figures: Mapping[str, Figures]) -> str:
    """One line for each named set of figures, as Markdown."""
    return summary(figures).markdown()


def labels(figures: Figures) -> Table:
    """Per-label figures with macro and micro means."""
    rows = [
        [
            label,
            f"{f.precision:.3f}",
            f"{f.recall:.3f}",
            f"{f.f1:.3f}",
            f"{f.f1_low:.2f} to {f.f1_high:.2f}",
            decimals(f.average_precision),
            str(f.support),
            str(f.predicted),
        ]
        for label, f in figures.labels.items()
    ]
    interval = f"{figures.macro_f1_low:.2f} to {figures.macro_f1_high:.2f}"
    average = Strong(f"{figures.macro_average_precision:.3f}")
    rows.append([Strong("macro"), "", "", Strong(f"{figures.macro_f1:.3f}"), interval, average, "", ""])
    rows.append([Strong("micro"), "", "", Strong(f"{figures.micro_f1:.3f}"), "", "", "", ""])
    head = ["label", "precision", "recall", "F1", "95 % interval", "average precision", "support", "predicted"]
    return Table(head, rows, frozenset({1, 2, 3, 5, 6, 7}))


def summary(figures: Mapping[str, Figures]) -> Table:
    """One line for each named set of figures."""
    rows = [
        [
            name,
            str(f.rows),
            str(f.documents),
            f"{f.macro_f1:.3f}",
            f"{f.macro_f1_low:.2f} to {f.macro_f1_high:.2f}",
            f"{f.micro_f1:.3f}",
            decimals(f.macro_average_precision or None),
        ]
        for name, f in figures.items()
    ]
    head = ["on", "rows", "documents", "macro-F1", "95 % interval", "micro-F1", "macro AP"]
    return Table(head, rows, frozenset({1, 2, 3, 5, 6}))


def calibration(found: Calibration) -> Table:
    """Per-label calibration with macro means."""
    rows = [
        [
            label,
            f"{f.base_rate:.3f}",
            decimals(f.brier_skill),
            decimals(f.log_loss_skill),
            decimals(f.expected_error),
        ]
        for label, f in found.labels.items()
    ]
    means = (found.macro_brier_skill, found.macro_log_loss_skill, found.macro_expected_error)
    rows.append([Strong("macro"), "", *(Strong(decimals(mean)) for mean in means)])
    return Table(["label", "base rate", "Brier skill", "log-loss skill", "ECE"], rows, frozenset({1, 2, 3, 4}))


def reliability(points: Sequence[ReliabilityPoint]) -> Table:
    """The cells of a reliability plot."""
    rows = [[f"{p.mean_probability:.3f}", f"{p.share_positive:.3f}", f"{p.count}"] for p in points]
    return Table(["mean probability", "share positive", "count"], rows, frozenset({0, 1, 2}))


def misses_and_gifts(found: Confusion) -> Table:
    """For each label how many rows miss it or wrongly carry it, and how many of them confuse it with nothing."""
    rows = [
        [
            label,
            str(missed),
            str(found.missed_for_nothing[label]),
            str(found.wrongly_given[label]),
            str(found.given_from_nothing[label]),
        ]
        for label, missed in found.missed.items()
    ]
    head = ["label", "missed", "of these for nothing", "wrongly given", "of these where no label is right"]
    return Table(head, rows, frozenset({1, 2, 3, 4}))


def confused_pairs(found: Confusion) -> Table:
    """Which label was wrongly given for which, the most frequent first; pairs that never occur are left out."""
    pairs = [
        (gold, other, instead, found.beside[gold][other])
        for gold, others in found.instead.items()
        for other, instead in others.items()
    ]
    pairs.sort(key=lambda pair: (-pair[2] - pair[3], -pair[2]))
    rows = [[gold, other, str(instead), str(beside)] for gold, other, instead, beside in pairs if instead + beside]
    return Table(["gold label", "wrongly given", "instead", "beside"], rows, frozenset({2, 3}))


def confusion_matrix(found: Confusion) -> Table:
    """Every pair as "instead / beside", gold labels down and wrongly given ones across, with nothing at the edges."""
    ids = list(found.instead)

    def cell(gold: str, other: str) -> str:
        instead, beside = found.instead[gold].get(other, 0), found.beside[gold].get(other, 0)
        return f"{instead} / {beside}" if instead + beside else ""

    rows = [
        [gold, *(cell(gold, other) for other in ids), str(found.missed_for_nothing[gold]), str(found.missed[gold])]
        for gold in ids
    ]
    rows.append([Strong("no label is right"), *(str(found.given_from_nothing[i]) for i in ids), "", ""])
    rows.append([Strong("wrongly given"), *(str(found.wrongly_given[i]) for i in ids), "", ""])
    head = ["gold label", *ids, "missed for nothing", "missed"]
    return Table(head, rows, frozenset(range(1, len(head))))


def workload(found: Workload) -> Table:
    """What is left to read, for all labels and label by label."""
    rows = [[label, f"{f.share_to_read:.1%}", percent(f.recall)] for label, f in found.labels.items()]
    rows.append([Strong("any label"), Strong(f"{found.share_to_read:.1%}"), Strong(percent(found.recall))])
    return Table(["reading for", "rows left to read", "labels found"], rows, frozenset({1, 2}))


def workload_sentence(found: Workload) -> str:
    """What is left to read, in words."""
    text = (
        f"With the policy {found.policy}, {found.to_read:,} of {found.rows:,} rows ({found.share_to_read:.1%}) are "
        f"left to read"
    )
    if found.recall is None:
        return f"{text}; no row carries a label."
    return (
        f"{text}. {percent(found.row_recall)} of the rows that carry a label are among them, and "
        f"{percent(found.recall)} of the labels are given."
    )


def decimals(value: float | None) -> str:
    """A figure, or nothing."""
    return "" if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    """A share, or nothing."""
    return "" if value is None else f"{value:.1%}"
