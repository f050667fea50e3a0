"""The model card: written by training, from what was measured, never by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ddclassify.taxonomy import Taxonomy

from .evaluate import ALL, ALL_LABELS, Evaluation
from .metrics import Figures
from .table import Table
from .tables import CALIBRATION_NOTE, NOTE, calibration, decimals, label_table, percent, reliability, summary_table
from .workload import READING_POLICY

_HEAD = """\
---
language: en
license: cc-by-4.0
pipeline_tag: text-classification
library_name: ddclassify
tags: [defence-diplomacy, international-relations, event-data, multi-label]
---

# {model_id}

Labels English sentences with activities of defence diplomacy ({taxonomy}). spaCy tokens, n-grams of words and
stems of the sentence, stems of its title and of the two sentences before it, one logistic regression a label{encoder},
Platt calibration and a threshold per label taken from the dev split.

**What a label says.** What a sentence is about. Planned, cancelled, denied and historical activity is coded alike,
so counts of labels are not counts of events. Several labels, or none, are normal answers.

**What it learned from.** {rows} sentences in {documents} documents{source}. {corpus}Measure the model on a sample of
your own texts before you rely on it.

**Limits.** English only (other languages are flagged in the output, not refused). Sentences of kinds that the corpus
does not hold, irony, and activity that only knowledge of the world reveals are missed. Probabilities are calibrated
on the corpus and will be off where your texts have other base rates.

**Files.** Arrays and JSON, no pickle; SHA-256 of each in manifest.json. `corpus.jsonl.gz` holds the training rows,
from which `ddclassify train THIS_FOLDER --add YOURS --output DIR` retrains.
"""


_ENCODER = """;
beside them, vectors of the sentence and of the two before it by a small transformer that runs in onnxruntime, a layer
that combines them, and again one logistic regression a label; the two decision values are mixed"""

_ADAPTED = """\
**The encoder.** {base}, fine-tuned on {labelled} of the labelled sentences{more}. It runs with eight-bit weights; a
sentence's vector does not depend on what it is run with.
"""

_SYNTHETIC = """\
The corpus is synthetic: its text was composed by a language model
for this project and its labels come from language-model coding passes, not from people. """


def render_card(
    taxonomy: Taxonomy,
    training: Mapping[str, Any],
    thresholds: Mapping[str, Mapping[str, float]],
    policies: Mapping[str, Figures],
    held_out: Mapping[str, Evaluation],
    elsewhere: Mapping[str, Evaluation],
    tier: str = "fast",
) -> str:
    """The card's text; "{model_id}" stays in it for the writer of the folder to fill.

    Args:
        training: the manifest's account of the run.
        thresholds: policy -> label -> threshold.
        policies: policy -> figures on the first held-out split that did not choose the thresholds.
        held_out: evaluations on splits of the corpus, reproducible from the repository.
        elsewhere: evaluations on rows that are not in the repository.
        tier: the model's tier.
    """
    rows = training["rows"]
    added = rows.get("added", 0)
    parts = [
        _HEAD.replace("{taxonomy}", taxonomy.name or taxonomy.id)
        .replace("{rows}", f"{rows['train']:,}")
        .replace("{documents}", f"{training['documents']:,}")
        .replace("{encoder}", _ENCODER if tier == "accurate" else "")
        .replace("{corpus}", _SYNTHETIC if training["corpus"].get("synthetic") else "")
        .replace("{source}", f", {added:,} of the sentences added by whoever trained this copy" if added else "")
    ]
    if training.get("encoder"):
        parts.append(_encoder(training["encoder"]))
    parts += ["## Labels and thresholds\n", _thresholds(taxonomy, thresholds)]
    parts += [
        "## What the policies cost\n",
        _policies(policies),
        *_workload({**held_out, **elsewhere}),
        *_calibration(held_out, elsewhere),
        "## Measured on held-out parts of the corpus\n",
        "Splits of the corpus that were not fitted on; dev chose the thresholds.\n",
        NOTE + "\n",
    ]
    parts += _tables(held_out)
    if elsewhere:
        parts += [
            "## Measured on rows that are not in the corpus\n",
            "Never trained on, and thresholds are not taken from them.\n",
            *_tables(elsewhere),
        ]
    parts += ["## Training\n", *(f"- {key}: {_plain(value)}" for key, value in training.items()), ""]
    return "\n".join(parts)


def _encoder(about: Mapping[str, Any]) -> str:
    """How the encoder was made, as its folder says."""
    sentences = about.get("sentences", {})
    taught = sentences.get("labelled by a teacher", 0)
    documents = about.get("unlabelled") or "not named"
    more = (
        f", and on {taught:,} sentences of unlabelled documents ({documents}) whose labels came from an earlier model "
        "of this kind, not from people"
    )
    return (
        _ADAPTED.replace("{base}", str(about.get("base", "A transformer")))
        .replace("{labelled}", f"{sentences.get('labelled', 0):,}")
        .replace("{more}", more if taught else "")
    )


def _thresholds(taxonomy: Taxonomy, thresholds: Mapping[str, Mapping[str, float]]) -> str:
    lines = [
        "| label | what it is | " + " | ".join(thresholds) + " |",
        "|---|---|" + "---:|" * len(thresholds),
    ]
    for label in taxonomy:
        cuts = " | ".join(f"{policy[label.id]:.2f}" for policy in thresholds.values())
        lines.append(f"| `{label.id}` | {label.definition} | {cuts} |")
    return "\n".join([*lines, ""])


def _policies(policies: Mapping[str, Figures]) -> str:
    lines = [
        "Over all labels together, on held-out text: of the labels that are there, how many are given (recall), and of "
        "those given, how many are there (precision).\n",
        "| policy | recall | precision | labels given for each true one |",
        "|---|---:|---:|---:|",
    ]
    for policy, figures in policies.items():
        support = sum(f.support for f in figures.labels.values())
        given = sum(f.predicted for f in figures.labels.values())
        hits = sum(f.recall * f.support for f in figures.labels.values())
        lines.append(
            f"| {policy} | {hits / max(1, support):.2f} | {hits / max(1, given):.2f} | {given / max(1, support):.1f} |"
        )
    return "\n".join([*lines, ""])


def _workload(evaluations: Mapping[str, Evaluation]) -> list[str]:
    """What the policy for hand coders leaves to read, a line for each set of rows."""
    found = {name: evaluation.workload for name, evaluation in evaluations.items() if evaluation.workload}
    if not found:
        return []
    rows = [
        [name, f"{w.rows:,}", f"{w.share_to_read:.1%}", percent(w.row_recall), percent(w.recall)]
        for name, w in found.items()
    ]
    head = ["on", "sentences", "left to read", "labelled sentences among them", "labels given"]
    return [
        f"Someone who reads only the sentences that the policy `{READING_POLICY}` labels has this share left to read. "
        "The other two say what is found there: of the sentences that carry a label, and of the labels.\n",
        Table(head, rows, frozenset({1, 2, 3, 4})).markdown(),
        "",
    ]


def _calibration(held_out: Mapping[str, Evaluation], elsewhere: Mapping[str, Evaluation]) -> list[str]:
    """Macro figures of each set of rows; label by label, and as cells, those of the set that chose no threshold."""
    rows = []
    for name, evaluation in {**held_out, **elsewhere}.items():
        macro = evaluation.figures[ALL].calibration
        if macro is not None:
            means = (macro.macro_brier_skill, macro.macro_log_loss_skill, macro.macro_expected_error)
            rows.append([name, *map(decimals, means)])
    judge = next((name for name in held_out if name != "dev"), "dev")
    found = held_out[judge]
    by_label = found.figures[ALL].calibration
    return [
        "## Calibration\n",
        f"{CALIBRATION_NOTE} Macro:\n",
        Table(["on", "Brier skill", "log-loss skill", "ECE"], rows, frozenset({1, 2, 3})).markdown(),
        "",
        f"Label by label on {judge}:\n",
        "" if by_label is None else calibration(by_label).markdown(),
        "",
        f"Cells of similar probability on {judge}, all labels together: the two columns should agree.\n",
        reliability(found.reliability[ALL_LABELS]).markdown(),
        "",
    ]


def _tables(evaluations: Mapping[str, Evaluation]) -> list[str]:
    parts: list[str] = []
    for name, evaluation in evaluations.items():
        baselines = {f"{name}, {kind} baseline": f for kind, f in evaluation.baselines.items()}
        figures = {name if part == "all" else f"{name}, {part}": f for part, f in evaluation.figures.items()}
        parts += [
            f"### {name}\n",
            summary_table({**figures, **baselines}),
            "",
            label_table(evaluation.figures["all"]),
            "",
        ]
    return parts


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
