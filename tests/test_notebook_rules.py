"""The rules that every notebook keeps: its length, its parts, its links, and no outputs."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")]
LINK = re.compile(r"\[[^][]*\]\(([^()\s]+(?:\([^()\s]*\))?)\)")
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def prose(path):
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def without_code(text):
    return re.sub(r"^```.*?^```|`[^`\n]+`", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path):
    """What a link into a Markdown file or a notebook may name: its headings, as GitHub writes them."""
    text = path.read_text("utf-8") if path.suffix == ".md" else prose(path)
    headings = re.findall(r"^#+ +(.+?) *$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.MULTILINE)
    shown = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in shown}


def broken_links(path, text):
    """The links of a text in a file that lead nowhere within the repository."""
    broken = []
    for link in LINK.findall(without_code(text)):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if re.match(r"https?:|mailto:", link):
            continue
        inside = target.exists() and target.is_relative_to(ROOT)
        named = anchor and target.suffix in (".md", ".ipynb")
        if not inside or (named and anchor not in anchors(target)):
            broken.append(link)
    return broken


@every_notebook
def test_it_has_no_outputs_and_is_written_as_jupyter_writes(path):
    text = path.read_text("utf-8")
    assert len(text) <= 150_000
    assert text == nbformat.writes(nbformat.reads(text, as_version=4)).rstrip("\n") + "\n"
    for cell in cells(path, "code"):
        assert not cell.outputs and cell.execution_count is None
    assert not re.search(r"[\"' (]/(home|root|Users|work|tmp|mnt)/|[A-Z]:\\\\", text)


@every_notebook
def test_it_fits_into_a_lesson(path):
    words = len(prose(path).split())
    assert words <= 1800, f"{words} words of text, at most 1,800"
    count = len(nbformat.read(path, as_version=4).cells)
    assert count <= 45, f"{count} cells, at most 45"
    for cell in cells(path, "code"):
        lines = cell.source.splitlines()
        ast.parse(cell.source)
        assert len(lines) <= 30, f"{len(lines)} lines, at most 30, in:\n{cell.source}"
        assert max(map(len, lines)) <= 110, f"lines of at most 110 characters, in:\n{cell.source}"


@every_notebook
def test_it_begins_with_goals_an_image_and_the_time(path):
    first = nbformat.read(path, as_version=4).cells[0].source
    number = path.name.split("_")[0]
    assert re.search(rf"^# {number} · ", first, re.MULTILINE)
    goals = re.search(r"After this notebook you can.*?\n((?:\n?- .+\n)+)", first + "\n")
    assert goals and 2 <= goals[1].count("- ") <= 4, (
        'a list of 2 to 4 goals after "After this notebook you can"'
    )
    assert re.search(rf"!\[[^]]+\]\(\S+images/notebooks/{number}\.png\)", first)
    assert (ROOT / f"images/notebooks/{number}.png").is_file()
    assert re.search(r"^Time: ", first, re.MULTILINE)
    header = [cell for cell in cells(path, "code") if "header" in cell.metadata.get("tags", ())]
    assert len(header) == 1, "the cell that draws the first image has the tag header"


@every_notebook
def test_its_settings_can_be_made_fast(path):
    (settings,) = [c.source for c in cells(path, "code") if "parameters" in c.metadata.get("tags", ())]
    assert 'FAST = False  # @param {type:"boolean"}\n' in settings
    assert 'FAST = FAST or os.environ.get("INPAINTKIT_FAST") == "1"' in settings


@every_notebook
def test_it_ends_with_summary_exercises_and_references(path):
    headings = re.findall(r"^## (.+)$", prose(path), re.MULTILINE)
    assert headings[-3:] == ["Summary", "Exercises", "References"]
    references = prose(path).split("\n## References\n")[1]
    assert re.search(r"\]\(https://(doi|arxiv)\.org/", references), "a link to a DOI or to arXiv"
    neighbours = re.findall(r"(\d\dx?)_\w+\.ipynb", references)
    assert neighbours and neighbours != [path.name.split("_")[0]], "links to the notebooks before and after"


def faults_of_exercises(notebook):
    """What is wrong with the layout of the exercises: each is a text, and below it the cell to fill in."""
    faults = []
    for above, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        call = re.search(r'^ik\.exercises\.check\("([^"]+)".*', cell.source, re.MULTILINE)
        if cell.cell_type != "code" or not call:
            continue
        asked = re.findall(r"^\*\*(\d\dx?\.\d)\b", above.source, re.MULTILINE)
        if asked != [call[1]]:
            faults.append(f"the text above the cell of {call[1]} asks {', '.join(asked) or 'nothing'}")
        if not cell.source.endswith(call[0]) or not call[0].endswith(");"):
            faults.append(f"{call[1]}: end the cell with check(…); so that no True or False stands below it")
        if "def " in cell.source and not re.match(
            r'def \w+\(.*\):( \.\.\.$|\n    """)', cell.source, re.MULTILINE
        ):
            faults.append(f"{call[1]}: the cell begins with an empty function")
    return faults


@every_notebook
def test_each_exercise_is_a_text_and_its_cell(path):
    assert faults_of_exercises(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize(
    ("text", "code", "fault"),
    [
        ("**09.1** Write it.", 'def f(x): ...\n\n\nik.exercises.check("09.1", f)', "09.1: end the cell"),
        ("**09.1** Write it.\n\n**09.2** That, too.", 'ik.exercises.check("09.1", 1);', "asks 09.1, 09.2"),
        ("Words.", 'answer = None\nik.exercises.check("09.1", answer);', "asks nothing"),
        ("**09.1** A.", '# 09.1\ndef f(x): ...\n\n\nik.exercises.check("09.1", f);', "empty function"),
    ],
)
def test_other_layouts_of_an_exercise_are_found(text, code, fault):
    new = nbformat.v4
    notebook = new.new_notebook(cells=[new.new_markdown_cell(text), new.new_code_cell(code)])
    (found,) = faults_of_exercises(notebook)
    assert fault in found


@every_notebook
def test_its_links_lead_somewhere(path):
    assert broken_links(path, prose(path)) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_pages_lead_somewhere(path):
    assert broken_links(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "link", ["nowhere.md", "#nowhere", "README.md#nowhere", "../README.md", "notebooks/99_none.ipynb"]
)
def test_a_broken_link_is_found(link):
    page = ROOT / "README.md"
    assert broken_links(page, f"a [good](docs/photos.md) and a [bad one]({link})") == [link]
    assert broken_links(page, f"code: `[x]({link})`, and an address: [x](https://example.org/)") == []
