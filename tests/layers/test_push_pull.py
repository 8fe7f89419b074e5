"""Push-pull filling: what is known stays, and enough biharmonic steps are biharmonic filling."""

import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import baselines
from inpaintkit.layers import PushPull
from inpaintkit.layers.base import resize_bilinear


def test_push_pull_keeps_what_is_known_and_fills_the_rest(batch):
    images, masks = batch
    filled = to_numpy(PushPull()([images * masks, masks]))
    known = np.broadcast_to(masks > 0, images.shape)
    np.testing.assert_allclose(filled[known], images[known], atol=1e-6)
    mean = (images * masks).sum((1, 2), keepdims=True) / masks.sum((1, 2), keepdims=True)
    error, mean_error = (
        np.abs(f - images)[~known].mean() for f in (filled, np.broadcast_to(mean, images.shape))
    )
    assert error < 0.8 * mean_error


def test_enough_biharmonic_steps_are_biharmonic_filling(batch):
    images, masks = batch
    masks[:, :3] = masks[:, -3:] = masks[:, :, :3] = masks[:, :, -3:] = 1  # borders are another matter
    start, smoothest = (
        to_numpy(PushPull(biharmonic_steps=steps)([images * masks, masks])) for steps in (0, 80)
    )
    exact = baselines.biharmonic(images, masks)
    known = np.broadcast_to(masks > 0, images.shape)
    np.testing.assert_allclose(smoothest[known], images[known], atol=1e-6)
    assert np.abs(smoothest - exact).max() < 0.02 < np.abs(start - exact).max()


@pytest.mark.parametrize("biharmonic_steps", [0, 5])
def test_push_pull_of_a_constant_is_that_constant_at_any_size(rng, biharmonic_steps):
    """Also where only one pixel is known, so that its weight after eight poolings is tiny."""
    mask = np.zeros((2, 89, 37, 1), "float32")
    mask[0, 3, 5] = 1
    filled = to_numpy(
        PushPull(biharmonic_steps=biharmonic_steps)([np.full((2, 89, 37, 3), 0.7, "float32"), mask])
    )
    np.testing.assert_allclose(filled[0], 0.7, atol=1e-5)
    np.testing.assert_allclose(filled[1], 0.5, atol=1e-6)  # nothing known: grey


@pytest.mark.parametrize("sizes", [((5, 4), (9, 8)), ((1, 3), (2, 5)), ((8, 8), (16, 16))])
def test_resizing_is_keras_own(rng, sizes):
    x = rng.normal(size=(2, *sizes[0], 3)).astype("float32")
    expected = ops.image.resize(x, sizes[1], interpolation="bilinear")
    np.testing.assert_allclose(to_numpy(resize_bilinear(x, sizes[1])), to_numpy(expected), atol=1e-5)
