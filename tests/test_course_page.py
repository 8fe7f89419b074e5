"""The tables of notebooks in README.md and docs/course.md."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def rows(page):
    """{file of a notebook: its minutes on a CPU and on a T4}."""
    text = (ROOT / page).read_text("utf-8")
    found = re.findall(
        r"^\| \[.*?\]\((?:\.\./)?notebooks/(\w+\.ipynb)\).*\| ([\d.]+) \| ([\d.]+) \|$", text, re.M
    )
    assert len({name for name, *_ in found}) == len(found)
    return {name: times for name, *times in found}


def test_both_tables_have_every_notebook_with_the_same_times():
    assert rows("README.md") == rows("docs/course.md")
    assert set(rows("README.md")) == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
