"""The version ranges, resolved (nothing is installed): on fresh Pythons, and into Colab's own set."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COLAB = sorted((ROOT.parent / "shared" / "colab").glob("*-gpu.txt"))
NEW_ON_COLAB = {"keras-tuner", "kt-legacy", "imgaug", "importlib-resources"}

registry = pytest.mark.registry  # needs a package registry: leave out with -m "not registry"


def resolve(what, python, *options):
    """What pip would install, as {name: version}."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-q", "--no-header", "--no-annotate", *options]
    target = ["--python-version", python, "--python-platform", "x86_64-manylinux_2_28"]
    run = subprocess.run([*command, *target, *what], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", run.stdout, re.MULTILINE))


@registry
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_fresh_pythons_resolve(python):
    everything = resolve(["requirements.txt", "pyproject.toml"], python, "--all-extras")
    assert {"tensorflow", "keras", "keras-tuner", "imgaug", "opencv-python", "gradio"} <= everything.keys()
    assert {"tf2onnx", "onnxruntime"} <= everything.keys()


@registry
@pytest.mark.skipif(not COLAB, reason="Colab's package lists lie beside the project, in ../shared/colab")
@pytest.mark.parametrize("colab", COLAB, ids=lambda path: path.stem)
@pytest.mark.parametrize("what", ["requirements.txt", "pyproject.toml"])
def test_nothing_that_colab_preinstalls_changes(tmp_path, colab, what):
    """Colab's versions are constraints: a solution exists, and beyond them it adds these packages alone."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", colab.read_text(), re.MULTILINE)
    (tmp_path / "colab.txt").write_text("\n".join("==".join(pin) for pin in pins))
    python = re.search(r"py(3\.\d+)", colab.name)[1]
    solution = resolve([what], python, "-c", tmp_path / "colab.txt")
    listed = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}
    assert {"opencv-python", "keras", "numpy"} <= solution.keys()
    assert solution.keys() - listed.keys() <= NEW_ON_COLAB
    assert {n: v for n, v in solution.items() if n in listed} == {
        n: listed[n] for n in solution if n in listed
    }


def test_the_wheel_holds_every_module(tmp_path):
    """Those of sub-packages, too, of any depth: in an editable installation, none would be missed."""
    source, package = tmp_path / "source", tmp_path / "source/inpaintkit"
    shutil.copytree(ROOT / "inpaintkit", package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    (source / "tests").mkdir()  # in the repository, and no part of the package
    (source / "tests/test_it.py").touch()
    (package / "later/deeper").mkdir(parents=True)
    for folder in ("later", "later/deeper"):
        (package / folder / "__init__.py").touch()
    files = {str(file.relative_to(source)) for file in package.rglob("*") if file.is_file()}
    build = "from setuptools import build_meta; build_meta.build_wheel('..')"
    run = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        assert {name for name in opened.namelist() if ".dist-info/" not in name} == files


def test_requirements_and_package_ask_for_the_same():
    """One range for one package, wherever it is written."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {*project["dependencies"], *(r for e in project["optional-dependencies"].values() for r in e)}
    lines = {line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"}
    assert set(project["dependencies"]) <= lines <= asked
