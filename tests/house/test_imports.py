"""The direction of imports between the rooms, read from the sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = {
    "ddclassify_models": "models",
    "ddclassify": "src",
    "ddclassify_training": "training",
    "ddclassify_service": "service",
}
ALLOWED = {
    "ddclassify_models": set(),
    "ddclassify": set(),
    "ddclassify_training": {"ddclassify"},
    "ddclassify_service": {"ddclassify"},
}
REACH_UP = {
    "train.py": "ddclassify_training",
    "evaluate.py": "ddclassify_training",
    "agreement.py": "ddclassify_training",
    "serve.py": "ddclassify_service",
}
"""Verbs that may import a room above the library, and only inside the call."""


def imports(file: Path) -> Iterator[tuple[str, bool]]:
    """Names of imported packages of ours, and whether at the top of the module."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            if name.partition(".")[0] in PACKAGES:
                yield name.partition(".")[0], node in tree.body


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_import_only_downwards(root: Path, package: str) -> None:
    files = list((root / PACKAGES[package] / package).rglob("*.py"))
    assert files
    for file in files:
        for name, at_top in imports(file):
            if name == package or name in ALLOWED[package]:
                continue
            assert file.parent.name == "cli" and REACH_UP.get(file.name) == name and not at_top, (
                f"{file.relative_to(root)} imports {name}"
            )


def test_the_default_model_path_is_the_only_use_of_the_models_room(root: Path) -> None:
    users = [f for f in (root / "src").rglob("*.py") if "ddclassify_models" in f.read_text(encoding="utf-8")]
    assert [f.name for f in users] == ["classifier.py"]


def test_loading_and_tagging_import_neither_scikit_learn_nor_the_upper_rooms() -> None:
    code = (
        "import sys, ddclassify; ddclassify.load().tag('The attaché left.'); "
        "print([m for m in ('sklearn', 'datasets', 'fastapi', 'ddclassify_training', 'ddclassify_service', 'torch') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_tagging_with_n_grams_does_without_spacy() -> None:
    code = (
        "import sys, ddclassify; "
        "ddclassify.load(tier='fast').tag('Lt. Gen. Okoye didn’t go to U.S.-led talks.'); "
        "print([m for m in ('spacy', 'thinc', 'pydantic', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_does_not_import_spacy() -> None:
    code = (
        "import sys; from ddclassify.cli import main\n"
        "try: main(['tag', '--help'])\n"
        "except SystemExit: pass\n"
        "print('spacy' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"


def test_no_pickle_anywhere_on_the_load_path(root: Path) -> None:
    for file in (root / "src").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "import pickle" not in text and "joblib.load" not in text and "allow_pickle=True" not in text, file


def test_nothing_of_one_machine_stands_in_the_project(root: Path) -> None:
    """No absolute path of a home, work or root folder, and no package registry's host."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    import re

    bad = re.compile(
        r"(^|[^\w./-])/(work|root|home)/|files\.pythonhosted|pypi\.org/simple|registry\.npmjs", re.MULTILINE
    )
    for name in listed.stdout.split():
        file = root / name
        if (
            file.suffix in {".py", ".md", ".toml", ".cff", ".json", ".yml", ""}
            and file.is_file()
            and file.name != "test_imports.py"
        ):
            found = bad.search(file.read_text(encoding="utf-8", errors="replace"))
            assert not found, f"{name}: {found and found[0]!r}"
