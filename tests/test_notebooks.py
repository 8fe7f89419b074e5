"""Every notebook runs from top to bottom in fast mode, and a reader can tell the rows of its tables apart.

The rules for its text are in test_notebook_rules.py, the setup cell is in test_setup_cell.py.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


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
