from __future__ import annotations

import csv
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ddclassify import Classifier, Context

Run = Callable[..., tuple[int, str, str]]

TEXT = "The defence ministers of Chile and Peru met in Lima. It rained. They agreed to hold the naval exercise again.\n"
FIELDS = [
    "schema", "doc_id", "file", "index", "start", "end", "text", "labels", "unsure", "probabilities", "model", "tier",
    "policy", "page", "language", "truncated", "error", "duplicate_of", "metadata",
]  # fmt: skip


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text(TEXT)
    (folder / "b.md").write_text("---\ntitle: Visit\ncountry: Chile\n---\n" + TEXT)
    (folder / "sub" / "c.jsonl").write_text(json.dumps({"id": "c1", "text": TEXT, "date": "2020-01-02"}) + "\n")
    (folder / "d.csv").write_text("id;text;source\nd1;The attaché left.;wire\n", encoding="utf-8-sig")
    (folder / "e.odt").write_text("x")
    return folder


def test_a_folder_to_jsonl(run: Run, docs: Path, tmp_path: Path, small_model: Path, classifier: Classifier) -> None:
    output = tmp_path / "o.jsonl"
    code, out, err = run("tag", docs, "--output", output, "--model", small_model)
    assert (code, out, err) == (0, "", "skipped 1 files of other kinds (.odt)\n")
    found = rows(output)
    assert all(list(row) == FIELDS for row in found)
    assert [row["doc_id"] for row in found] == [str(docs / "a.txt")] * 3 + [str(docs / "b.md")] * 3 + ["d1"] + [
        "c1"
    ] * 3
    for row in found[:3]:
        assert TEXT[row["start"] : row["end"]] == row["text"]
    assert found[3]["metadata"] == {"title": "Visit", "country": "Chile"}
    assert found[6]["metadata"] == {"source": "wire"} and found[7]["metadata"] == {"date": "2020-01-02"}
    assert [row["index"] for row in found[:3]] == [0, 1, 2]
    expected = classifier.tag(TEXT)
    assert [row["labels"] for row in found[:3]] == [list(p.labels) for p in expected.predictions]
    assert [row["unsure"] for row in found[:3]] == [list(p.unsure) for p in expected.predictions]
    for row, prediction in zip(found[:3], expected.predictions, strict=True):
        assert row["probabilities"] == pytest.approx(dict(prediction.probabilities), abs=1e-5)
    assert {(row["schema"], row["model"], row["tier"], row["policy"], row["page"], row["error"]) for row in found} == {
        (3, classifier.model_id, "fast", "balanced", None, None)
    }


def test_document_level(run: Run, docs: Path, tmp_path: Path, small_model: Path, classifier: Classifier) -> None:
    output = tmp_path / "o.jsonl"
    assert run("tag", docs, "--output", output, "--model", small_model, "--level", "document")[0] == 0
    found = rows(output)
    assert [row["sentences"] for row in found] == [3, 3, 1, 3]
    tagged = classifier.tag(TEXT)
    assert found[0]["labels"] == list(tagged.labels) and found[0]["unsure"] == list(tagged.unsure)
    assert {k: v for k, v in found[0]["counts"].items() if v} == tagged.counts


def test_csv_has_every_input_column(
    run: Run, docs: Path, tmp_path: Path, small_model: Path, classifier: Classifier
) -> None:
    output = tmp_path / "o.csv"
    assert run("tag", docs, "--output", output, "--model", small_model)[0] == 0
    with output.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert len(found) == 10
    assert [row["source"] for row in found] == [""] * 6 + ["wire"] + [""] * 3
    assert found[0]["p_official_contacts"] and found[3]["country"] == "Chile"
    assert [row["unsure"] for row in found[:3]] == [";".join(p.unsure) for p in classifier.tag(TEXT).predictions]


def test_the_table_is_for_the_eye(run: Run, docs: Path, small_model: Path) -> None:
    code, out, _ = run("tag", docs / "a.txt", "--model", small_model)
    assert code == 0 and "official_contacts 0." in out and "It rained." in out
    _, out, _ = run("tag", docs / "a.txt", "--model", small_model, "--level", "document")
    assert out.startswith(f"{docs / 'a.txt'}: 3 sentences; official_contacts")


def test_single_sentences_one_row_each_in_order(
    run: Run, tmp_path: Path, small_model: Path, classifier: Classifier
) -> None:
    file, output = tmp_path / "s.jsonl", tmp_path / "o.jsonl"
    inputs = [
        {"id": 9, "text": "It will end on Friday. Or on Saturday.", "context": "Two navies began a joint exercise."},
        {"id": 3, "text": ""},
        {"id": 7, "text": "It will end on Friday. Or on Saturday."},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in inputs))
    assert run("tag", file, "--sentences", "--output", output, "--model", small_model)[0] == 0
    found = rows(output)
    assert [row["doc_id"] for row in found] == ["9", "3", "7"]
    expected = classifier.classify([str(inputs[0]["text"])], [Context(before=str(inputs[0]["context"]))])[0]
    assert found[0]["probabilities"] == pytest.approx(dict(expected.probabilities), abs=1e-5)
    assert found[0]["probabilities"]["joint_exercises"] > found[2]["probabilities"]["joint_exercises"]
    code, _, err = run("tag", file, "--sentences", "--level", "document", "--model", small_model)
    assert code == 2 and "--sentences" in err


def test_policies_widen_and_narrow(run: Run, docs: Path, tmp_path: Path, small_model: Path) -> None:
    counts = {}
    for policy in ("recall", "balanced", "precision"):
        run("tag", docs, "--output", tmp_path / "o.jsonl", "--model", small_model, "--policy", policy)
        counts[policy] = sum(len(row["labels"]) for row in rows(tmp_path / "o.jsonl"))
    assert counts["recall"] >= counts["balanced"] >= counts["precision"]


@pytest.fixture
def troubled(tmp_path: Path) -> Path:
    file = tmp_path / "t.jsonl"
    lines = [json.dumps({"id": i, "text": f"Row {i}."}) for i in range(1, 20)]
    lines[16] = '{"text": "broken'
    file.write_text("\n".join(lines) + "\n")
    return file


def test_errors_stop(run: Run, troubled: Path, tmp_path: Path, small_model: Path) -> None:
    output = tmp_path / "o.jsonl"
    code, _, err = run("tag", troubled, "--output", output, "--model", small_model, "--errors", "stop")
    assert code == 2 and not output.exists()
    assert err.startswith(f"error: {troubled}: row 17: not JSON") and err.count("\n") == 1
    assert len(rows(tmp_path / "o.jsonl.partial")) == 16


def test_errors_skip(run: Run, troubled: Path, tmp_path: Path, small_model: Path) -> None:
    code, _, err = run("tag", troubled, "--output", tmp_path / "o.jsonl", "--model", small_model, "--errors", "skip")
    assert code == 1 and "row 17" in err and len(rows(tmp_path / "o.jsonl")) == 18


@pytest.mark.parametrize("level", ["sentence", "document"])
@pytest.mark.parametrize("form", ["jsonl", "csv", "table"])
def test_errors_row(run: Run, troubled: Path, tmp_path: Path, small_model: Path, level: str, form: str) -> None:
    output = tmp_path / f"o.{form}"
    arguments = ["--model", small_model, "--level", level, "--format", form]
    code, _, err = run("tag", troubled, "--output", output, *arguments)
    assert code == 1 and "row 17" in err
    if form == "jsonl":
        found = rows(output)
        assert len(found) == 19 and len({tuple(row) for row in found}) == 1, "all rows have the same fields"
        assert "row 17: not JSON" in found[16]["error"] and found[16]["labels"] == []
    else:
        assert "row 17: not JSON" in output.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.txt"], "nowhere.txt: no such file or folder"),
        (["{docs}/e.odt"], "e.odt: cannot read .odt; ddclassify reads .csv, .docx, .htm, .html, .jsonl, .md"),
        (["{docs}/a.txt", "--model", "{docs}"], "no model there (manifest.json is missing)"),
        (["{docs}/a.txt", "--output", "{docs}/none/o.jsonl"], "o.jsonl: cannot be written: No such file or directory"),
        (["{docs}/a.txt", "--output", "o.xyz"], "o.xyz: say which --format: table, jsonl, csv, parquet, xlsx"),
        (["{docs}/a.txt", "--encoding", "klingon"], "unknown text encoding 'klingon'"),
        (["{docs}/d.csv", "--output", "{docs}/d.csv"], "d.csv: is among the inputs"),
        (
            ["{docs}/d.csv", "--text-field", "body", "--errors", "stop"],
            "no column 'body' (there are: id, text, source)",
        ),
        (["{docs}/a.txt", "--format", "parquet"], "--format parquet needs a file: name it with --output"),
        (["{docs}/a.txt", "--output", "{docs}/o.parquet.gz"], "parquet is compressed in itself; leave out .gz"),
        (["{docs}/a.txt", "--resume"], "only a run with --output FILE can go on"),
        (["-", "--output", "{docs}/o.jsonl", "--resume"], "cannot be read again; run without --resume"),
        (["{docs}/a.txt", "--jobs", "0"], "--jobs 0: give a number of processes, or -1 for one a core"),
        (["{docs}/a.txt", "--backend", "dask"], "--backend dask and --scheduler tcp://HOST:PORT belong together"),
        (["{docs}/a.txt", "--backend", "klingon"], "--backend klingon: "),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    run: Run, docs: Path, small_model: Path, arguments: list[str], message: str
) -> None:
    filled = [a.format(docs=docs) for a in arguments]
    if "--model" not in filled:
        filled += ["--model", str(small_model)]
    code, out, err = run("tag", *filled)
    assert code == 2 and message in err and out == "" and err.startswith("error: ") and err.count("\n") == 1


def test_exit_code_2_when_nothing_could_be_tagged(run: Run, docs: Path, tmp_path: Path, small_model: Path) -> None:
    output = tmp_path / "o.jsonl"
    code, _, err = run("tag", docs / "d.csv", "--text-field", "body", "--output", output, "--model", small_model)
    assert code == 2 and "no column 'body'" in err and err.count("\n") == 1
    assert "no column 'body'" in rows(output)[0]["error"], "the row with the error is written all the same"


def test_unknown_verbs_and_options_exit_with_2(run: Run) -> None:
    assert run("colour")[0] == 2 and run("tag")[0] == 2 and run("tag", "x", "--errors", "maybe")[0] == 2
    code, out, _ = run("--version")
    assert code == 0 and out.startswith("ddclassify ")


def test_documents_without_text_are_counted(run: Run, tmp_path: Path, small_model: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,\n2,The attaché left.\n")
    code, _, err = run("tag", tmp_path / "a.csv", "--output", tmp_path / "o.jsonl", "--model", small_model)
    assert code == 0 and "1 documents have no text" in err and len(rows(tmp_path / "o.jsonl")) == 1


def test_foreign_text_is_flagged(run: Run, tmp_path: Path, small_model: Path) -> None:
    (tmp_path / "f.txt").write_text("Les deux ministres de la défense se sont rencontrés à Paris pour un accord.")
    code, _, err = run("tag", tmp_path / "f.txt", "--output", tmp_path / "o.jsonl", "--model", small_model)
    assert code == 0 and "1 sentences are not English" in err
    assert rows(tmp_path / "o.jsonl")[0]["language"] == "other"
    assert "[not English]" in run("tag", tmp_path / "f.txt", "--model", small_model)[1]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "ddclassify", *map(str, arguments)]


@pytest.mark.parametrize(
    ("form", "text"), [("txt", TEXT), ("jsonl", json.dumps({"text": TEXT})), ("csv", f"text\n{TEXT}")]
)
def test_standard_input(small_model: Path, form: str, text: str) -> None:
    call = command("tag", "-", "--stdin-format", form, "--format", "jsonl", "--model", small_model)
    done = subprocess.run(call, input=text.encode(), capture_output=True, check=True)
    found = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert "official_contacts" in found[0]["labels"] and done.stderr == b""


@pytest.mark.parametrize("redirect", [">&-", "> /dev/full"])
def test_an_unusable_standard_output_is_one_line(small_model: Path, tmp_path: Path, redirect: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    call = " ".join(command("tag", tmp_path / "a.txt", "--format", "jsonl", "--model", small_model))
    done = subprocess.run(f"{call} {redirect}", shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith("error: standard output"), done.stderr
    assert done.stderr.count("\n") == 1


def test_a_closed_standard_input_is_one_line(small_model: Path) -> None:
    call = " ".join(command("tag", "-", "--model", small_model))
    done = subprocess.run(f"{call} <&-", shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "standard input is closed" in done.stderr and done.stderr.count("\n") == 1


def test_standard_output_is_utf_8_whatever_the_locale(small_model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The attaché left for 東京.", encoding="utf-8")
    call = command("tag", tmp_path / "a.txt", "--format", "jsonl", "--model", small_model)
    done = subprocess.run(call, capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "cp1252"})
    assert "東京" in done.stdout.decode("utf-8")


def test_a_closed_pipe_is_no_error(small_model: Path, tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_text(TEXT * 3000)
    call = " ".join(command("tag", tmp_path / "big.txt", "--model", small_model))
    done = subprocess.run(f"{call} | head -n 3", shell=True, capture_output=True, check=True)
    assert done.stdout and done.stderr == b""


def test_interruption_keeps_what_was_written(small_model: Path, tmp_path: Path) -> None:
    fifo, output = tmp_path / "in.jsonl", tmp_path / "o.jsonl"
    os.mkfifo(fifo)
    process = subprocess.Popen(command("tag", fifo, "--output", output, "--model", small_model), stderr=subprocess.PIPE)
    with fifo.open("w") as pipe:
        line = json.dumps({"text": TEXT * 10}) + "\n"
        pipe.write(line * 5000)
        pipe.flush()
        deadline = time.monotonic() + 60
        partial = tmp_path / "o.jsonl.partial"
        while time.monotonic() < deadline and not (partial.exists() and partial.stat().st_size):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and b"Traceback" not in err
    assert err.decode() == f"interrupted; the rows so far are in {partial}\n", "a pipe cannot be read again"
    assert not output.exists() and partial.stat().st_size


def test_real_documents_whole(run: Run, real_data: Path, tmp_path: Path) -> None:
    """Every readable file of a folder of real documents is tagged, with exact offsets; scans cost an error row each."""
    output = tmp_path / "o.jsonl"
    code, _, err = run("tag", real_data / "real-docs", "--tier", "fast", "--output", output)
    scans = [line for line in err.splitlines() if line.endswith("recognise it first (OCR)")]
    assert code == 1 and len(scans) == err.count("error: ") == 11
    texts: dict[str, str] = {}
    total = pages = 0
    with output.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            total += 1
            pages += row["page"] is not None
            if row["doc_id"].startswith(str(real_data)) and not row["doc_id"].endswith(".pdf"):
                text = texts.setdefault(row["doc_id"], Path(row["doc_id"]).read_bytes().decode("utf-8-sig"))
                assert text[row["start"] : row["end"]] == row["text"]
    assert len(texts) > 1000 and total > 100_000 and pages > 3000


@pytest.mark.parametrize(("arguments", "shown"), [([], True), (["--quiet"], False)])
def test_progress_on_a_terminal_by_bytes(small_model: Path, tmp_path: Path, arguments: list[str], shown: bool) -> None:
    pty, fcntl, termios = (pytest.importorskip(name) for name in ("pty", "fcntl", "termios"))
    (tmp_path / "big.txt").write_text(TEXT * 500)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    call = command("tag", tmp_path / "big.txt", "--output", tmp_path / "o.jsonl", "--model", small_model, *arguments)
    process = subprocess.Popen(call, stderr=slave)
    os.close(slave)
    screen = b""
    try:
        while part := os.read(master, 4096):
            screen += part
    except OSError:  # what a terminal answers when its other end is gone
        pass
    assert process.wait() == 0
    assert (b"100%" in screen and b"B/s" in screen) == shown and (screen == b"") != shown
