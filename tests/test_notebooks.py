"""Every notebook runs from top to bottom in fast mode, keeps the house rules, and is set up alike."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def setup_cell(path=NOTEBOOKS[0]):
    (cell,) = [cell.source for cell in cells(path, "code") if cell.source.startswith("# @title Setup")]
    return cell


@every_notebook
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # jupyter's own, in the client's process
def test_it_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTKIT_FAST", "1")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()
    kinds = {key for c in notebook.cells for out in c.get("outputs", ()) for key in out.get("data", ())}
    assert "image/png" in kinds and "text/html" in kinds  # it showed pictures and a table


@every_notebook
def test_it_keeps_the_house_rules(path):
    assert path.stat().st_size <= 150_000
    for cell in cells(path, "code"):
        assert not cell.outputs and cell.execution_count is None
        assert len(cell.source.splitlines()) <= 30
        ast.parse(cell.source)
    text = path.read_text("utf-8")
    assert not re.search(r"[\"' (]/(home|root|Users|work|tmp|mnt)/|[A-Z]:\\\\", text)
    headings = re.findall(r"^## (.+)$", "\n".join(c.source for c in cells(path, "markdown")), re.MULTILINE)
    assert headings[-2:] == ["Summary", "Exercises"]
    assert sum("parameters" in cell.metadata.get("tags", ()) for cell in cells(path, "code")) == 1
    for picture in re.findall(r"\]\(\.\./(images/[^)]+)\)", text):
        assert (FOLDER.parent / picture).is_file(), picture
    assert setup_cell(path) == setup_cell()


def test_outside_colab_the_setup_cell_does_nothing(monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it ran something"))
    exec(setup_cell(), {})


@pytest.mark.parametrize("way", ["clone", "drive", "zip"])
def test_on_colab_the_setup_cell_installs_what_is_missing_and_pins_the_rest(way, tmp_path, monkeypatch):
    """A stand-in for Colab: its `files.upload`, and a `subprocess.run` that only takes notes."""
    commands = []

    def note(command, **_):
        commands.append([str(word) for word in command])
        return types.SimpleNamespace(stdout="numpy==2.0.2\nspacy @ file:///x\ntorch==2.10.0+cu128\n")

    source = setup_cell()
    with zipfile.ZipFile(tmp_path / "inpaintkit-main.zip", "w") as file:
        file.writestr("inpaintkit-main/requirements.txt", "numpy\n")
    if way == "clone":
        source = source.replace('REPOSITORY = ""', 'REPOSITORY = "someone/inpaintkit"')
    if way == "drive":
        (tmp_path / "drive/MyDrive/inpaintkit").mkdir(parents=True)
        (tmp_path / "drive/MyDrive/inpaintkit/requirements.txt").write_text("numpy\n")
    colab = types.ModuleType("google.colab")
    colab.files = types.SimpleNamespace(upload=lambda: {"inpaintkit-main.zip": b""})
    for name, module in (("google", types.ModuleType("google")), ("google.colab", colab)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(subprocess, "run", note)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    exec(source, {})

    kit = {"clone": "kit", "drive": "drive/MyDrive/inpaintkit", "zip": "kit/inpaintkit-main"}[way]
    assert (commands[0][:2] == ["git", "clone"]) == (way == "clone")
    assert commands[-1][2:] == ["pip", "install", "-q", "-c", "keep.txt", "-r", f"{kit}/requirements.txt"]
    assert (tmp_path / "keep.txt").read_text().split() == ["numpy==2.0.2", "torch==2.10.0+cu128"]
    assert sys.path[0] == str(tmp_path / kit)


def test_set_repository_writes_and_unwrites_every_address(tmp_path):
    spec = importlib.util.spec_from_file_location("set_repository", FOLDER / "set_repository.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for path in NOTEBOOKS:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for repository in ("someone/course.2026", "another/fork"):
        module.set_repository(repository, tmp_path)
        for path in tmp_path.glob("*.ipynb"):
            first, text = cells(path, "markdown")[0].source, path.read_text("utf-8")
            assert (
                first.count("Open in Colab") == 1
                and f"/github/{repository}/blob/main/notebooks/{path.name}" in first
            )
            assert f'REPOSITORY = "{repository}"' in setup_cell(path) and "../images/" not in text
            nbformat.validate(json.loads(text))
    with pytest.raises(ValueError, match="OWNER/NAME"):
        module.set_repository("https://somewhere/else", tmp_path)
    module.set_repository("", tmp_path)
    for path in NOTEBOOKS:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
