"""Evaluation figures as Markdown tables, for the terminal, the model card and the notes."""

from __future__ import annotations

from collections.abc import Mapping

from .metrics import Figures

NOTE = "Macro: over the labels that occur there. Intervals: 95 %, bootstrap over documents."


def label_table(figures: Figures) -> str:
    """Per-label figures with macro and micro means."""
    lines = [
        "| label | precision | recall | F1 | 95 % interval | average precision | support | predicted |",
        "|---|---:|---:|---:|---|---:|---:|---:|",
    ]
    for label, f in figures.labels.items():
        ap = "" if f.average_precision is None else f"{f.average_precision:.3f}"
        lines.append(
            f"| {label} | {f.precision:.3f} | {f.recall:.3f} | {f.f1:.3f} | {f.f1_low:.2f} to {f.f1_high:.2f} | {ap} "
            f"| {f.support} | {f.predicted} |"
        )
    lines.append(
        f"| **macro** | | | **{figures.macro_f1:.3f}** | {figures.macro_f1_low:.2f} to {figures.macro_f1_high:.2f} "
        f"| **{figures.macro_average_precision:.3f}** | | |"
    )
    lines.append(f"| **micro** | | | **{figures.micro_f1:.3f}** | | | | |")
    return "\n".join(lines)


def summary_table(figures: Mapping[str, Figures]) -> str:
    """One line for each named set of figures."""
    lines = [
        "| on | rows | documents | macro-F1 | 95 % interval | micro-F1 | macro AP |",
        "|---|---:|---:|---:|---|---:|---:|",
    ]
    for name, f in figures.items():
        ap = f"{f.macro_average_precision:.3f}" if f.macro_average_precision else ""
        lines.append(
            f"| {name} | {f.rows} | {f.documents} | {f.macro_f1:.3f} | {f.macro_f1_low:.2f} to {f.macro_f1_high:.2f} "
            f"| {f.micro_f1:.3f} | {ap} |"
        )
    return "\n".join(lines)
