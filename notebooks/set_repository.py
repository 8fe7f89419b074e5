"""Writes the address of a repository into the course: `python notebooks/set_repository.py OWNER/NAME`.

For people who host or fork the course. Each notebook gets the "Open in Colab" badge, the setup cell of
`setup_cell.py` with the address to clone from, and links and images that Colab finds, although it opens a
notebook without the folders around it. The badges also go into README's table of notebooks. Run it again with
another address to change it, or with `--none` to undo it. Either way, a new notebook gets the setup cell and
the metadata of the others.
"""

import json
import re
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).parent
COLAB = "https://colab.research.google.com/github/{repository}/blob/main/notebooks/"
BADGE = f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({COLAB}{{notebook}})"
A_BADGE = r"\[!\[Open in Colab\]\(\S+?\)\]\(\S+?\)"
# The start of a link in a notebook, and of the same link from anywhere else
PLACES = {
    "../images/": "https://raw.githubusercontent.com/{repository}/main/images/",
    "../": "https://github.com/{repository}/blob/main/",
    "solutions/": "https://github.com/{repository}/blob/main/notebooks/solutions/",
    r"(?=\d\dx?_\w+\.ipynb)": COLAB,
}


def set_repository(repository, folder=NOTEBOOKS):
    """Rewrites every notebook in a folder, and the table of notebooks in the README above it.

    Args:
        repository: "OWNER/NAME", or "" for none.
        folder: of the notebooks.

    Raises:
        ValueError: an address of another form, or a notebook without a setup cell. Then nothing is written.
    """
    if repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ValueError(f"{repository!r}: expected OWNER/NAME, as in the address of the repository")
    paths = sorted(Path(folder).glob("*.ipynb"))
    written = {path: _notebook(path, repository) for path in paths}
    readme = Path(folder).parent / "README.md"
    if readme.is_file():
        lines = readme.read_text("utf-8").splitlines(keepends=True)
        written[readme] = "".join(_row(line, repository) for line in lines)
    for path, text in written.items():
        path.write_text(text, "utf-8")


def _notebook(path, repository):
    """The text of a notebook's file, with the address."""
    notebook = json.loads(path.read_text("utf-8"))
    cells = notebook["cells"]
    setup = "".join(cells[1]["source"])
    if not setup.startswith("# @title Setup"):
        raise ValueError(f"{path.name}: its second cell has to begin with # @title Setup, as in the others")
    former = re.search(r'^REPOSITORY = "(.*?)"', setup, re.MULTILINE)
    texts = ["".join(cell["source"]) for cell in cells]
    for i, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            texts[i] = _links(texts[i], former[1] if former else "", repository)
    texts[0] = re.sub(rf"^{A_BADGE}\n\n", "", texts[0])
    if repository:
        texts[0] = BADGE.format(repository=repository, notebook=path.name) + "\n\n" + texts[0]
    texts[1] = (NOTEBOOKS / "setup_cell.py").read_text("utf-8").rstrip("\n")
    texts[1] = texts[1].replace('REPOSITORY = ""', f'REPOSITORY = "{repository}"')
    cells[1]["metadata"] = {"cellView": "form"}
    for cell, text in zip(cells, texts, strict=True):
        cell["source"] = text.splitlines(keepends=True)
    notebook["metadata"]["accelerator"] = "GPU"
    notebook["metadata"]["colab"] = {"gpuType": "T4", "name": path.name, "provenance": []}
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _links(text, former, repository):
    """A text with its links to other files of the project: relative, or to the repository."""
    for here, there in PLACES.items():
        if former:
            relative = "" if here.startswith("(") else here
            text = text.replace("](" + there.format(repository=former), "](" + relative)
    for here, there in PLACES.items() if repository else ():
        start = here if here.startswith("(") else re.escape(here)
        text = re.sub(r"\]\(" + start, "](" + there.format(repository=repository), text)
    return text


def _row(line, repository):
    """A line of README; if it is a row of the table of notebooks, with a badge after each of its links."""
    if not re.match(r"\|.*\]\(notebooks/\w+\.ipynb\)", line):
        return line
    line = re.sub(f" {A_BADGE}", "", line)
    badge = " " + BADGE.format(repository=repository, notebook=r"\2") if repository else ""
    return re.sub(r"(\]\(notebooks/(\w+\.ipynb)\))", rf"\1{badge}", line)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        set_repository("" if sys.argv[1] == "--none" else sys.argv[1])
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
