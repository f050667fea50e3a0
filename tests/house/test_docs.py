"""The documents tell the truth: their Python and shell blocks run, their names exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ddclassify.classifier import TIERS

BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOCUMENTS = ("README.md", "training/README.md", "models/README.md", "annotations/README.md", "benchmarks/README.md")


def blocks(root: Path, kind: str) -> list[tuple[str, str]]:
    return [
        (name, text)
        for name in DOCUMENTS
        for found, text in BLOCK.findall((root / name).read_text(encoding="utf-8"))
        if found == kind
    ]


@pytest.fixture
def playground(root: Path, tmp_path: Path) -> Path:
    """A folder in which the documents' relative paths exist and which may be written to."""
    (tmp_path / "annotations").symlink_to(root / "annotations")
    (tmp_path / "training").symlink_to(root / "training")
    (tmp_path / "mine.csv").write_text("text,labels\nThe zorblat convened.,joint_exercises\nRain fell.,\n")
    return tmp_path


def test_python_blocks_run(root: Path, playground: Path) -> None:
    found = blocks(root, "python")
    assert found
    for name, code in found:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=playground,
            env={**os.environ, "HF_HOME": str(playground / "cache"), "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}:\n{code}\n{done.stderr}"


def test_ddclassify_lines_of_shell_blocks_run(root: Path, playground: Path) -> None:
    lines = [
        (name, line)
        for name, text in blocks(root, "sh")
        for line in text.splitlines()
        if line.startswith("ddclassify ") and "serve" not in line
    ]
    assert len(lines) >= 6
    for name, line in lines:
        call = [sys.executable, "-m", *shlex.split(line, comments=True)]
        done = subprocess.run(call, cwd=playground, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {line}\n{done.stderr}"


def test_make_targets_that_are_named_exist(root: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for name in (*DOCUMENTS, "CONTRIBUTING.md"):
        for target in re.findall(r"`make ([\w-]+)`", (root / name).read_text(encoding="utf-8")):
            assert target in targets, f"{name} names make {target}"


def test_paths_and_extras_that_are_named_exist(root: Path) -> None:
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for name in (*DOCUMENTS, "CONTRIBUTING.md"):
        text = (root / name).read_text(encoding="utf-8")
        for extra in re.findall(r"ddclassify\[([\w,]+)\]", text):
            assert set(extra.split(",")) <= set(extras), f"{name} names the extra {extra}"
        for path in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (root / name).parent.joinpath(path).exists(), f"{name} links to {path}"


def test_the_label_table_of_the_readme_is_the_taxonomys(root: Path) -> None:
    from ddclassify import Taxonomy

    readme = (root / "README.md").read_text(encoding="utf-8")
    for label in Taxonomy.table1():
        assert f"| `{label.id}` | {label.name} | {label.definition} |" in readme


def test_the_verbs_of_the_readme_are_all_verbs(root: Path) -> None:
    from ddclassify.cli import build_parser

    (verbs,) = [a.choices for a in build_parser()._actions if a.choices and a.dest == "verb"]
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert all(f"ddclassify {verb}" in readme for verb in verbs)


def test_readme_figures_are_the_models(root: Path) -> None:
    import json

    readme = (root / "README.md").read_text(encoding="utf-8")
    for tier in TIERS:
        metrics = json.loads((root / f"models/ddclassify_models/{tier}/manifest.json").read_text())["metrics"]
        for name, part in (("test", "all"), ("test_shift", "all"), ("real-dev", "all"), ("real-dev", "natural")):
            found = metrics[name][part]
            line = f"| {found['macro_f1']:.3f} | {found['micro_f1']:.3f} | {found['macro_average_precision']:.3f} |"
            assert re.search(rf"\| `{tier}` .*{re.escape(line)}", readme), (tier, name, part)
