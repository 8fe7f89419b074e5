import re

import cv2
import numpy as np
import pytest
from skimage import data

import inpaintkit as ik


@pytest.fixture(scope="module")
def photograph():
    return data.astronaut()[:200, 100:340]  # uint8 (200, 240, 3)


@pytest.fixture(scope="module")
def mask():
    mask = np.ones((200, 240), "uint8")
    mask[50:90, 60:110] = mask[150:156, 10:230] = mask[:5, -5:] = 0
    return mask


def hole_psnr(image, filled, mask):
    return -10 * np.log10(np.mean(np.square(image[mask == 0] / 255 - filled[mask == 0] / 255)))


def as_kind(image, kind):
    """A uint8 RGB image as another kind of image."""
    if kind == "grey":
        return image[..., 0]
    if kind == "one channel, 16 bits":
        return image[..., :1].astype("uint16") * 257
    if kind == "alpha":
        return np.dstack([image, image[..., 1]])
    if kind == "grey with alpha":
        return image[..., :2].copy()
    return image.astype(kind) / 255 if kind.startswith("float") else image


KINDS = ("uint8", "grey", "one channel, 16 bits", "alpha", "grey with alpha", "float16", "float32", "float64")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("blend", [None, "feather", "poisson"])
def test_any_kind_of_image_comes_back_as_it_was_with_its_hole_filled(photograph, mask, kind, blend):
    image = as_kind(photograph, kind)
    given = image.copy()
    given[mask == 0] = 0
    before = given.copy()
    filled = ik.inpaint(given, mask, repainting, blend=blend)
    np.testing.assert_array_equal(given, before)
    assert filled.shape == image.shape and filled.dtype == image.dtype
    assert filled[mask == 1].tobytes() == image[mask == 1].tobytes()
    top = 1 if image.dtype.kind == "f" else np.iinfo(image.dtype).max
    color = image[..., :3] if image.ndim == 3 else image
    color = image[..., :1] if kind == "grey with alpha" else color
    error = np.abs(filled[..., : color.shape[-1]] / top - color / float(top))[mask == 0]
    assert 0.01 < error.mean() < 0.15
    if "alpha" in kind:
        assert (filled[mask == 0][:, -1] == 255).all() and (given[mask == 0][:, -1] == 0).all()


def test_of_16_bits_the_used_part_is_stretched():
    """12 bits in 16, as scanners for medicine write them: a method of 8 bits must not see 2 greys."""
    scan = (800 + 5 * np.arange(64) + 3 * np.arange(48)[:, None]).astype("uint16")
    known = np.ones((48, 64), bool)
    known[20:30, 20:40] = False
    filled = ik.inpaint(np.where(known, scan, 60_000), known, "telea")
    assert filled.dtype == "uint16" and np.abs(filled.astype(int) - scan).max() < 40
    np.testing.assert_array_equal(ik.inpaint(np.full_like(scan, 7), known, "heat"), 7)


def repainting(images, masks):
    """A method that also paints the known pixels anew, a little too dark, as networks do."""
    return 0.95 * ik.baselines.heat(images, masks)


@pytest.mark.parametrize("dtype", [bool, "uint8", "int64", "float32", "float64"])
def test_masks_of_any_dtype_and_with_a_channel_mean_the_same(photograph, mask, dtype):
    expected = ik.inpaint(photograph, mask, "heat")
    np.testing.assert_array_equal(ik.inpaint(photograph, mask.astype(dtype)[..., None], "heat"), expected)


def test_what_lies_in_the_hole_is_never_read(photograph, mask):
    image = photograph / 255
    expected = ik.inpaint(image, mask, "telea")
    nothing = np.where(mask[..., None] == 0, np.nan, image)
    np.testing.assert_array_equal(ik.inpaint(nothing, mask, "telea"), expected)


def test_without_a_hole_a_copy_comes_back_and_no_method_runs(photograph):
    def fails(images, masks):
        raise AssertionError("nothing is to be filled")

    filled = ik.inpaint(photograph, np.ones(photograph.shape[:2]), fails)
    np.testing.assert_array_equal(filled, photograph)
    assert not np.shares_memory(filled, photograph)


def test_small_images_and_extreme_shapes_are_filled():
    for shape in ((1, 2, 3), (1, 900), (900, 1, 1), (3, 3, 4)):
        image = np.full(shape, 77, "uint8")
        mask = np.ones(shape[:2], bool)
        mask[-1, -1] = False
        filled = ik.inpaint(image, mask, "heat")
        assert filled.shape == shape and (filled.reshape(*shape[:2], -1)[-1, -1, 0] == 77)


def test_the_method_sees_the_surroundings_of_the_hole_only():
    seen = []

    def method(images, masks):
        seen.append(images.shape)
        return ik.baselines.heat(images, masks)

    image, mask = np.full((3000, 4000, 3), 128, "uint8"), np.ones((3000, 4000), bool)
    mask[1000:1010, 2000:2020] = mask[2990:, :7] = False
    filled = ik.inpaint(image, mask, method, margin=64)
    assert sorted(seen) == [(1, 74, 71, 3), (1, 138, 148, 3)] and (filled == 128).all()


def test_no_tile_is_larger_than_asked_and_progress_counts_the_pixels_of_the_hole(photograph, mask):
    sizes, depths, calls = [], [], []

    def method(images, masks):
        sizes.append(max(images.shape[1:3]))
        depths.append(cv2.distanceTransform(np.uint8(masks[0] == 0), cv2.DIST_L2, cv2.DIST_MASK_5).max())
        assert masks.max() == 1 and masks.min() == 0
        return ik.baselines.heat(images, masks)

    mask = mask.copy()
    mask[60:180, 100:220] = 0  # wider than a tile
    ik.inpaint(photograph, mask, method, tile=64, margin=12, progress=lambda *args: calls.append(args))
    assert max(sizes) == 64 and len(sizes) > 20
    assert max(depths) <= 20  # one and a half margins: so no tile is all hole, and memory is bounded
    done, totals = zip(*calls, strict=True)
    assert set(totals) == {(mask == 0).sum()} and done[-1] == totals[0] and list(done) == sorted(done)


def test_an_error_in_progress_stops_the_work(photograph, mask):
    def stop(done, total):
        raise TimeoutError("too long")

    with pytest.raises(TimeoutError):
        ik.inpaint(photograph, mask, "heat", progress=stop)


def test_only_methods_that_take_a_seed_get_it(photograph, mask):
    small, hole = photograph[40:100, 50:120], mask[40:100, 50:120]
    first, again, other = (ik.inpaint(small, hole, "patchmatch", seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_array_equal(*(ik.inpaint(small, hole, "telea", seed=seed) for seed in (1, 2)))


IMAGE, MASK = np.zeros((20, 30, 3)), np.eye(20, 30)


@pytest.mark.parametrize(
    ("image", "mask", "settings", "words"),
    [
        (IMAGE[None], MASK, {}, "image of shape (1, 20, 30, 3): expected (height, width)"),
        (np.zeros((20, 30, 5)), MASK, {}, "image of shape (20, 30, 5)"),
        (np.zeros((0, 4, 3)), np.zeros((0, 4)), {}, "at least one pixel"),
        (IMAGE.astype("int64"), MASK, {}, "image of dtype int64: expected uint8, uint16, or float"),
        (IMAGE.astype("complex64"), MASK, {}, "dtype complex64"),
        (IMAGE, MASK.T, {}, "mask of shape (30, 20) for an image of shape (20, 30, 3): expected (20, 30)"),
        (IMAGE, np.dstack([MASK] * 3), {}, "mask of shape (20, 30, 3)"),
        (IMAGE, MASK * 255, {}, "a mask holds 255: expected only 1 (known) or 0 (hole)"),
        (IMAGE, np.where(MASK > 0, np.nan, 1), {}, "a mask holds nan"),
        (IMAGE, MASK * 0, {}, "no known pixel"),
        (IMAGE + np.nan, MASK, {}, "a known pixel is [nan, nan, nan]: expected float images in [0, 1]"),
        (IMAGE + 255, MASK, {}, "divide 8-bit images by 255"),
        (IMAGE, MASK, {"blend": "soft"}, "blend='soft': expected one of 'feather', 'poisson', or None"),
        (IMAGE, MASK, {"tile": 128}, "tile=128, margin=64: expected whole pixels, tile > 2 * margin"),
        (IMAGE, MASK, {"margin": -1}, "margin=-1"),
        (IMAGE, MASK, {"margin": 0}, "margin=0"),
        (IMAGE, MASK, {"method": lambda x, m: x[:, :5]}, "the method returned shape (1, 5, 30, 3)"),
        (IMAGE, MASK, {"method": lambda x, m: x + np.nan}, "not finite"),
    ],
)
def test_bad_input_is_refused_with_what_was_expected(image, mask, settings, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        ik.inpaint(image, mask, **{"method": "heat", **settings})
