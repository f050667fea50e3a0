from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddclassify import Classifier, Context, Taxonomy, load
from ddclassify.accurate import HeadWeights, encoded_texts, head_features, mixed
from ddclassify.classifier import default_model_path
from ddclassify.encoder import PackedVectors, SentenceEncoder, Vectors
from ddclassify.errors import InputError, ModelError
from ddclassify.features import FeatureConfig, Vocabulary
from ddclassify.linear import LinearScorer, LinearWeights, calibrated
from ddclassify.modelfolder import CONTEXT_LAYER, ENCODER, REQUIRED_OF, TOKENIZER
from ddclassify_training import vectors as vectors_module
from ddclassify_training.config import TrainingConfig
from ddclassify_training.corpus import Row, contexts, label_matrix, pack, unpack
from ddclassify_training.evaluate import evaluate
from ddclassify_training.fit_head import fit_head, mix
from ddclassify_training.train import train
from ddclassify_training.vectors import CHUNK, VectorCache, corpus_texts

SIZE = 8
IDS = ("after", "own")
CONFIG = TrainingConfig(head_c=1.0, head_share=1.0)


def vector(text: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    found = np.random.default_rng(seed).normal(size=SIZE).astype(np.float32)
    found[0] = np.copysign(2, found[0])
    return found


def encode(texts: Sequence[str]) -> Vectors:
    return np.array([vector(text) for text in texts], dtype=np.float32).reshape(-1, SIZE)


def documents(start: int, number: int) -> list[Row]:
    """Two sentences each: the second is "after" where the first's vector begins above 0; any "own" by its own."""
    rows = []
    for i in range(start, start + number):
        first, second = f"Opening {i}.", f"Answer {i}."
        labels = [[], ["after"] if vector(first)[0] > 0 else []]
        for position, text in enumerate((first, second)):
            own = ["own"] if vector(text)[1] > 0 else []
            rows.append(Row(f"{i}-{position}", str(i), position, text, (*labels[position], *own)))
    return rows


TRAIN, DEV, TEST = documents(0, 300), documents(300, 100), documents(400, 100)


@pytest.fixture(scope="module")
def silent() -> LinearScorer:
    """An n-gram model that knows nothing."""
    vocabulary = Vocabulary(np.array([1], dtype=np.uint64), np.ones(1, dtype=np.float32))
    nothing = np.zeros((1, 2), dtype=np.float32)
    identity = np.array([[1, 1], [0, 0]], dtype=np.float32)
    return LinearScorer(FeatureConfig(), LinearWeights(vocabulary, nothing, nothing[0], identity))


@pytest.fixture(scope="module")
def layer() -> Vectors:
    """A layer that passes on, among noise, how the vector of the sentence before begins."""
    found = np.random.default_rng(5).normal(scale=0.1, size=(3 * SIZE + 1, SIZE)).astype(np.float32)
    found[SIZE, :2] = (1, -1)
    return found


@pytest.fixture(scope="module")
def head(silent: LinearScorer, layer: Vectors) -> HeadWeights:
    return fit_head(TRAIN, DEV, IDS, CONFIG, silent, layer, encode)


def probabilities(head: HeadWeights, rows: Sequence[Row], around: Sequence[Context]) -> Vectors:
    features = head_features([row.text for row in rows], around, encode, head.context_layer)
    deep = features @ head.coefficients + head.intercepts
    return mixed(deep, np.zeros_like(deep), head.mixture)


def test_the_head_learns_from_the_sentence_before(head: HeadWeights, layer: Vectors) -> None:
    carried, _ = label_matrix(TEST, IDS)
    second = [row.position == 1 for row in TEST]
    informed = (probabilities(head, TEST, contexts(TEST)) > 0.5) == carried
    blind = (probabilities(head, TEST, [Context()] * len(TEST)) > 0.5) == carried
    assert informed[second, 0].mean() > 0.9 and blind[second, 0].mean() < 0.7
    assert informed[:, 1].mean() > 0.9 and blind[:, 1].mean() > 0.9, "its own label needs no context"
    assert head.context_layer is layer
    assert {a.dtype for a in (head.coefficients, head.intercepts, head.mixture)} == {np.dtype(np.float32)}


def test_the_same_rows_give_the_same_head(head: HeadWeights, silent: LinearScorer, layer: Vectors) -> None:
    again = fit_head(TRAIN, DEV, IDS, CONFIG, silent, layer, encode)
    for name in ("coefficients", "intercepts", "mixture"):
        assert np.array_equal(getattr(again, name), getattr(head, name))


def test_undecided_rows_are_no_negatives(silent: LinearScorer, layer: Vectors) -> None:
    """Rows coded for one label only leave the other label's column as it was, in train and in dev."""
    whole = replace(CONFIG, context_dropout=0.0)
    partial = [replace(row, labels=(), coded=("after",)) for row in documents(500, 60)]
    plain = fit_head(TRAIN, DEV, IDS, whole, silent, layer, encode)
    more = fit_head([*TRAIN, *partial], DEV, IDS, whole, silent, layer, encode)
    assert more.coefficients[:, 1] == pytest.approx(plain.coefficients[:, 1], abs=1e-3)
    assert more.coefficients[:, 0] != pytest.approx(plain.coefficients[:, 0], abs=0.05)
    held = fit_head(TRAIN, [*DEV, *partial], IDS, whole, silent, layer, encode)
    assert held.mixture[:, 1] == pytest.approx(plain.mixture[:, 1], abs=1e-3)
    assert held.mixture[:, 0] != pytest.approx(plain.mixture[:, 0], abs=0.05)


def test_context_is_withheld_from_a_share_of_the_training_rows(silent: LinearScorer, layer: Vectors) -> None:
    never = fit_head(TRAIN, DEV, IDS, replace(CONFIG, context_dropout=1.0), silent, layer, encode)
    second = [row for row in TEST if row.position == 1]
    around = [context for row, context in zip(TEST, contexts(TEST), strict=True) if row.position == 1]
    right = (probabilities(never, second, around)[:, 0] > 0.5) == label_matrix(second, IDS)[0][:, 0]
    assert right.mean() < 0.8


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_mixture_keeps_the_share(share: float) -> None:
    chance = np.random.default_rng(1)
    deep, shallow = chance.normal(size=(2, 400, 2)).astype(np.float32)
    carried = chance.random((400, 2)) < 1 / (1 + np.exp(-2 * (share * deep + (1 - share) * shallow) + 1))
    found = mix(deep, shallow, share, carried, np.ones_like(carried))
    assert found.shape == (3, 2) and found.dtype == np.float32 and (found[:2].sum(axis=0) > 0).all()
    assert found[0] == pytest.approx(share * found[:2].sum(axis=0), abs=1e-5)
    assert mixed(deep, shallow, found).mean(axis=0) == pytest.approx(carried.mean(axis=0), abs=0.02), "calibrated"
    alone = calibrated(share * deep + (1 - share) * shallow, np.stack([found[:2].sum(axis=0), found[2]]))
    assert mixed(deep, shallow, found) == pytest.approx(alone, abs=1e-5)


def test_a_label_with_too_few_held_out_rows_keeps_its_log_odds() -> None:
    deep, shallow = np.random.default_rng(2).normal(size=(2, 50, 1)).astype(np.float32)
    carried = np.arange(50)[:, None] < 4
    assert mix(deep, shallow, 0.7, carried, np.ones_like(carried)).ravel() == pytest.approx([0.7, 0.3, 0])
    decided = np.arange(50)[:, None] >= 46
    assert mix(deep, shallow, 0.7, ~carried, decided).ravel() == pytest.approx([0.7, 0.3, 0])


class Counting:
    """Remembers what it was asked to encode, call by call."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        return encode(texts)


def test_each_text_is_encoded_once() -> None:
    counting = Counting()
    cache = VectorCache(counting)
    first = cache(["a", "b", "a", "c"])
    assert counting.calls == [["a", "b", "c"]]
    assert first.dtype == np.float32 and np.array_equal(first[0], first[2])
    assert np.array_equal(cache(["c", "d", "b"])[[0, 2]], first[[3, 1]])
    assert counting.calls == [["a", "b", "c"], ["d"]]
    assert len(cache([])) == 0 and len(counting.calls) == 2
    cache([f"text {i}" for i in range(2 * CHUNK + 1)])
    assert [len(call) for call in counting.calls[2:]] == [CHUNK, CHUNK, 1]


def test_vectors_are_those_that_a_model_folder_stores() -> None:
    texts = ["a", "b", "c"]
    new = VectorCache(encode)(texts)
    stored = PackedVectors.pack(new)
    assert new == pytest.approx(encode(texts), abs=0.02) and not np.array_equal(new, encode(texts))
    assert np.array_equal(new, PackedVectors.pack(encode(texts)).unpack())
    counting = Counting()
    known = VectorCache(counting, dict(zip(texts, stored.unpack(), strict=True)))
    assert np.array_equal(known(["b", "a", "c"]), new[[1, 0, 2]]) and counting.calls == []
    assert np.array_equal(known(["d", "a"])[1], new[0]) and counting.calls == [["d"]]


def test_vectors_to_measure_with_are_those_that_the_model_will_see() -> None:
    counting = Counting()
    cache = VectorCache(counting, packed=False)
    assert np.array_equal(cache(["a", "b", "a"]), encode(["a", "b", "a"]))
    assert np.array_equal(cache(["b"]), encode(["b"])) and counting.calls == [["a", "b"]]


SPLITS = {
    "train": [
        Row("1", "x", 0, "One  came.", (), title="Title"),
        Row("2", "x", 1, "Two came.", (), title="Title"),
        Row("3", "y", 0, "Three came.", (), context="Zero came. One came.", title="Other"),
    ],
    "dev": [Row("4", "z", 0, "Four came.", (), title="Title"), Row("5", "w", 0, "One came.", ())],
}


def test_texts_of_a_corpus_come_in_a_fixed_order(small_corpus: Mapping[str, list[Row]], tmp_path: Path) -> None:
    own = ["One came.", "Two came.", "Three came.", "Four came.", "One came."]
    assert corpus_texts(SPLITS) == [*own, "Title", "Zero came."]
    (tmp_path / "corpus.jsonl.gz").write_bytes(pack(small_corpus))
    found = corpus_texts(small_corpus)
    assert corpus_texts(unpack(tmp_path / "corpus.jsonl.gz")) == found
    assert found[: sum(map(len, small_corpus.values()))] == [
        " ".join(row.text.split()) for rows in small_corpus.values() for row in rows
    ]
    needed = {t for rows in small_corpus.values() for t in encoded_texts([r.text for r in rows], contexts(rows))}
    assert set(found) == needed and len(found) == len(needed)


def cut(rows: Sequence[Row], size: int, label_ids: Sequence[str], each: int) -> list[Row]:
    """Whole documents, about as many sentences, each label at least so many times."""
    members: dict[str, list[Row]] = {}
    for row in rows:
        members.setdefault(row.doc_id, []).append(row)
    missing = dict.fromkeys(label_ids, each)
    chosen: dict[str, None] = {}
    for doc_id, own in members.items():
        carried = [label for row in own for label in row.labels]
        if len(own) <= 15 and any(missing[label] > 0 for label in carried):
            chosen[doc_id] = None
            for label in carried:
                missing[label] -= 1
    assert max(missing.values()) <= 0
    for doc_id in members:
        if sum(len(members[d]) for d in chosen) < size:
            chosen.setdefault(doc_id)
    return [row for doc_id in chosen for row in members[doc_id]]


@pytest.fixture(scope="module")
def tiny_corpus(small_corpus: Mapping[str, list[Row]], taxonomy: Taxonomy) -> dict[str, list[Row]]:
    sizes = {"train": (150, 5), "dev": (60, 1), "test": (40, 1)}
    return {split: cut(small_corpus[split], size, taxonomy.ids, each) for split, (size, each) in sizes.items()}


@pytest.fixture(scope="module")
def exported(accurate_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder folder as fine-tuning writes it."""
    folder = tmp_path_factory.mktemp("encoder")
    for name in (ENCODER, TOKENIZER, CONTEXT_LAYER):
        (folder / name).symlink_to(accurate_folder / name)
    (folder / vectors_module.ABOUT).write_text(json.dumps({"base": "A small transformer"}), encoding="utf-8")
    return folder


ACCURATE = TrainingConfig(name="tiny", tier="accurate")


@pytest.fixture(scope="module")
def tiny_model(
    tiny_corpus: Mapping[str, list[Row]],
    taxonomy: Taxonomy,
    exported: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    train(tiny_corpus, taxonomy, ACCURATE, folder, encoder=exported)
    return folder


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Classifier:
    return load(tiny_model, tier="accurate")


def test_the_written_model_gives_what_it_gave_at_training(
    tiny: Classifier, tiny_model: Path, exported: Path, tiny_corpus: Mapping[str, list[Row]]
) -> None:
    tiny.check_golden()
    manifest = tiny.model.manifest
    assert set(manifest.files) == {*REQUIRED_OF["accurate"], "corpus.jsonl.gz"}
    assert (manifest.name, manifest.tier, manifest.passing) == ("tiny", "accurate", ACCURATE.passing)
    assert manifest.training["rows"] == {**{k: len(v) for k, v in tiny_corpus.items()}, "added": 0}
    assert manifest.training["encoder"] == {"base": "A small transformer"}
    assert {"onnxruntime", "tokenizers"} <= set(manifest.libraries)
    figures, measured = evaluate(tiny, tiny_corpus["test"]).figures["all"], manifest.metrics["test"]["all"]
    assert figures.macro_f1 == pytest.approx(measured["macro_f1"], abs=1e-6)
    assert figures.macro_average_precision == pytest.approx(measured["macro_average_precision"], abs=1e-6)
    for name in (ENCODER, TOKENIZER, CONTEXT_LAYER):
        assert (tiny_model / name).read_bytes() == (exported / name).read_bytes()


def test_the_written_vectors_are_those_of_the_corpus(tiny: Classifier, tiny_corpus: Mapping[str, list[Row]]) -> None:
    texts, vectors = corpus_texts(tiny_corpus), tiny.model.vectors()
    assert len(texts) == len(vectors)
    check_vectors(tiny, texts, vectors, [0, 7, len(texts) - 1])


def test_the_vectors_of_the_shipped_model_are_those_of_its_corpus(accurate: Classifier) -> None:
    assert accurate.model.corpus is not None
    texts, vectors = corpus_texts(unpack(accurate.model.corpus)), accurate.model.vectors()
    assert len(texts) == len(vectors)
    check_vectors(accurate, texts, vectors, [0, 1000, len(texts) // 2, len(texts) - 1])


def check_vectors(classifier: Classifier, texts: Sequence[str], vectors: Vectors, places: list[int]) -> None:
    encoder = SentenceEncoder(classifier.model.path / ENCODER, classifier.model.path / TOKENIZER)
    own = encoder([texts[i] for i in places])
    step = np.abs(own).max(axis=1, keepdims=True) / 127
    assert (np.abs(vectors[places] - own) <= step / 2 + 1e-4).all()


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that training encodes from here on."""
    found: list[str] = []

    class Listening(SentenceEncoder):
        def __call__(self, texts: Sequence[str]) -> Vectors:
            found.extend(texts)
            return super().__call__(texts)

    monkeypatch.setattr(vectors_module, "SentenceEncoder", Listening)
    return found


def test_retraining_from_the_written_folder_encodes_no_training_sentence(
    tiny: Classifier,
    tiny_model: Path,
    taxonomy: Taxonomy,
    tmp_path: Path,
    encoded: list[str],
) -> None:
    splits = unpack(tiny_model / "corpus.jsonl.gz")
    again = train(splits, taxonomy, ACCURATE, tmp_path / "again", encoder=tiny_model)
    golden = tiny.model.golden
    allowed = encoded_texts([row.text for row in golden], [Context(before=row.before) for row in golden])
    allowed += corpus_texts({split: rows for split, rows in splits.items() if split != "train"})
    assert set(encoded) <= set(allowed), "nothing but the golden sentences and what is measured on"
    for file in tiny_model.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name
    assert again.id == tiny.model_id


def test_of_what_is_learned_from_the_added_rows_alone_are_encoded(
    tiny_model: Path, taxonomy: Taxonomy, tmp_path: Path, encoded: list[str]
) -> None:
    added = [Row("a", "a", 0, "The zorblat of Peru convened.", ("peacekeeping",))]
    splits = unpack(tiny_model / "corpus.jsonl.gz")
    train(splits, taxonomy, ACCURATE, tmp_path / "more", encoder=tiny_model, added=added)
    learned = set(corpus_texts({"train": splits["train"]}))
    assert added[0].text in encoded and not learned.intersection(encoded)
    assert load(tmp_path / "more").model.vectors().shape[0] == len(corpus_texts(splits)) + 1


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (None, "the accurate tier is built on an encoder; name a folder that holds one"),
        ("nowhere", "no encoder there (encoder.onnx is missing)"),
        (TOKENIZER, "no encoder there (tokenizer.json is missing)"),
        (CONTEXT_LAYER, "no encoder there (context_layer.npy is missing)"),
    ],
)
def test_a_missing_encoder_is_one_clear_error(
    tiny_corpus: Mapping[str, list[Row]],
    taxonomy: Taxonomy,
    exported: Path,
    tmp_path: Path,
    missing: str | None,
    message: str,
) -> None:
    folder = tmp_path / "encoder"
    if missing in (TOKENIZER, CONTEXT_LAYER):
        folder.mkdir()
        for file in exported.iterdir():
            if file.name != missing:
                (folder / file.name).symlink_to(file)
    with pytest.raises(ModelError) as caught:
        train(tiny_corpus, taxonomy, ACCURATE, tmp_path / "m", encoder=None if missing is None else folder)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "m").exists()


def test_a_fast_model_has_no_encoder() -> None:
    with pytest.raises(ModelError, match=r"no encoder there \(encoder.onnx is missing\)"):
        vectors_module.EncoderSource(default_model_path("fast"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (CONTEXT_LAYER, b"", "context_layer.npy: cannot be read"),
        (CONTEXT_LAYER, b"no array\n", "context_layer.npy: cannot be read"),
        (CONTEXT_LAYER, np.zeros((4, 1), dtype=np.float32), "this encoder needs float32 of (1153, 384)"),
        (CONTEXT_LAYER, np.zeros((1153, 384)), "float64 of shape (1153, 384)"),
        (ENCODER, b"no graph\n", "the encoder cannot be read"),
        ("encoder.json", b"{", "encoder.json: cannot be read"),
        ("encoder.json", b"[]", "encoder.json: holds no record"),
    ],
)
def test_a_broken_encoder_folder_is_one_clear_error(
    exported: Path, tmp_path: Path, name: str, content: bytes | Vectors, message: str
) -> None:
    for file in exported.iterdir():
        if file.name != name:
            (tmp_path / file.name).symlink_to(file)
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    else:
        np.save(tmp_path / name, content)
    with pytest.raises(ModelError) as caught:
        vectors_module.EncoderSource(tmp_path)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [{"tier": "slow"}, {"head_c": 0}, {"head_c": -1.0}, {"head_share": 1.1}, {"head_share": -0.1}, {"passing": 2}],
)
def test_impossible_settings_of_the_head_are_refused(bad: dict[str, object], tmp_path: Path) -> None:
    (name, value), file = next(iter(bad.items())), tmp_path / "c.toml"
    with pytest.raises(ValueError, match=f"{name} must .*{value!r}"):
        TrainingConfig.from_dict(bad)
    file.write_text(f"{name} = {json.dumps(value)}\n")
    with pytest.raises(InputError, match=f"c.toml: {name} must .*"):
        TrainingConfig.from_toml(file)


def test_the_committed_configuration_of_the_accurate_tier_is_its_default(root: Path) -> None:
    path = root / "training" / "configs" / "accurate.toml"
    assert TrainingConfig.from_toml(path) == TrainingConfig(name="ddclassify-accurate", tier="accurate")
