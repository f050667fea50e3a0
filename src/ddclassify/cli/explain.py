"""Show why a text gets a label: which words speak for it and which against."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..accurate import AccurateScorer
from ..classifier import DEFAULT_POLICY, TIERS, Classifier, load
from ..context import WINDOW, Context, contexts_of
from ..documents import Document
from ..errors import InputError
from ..explain import TIER, Contribution, NgramExplainer, threshold_of
from ..nearest import NearestSentences
from ..occlusion import drops
from ..predictions import Prediction
from ..reading import STDIN, Failed, ReadOptions, find_sources, read_documents
from ..rows import DECIMALS
from ..writing import json_text, printable, standard_output
from .marks import marked
from .tag import POLICIES

METHODS = ("auto", "ngrams", "occlusion")
LEGENDS = {
    "ngrams": "what each n-gram adds to the decision value",
    "occlusion": "log-odds of the label that are lost without the words",
}

Row = dict[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("text", metavar="TEXT", help="one sentence or several, or - for stdin")
    parser.add_argument(
        "--before", default="", metavar="TEXT", help=f"what stands before TEXT; its last {WINDOW} sentences count"
    )
    parser.add_argument("--title", metavar="TEXT", help="title of the document")
    parser.add_argument(
        "--label",
        action="append",
        metavar="ID",
        help="explain this label; may be repeated (default: the labels given, else the likeliest)",
    )
    parser.add_argument("--model", metavar="DIR", help="a model folder (default: the one that came with ddclassify)")
    parser.add_argument("--tier", choices=TIERS, help="fast or accurate (default: accurate where it is installed)")
    parser.add_argument("--policy", choices=POLICIES, default=DEFAULT_POLICY, help="which thresholds give the labels")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="lines a label (default: 10)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="auto",
        help="ngrams: what each n-gram adds (tier fast alone); occlusion: what is lost without each stretch of words; "
        "auto: ngrams where there are some",
    )
    parser.add_argument(
        "--neighbours",
        type=int,
        default=3,
        metavar="N",
        help="nearest training sentences shown (tier accurate alone; default: 3)",
    )
    parser.add_argument("--encoding", default="utf-8", metavar="NAME", help="of standard input")


def run(arguments: argparse.Namespace) -> int:
    """Explain each sentence in its context."""
    if arguments.top < 1:
        raise InputError(f"--top {arguments.top}: must be at least 1")
    if arguments.neighbours < 0:
        raise InputError(f"--neighbours {arguments.neighbours}: must not be negative")
    document = _document(arguments.text, arguments.title, arguments.encoding)
    if not document.text.strip():
        raise InputError("TEXT is empty: there is nothing to explain")
    classifier = load(arguments.model, tier=arguments.tier)
    wanted = classifier.taxonomy.check(arguments.label or ())
    method = arguments.method
    if method == "auto":
        method = "ngrams" if classifier.tier == TIER else "occlusion"
    explain = _Ngrams(classifier, arguments.policy) if method == "ngrams" else _Occlusion(classifier)
    nearest = _nearest(classifier, arguments.neighbours)
    rows = _rows(classifier, document, arguments.before, wanted, arguments.policy, explain, arguments.top, nearest)
    head = {"model": classifier.model_id, "tier": classifier.tier, "policy": arguments.policy, "method": method}
    output = standard_output()
    if arguments.format == "json":
        output.write(json_text({**head, "sentences": list(rows)}, indent=2) + "\n")
        return 0
    output.write(f"{classifier.model_id}, policy {arguments.policy}: {LEGENDS[method]}\n")
    for row in rows:
        output.write(printable(_text(row)))
    return 0


class _Ngrams:
    """What each n-gram adds to the decision value, and what is left to make up the whole of it."""

    def __init__(self, classifier: Classifier, policy: str) -> None:
        self._explainer = NgramExplainer(classifier)
        self._policy = policy

    def __call__(self, sentence: str, context: Context, labels: Sequence[str], top: int) -> Iterator[Row]:
        for label in labels:
            found = self._explainer.explain(sentence, context, label=label, policy=self._policy)
            shown, others = found.contributions[:top], found.contributions[top:]
            yield {
                "decision": round(found.decision, DECIMALS),
                "intercept": round(found.intercept, DECIMALS),
                "contributions": [_contribution(one) for one in shown],
                "others": {"number": len(others), "value": round(sum(one.value for one in others), DECIMALS)},
            }


class _Occlusion:
    """What is lost without each stretch of words."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

    def __call__(self, sentence: str, context: Context, labels: Sequence[str], top: int) -> Iterator[Row]:
        dropped = drops(self._classifier, sentence, context)
        for label in labels:
            found = dropped.strongest(self._classifier.taxonomy.ids.index(label))
            stretches = [
                {"start": start, "end": end, "text": sentence[start:end], "drop": round(drop, DECIMALS)}
                for start, end, drop in found[:top]
            ]
            yield {"stretches": stretches}


def _rows(
    classifier: Classifier,
    document: Document,
    before: str,
    wanted: Sequence[str],
    policy: str,
    explain: _Ngrams | _Occlusion,
    top: int,
    nearest: Callable[[str], list[Row]] | None,
) -> Iterator[Row]:
    sentences = document.sentences()
    texts = [sentence.text for sentence in sentences]
    earlier = [sentence.text for sentence in Document("before", before).sentences()]
    contexts = contexts_of(earlier + texts, document.title)[len(earlier) :]
    predictions = classifier.classify(texts, contexts, policy)
    for sentence, context, prediction in zip(sentences, contexts, predictions, strict=True):
        labels = wanted or prediction.labels or (_likeliest(prediction),)
        found = explain(sentence.text, context, labels, top)
        yield {
            "start": sentence.start,
            "end": sentence.end,
            "text": sentence.text,
            "before": context.before,
            "title": context.title,
            "explanations": [
                {
                    "label": label,
                    "probability": round(prediction.probabilities[label], DECIMALS),
                    "threshold": round(threshold_of(classifier, label, policy), DECIMALS),
                    "given": label in prediction.labels,
                    "unsure": label in prediction.unsure,
                    **explanation,
                }
                for label, explanation in zip(labels, found, strict=True)
            ],
            **({} if nearest is None else {"nearest": nearest(sentence.text)}),
        }


def _nearest(classifier: Classifier, number: int) -> Callable[[str], list[Row]] | None:
    """What finds the nearest training sentences, where the model has vectors of them."""
    scorer = classifier.scorer
    if not number or not isinstance(scorer, AccurateScorer) or classifier.model.corpus is None:
        return None
    find = NearestSentences(classifier.model, scorer.encode)
    return lambda sentence: [
        {"text": one.text, "labels": list(one.labels), "similarity": round(one.similarity, 3)}
        for one in find(sentence, number)
    ]


def _document(text: str, title: str | None, encoding: str) -> Document:
    """The text, or what standard input holds, with its title."""
    document = Document("text", text)
    if text == STDIN:
        (read,) = read_documents(find_sources([STDIN]), ReadOptions(encoding=encoding))
        if isinstance(read, Failed):
            raise InputError(read.message)
        document = read
    return document if title is None else Document(document.id, document.text, {"title": title})


def _likeliest(prediction: Prediction) -> str:
    return max(prediction.probabilities, key=lambda label: prediction.probabilities[label])


def _contribution(one: Contribution) -> Row:
    return {
        "ngram": one.ngram,
        "kind": one.kind,
        "value": round(one.value, DECIMALS),
        "spans": [span._asdict() for span in one.spans],
    }


def _text(row: Row) -> str:
    """A sentence's explanations for the terminal: the sentence with its marks, then a line a contribution."""
    lines: list[str] = []
    for found in row["explanations"]:
        verdict = f"{'given' if found['given'] else 'not given'} (from {found['threshold']:.2f})"
        unsure = ", unsure" if found["unsure"] else ""
        lines.append(f"\n{found['label']} {found['probability']:.2f}: {verdict}{unsure}")
        if "stretches" in found:
            spans = [(one["start"], one["end"], one["drop"]) for one in found["stretches"]]
            listed = [(one["drop"], " ".join(one["text"].split())) for one in found["stretches"]]
        else:
            spans = [
                (span["start"], span["end"], one["value"] / len(one["spans"]))
                for one in found["contributions"]
                for span in one["spans"]
                if span["part"] == "sentence"
            ]
            listed = [(one["value"], _described(one, row)) for one in found["contributions"]]
            if found["others"]["number"]:
                listed.append((found["others"]["value"], f"{found['others']['number']} others"))
            listed += [(found["intercept"], "where every sentence starts"), (found["decision"], "decision value")]
        lines.append(f"  {marked(row['text'], spans)}")
        lines += [f"  {value:+8.3f}  {what}" for value, what in listed] or ["  no words matter much by themselves"]
    if "nearest" in row:
        lines.append("\n  nearest training sentences")
        lines += [
            f"  {one['similarity']:8.2f}  {one['text']} [{', '.join(one['labels']) or 'no label'}]"
            for one in row["nearest"]
        ]
    return "\n".join(lines) + "\n"


def _described(one: Row, row: Row) -> str:
    """An n-gram with its kind; a stem with the words that it stands for."""
    if one["kind"] == "word":
        return f"word     {one['ngram']}"
    sources = {"sentence": row["text"], "title": row["title"], "before": row["before"]}
    told: dict[str, None] = {}
    for span in one["spans"]:
        words = " ".join(sources[span["part"]][span["start"] : span["end"]].split())
        told[words if span["part"] == "sentence" else f"{span['part']}: {words}"] = None
    return f"{one['kind']:8} {one['ngram']} ({', '.join(told)})"
