"""What the built distribution holds, and that it works without the checkout."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    call = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_the_four_packages_and_the_default_model(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    packages = {top for top in tops if not top.endswith(".dist-info")}
    assert packages == {"ddclassify", "ddclassify_training", "ddclassify_service", "ddclassify_models"}
    for name in (
        "ddclassify/taxonomy.toml",
        "ddclassify/englishrules.json",
        "ddclassify/py.typed",
        "ddclassify_models/fast/manifest.json",
        "ddclassify_models/fast/coefficients.npy",
        "ddclassify_models/fast/corpus.jsonl.gz",
    ):
        assert name in names
    assert not [name for name in names if "test" in name.split("/")[-1].lower() or name.endswith(".jsonl")]
    assert wheel.stat().st_size < 60 * 1024 * 1024


def test_the_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r}); import ddclassify; "
        f"assert ddclassify.__file__.startswith({str(target)!r}); "
        "print(ddclassify.load(check_golden=True).tag('The naval attaché of Peru left.').labels)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0 and "defence_attaches" in done.stdout, done.stderr


def test_every_dependency_is_bounded(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    every = project["dependencies"] + [d for name, extra in extras.items() if name != "all" for d in extra]
    assert all(">=" in d and ",<" in d for d in every), every
    assert set(extras) >= {"service", "datasets", "all"}
