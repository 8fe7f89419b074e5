"""The setup cell: the same in every notebook, and in Colab it gets the course, whatever is uploaded.

Colab itself is a stand-in here. benchmarks/colab_replica.py runs the cell with Colab's own package versions.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import keras  # noqa: F401 - now, since its import starts processes of its own
import nbformat
import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CELL = (FOLDER / "setup_cell.py").read_text("utf-8").rstrip("\n")
LEVEL = "import logging\nassert logging.getLogger('tensorflow').level == logging.ERROR"
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

spec = importlib.util.spec_from_file_location("set_repository", FOLDER / "set_repository.py")
set_repository = importlib.util.module_from_spec(spec)
spec.loader.exec_module(set_repository)


@every_notebook
def test_every_notebook_has_it_and_asks_colab_for_a_gpu(path):
    notebook = nbformat.read(path, as_version=4)
    cell = notebook.cells[1]
    assert re.sub('REPOSITORY = ".*?"', 'REPOSITORY = ""', cell.source) == CELL
    assert cell.cell_type == "code" and cell.metadata == {"cellView": "form"}
    assert notebook.metadata["accelerator"] == "GPU"
    assert notebook.metadata["colab"] == {"gpuType": "T4", "name": path.name, "provenance": []}


def write_zip(name, *members):
    with zipfile.ZipFile(name, "w") as file:
        for member in members:
            file.writestr(member, "1" * 1000)


class Colab:
    """A stand-in: Google Drive, the upload button, and commands, which are recorded."""

    def __init__(self, monkeypatch, folder, repository="", uploads=(), drive=False):
        self.uploads, self.commands, self.mounted = list(uploads), [], []
        self.drive = drive
        module = types.ModuleType("google.colab")
        module.files = types.SimpleNamespace(upload=self.upload)
        module.drive = types.SimpleNamespace(mount=self.mount)
        monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
        monkeypatch.setitem(sys.modules, "google.colab", module)
        self.really_run = subprocess.run
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr(sys, "path", list(sys.path))
        monkeypatch.chdir(folder)
        exec(CELL.replace('REPOSITORY = ""', f'REPOSITORY = "{repository}"'), {})

    def upload(self):
        assert not [path for path in Path().iterdir() if path.is_dir()], "something half-written is left"
        if not self.uploads:
            pytest.fail("it asks for a file again")
        name = self.uploads.pop(0)
        return {name: Path(name).read_bytes()} if name else {}

    def mount(self, folder):
        self.mounted.append(folder)
        if not self.drive:
            raise RuntimeError("credential propagation was unsuccessful")
        Path("drive/MyDrive/course/inpaintkit").mkdir(parents=True)
        Path("drive/MyDrive/course/requirements.txt").touch()

    def run(self, words, **options):
        if "zipfile" in words:
            return self.really_run(words, **options)
        self.commands.append([str(word) for word in words])
        if words[0] == "git" and "someone/course" in words[-2]:
            Path(words[-1], "inpaintkit").mkdir(parents=True)
            Path(words[-1], "requirements.txt").touch()
        return types.SimpleNamespace(returncode=0)


def installed_from(colab, kit):
    """Whether the requirements and then the kit itself were installed from a folder, and nothing else."""
    pip = [sys.executable, "-m", "pip", "install", "-q"]
    assert colab.commands[-2:] == [
        [*pip, "-r", f"{kit}/requirements.txt"],
        [*pip, "--no-deps", "-e", kit],
    ]
    return sys.path[0] == str(Path(kit).resolve())


def test_outside_colab_it_only_says_hello(monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it started a process"))
    exec(CELL, {})
    assert capsys.readouterr().out.startswith("inpaintkit ")


def test_it_clones_the_repository_once(monkeypatch, tmp_path, capsys):
    colab = Colab(monkeypatch, tmp_path, "someone/course")
    assert colab.commands[0][0] == "git" and colab.commands[0][-2] == "https://github.com/someone/course"
    assert installed_from(colab, "kit") and len(colab.commands) == 3 and not colab.mounted
    assert "Upload" not in capsys.readouterr().out
    again = Colab(monkeypatch, tmp_path, "someone/course")
    assert installed_from(again, "kit") and len(again.commands) == 2


@pytest.mark.parametrize("top", ["course-main/", "", "a/b/"])
@pytest.mark.parametrize("repository", ["", "someone/misspelt"])
def test_it_asks_until_the_right_file_comes(monkeypatch, tmp_path, capsys, repository, top):
    course = [top + name for name in ("README.md", "inpaintkit/__init__.py", "requirements.txt")]
    write_zip(tmp_path / "course.zip", *course, "__MACOSX/requirements.txt")
    write_zip(tmp_path / "faces.zip", "faces/1.jpg", "faces/2.jpg")
    write_zip(tmp_path / "other.zip", "other/requirements.txt", "other/README.md")
    write_zip(tmp_path / "package.zip", "inpaintkit/__init__.py")
    (tmp_path / "notes.ipynb").write_text("{}")
    whole = (tmp_path / "course.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "damaged.zip").write_bytes(whole.replace(b"1" * 1000, b"1" * 500 + b"2" * 500))
    wrong = ["notes.ipynb", "faces.zip", "other.zip", "package.zip", "cut.zip", "damaged.zip"]
    colab = Colab(monkeypatch, tmp_path, repository, ["", *wrong, "", "course.zip"])

    assert installed_from(colab, "kit") and (tmp_path / "kit/inpaintkit/__init__.py").exists()
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"kit"}
    asked = re.findall(r"^The course is not in (.+?)\. Upload it", capsys.readouterr().out, re.MULTILINE)
    cancelled = "the cancelled upload"
    assert asked == [repository or "this session", cancelled, *wrong, cancelled]
    assert Colab(monkeypatch, tmp_path, repository).commands[:1] != ["git"]  # and now it asks no more


def test_it_mounts_drive_only_if_its_folder_is_there(monkeypatch, tmp_path, capsys):
    colab = Colab(monkeypatch, tmp_path, "drive/MyDrive/course", drive=True)
    assert colab.mounted == ["/content/drive"] and installed_from(colab, "drive/MyDrive/course")
    assert "Upload" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("repository", "drive"), [("drive/MyDrive/course", False), ("drive/MyDrive/x", True)]
)
def test_without_drive_or_without_the_folder_it_asks(monkeypatch, tmp_path, capsys, repository, drive):
    write_zip(tmp_path / "course.zip", "course/inpaintkit/__init__.py", "course/requirements.txt")
    monkeypatch.setattr(Colab, "upload", lambda self: {self.uploads.pop(0): b""})  # Drive's folder is there
    colab = Colab(monkeypatch, tmp_path, repository, ["course.zip"], drive)
    assert installed_from(colab, "kit") and not any("git" in words for words in colab.commands)
    assert f"The course is not in {repository}. Upload" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif("KERAS_BACKEND" in os.environ, reason="about TensorFlow's own messages")
@pytest.mark.parametrize(
    "what",
    [
        ["-c", f"import sys\nsys.ps1 = 'as in Jupyter'\n{CELL}\nik.load('photos')\n{LEVEL}"],
        ["-m", "inpaintkit", "compare", "--model", "photos", "--classical", "telea", "--count", "2"],
    ],
    ids=["notebook", "command"],
)
def test_tensorflow_prints_no_red_lines_at_its_start(what, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, *what], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0
    assert not re.search(r"^(WARNING|[IWEF]\d{4}) ?|absl|TensorFlow", run.stderr, re.MULTILINE), run.stderr


def test_set_repository_writes_and_removes_every_address(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for path in (*NOTEBOOKS, ROOT / "README.md"):
        copy = folder / path.name if path.suffix == ".ipynb" else tmp_path / path.name
        copy.write_bytes(path.read_bytes())
    for repository in ("someone/course.2026", "another/fork"):
        set_repository.set_repository(repository, folder)
        for path in folder.glob("*.ipynb"):
            cells, text = nbformat.read(path, as_version=4).cells, path.read_text("utf-8")
            assert cells[0].source.count("Open in Colab") == 1
            assert f"/github/{repository}/blob/main/notebooks/{path.name})" in cells[0].source
            assert f'REPOSITORY = "{repository}"' in cells[1].source
            assert not re.search(r"\]\((\.\./|\w+\.ipynb|solutions/)", text)
            assert text.count("someone/") == 0 or repository.startswith("someone")
            nbformat.validate(json.loads(text))
        rows = [row for row in (tmp_path / "README.md").read_text("utf-8").splitlines() if row[:1] == "|"]
        for path in NOTEBOOKS:
            badge = f"/github/{repository}/blob/main/notebooks/{path.name})"
            (row,) = [row for row in rows if f"](notebooks/{path.name})" in row]
            assert row.count("Open in Colab") == 1 and badge in row
    with pytest.raises(ValueError, match="OWNER/NAME"):
        set_repository.set_repository("https://somewhere/else", folder)
    set_repository.set_repository("", folder)
    for path in NOTEBOOKS:
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert (tmp_path / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()


def test_a_new_notebook_gets_cell_and_metadata_or_a_sentence(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# 12 · New, [before](11_x.ipynb)")]
    )
    notebook.cells.append(nbformat.v4.new_code_cell("# @title Setup"))
    nbformat.write(notebook, tmp_path / "12_new.ipynb")
    set_repository.set_repository("", tmp_path)
    written = nbformat.read(tmp_path / "12_new.ipynb", as_version=4)
    assert written.cells[1].source == CELL and written.metadata["accelerator"] == "GPU"
    notebook.cells[1].source = "import os"
    nbformat.write(notebook, tmp_path / "12_new.ipynb")
    with pytest.raises(ValueError, match=r"12_new.ipynb.*# @title Setup"):
        set_repository.set_repository("", tmp_path)
