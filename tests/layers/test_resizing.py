"""Padding, cropping and hiding the hole: no known pixel changes, at any size and precision."""

import math

import keras
import numpy as np
import pytest
from contract import dtype_policy
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit.layers import CropLike, MaskImage, PadToMultiple, PushPull


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_rounds_no_known_pixel(rng, policy):
    x, mask = rng.random((2, 17, 30, 3)).astype("float32"), np.ones((2, 17, 30, 1), "float32")
    mask[:, 5:9, 5:9] = 0
    with dtype_policy(policy):
        made = [MaskImage(), PushPull(biharmonic_steps=2)], PadToMultiple(8), CropLike()
        again = [type(layer).from_config(layer.get_config()) for layer in made[0]]
        inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
        model = keras.Model(inputs, [layer(inputs) for layer in made[0]])
    outputs = [*model([x, mask]), *(layer([x, mask]) for layer in (*made[0], *again))]
    for output in map(to_numpy, outputs):
        np.testing.assert_array_equal(output * mask, x * mask)
    np.testing.assert_array_equal(to_numpy(made[2]([made[1](x), x])), x)


@pytest.mark.parametrize("multiple", [1, 2, 8, 16])
def test_padding_reaches_the_next_multiple_and_no_further(multiple):
    for side in range(1, 34):
        padded = PadToMultiple(multiple).compute_output_shape((None, side, None, 3))
        assert padded == (None, multiple * math.ceil(side / multiple), None, 3)
        assert tuple(PadToMultiple(multiple)(np.ones((1, side, 1, 1))).shape[1:3]) == (padded[1], multiple)


def test_padding_counts_as_hole_and_is_cropped_away(rng):
    x = rng.random((2, 17, 30, 3)).astype("float32")
    padded = to_numpy(PadToMultiple(16)(x))
    assert padded.shape == PadToMultiple(16).compute_output_shape(x.shape) == (2, 32, 32, 3)
    assert np.all(padded[:, 17:] == 0)
    np.testing.assert_array_equal(to_numpy(CropLike()([padded, x])), x)
