"""Writes the address of a repository into every notebook: `python notebooks/set_repository.py OWNER/NAME`.

For people who host or fork the course. Each notebook gets the "Open in Colab" badge, its setup cell gets the
address to clone from, and its images are shown from the repository, since Colab opens a notebook without the
folders around it. Run it again with another address to change it, or with `--none` to undo it.
"""

import json
import re
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).parent
BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{repository}/blob/main/notebooks/{notebook})\n\n"
)
RAW = "https://raw.githubusercontent.com/{repository}/main/images/"


def set_repository(repository, folder=NOTEBOOKS):
    """Rewrites every notebook in a folder.

    Args:
        repository: "OWNER/NAME", or "" for none.
        folder: of the notebooks.

    Raises:
        ValueError: an address of another form. Then nothing is written.
    """
    if repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ValueError(f"{repository!r}: expected OWNER/NAME, as in the address of the repository")
    for path in sorted(Path(folder).glob("*.ipynb")):
        notebook = json.loads(path.read_text("utf-8"))
        for i, cell in enumerate(notebook["cells"]):
            text = "".join(cell["source"])
            if cell["cell_type"] == "code":
                text = re.sub(
                    r'^REPOSITORY = ".*?"', f'REPOSITORY = "{repository}"', text, flags=re.MULTILINE
                )
            else:
                images = RAW.format(repository=repository) if repository else "../images/"
                text = re.sub(
                    r"\]\((\.\./images/|https://raw\.githubusercontent\.com/\S*?/images/)",
                    f"]({images}",
                    text,
                )
                text = re.sub(r"^\[!\[Open in Colab\].*\n\n", "", text)
                if i == 0 and repository:
                    text = BADGE.format(repository=repository, notebook=path.name) + text
            cell["source"] = text.splitlines(keepends=True)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        set_repository("" if sys.argv[1] == "--none" else sys.argv[1])
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
