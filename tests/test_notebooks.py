"""Every notebook runs from top to bottom in fast mode, keeps our rules, and has the same setup cell."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import types
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
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


class HTMLTables(HTMLParser):
    """The tables of an HTML output: rows of (text, is heading). A cell that spans several is repeated."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.cell = [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
            self.spanned = {}  # {(row, column): the cell above that spans this place}
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.cell = ""
            self.down, self.right = (int(dict(attrs).get(side, 1)) for side in ("rowspan", "colspan"))

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag not in ("th", "td", "tr"):
            return
        number, row = len(self.tables[-1]) - 1, self.tables[-1][-1]
        while (number, len(row)) in self.spanned:
            row.append(self.spanned[number, len(row)])
        if tag != "tr":
            for _ in range(self.right):
                here = (self.cell.strip(), tag == "th")
                self.spanned |= {(number + k, len(row)): here for k in range(1, self.down)}
                row.append(here)
            self.cell = None


def shown_tables(output):
    """The tables in one output of a cell, as (heading rows, other rows, number of index columns)."""
    data = output.get("data", {})
    for table in HTMLTables(data.get("text/html", "")).tables:
        index = [sum(heading for _, heading in row) for row in table]
        head = next((k for k, row in enumerate(table) if index[k] < len(row)), len(table))
        rows = [[text for text, _ in row] for row in table]
        yield rows[:head], rows[head:], index[head] if head < len(table) else 0
    text = data.get("text/markdown", output.get("text", ""))  # in Markdown, shown or printed
    for block in re.findall(r"(?:^\|.*\|\n?){3,}", text, re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        yield rows[:1], rows[2:], 1
    plain = data.get("text/plain", "")
    if "text/html" not in data and re.search(r"\bdtype: \w+$", plain):  # a pandas Series
        yield [], [re.split(r"\s{2,}", line) for line in plain.splitlines()[:-1]], 1


def faults_of_table(head, rows, index):
    """Why a reader cannot tell the rows apart: a name that occurs twice, or NaN.

    The names of a row are its index, unless that only counts, and the columns of words after it (method,
    output).
    """
    columns = list(zip(*rows, strict=False))
    start = 1 if index == 1 and all(re.fullmatch(r"\d*", cell) for cell in columns[0]) else 0
    end = max(index, start)
    while end < len(columns) and all(re.search(r"[^\W\d_]{2}", cell) for cell in columns[end]):
        end += 1
    names = list(zip(*columns[start:end], strict=True))
    titles = [title for title in zip(*head, strict=False) if any(title)]
    faults = []
    for what in (names, titles):
        faults += [f"{name} occurs twice" for name in dict.fromkeys(what) if what.count(name) > 1]
    for row in rows:
        if any(re.fullmatch(r"[-+]?(nan|NaN|NaT|inf|None|<NA>)", cell) for cell in row):
            faults.append(f"NaN in {row}: show – where there is no value")
    return faults


@pytest.mark.parametrize(
    ("index", "columns"),
    [
        (["Telea", "unet", "Telea"], {"mae": [1.0, 2.0, 3.0]}),
        (["Telea", "unet"], {"mae": [1.0, float("nan")]}),
        ([("x", "a"), ("x", "b"), ("x", "a")], {"mae": [1.0, 2.0, 3.0]}),
        ([0, 1], {"method": ["unet", "unet"], "mae": [1.0, 2.0]}),
        ([0, 1], {"method": ["Telea", "unet"], "mae": [None, 2.0]}),
        ([(0.1, 1), (0.1, 2), (0.1, 1)], {"mae": [1.0, 2.0, 3.0]}),
        ([0, 1], {"method": ["unet", "unet"], "output": ["raw", "raw"], "hole": ["20.1 [19.0, 21.2]", "–"]}),
    ],
)
@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_table_with_repeated_names_or_nan_is_refused(index, columns, form):
    table = pd.DataFrame(columns, pd.Index(index))
    text = {"text/html": table.to_html()} if form == "html" else {"text/markdown": table.to_markdown()}
    (table,) = shown_tables({"data": text})
    assert faults_of_table(*table)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"method": ["unet", "unet"], "output": ["raw", "composite"], "ms": ["9.5", "9.5"]}),
        pd.DataFrame({"epoch": [0, 5], "loss": [0.1, 0.1]}, index=[0, 5]),
        pd.DataFrame({"mae": [1.0, 1.0]}, index=pd.MultiIndex.from_tuples([("x", "a"), ("y", "a")])),
        pd.DataFrame({"mae": [1.0, 1.0]}, index=pd.MultiIndex.from_tuples([(0.1, 1), (0.1, 2)])),
        pd.DataFrame([[1.0, 2.0]], ["a"], pd.MultiIndex.from_tuples([("x", "mae"), ("y", "mae")])),
        pd.DataFrame({"rate": [0.1, 0.1], "loss": ["0.1", "–"], "reason": ["–", "diverged"]}),
    ],
)
def test_a_table_that_can_be_read_passes(table):
    (shown,) = shown_tables({"data": {"text/html": table.to_html()}})
    assert not faults_of_table(*shown)


@every_notebook
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Jupyter itself, in this process
def test_it_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("INPAINTKIT_FAST", "1")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()
    kinds = {key for c in notebook.cells for out in c.get("outputs", ()) for key in out.get("data", ())}
    assert "image/png" in kinds and "text/html" in kinds  # it showed images and a table
    for cell in notebook.cells:
        for table in (table for output in cell.get("outputs", ()) for table in shown_tables(output)):
            assert not faults_of_table(*table), cell.source


@every_notebook
def test_it_keeps_our_rules(path):
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
    for image in re.findall(r"\]\(\.\./(images/[^)]+)\)", text):
        assert (FOLDER.parent / image).is_file(), image
    assert setup_cell(path) == setup_cell()


def test_outside_colab_the_setup_cell_does_nothing(monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it started a process"))
    exec(setup_cell(), {})


@pytest.mark.parametrize("way", ["clone", "drive", "zip"])
def test_on_colab_the_setup_cell_installs_what_is_missing_and_pins_the_rest(way, tmp_path, monkeypatch):
    """A stand-in for Colab: its `files.upload`, and a `subprocess.run` that only records commands."""
    commands = []

    def record(command, **_):
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
    monkeypatch.setattr(subprocess, "run", record)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    exec(source, {})

    kit = {"clone": "kit", "drive": "drive/MyDrive/inpaintkit", "zip": "kit/inpaintkit-main"}[way]
    assert (commands[0][:2] == ["git", "clone"]) == (way == "clone")
    assert commands[-1][2:] == ["pip", "install", "-q", "-c", "keep.txt", "-r", f"{kit}/requirements.txt"]
    assert (tmp_path / "keep.txt").read_text().split() == ["numpy==2.0.2", "torch==2.10.0+cu128"]
    assert sys.path[0] == str(tmp_path / kit)


def test_set_repository_writes_and_removes_every_address(tmp_path):
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
