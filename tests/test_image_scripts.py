"""The scripts in images/: header images of the notebooks, and which images are stale."""

import importlib
from pathlib import Path

import nbformat.v4
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


@pytest.fixture
def script(monkeypatch):
    """A script of images/, by its name."""
    monkeypatch.syspath_prepend(ROOT / "images")
    return importlib.import_module


@pytest.fixture
def notebook(tmp_path):
    """A function that writes a notebook of these code cells; the one that shows something is the header."""

    def write(*sources):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        for cell in cells:
            cell.metadata["tags"] = ["header"] if "display" in cell.source else []
        path = tmp_path / "03_small.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


@pytest.mark.slow
def test_the_header_image_is_what_the_tagged_cell_shows(script, notebook, monkeypatch):
    monkeypatch.setenv("INPAINTKIT_FAST", "1")  # a header image is made in the ordinary mode
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    path = notebook(
        "import os\nassert 'INPAINTKIT_FAST' not in os.environ\nfrom PIL import Image\nimport inpaintkit",
        "print('text')\ndisplay(Image.new('RGB', (40, 30), (10, 20, 30)), Image.new('RGB', (5, 5)))",
        "raise RuntimeError('this cell must not be executed')",
    )
    image = script("headers").header_image(path)
    assert image.size == (40, 30) and image.convert("RGB").getpixel((9, 9)) == (10, 20, 30)
    with pytest.raises(ValueError, match="shows no image"):
        script("headers").header_image(notebook("# display\n1 + 1"))


def test_a_notebook_needs_exactly_one_header_cell(script, notebook):
    for path in (notebook("1"), notebook("display(1)", "display(2)")):
        with pytest.raises(ValueError, match="exactly one"):
            script("made_from").up_to_header(path)


@pytest.mark.parametrize("size", [(400, 300), (1800, 900)])
def test_a_saved_header_image_is_small_enough_and_looks_the_same(script, rng, tmp_path, size):
    width, height = size
    image = Image.fromarray(rng.integers(0, 256, (height, width, 3), "uint8"))  # noise: nothing compresses it
    image.paste((200, 30, 90), (0, 0, width // 2, height))
    script("headers").save_small(image, tmp_path / "a/03.png")
    saved = Image.open(tmp_path / "a/03.png")
    assert (tmp_path / "a/03.png").stat().st_size <= 150_000 and saved.width <= 900
    assert abs(saved.width / saved.height - width / height) < 0.02
    left = np.asarray(saved.convert("RGB"))[:, : saved.width // 2 - 8]
    assert np.abs(left - [200.0, 30, 90]).max() <= 8


def test_an_image_without_colour_stays_as_it_is(script, tmp_path):
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    script("headers").save_small(image, tmp_path / "03.png")
    assert Image.open(tmp_path / "03.png").convert("RGB").getcolors() == [(60_000, (255, 255, 255))]


def test_the_fingerprint_of_the_code_that_an_image_was_made_from_is_kept(script, tmp_path):
    made_from, image, source = script("made_from"), tmp_path / "a.png", tmp_path / "script.py"
    image.write_bytes(b"pixels")
    (tmp_path / "b.jpg").write_bytes(b"others")
    assert made_from.recorded(image) is None
    prints = []
    for code in ("x = 1", '"""A docstring."""\n# a comment\nx = 1', "x = 2"):
        source.write_text(code)
        made_from.record(image, [source])
        prints.append(made_from.recorded(image))
        assert prints[-1] == made_from.fingerprint([source])
    assert prints[0] == prints[1] != prints[2]
    made_from.record(tmp_path / "b.jpg", [source])
    assert made_from.recorded(image) == made_from.recorded(tmp_path / "b.jpg") == prints[2]
    image.write_bytes(b"changed by hand")
    assert made_from.recorded(image) is None


def test_the_parts_of_the_package_that_a_script_names_count(script, notebook, tmp_path):
    files_of, source, kit = script("made_from").files_of, tmp_path / "script.py", ROOT / "inpaintkit"
    source.write_text(
        "import inpaintkit as ik\nfrom inpaintkit import losses, plots\nik.load(ik.masks.Lines)"
    )
    files = files_of([source])
    assert {source, kit / "plots.py", kit / "masks/strokes.py", kit / "pretrained/loading.py"} <= set(files)
    assert kit / "losses/pixel.py" in files and kit / "baselines/smooth.py" not in files
    path = notebook("ik.baselines.heat; ik.exercises.predict('03.a')", "display(1)", "ik.losses.mae")
    assert kit / "baselines/smooth.py" in files_of([path])  # but nothing that cannot change the image
    assert not {kit / "exercises/core.py", kit / "losses/pixel.py"} & set(files_of([path]))
    fingerprint = script("made_from").fingerprint
    same = fingerprint([notebook("# @title Setup", "ik.baselines.heat", "display(1)", "later = 1")])
    assert fingerprint([notebook("# @title Setup, new", "ik.baselines.heat", "display(1)")]) == same
    assert fingerprint([notebook("# @title Setup", "ik.baselines.heat", "display(1)", "later = 2")]) == same
    assert fingerprint([notebook("# @title Setup", "ik.baselines.heat", "display(2)")]) != same


def test_the_table_of_images_is_complete(script):
    table = script("make").images()
    files = [file for suffix in ("png", "jpg") for file in (ROOT / "images").rglob(f"*.{suffix}")]
    assert {file.relative_to(ROOT / "images").as_posix() for file in files} <= set(table)
    for name, (command, sources) in table.items():
        assert sources, f"{name}: what it is made from does not exist"
        script_of = [word for word in command.split() if word.endswith(".py")]
        assert all((ROOT / word).is_file() for word in script_of), command
        assert (ROOT / "images" / name).is_file() or name.startswith("notebooks/"), name


def test_stale_images_are_found_and_made_again(script, tmp_path, capsys):
    make, image, code = script("make"), tmp_path / "images/a.png", tmp_path / "draw.py"
    image.parent.mkdir()
    row = "| `a.png`, `b.png` | `python draw.py` | `draw.py` | two images |"
    (tmp_path / "images/README.md").write_text(
        f"| file | command | made from | what |\n|---|---|---|---|\n{row}\n"
    )
    draw = "from PIL import Image\nfor n in 'ab':\n    Image.new('L', (4, 4), {}).save(f'images/{{n}}.png')\n"
    code.write_text(draw.format(10))

    def states():
        make.main([], tmp_path)
        return [line.split()[0] for line in capsys.readouterr().out.splitlines()]

    assert states() == ["missing", "missing"]
    make.main(["a.png"], tmp_path)
    capsys.readouterr()
    assert states() == ["current", "current"] and Image.open(image).getpixel((0, 0)) == 10
    code.write_text(draw.format(20))
    assert states() == ["stale", "stale"]
    make.main(["--same", "b.png"], tmp_path)
    assert states() == ["stale", "current"]
    make.main(["all"], tmp_path)
    capsys.readouterr()
    assert states() == ["current", "current"] and Image.open(image).getpixel((0, 0)) == 20
    Image.new("L", (4, 4)).save(image)
    assert states() == ["unknown", "current"]
    with pytest.raises(SystemExit, match="not in the table"):
        make.main(["c.png"], tmp_path)
