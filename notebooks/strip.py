"""Writes copies of the notebooks without prose: headings, code and exercises. Guess each result, then run.

    python notebooks/strip.py [FOLDER]

The folder is `notebooks/stripped` if none is given.
"""

import re
import sys
from pathlib import Path

import nbformat

HERE = Path(__file__).parent


def stripped(text, in_exercises=False):
    """The headings of a Markdown cell, and whatever stands in the part "Exercises"."""
    kept, fenced = [], False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and re.match(r"#+ ", line):
            in_exercises = line == "## Exercises" or (in_exercises and line.startswith("###"))
            kept += ["", line]
        elif in_exercises:
            kept.append(line)
    return "\n".join(kept).strip(), in_exercises


def strip(folder=HERE / "stripped"):
    """Writes the copies into the folder, and returns their paths."""
    folder, written = Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(HERE.glob("*.ipynb")):
        notebook, cells, in_exercises = nbformat.read(path, as_version=4), [], False
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source, in_exercises = stripped(cell.source, in_exercises)
            if cell.cell_type == "code" or cell.source:
                cells.append(cell)
        notebook.cells = cells
        nbformat.write(notebook, folder / path.name)
        written.append(folder / path.name)
    return written


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:2] == ["--help"]:
        sys.exit(__doc__)
    for path in strip(*sys.argv[1:]):
        print(path)
