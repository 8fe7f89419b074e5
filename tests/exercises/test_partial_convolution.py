"""The number that exercise 04.3 expects, found again with real layers."""

import keras
import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit.layers import PConv2D


@pytest.mark.parametrize(("side", "closes"), [(14, 64), (15, 63), (21, 15), (22, 0)])
def test_from_22_pixels_on_three_levels_never_close_a_hole(side, closes, tmp_path, monkeypatch):
    """In how many of the 8×8 positions of a square hole, relative to the windows, nothing stays unknown."""
    masks = np.ones((64, 80, 80, 1), "float32")
    for i, mask in enumerate(masks):
        mask[24 + i // 8 :, 24 + i % 8 :][:side, :side] = 0
    x, known = np.zeros((64, 80, 80, 1), "float32"), masks
    for _ in range(3):
        x, known = PConv2D(1, 3, strides=2, padding="same")([x, known])
    known = keras.ops.convert_to_numpy(known)[:, :-2, :-2]  # without the border of the image, which is a hole
    assert known.all(axis=(1, 2, 3)).sum() == closes
    monkeypatch.chdir(tmp_path)
    assert ik.exercises.check("04.3", side) == (closes == 0)
