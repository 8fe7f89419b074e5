"""Reading and writing mask files."""

import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit import images


@pytest.mark.parametrize("hole", ["white", "black"])
def test_a_mask_survives_the_way_out_and_in_in_either_polarity(tmp_path, hole):
    mask = ik.masks.Strokes().sample(1, 32, 48)[0]
    images.write_mask(tmp_path / "m.png", mask, hole)
    np.testing.assert_array_equal(images.read_mask(tmp_path / "m.png", hole), mask)
    other = "black" if hole == "white" else "white"
    np.testing.assert_array_equal(images.read_mask(tmp_path / "m.png", other), 1 - mask)
    with pytest.raises(ValueError, match="hole='red'"):
        images.read_mask(tmp_path / "m.png", hole="red")
