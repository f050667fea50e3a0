"""How far annotators agree: Cohen's kappa and Krippendorff's alpha per label, with bootstrap intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddclassify.errors import CorpusError, TaxonomyError
from ddclassify.taxonomy import Taxonomy

from .corpus import read_records

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Coding:
    """One annotator's labels of one sentence; `coded` None means that every label was decided."""

    id: str
    annotator: str
    labels: tuple[str, ...]
    doc_id: str
    text: str
    coded: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """Agreement on one label.

    Attributes:
        units: sentences that at least two annotators decided.
        positives: share of their decisions that say yes.
        observed: share of annotator pairs on a sentence that agree.
        kappa: Cohen's kappa, averaged over the pairs of annotators; None where chance agreement is complete.
        alpha: Krippendorff's alpha for nominal data; None likewise.
        alpha_low, alpha_high: its 95 % bootstrap interval, whole documents resampled.
    """

    units: int
    positives: float
    observed: float
    kappa: float | None
    alpha: float | None
    alpha_low: float | None
    alpha_high: float | None


def read_codings(paths: Sequence[str | Path]) -> list[Coding]:
    """Read annotations of several annotators.

    A row needs `labels` and an `id` (or a `text`) by which the sentences of the files are matched. `annotator` names
    who coded it; without one, each file is one annotator.

    Raises:
        CorpusError: a file or row cannot be used, or an annotator codes a sentence twice.
    """
    codings: list[Coding] = []
    seen: dict[tuple[str, str], str] = {}
    for path in map(Path, paths):
        for where, record in read_records(path):
            key = record.get("id", record.get("text"))
            labels = record.get("labels")
            coded = record.get("coded")
            if key is None or not isinstance(labels, list) or not isinstance(coded, list | None):
                raise CorpusError(f"{where}: a row needs an id or a text, and a list of labels (and of coded, if any)")
            annotator = str(record.get("annotator") or path.stem)
            if (str(key), annotator) in seen:
                raise CorpusError(f"{where}: {annotator} coded {key!r} already at {seen[str(key), annotator]}")
            seen[str(key), annotator] = where
            codings.append(
                Coding(
                    str(key),
                    annotator,
                    tuple(map(str, labels)),
                    str(record.get("doc_id", key)),
                    str(record.get("text") or ""),
                    None if coded is None else tuple(map(str, coded)),
                )
            )
    return codings


def agreement(codings: Sequence[Coding], taxonomy: Taxonomy, seed: int = 0) -> dict[str, LabelAgreement]:
    """Agreement per label; labels that no two annotators decided on one sentence are left out.

    Raises:
        CorpusError: there are fewer than two annotators, they share no sentence, or a label is unknown.
    """
    try:
        taxonomy.check({label for coding in codings for label in coding.labels})
    except TaxonomyError as error:
        raise CorpusError(str(error)) from None
    annotators = sorted({coding.annotator for coding in codings})
    if len(annotators) < 2:
        raise CorpusError(f"agreement needs two annotators or more; there is {', '.join(annotators) or 'none'}")
    units = sorted({coding.id for coding in codings})
    documents = {coding.id: coding.doc_id for coding in codings}
    _, groups = np.unique([documents[unit] for unit in units], return_inverse=True)
    found = {}
    for label in taxonomy.ids:
        values = _values(codings, units, annotators, label)
        shared = (~np.isnan(values)).sum(axis=1) >= 2
        if shared.any():
            found[label] = _label_agreement(values[shared], groups[shared], seed)
    if not found:
        raise CorpusError("no sentence was decided by two annotators; do the ids match?")
    return found


def disagreements(codings: Sequence[Coding]) -> Iterator[dict[str, Any]]:
    """The sentences that annotators coded differently, with who gave which labels.

    A label that one of them did not decide is no disagreement.
    """
    by_unit: dict[str, list[Coding]] = defaultdict(list)
    for coding in codings:
        by_unit[coding.id].append(coding)
    for unit, members in by_unit.items():
        if any(_differ(a, b) for a, b in combinations(members, 2)):
            yield {
                "id": unit,
                "text": next((m.text for m in members if m.text), ""),
                "codings": {m.annotator: list(m.labels) for m in members},
            }


def krippendorff_alpha(yes: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Alpha for yes/no data with missing values.

    Args:
        yes: [units] number of yes among the unit's values.
        values: [units] number of values of the unit; those with fewer than two count for nothing.

    Returns:
        Alpha, NaN where all values are alike.
    """
    return float(_alpha(_terms(yes, values).sum(axis=1)))


def agreement_table(found: Mapping[str, LabelAgreement]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| label | sentences | yes | observed | Cohen's κ | Krippendorff's α | 95 % interval of α |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for label, f in found.items():
        kappa, alpha = (("n/a" if v is None else f"{v:.3f}") for v in (f.kappa, f.alpha))
        interval = "" if f.alpha_low is None else f"{f.alpha_low:.2f} to {f.alpha_high:.2f}"
        lines.append(f"| {label} | {f.units} | {f.positives:.1%} | {f.observed:.1%} | {kappa} | {alpha} | {interval} |")
    return "\n".join(lines)


def _differ(one: Coding, two: Coding) -> bool:
    """Whether two codings of a sentence differ in a label that both decided."""
    return any(
        all(coding.coded is None or label in coding.coded for coding in (one, two))
        for label in set(one.labels) ^ set(two.labels)
    )


def _values(
    codings: Sequence[Coding], units: Sequence[str], annotators: Sequence[str], label: str
) -> NDArray[np.float64]:
    """1 yes, 0 no, NaN not decided [units x annotators]."""
    row = {unit: i for i, unit in enumerate(units)}
    column = {annotator: i for i, annotator in enumerate(annotators)}
    values = np.full((len(units), len(annotators)), np.nan)
    for coding in codings:
        if coding.coded is None or label in coding.coded:
            values[row[coding.id], column[coding.annotator]] = label in coding.labels
    return values


def _label_agreement(values: NDArray[np.float64], groups: NDArray[np.intp], seed: int) -> LabelAgreement:
    given = ~np.isnan(values)
    yes, counts = np.nansum(values, axis=1), given.sum(axis=1).astype(float)
    pairs = counts * (counts - 1)
    agreeing = yes * (yes - 1) + (counts - yes) * (counts - yes - 1)
    alpha = krippendorff_alpha(yes, counts)
    low, high = _bootstrap(yes, counts, groups, seed)
    return LabelAgreement(
        units=len(values),
        positives=float(yes.sum() / counts.sum()),
        observed=float(agreeing.sum() / pairs.sum()),
        kappa=_mean_kappa(values),
        alpha=None if np.isnan(alpha) else alpha,
        alpha_low=low,
        alpha_high=high,
    )


def _mean_kappa(values: NDArray[np.float64]) -> float | None:
    kappas = []
    for a, b in combinations(range(values.shape[1]), 2):
        both = values[~np.isnan(values[:, [a, b]]).any(axis=1)][:, [a, b]]
        if len(both):
            observed = float((both[:, 0] == both[:, 1]).mean())
            one, two = both.mean(axis=0)
            chance = float(one * two + (1 - one) * (1 - two))
            if chance < 1:
                kappas.append((observed - chance) / (1 - chance))
    return float(np.mean(kappas)) if kappas else None


def _bootstrap(
    yes: NDArray[np.float64], counts: NDArray[np.float64], groups: NDArray[np.intp], seed: int
) -> tuple[float | None, float | None]:
    """The 95 % interval of alpha, documents resampled whole; the sums of alpha's formula are linear in documents."""
    names, index = np.unique(groups, return_inverse=True)
    totals = [np.bincount(index, term, minlength=names.size) for term in _terms(yes, counts)]
    sums = np.stack(totals).astype(np.float64)
    weights = np.random.default_rng(seed).multinomial(names.size, np.full(names.size, 1 / names.size), RESAMPLES)
    alphas = _alpha(sums @ weights.T)
    alphas = alphas[~np.isnan(alphas)]
    if not alphas.size:
        return None, None
    low, high = np.percentile(alphas, [2.5, 97.5])
    return float(low), float(high)


def _terms(yes: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each unit adds to the sums of alpha's formula [3 x units]: disagreement, values, yes."""
    pairable = values >= 2
    yes, values = np.where(pairable, yes, 0), np.where(pairable, values, 0)
    return np.stack([yes * (values - yes) / np.maximum(values - 1, 1), values, yes])


def _alpha(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha [...] from the sums [3 x ...] of `_terms`; NaN where all values are alike."""
    observed, total, yes = sums
    expected = yes * (total - yes) / np.maximum(total - 1, 1)
    alpha: NDArray[np.float64] = np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)
    return alpha
