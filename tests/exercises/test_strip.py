"""notebooks/strip.py keeps headings, code and exercises, and nothing else."""

import subprocess
import sys
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_copies_have_all_code_and_no_prose(tmp_path):
    command = [sys.executable, NOTEBOOKS / "strip.py", tmp_path / "copies"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert len(out.splitlines()) == len(list(NOTEBOOKS.glob("*.ipynb")))
    for path in NOTEBOOKS.glob("*.ipynb"):
        whole, copy = (nbformat.read(file, as_version=4) for file in (path, tmp_path / "copies" / path.name))
        nbformat.validate(copy)
        code, kept = ([c.source for c in one.cells if c.cell_type == "code"] for one in (whole, copy))
        assert kept == code
        text, short = (
            "\n".join(c.source for c in one.cells if c.cell_type == "markdown") for one in (whole, copy)
        )
        prose, _, exercises = short.partition("## Exercises")
        assert all(line.startswith("#") or not line for line in prose.splitlines())
        assert exercises.partition("## References")[0].strip()
        assert exercises.partition("## References")[0].strip() in text
        assert "<details>" not in prose


def test_headings_in_code_blocks_are_no_headings():
    sys.path.insert(0, str(NOTEBOOKS))
    try:
        from strip import stripped
    finally:
        sys.path.remove(str(NOTEBOOKS))
    assert stripped("# A\nwords\n```\n# comment\n```\n## B\nmore") == ("# A\n\n## B", False)
    assert stripped("words\n## Exercises\n**1** do it\n## References\nx") == (
        "## Exercises\n**1** do it\n\n## References",
        False,
    )
    assert stripped("**2** do that", True) == ("**2** do that", True)
