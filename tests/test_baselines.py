import cv2
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy
from skimage.restoration import inpaint_biharmonic

from inpaintkit import baselines, metrics
from inpaintkit.images import to_uint8

FILLING = [baselines.mean_color, baselines.telea, baselines.navier_stokes, baselines.biharmonic]
every_method = pytest.mark.parametrize("method", FILLING, ids=lambda m: m.__name__)


@every_method
def test_known_pixels_come_back_bit_exact_and_the_hole_gets_better(method, batch):
    images, masks = batch
    filled = method(images, masks)
    assert filled.dtype == np.float32 and filled.min() >= 0 and filled.max() <= 1
    np.testing.assert_array_equal(np.where(masks > 0, filled, 0), images * masks)
    damaged = metrics.psnr(images, images * masks, 1 - masks)
    assert (to_numpy(metrics.psnr(images, filled, 1 - masks)) > np.asarray(damaged)).all()


@every_method
def test_what_lies_in_the_hole_is_never_read(method, batch):
    images, masks = batch
    expected = method(images * masks, masks)
    np.testing.assert_array_equal(method(images, masks), expected)
    np.testing.assert_array_equal(method(np.where(masks > 0, images, np.nan), masks), expected)


@pytest.mark.parametrize("method", baselines.CLASSICAL.values(), ids=lambda m: m.__name__)
def test_nothing_missing_and_nothing_known(method, batch):
    images, masks = batch
    np.testing.assert_array_equal(method(images, np.ones_like(masks)), images)
    assert np.all(method(images, np.zeros_like(masks)) == 0.5)


def test_they_are_the_libraries_own(batch):
    images, masks = (x[:1] for x in batch)
    hole = (masks[0, ..., 0] == 0).astype("uint8")
    picture = to_uint8(images[0] * masks[0])
    for method, flag in ((baselines.telea, cv2.INPAINT_TELEA), (baselines.navier_stokes, cv2.INPAINT_NS)):
        expected = cv2.inpaint(picture, hole, 3, flag)
        assert np.abs(to_uint8(method(images, masks)[0]).astype(int) - expected)[hole > 0].max() == 0
    expected = inpaint_biharmonic(images[0] * masks[0], hole > 0, channel_axis=-1)
    np.testing.assert_allclose(baselines.biharmonic(images, masks)[0], expected, atol=1e-6)


def test_biharmonic_continues_a_slope():
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, 32)[None, None, :, None], (1, 32, 32, 3)).astype("float32")
    mask = np.ones((1, 32, 32, 1), "float32")
    mask[:, 12:20, 12:20] = 0
    np.testing.assert_allclose(baselines.biharmonic(ramp, mask), ramp, atol=1e-3)
