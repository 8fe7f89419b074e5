import inspect
import pydoc
from functools import partial

import cv2
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy
from skimage.restoration import inpaint_biharmonic

from inpaintkit import baselines, layers, masks, metrics
from inpaintkit.images import to_uint8

SETTINGS = {
    "heat": {"smoothing_steps": 8},
    "total_variation": {"rounds": 10, "edge": 0.03},
    "telea": {"radius": 3},
    "navier_stokes": {"radius": 3},
    "exemplar": {"patch": 9, "callback": None},
    "patchmatch": {"patch": 7, "rounds": 6, "seed": 0},
    "frequency_selective": {"quality": "fast"},
}
every_method = pytest.mark.parametrize("method", baselines.ALL.values(), ids=baselines.ALL)
filling = [method for name, method in baselines.ALL.items() if name != "masked input"]
every_filling = pytest.mark.parametrize("method", filling, ids=lambda m: m.__name__)
xphoto = pytest.mark.skipif(not hasattr(cv2, "xphoto"), reason="cv2.xphoto is absent: needs opencv-contrib")


def hole_psnr(images, filled, holes):
    return to_numpy(metrics.psnr(images, filled, 1 - holes))


def centre(side, hole):
    known = np.ones((1, side, side, 1), "float32")
    known[:, (side - hole) // 2 :, (side - hole) // 2 :][:, :hole, :hole] = 0
    return known


@every_filling
def test_known_pixels_come_back_bit_exact_and_the_hole_gets_better(method, batch):
    images, holes = batch
    filled = method(images, holes)
    assert filled.dtype == np.float32 and filled.min() >= 0 and filled.max() <= 1
    np.testing.assert_array_equal(np.where(holes > 0, filled, 0), images * holes)
    assert (hole_psnr(images, filled, holes) > hole_psnr(images, images * holes, holes)).all()


@every_method
def test_what_lies_in_the_hole_is_never_read_and_the_input_stays(method, batch):
    images, holes = (x[:2].copy() for x in batch)
    expected = method(images * holes, holes)
    np.testing.assert_array_equal(method(images, holes), expected)
    np.testing.assert_array_equal(method(np.where(holes > 0, images, np.nan), holes), expected)
    np.testing.assert_array_equal(images, batch[0][:2])


@pytest.mark.parametrize(
    "name",
    sorted({method.__name__ for method in baselines.ALL.values()} | {"frequency_selective", "shiftmap"}),
)
def test_help_shows_every_setting(name, batch):
    method = getattr(baselines, name)
    first, second, *settings = inspect.signature(method).parameters.values()
    assert (first.name, second.name) == ("images", "masks")
    assert {setting.name: setting.default for setting in settings} == SETTINGS.get(name, {})
    shown = pydoc.render_doc(method, renderer=pydoc.plaintext)
    for setting in settings:
        in_signature = f"{setting.name}: {inspect.formatannotation(setting.annotation)} = {setting.default!r}"
        assert in_signature in shown and f"\n        {setting.name}: " in shown
    of_one_image = [*inspect.signature(method.fill).parameters.values()][2:]
    assert {s.name: s.default for s in of_one_image} == {s.name: s.default for s in settings}
    with pytest.raises(TypeError, match="raduis"):
        method(*batch, raduis=3)


@every_method
def test_nothing_missing_and_nothing_known(method, batch):
    images, holes = batch
    np.testing.assert_array_equal(method(images, np.ones_like(holes)), images)
    assert np.all(method(images, np.zeros_like(holes)) == 0.5)


@every_filling
@pytest.mark.parametrize(
    "size", [(1, 1), (1, 2), (2, 2), (1, 40), (40, 1), (2, 19), (3, 40), (5, 5), (33, 18)]
)
def test_any_size_and_any_hole(method, size, rng):
    images = rng.uniform(0.4, 0.6, (4, *size, 3)).astype("float32")
    holes = np.ones((4, *size, 1), "float32")
    holes[0, size[0] // 3 : size[0] // 2 + 1, size[1] // 3 : size[1] // 2 + 1] = 0
    holes[1] = rng.random((*size, 1)) < 0.5
    holes[2, size[0] // 2 :] = 0
    holes[3], holes[3, -1, -1] = 0, 1
    filled = method(images, holes)
    np.testing.assert_array_equal(np.where(holes > 0, filled, 0), images * holes)
    assert filled.min() >= 0 and filled.max() <= 1
    if method.__name__ not in ("shiftmap", "frequency_selective"):  # they leave parts of a tiny image black
        assert filled.min() >= 0.3 and filled.max() <= 0.7  # Telea overshoots a little


def test_telea_and_navier_stokes_are_those_of_opencv(batch):
    images, holes = (x[:1] for x in batch)
    hole = (holes[0, ..., 0] == 0).astype("uint8")
    image = to_uint8(images[0] * holes[0])
    for method, flag in ((baselines.telea, cv2.INPAINT_TELEA), (baselines.navier_stokes, cv2.INPAINT_NS)):
        expected = cv2.inpaint(image, hole, 3, flag)
        assert np.abs(to_uint8(method(images, holes)[0]).astype(int) - expected)[hole > 0].max() == 0


def near_squares():
    """Squares that touch at corners, lie 1, 2 and 3 pixels apart, and meet the border."""
    known = np.ones((1, 32, 32, 1), "float32")
    for top, left in ((0, 0), (4, 4), (4, 9), (10, 9), (10, 16), (28, 20), (20, 28)):
        known[:, top : top + 4, left : left + 4] = 0
    return known


@pytest.mark.parametrize("holes", [near_squares(), centre(32, 12), None], ids=["near", "wide", "lines"])
def test_biharmonic_equals_scikit_image_in_double_precision(holes, batch):
    images, holes = batch[0][:1], batch[1][:1] if holes is None else holes
    image, hole = (images * holes)[0].astype("float64"), holes[0, ..., 0] == 0
    expected = inpaint_biharmonic(image, hole, channel_axis=-1)
    np.testing.assert_allclose(baselines.biharmonic(images, holes)[0], expected, atol=1e-6)
    apart = inpaint_biharmonic(image, hole, channel_axis=-1, split_into_regions=True)
    np.testing.assert_allclose(baselines.biharmonic(images, holes)[0], apart, atol=1e-6)


def test_biharmonic_continues_a_slope():
    """In a hole this wide, scikit-image in single precision is off by 0.01 and more."""
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, 128)[None, None, :, None], (1, 128, 128, 3))
    np.testing.assert_allclose(baselines.biharmonic(ramp, centre(128, 90)), ramp, atol=1e-5)


def test_heat_is_nearly_the_mean_of_its_neighbours(batch):
    """Far closer to the exact solution (2,000 smoothing steps) than the plain pyramid."""
    images, holes = batch
    exact = baselines.heat(images, holes, smoothing_steps=2000)
    means = np.stack([cv2.blur(image, (3, 3), borderType=cv2.BORDER_REPLICATE) for image in exact])
    assert np.abs(means - exact)[holes[..., 0] == 0].max() < 1e-4
    pyramid, heat = (
        np.square(f(images, holes) - exact).mean() for f in (baselines.push_pull, baselines.heat)
    )
    assert heat < pyramid / 4
    assert hole_psnr(images, baselines.heat(images, holes), holes).mean() > (
        hole_psnr(images, baselines.telea(images, holes), holes).mean()
    )


def test_push_pull_equals_the_layer(batch):
    layer = layers.PushPull(smoothing_steps=0)
    np.testing.assert_allclose(baselines.push_pull(*batch), to_numpy(layer(list(batch))), atol=1e-5)


def test_total_variation_keeps_an_edge_and_is_the_minimum(batch, rng):
    edge = np.where(np.arange(32)[:, None] < 15, 0.2, 0.8) * np.ones((1, 32, 32, 1))
    edge = edge.repeat(3, axis=-1).astype("float32")
    fills = (
        baselines.total_variation(edge, centre(32, 8), rounds=60, edge=0.01),
        baselines.heat(edge, centre(32, 8)),
    )
    sharp, blurred = (hole_psnr(edge, filled, centre(32, 8))[0] for filled in fills)
    assert sharp > blurred + 10

    def variation(images):
        down, right = np.diff(images, axis=1, append=0), np.diff(images, axis=2, append=0)
        square = (np.square(down) * (np.arange(32) < 31)[:, None, None]).sum(-1)
        square += (np.square(right) * (np.arange(32) < 31)[:, None]).sum(-1)
        return np.sqrt(square + 0.03**2).sum(axis=(1, 2))

    images, holes = batch
    least = baselines.total_variation(images, holes, rounds=60).astype("float64")
    assert (variation(least) < variation(baselines.heat(images, holes))).all()
    for size in (1e-2, 1e-3):
        other = least + size * rng.normal(size=least.shape) * (1 - holes)
        assert (variation(least) < variation(other)).all()


@xphoto
@pytest.mark.parametrize(
    "method", [baselines.shiftmap, baselines.frequency_selective], ids=lambda m: m.__name__
)
def test_xphoto_fills_to_the_border(method, rng):
    """Also where the size is not a multiple of the blocks of frequency_selective."""
    images = np.broadcast_to(np.float32([0.8, 0.5, 0.3]), (1, 45, 50, 3))
    holes = masks.Lines(count=3, thickness=4).sample(1, 45, 50, seed=0)
    holes[:, -3:, -6:] = 0
    np.testing.assert_allclose(method(images, holes), images, atol=0.02)


def test_messages_for_missing_xphoto_and_wrong_settings_say_what_to_do(batch, monkeypatch):
    assert ("FSR" in baselines.ALL) == ("shift-map" in baselines.ALL) == hasattr(cv2, "xphoto")
    monkeypatch.delattr(cv2, "xphoto", raising=False)
    for method in (baselines.shiftmap, baselines.frequency_selective):
        with pytest.raises(ValueError, match="opencv-contrib-python"):
            method(*batch)
    with pytest.raises(ValueError, match=r"worst.*fast.*best"):
        baselines.frequency_selective(*batch, quality="worst")
    for method in (baselines.exemplar, partial(baselines.patchmatch, seed=1)):
        with pytest.raises(ValueError, match=r"patch=4.* odd"):
            method(*batch, patch=4)
