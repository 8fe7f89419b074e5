"""`ik.upload`: by path, and in Colab by its button, for which there is a stand-in."""

import io
import sys
import types

import numpy as np
import pytest
from PIL import Image

import inpaintkit as ik


@pytest.fixture
def colab(monkeypatch):
    """A stand-in for google.colab: a function that sets what the reader chooses, as {name: bytes}."""
    chosen = {}
    module = types.ModuleType("google.colab")
    module.files = types.SimpleNamespace(upload=lambda: chosen)
    for name, each in (("google", types.ModuleType("google")), ("google.colab", module)):
        monkeypatch.setitem(sys.modules, name, each)
    return chosen.update


def encoded(image, format="PNG", **settings):
    file = io.BytesIO()
    image.save(file, format, **settings)
    return file.getvalue()


def left_half_black(size=(64, 32)):
    array = np.full((size[1], size[0], 3), 255, "uint8")
    array[:, : size[0] // 2] = 0
    return Image.fromarray(array)


def test_a_photograph_chosen_in_colab(colab, capsys):
    colab({"holiday.png": encoded(left_half_black())})
    photo = ik.upload()
    assert photo.shape == (32, 64, 3) and photo.dtype == "float32"
    assert photo[:, :32].max() == 0 and photo[:, 32:].min() == 1
    assert capsys.readouterr().out == "holiday.png: 64×32 pixels (0.0 megapixels)\n"


def test_orientation_and_transparency_are_dealt_with_and_said(colab, capsys):
    exif = Image.Exif()
    exif[274] = 6  # to be turned clockwise by 90 degrees
    image = left_half_black().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    colab({"phone.png": encoded(image, exif=exif)})
    photo = ik.upload()
    said = capsys.readouterr().out
    assert photo.shape == (64, 32, 3) and photo.min() == 1  # what is transparent is white
    assert "32×64 pixels" in said and "turned upright" in said and "transparency is left out" in said
    colab({"phone.png": encoded(left_half_black(), exif=exif)})
    photo = ik.upload()
    assert photo[:32].max() == 0 and photo[32:].min() == 1  # the left half is above
    assert "transparency" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no file was chosen: run this cell again"),
        ({"a.png": b"", "b.png": b""}, "2 files came, expected one"),
        ({"notes.txt": b"This is no image."}, "notes.txt: cannot read this image"),
        ({"half.png": encoded(left_half_black())[:100]}, "half.png: cannot read this image"),
        ({"IMG_1.HEIC": b"ftypheic"}, "IMG_1.HEIC: expected a JPEG or PNG file; in the iPhone's settings"),
    ],
    ids=["cancelled", "two", "text", "truncated", "heic"],
)
def test_in_colab_what_is_no_photograph_gets_a_sentence(colab, files, message):
    colab(files)
    with pytest.raises(ValueError, match=message):
        ik.upload()


def test_elsewhere_a_path_is_needed(tmp_path, capsys):
    with pytest.raises(ValueError, match=r'outside Colab: say ik\.upload\("photo\.jpg"\)'):
        ik.upload()
    with pytest.raises(ValueError, match=r"nothing\.jpg: cannot read this image: .*No such file"):
        ik.upload(tmp_path / "nothing.jpg")
    left_half_black((2000, 1500)).save(tmp_path / "large.jpg")
    assert ik.upload(str(tmp_path / "large.jpg")).shape == (1500, 2000, 3)
    assert capsys.readouterr().out == "large.jpg: 2,000×1,500 pixels (3.0 megapixels)\n"
