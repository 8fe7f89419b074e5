"""docs/glossary.md: its order, and the notebooks that it names."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
ROWS = re.findall(
    r"^\| (?!word \|)([^|-][^|]*) \| (.*) \|$", (ROOT / "docs/glossary.md").read_text("utf-8"), re.M
)


def text_of(notebook):
    (path,) = (ROOT / "notebooks").glob(f"{notebook}_*.ipynb")
    cells = nbformat.read(path, 4).cells
    return " ".join(cell.source for i, cell in enumerate(cells) if i != 1).casefold()  # 1 is the setup


def test_words_are_in_order_and_no_word_is_twice():
    words = [word.casefold() for word, _ in ROWS]
    assert len(words) > 60
    assert words == sorted(set(words))


@pytest.mark.parametrize(("word", "meaning"), ROWS, ids=[word for word, _ in ROWS])
def test_each_named_notebook_contains_the_word(word, meaning):
    places = re.search(r"\(((?:\d\dx?(?:, )?)+|\[.*\)?)\)$", meaning)[1]
    for notebook in re.findall(r"\b\d\dx?\b", places):
        text = text_of(notebook)
        forms = [form.strip().casefold() for form in re.split(r", | loss\b", word)]
        assert any(form and form in text for form in forms), f"{notebook} does not contain {forms}"
