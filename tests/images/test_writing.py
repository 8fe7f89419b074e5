"""Writing images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaintkit import images


def test_writing_an_image_is_all_or_nothing(tmp_path, monkeypatch):
    image = np.full((20, 20, 3), 0.5)
    images.write_image(tmp_path / "x.png", image)
    before = (tmp_path / "x.png").read_bytes()
    for bad, words in (
        (image[..., 0], r"\(20, 20\)"),
        (image[None], r"\(1, 20, 20, 3\)"),
        (image * np.nan, "NaN"),
        ((image * 255).astype("uint8"), "uint8.*127"),
        (image * 255, r"float64 up to 127\.5.*divide it by 255"),
    ):
        with pytest.raises(ValueError, match=words):
            images.write_image(tmp_path / "x.png", bad)
    with pytest.raises(ValueError, match=r"x\.what.*\.png"):
        images.write_image(tmp_path / "x.what", image)

    def half(image, path, *args):
        Path(path).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises(OSError, match="no space"):
        images.write_image(tmp_path / "x.png", image * 0)
    assert [file.name for file in tmp_path.iterdir()] == ["x.png"]
    assert (tmp_path / "x.png").read_bytes() == before
