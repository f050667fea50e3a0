"""The benchmark's figures on made-up timings, its texts, its way of measuring, and the peers it names."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ddclassify import Taxonomy


@pytest.fixture
def bench(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(root))
    import benchmarks
    import benchmarks.contestants
    import benchmarks.figures
    import benchmarks.measure
    import benchmarks.report
    import benchmarks.texts

    return benchmarks


def runs(*walls: float, rows: int = 1000) -> list[dict[str, float]]:
    return [{"wall": wall, "cpu": wall / 2, "peak": 50e6, "rows": rows} for wall in walls]


def test_ratios_are_taken_round_by_round(bench: ModuleType) -> None:
    found = bench.figures.ratio([4.0, 30.0, 9.0], [2.0, 10.0, 3.0])
    assert (found.median, found.low, found.high) == (3.0, 2.0, 3.0)
    assert str(found) == "3.00 (2.00-3.00)"


@pytest.mark.parametrize(("theirs", "ours"), [([1.0], [1.0, 2.0]), ([], [])])
def test_ratios_of_other_rounds_are_refused(bench: ModuleType, theirs: list[float], ours: list[float]) -> None:
    with pytest.raises(ValueError, match="measurements beside"):
        bench.figures.ratio(theirs, ours)


def test_the_speed_table_holds_medians_ratios_and_goals(bench: ModuleType) -> None:
    table = bench.figures.speed_table(
        {"ddclassify": runs(2.0, 4.0, 2.0), "quick": runs(1.0, 2.0, 1.0), "slow": runs(8.0, 16.0, 10.0)},
        {"ddclassify": "ours", "quick": "Quick", "slow": "Slow"},
        {"quick": 1.5, "slow": 3.0},
        size=10_000_000,
    )
    lines = table.splitlines()
    assert lines[2] == "| ours | 2.00 | 1.00 | 5.00 | 500 | 50 | 1 | 1 |  |"
    assert lines[3].endswith("| 0.50 (0.50-0.50) | 0.50 (0.50-0.50) | 1.5 (missed) |")
    assert lines[4].endswith("| 4.00 (4.00-5.00) | 4.00 (4.00-5.00) | 3 (met) |")


def test_a_table_of_uneven_rows_is_refused(bench: ModuleType) -> None:
    with pytest.raises(ValueError, match="1 cells under 2 heads"):
        bench.figures.markdown(["a", "b"], [["1"]])


def test_the_report_gives_what_ran_and_why_the_rest_did_not(bench: ModuleType, tmp_path: Path) -> None:
    stamp = {"date": "2026-01-01", "revision": "abc", "versions": {"python": "3.11"}}
    results = {
        "machine": {"cpu": "CPU", "cores": 2, "system": "Linux", "python": "3.11"},
        "speed": {
            "texts": "made up", "documents": 3, "size": 1_000_000, **stamp,
            "runs": {"ddclassify": runs(1.0), "sklearn_tfidf": runs(2.0)},
            "failures": {"fasttext_ova": "no module"},
        },
        "cores": {"failures": {"ddclassify": "unrecognized arguments: --jobs 1"}, **stamp},
        "memory": {"points": [{"size": s, "peak": 1e8, "wall": 1.0} for s in (10**6, 10**7)], "failures": {}, **stamp},
    }  # fmt: skip
    text = bench.report.write_report(results, tmp_path)
    assert (tmp_path / "bench.md").read_text(encoding="utf-8") == text
    assert "2.00 (2.00-2.00)" in text
    assert "fastText, our sentences did not run: no module" in text
    assert "**ddclassify** did not run: unrecognized arguments: --jobs 1" in text
    assert (tmp_path / "memory.png").stat().st_size > 1000 and not (tmp_path / "cores.png").exists()


def test_a_run_is_measured_and_a_failed_one_says_why(bench: ModuleType) -> None:
    measure = bench.measure
    code = "x = bytearray(60_000_000); sum(range(2_000_000))"
    found = measure.run([sys.executable, "-c", code], {}, None)
    assert found.wall > 0 and 0 < found.cpu < 60 and 60e6 < found.peak < 1e9
    with pytest.raises(measure.RunError, match="ValueError: broken"):
        measure.run([sys.executable, "-c", "raise ValueError('broken')"], {}, None)
    with pytest.raises(measure.RunError, match="/no/such/python: No such file"):
        measure.run(["/no/such/python"], {}, None)


def test_the_clock_of_a_first_answer_stops_at_the_answer(bench: ModuleType) -> None:
    code = "import time; print('here', flush=True); time.sleep(3)"
    assert 0 < bench.measure.first_answer([sys.executable, "-c", code], {}, None) < 3
    with pytest.raises(bench.measure.RunError):
        bench.measure.first_answer([sys.executable, "-c", ""], {}, None)


def test_texts_are_the_corpus_where_there_are_no_real_ones(bench: ModuleType, root: Path, tmp_path: Path) -> None:
    texts = bench.texts.gather(None, root / "annotations", tmp_path / "texts")
    assert "corpus" in texts.what and texts.documents > 1000 and texts.size > 1_000_000
    part = bench.texts.sample(texts, texts.size // 10, tmp_path / "sample.jsonl")
    assert 0.05 < part.size / texts.size < 0.2
    twice = bench.texts.repeat(part, 2 * part.size, tmp_path / "twice.jsonl")
    ids = [json.loads(line)["id"] for line in twice.path.read_text(encoding="utf-8").splitlines()]
    assert twice.size == 2 * part.size and len(ids) == len(set(ids)) == 2 * part.documents


def test_real_texts_leave_out_pdfs_and_readmes(bench: ModuleType, root: Path, tmp_path: Path) -> None:
    docs = tmp_path / "real" / "real-docs" / "deeper"
    docs.mkdir(parents=True)
    (docs / "a.txt").write_text("A text.", encoding="utf-8")
    (docs / "b.pdf").write_bytes(b"%PDF-1.4")
    (docs / "README.md").write_text("About.", encoding="utf-8")
    texts = bench.texts.gather(tmp_path / "real", root / "annotations", tmp_path / "texts")
    assert [file.name for file in texts.path.rglob("*") if file.is_file()] == ["a.txt"]
    assert (texts.documents, texts.size) == (1, 7)


def test_the_peers_that_are_named_exist_and_train_and_load(bench: ModuleType, root: Path) -> None:
    names = [peer.name for peer in bench.contestants.PEERS]
    assert len(names) == len(set(names)) == 5
    needed = {"torch": (root / "benchmarks/requirements-peers-torch.txt").read_text(encoding="utf-8")}
    needed["plain"] = (root / "benchmarks/requirements-peers.txt").read_text(encoding="utf-8")
    for peer in bench.contestants.PEERS:
        tree = ast.parse(peer.script.read_text(encoding="utf-8"))
        assert "load" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, peer.script
        listed = needed["torch" if peer.torch else "plain"]
        assert all(name in listed for name in peer.libraries), peer.name


def test_the_labels_of_the_peers_are_the_taxonomys(
    root: Path, taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(root / "benchmarks" / "peers"))
    import peer

    assert taxonomy.ids == peer.LABELS


@pytest.mark.parametrize("name", ["sklearn_tfidf", "spacy_sklearn"])
def test_a_peer_learns_and_writes_a_row_for_each_sentence(
    bench: ModuleType, root: Path, taxonomy: Taxonomy, tmp_path: Path, name: str
) -> None:
    """Those whose libraries ddclassify needs too; the others are run by the benchmark alone."""
    rows = (root / "annotations/train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:600]
    (tmp_path / "train.jsonl").write_text("".join(rows), encoding="utf-8")
    source = tmp_path / "in.csv"
    source.write_text("id,text,country\na,It rained. The naval attaché left.,Peru\nb,,Peru\n", encoding="utf-8")
    (peer,) = [peer for peer in bench.contestants.PEERS if peer.name == name]
    theirs = bench.contestants.Theirs(peer, Path(sys.executable), tmp_path / "cache", tmp_path / "train.jsonl")
    for call in (theirs.train(theirs.folder), theirs.tag(source, str(tmp_path / "out.jsonl"))):
        bench.measure.run(call.command, call.environment, None)
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["doc_id"], row["index"], row["text"]) for row in found] == [
        ("a", 0, "It rained."),
        ("a", 1, "The naval attaché left."),
    ]
    assert all(tuple(row["probabilities"]) == taxonomy.ids and row["metadata"] == {"country": "Peru"} for row in found)
    assert found[1]["probabilities"]["defence_attaches"] > found[0]["probabilities"]["defence_attaches"]
