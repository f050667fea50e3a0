"""The plots of the HTML report, as SVG elements to stand in a page. Needs the extra `report`."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ddclassify.errors import MissingExtraError

from .evaluate import ALL, Evaluation
from .thresholds import curve

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
except ModuleNotFoundError:
    raise MissingExtraError("the HTML report", "report") from None

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3
CURVE_POINTS = 400
BLUE, ORANGE, GREY = "#1f5a94", "#c8500a", "#8a8a8a"
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ddclassify",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def precision_recall(evaluation: Evaluation, name: str) -> str:
    """A precision-recall curve for each label, with what the policy's threshold and the plain words reach.

    Args:
        name: of the plot, unlike that of any other on the page.
    """
    with mpl.rc_context(SETTINGS):
        figure, panels = _panels(evaluation.label_ids)
        figures, words = evaluation.figures[ALL].labels, evaluation.baselines["keywords"].labels
        for j, (label, axes) in enumerate(zip(evaluation.label_ids, panels, strict=True)):
            axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
            use = evaluation.decided[:, j]
            target = evaluation.carried[use, j]
            if not target.any():
                axes.text(0.5, 0.5, "no positives", ha="center", va="center", color=GREY)
                continue
            _, precision, recall = curve(evaluation.scores[use, j].astype(float), target)
            kept = np.unique(np.linspace(0, precision.size - 1, CURVE_POINTS).astype(int))
            axes.plot(recall[kept], precision[kept], color=BLUE, linewidth=1.2)
            axes.axhline(float(target.mean()), color=GREY, linewidth=0.8, linestyle=":")
            axes.plot([figures[label].recall], [figures[label].precision], "o", color=ORANGE, clip_on=False)
            axes.annotate(
                f"{evaluation.thresholds[label]:.2f}",
                (figures[label].recall, figures[label].precision),
                xytext=(5, 5),
                textcoords="offset points",
                color=ORANGE,
            )
            if words[label].predicted:
                axes.plot([words[label].recall], [words[label].precision], "x", color=GREY, clip_on=False)
        figure.supxlabel("recall")
        figure.supylabel("precision")
        return _svg(figure, name)


def reliability(evaluation: Evaluation, name: str) -> str:
    """A reliability plot over all labels together and for each label.

    Args:
        name: of the plot, unlike that of any other on the page.
    """
    with mpl.rc_context(SETTINGS):
        figure, panels = _panels(list(evaluation.reliability))
        for points, axes in zip(evaluation.reliability.values(), panels, strict=True):
            axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
            axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
            means, shares = [p.mean_probability for p in points], [p.share_positive for p in points]
            axes.plot(means, shares, "o-", color=BLUE, linewidth=1, markersize=3.5, clip_on=False)
        figure.supxlabel("mean probability")
        figure.supylabel("share positive")
        return _svg(figure, name)


def _panels(titles: Sequence[str]) -> tuple[Figure, list[Axes]]:
    rows = -(-len(titles) // COLUMNS)
    figure = Figure(figsize=(8.4, 0.4 + 2.3 * rows), layout="constrained")
    panels = []
    for place, title in enumerate(titles, start=1):
        axes = figure.add_subplot(rows, COLUMNS, place)
        axes.set_title(title, fontsize=9)
        panels.append(axes)
    return figure, panels


def _svg(figure: Figure, name: str) -> str:
    """The figure's SVG element alone, its ids made its own by the name."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    return re.sub(r"url\(#", f"url(#{name}-", text)
