"""Evaluations as one HTML page that needs nothing beside itself. Needs the extra `report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import plots, tables
from .evaluate import ALL, ALL_LABELS, DOCUMENTS, Evaluation
from .table import Table, escape

SUREST = 30
"""Errors shown of each file."""

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; font: 15px/1.5 sans-serif; }
body { color: #1c1c1c; background: #fff; }
h2 { margin-top: 3rem; border-top: 2px solid #1f5a94; padding-top: 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1rem; font-size: 13px; }
th, td { padding: 0.2rem 0.6rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { background: #f2f5f8; vertical-align: bottom; overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.note { color: #555; max-width: 50rem; }
figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; }
</style>
</head>
<body>
"""


@dataclass(frozen=True)
class Measured:
    """An evaluation with its rows' source.

    Attributes:
        name: of the file that was measured.
        evaluation: what was found.
        errors: the wrongly labelled rows, surest first, as `ddclassify_training.evaluate.errors` gives them.
    """

    name: str
    evaluation: Evaluation
    errors: Sequence[Mapping[str, Any]]


def render_html(measured: Sequence[Measured], *, texts: bool = True) -> str:
    """The page: a section for each file, and a summary before them where there are several.

    Args:
        measured: evaluations of one model, in order.
        texts: whether the sentences of the surest errors are shown; without them, their ids still are.
    """
    return "\n".join(_page(measured, texts))


def _page(measured: Sequence[Measured], texts: bool) -> Iterator[str]:
    first = measured[0].evaluation
    title = escape(f"{first.model_id}, policy {first.policy}")
    yield _HEAD.replace("{title}", title)
    yield f"<h1>{title}</h1>"
    yield _note(f"A label says what a sentence is about, not that something happened. {tables.NOTE}")
    if len(measured) > 1:
        table = tables.summary({one.name: one.evaluation.figures[ALL] for one in measured})
        yield _wide(table)
        links = (f'<li><a href="#file{n}">{escape(one.name)}</a></li>' for n, one in enumerate(measured))
        yield f"<ul>{''.join(links)}</ul>"
    for number, one in enumerate(measured):
        yield f'<h2 id="file{number}">{escape(one.name)}</h2>'
        yield from _section(one, number, texts)
    yield "</body>\n</html>\n"


def _section(one: Measured, number: int, texts: bool) -> Iterator[str]:
    found = one.evaluation
    whole = found.figures[ALL]
    yield _wide(tables.summary({**found.figures, **{f"{k} baseline": f for k, f in found.baselines.items()}}))
    yield "<h3>Label by label</h3>"
    yield _wide(tables.labels(whole))
    for part, figures in found.figures.items():
        if part not in (ALL, DOCUMENTS):
            yield f"<details><summary>{escape(part)}</summary>\n{_wide(tables.labels(figures))}</details>"
    yield "<h3>Precision and recall</h3>"
    yield _figure(
        plots.precision_recall(found, f"pr{number}"),
        f"Every threshold of each label. Circle: the threshold of the policy {found.policy}. Cross: looking for the "
        "label's plain words. Dotted: giving the label to every row.",
    )
    yield "<h3>Whole documents</h3>"
    yield _note("A document carries a label as soon as one of its sentences does; its probability is their highest.")
    yield _wide(tables.labels(found.figures[DOCUMENTS]))
    yield "<h3>Calibration</h3>"
    yield _note(tables.CALIBRATION_NOTE)
    if whole.calibration is not None:
        yield _wide(tables.calibration(whole.calibration))
    yield _figure(
        plots.reliability(found, f"rel{number}"),
        "Probability against the share of positives, in cells of similar probability. On the dotted line, "
        "probabilities mean what they say. The cells of all labels together:",
    )
    yield _wide(tables.reliability(found.reliability[ALL_LABELS]))
    yield "<h3>Confusion</h3>"
    yield _note(
        f'{tables.CONFUSION_NOTE} Each cell is "instead / beside". Missed for nothing: nothing was wrongly given.'
    )
    yield _wide(tables.confusion_matrix(found.confusion))
    if found.workload is not None:
        yield "<h3>Workload</h3>"
        yield _note(tables.workload_sentence(found.workload))
        yield _wide(tables.workload(found.workload))
    yield "<h3>Surest errors</h3>"
    yield _note(f"{min(SUREST, len(one.errors))} of {len(one.errors):,} rows with a wrong label.")
    yield _wide(_errors(one.errors[:SUREST], texts))


def _errors(rows: Sequence[Mapping[str, Any]], texts: bool) -> Table:
    def listed(row: Mapping[str, Any], field: str) -> str:
        return ", ".join(f"{label} {row['probabilities'][label]:.2f}" for label in row[field])

    head = ["id", *(["sentence"] if texts else []), "gold", "missed", "wrongly given"]
    body = [
        [
            row["id"],
            *([row["text"]] if texts else []),
            ", ".join(row["gold"]),
            listed(row, "missed"),
            listed(row, "wrongly_given"),
        ]
        for row in rows
    ]
    return Table(head, body)


def _wide(table: Table) -> str:
    return f'<div class="wide">{table.html()}</div>'


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _figure(svg: str, caption: str) -> str:
    return f"<figure>\n{svg}\n<figcaption>{_note(caption)}</figcaption>\n</figure>"
