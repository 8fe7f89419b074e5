import numpy as np
import pytest
from skimage import data

import inpaintkit as ik
from inpaintkit.inpainting.blending import blend_rim


@pytest.fixture
def sample():
    image = data.coffee()[100:200, 200:340] / np.float32(255)
    hole = np.zeros((100, 140), bool)
    hole[30:70, 40:100] = True
    return np.where(hole[..., None], 0, image), image, hole


def test_a_method_that_returns_the_known_pixels_is_not_changed(sample):
    image, _, hole = sample
    filled = ik.baselines.telea(image[None], ~hole[None, ..., None])[0]
    for blend in (None, "feather", "poisson"):
        assert blend_rim(filled, image, hole, blend) is filled


def test_a_wrong_brightness_disappears_at_the_rim_and_with_poisson_everywhere(sample):
    image, truth, hole = sample
    filled = truth - np.float32(0.1)
    feather, poisson = (blend_rim(filled, image, hole, blend) for blend in ("feather", "poisson"))
    assert blend_rim(filled, image, hole, None) is filled
    np.testing.assert_allclose(poisson[hole], truth[hole], atol=5e-3)
    rim, middle = hole.copy(), (slice(49, 51), slice(65, 75))
    rim[32:68, 42:98] = False  # two pixels wide
    assert np.abs(feather - truth)[rim].mean() < 0.03
    assert 0.08 < np.abs(feather - truth)[middle].mean() < 0.1


def test_a_blend_that_makes_the_rim_worse_is_not_used(sample):
    """A method that leaves the known pixels black is wrong there, but not in the hole."""
    image, truth, hole = sample
    filled = np.where(hole[..., None], truth, 0)
    assert blend_rim(filled, image, hole, "feather") is filled


def test_the_default_helps_a_network_that_repaints_the_known_pixels(sample):
    image, truth, hole = sample

    def network(images, masks):
        filled = ik.baselines.heat(images, masks)
        return np.clip(0.8 * filled + 0.05, 0, 1)  # less contrast, as of a network trained for minutes

    errors = [
        np.square(ik.inpaint(image, ~hole, network, blend=blend) - truth)[hole].mean()
        for blend in (None, "feather", "poisson")
    ]
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize("method", [*ik.baselines.CLASSICAL, "PatchMatch", "cifar10"])
def test_classical_methods_and_shipped_weights_give_the_same_with_every_blend(sample, method):
    """They return the known pixels bit for bit: so the default can make none of them worse."""
    image, _, hole = sample
    image, known = image[20:52, 30:62], ~hole[20:52, 30:62]
    hard, feather, poisson = (
        ik.inpaint(image, known, method, blend=blend) for blend in (None, "feather", "poisson")
    )
    np.testing.assert_array_equal(feather, hard)
    np.testing.assert_array_equal(poisson, hard)
