"""The version ranges, resolved for fresh Pythons and for Colab's packages; the wheel, built and installed."""

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COLAB = sorted((ROOT.parent / "shared" / "colab").glob("*-gpu.txt"))
NEW_ON_COLAB = {"keras-tuner", "kt-legacy", "imgaug", "importlib-resources"}


def resolve(what, python, *options):
    """{name: version} of what pip would install; nothing is installed."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-q", "--no-header", "--no-annotate", *options]
    target = ["--python-version", python, "--python-platform", "x86_64-manylinux_2_28"]
    run = subprocess.run([*command, *target, *what], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", run.stdout, re.MULTILINE))


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_fresh_pythons_resolve(python):
    everything = resolve(["requirements.txt", "pyproject.toml"], python, "--all-extras")
    assert {"tensorflow", "keras", "keras-tuner", "imgaug", "opencv-python", "gradio"} <= everything.keys()
    assert {"tf2onnx", "onnxruntime"} <= everything.keys()


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.skipif(not COLAB, reason="Colab's package lists are not part of the project")
@pytest.mark.parametrize("colab", COLAB, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "what", [["requirements.txt"], ["pyproject.toml"], ["pyproject.toml", "--extra", "app"]], ids=" ".join
)
def test_nothing_that_colab_preinstalls_changes(tmp_path, colab, what):
    """With Colab's versions as constraints there is a solution, and it adds only these packages to them."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", colab.read_text(), re.MULTILINE)
    (tmp_path / "colab.txt").write_text("\n".join("==".join(pin) for pin in pins))
    python = re.search(r"py(3\.\d+)", colab.name)[1]
    solution = resolve(what, python, "-c", tmp_path / "colab.txt")
    listed = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}
    assert {"opencv-python", "keras", "numpy"} <= solution.keys()
    assert solution.keys() - listed.keys() <= NEW_ON_COLAB
    assert {n: v for n, v in solution.items() if n in listed} == {
        n: listed[n] for n in solution if n in listed
    }


def build_wheel(folder):
    """Builds the wheel from a copy of the checkout in `folder/source`; its path."""
    source = folder / "source"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "inpaintkit", source / "inpaintkit", ignore=ignore, dirs_exist_ok=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = "from setuptools import build_meta; build_meta.build_wheel('..')"
    run = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.slow
def test_the_wheel_holds_every_module(tmp_path):
    """Those of sub-packages of any depth, too: an editable installation would not miss them."""
    source = tmp_path / "source"
    for folder in ("inpaintkit/later", "inpaintkit/later/deeper", "tests"):
        (source / folder).mkdir(parents=True)
        (source / folder / "__init__.py").touch()
    wheel = build_wheel(tmp_path)
    package = [file for file in (source / "inpaintkit").rglob("*") if file.is_file()]
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert packed == {str(file.relative_to(source)) for file in package}  # and so nothing of tests/


USE_EVERY_PUBLIC_NAME = """
import importlib, pkgutil, sys
import inpaintkit as ik

assert ik.__file__.startswith(sys.prefix), f"imported from {ik.__file__}"
ik.hello()
count = len([getattr(ik, name) for name in ik.__all__])
for found in pkgutil.walk_packages(ik.__path__, "inpaintkit."):
    module = importlib.import_module(found.name)
    count += len([getattr(module, name) for name in getattr(module, "__all__", ())])
print(count, "names")
for name in ik.pretrained.NAMES:
    assert ik.load(name).count_params() > 1_000_000
"""


@pytest.mark.slow
def test_the_wheel_works_on_its_own(tmp_path):
    """Installed in a fresh environment that knows the other packages, but not the checkout."""
    wheel, environment = build_wheel(tmp_path), tmp_path / "environment"
    venv.create(environment)
    python = environment / "bin/python"
    install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--offline", "--no-deps"]
    subprocess.run([*install, "--python", python, wheel], check=True)
    (site_packages,) = environment.glob("lib/python3*/site-packages")
    (site_packages / "others.pth").write_text(
        sysconfig.get_path("purelib")
    )  # last, and its .pth are not read

    def run(*command):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    printed = run(python, "-I", "-c", USE_EVERY_PUBLIC_NAME)
    assert "Device: " in printed and int(printed.splitlines()[-1].split()[0]) > 150
    for command in ([python, "-I", "-m", "inpaintkit"], [environment / "bin/inpaintkit"]):
        assert all(word in run(*command, "--help") for word in ("demo", "train", "compare"))


def test_requirements_and_package_ask_for_the_same():
    """Each package has one version range, wherever it is written."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {*project["dependencies"], *(r for e in project["optional-dependencies"].values() for r in e)}
    lines = {line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"}
    assert set(project["dependencies"]) <= lines <= asked
