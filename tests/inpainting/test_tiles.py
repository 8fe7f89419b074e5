import itertools

import cv2
import numpy as np
import pytest
from skimage import data

import inpaintkit as ik
from inpaintkit.inpainting.tiles import hole_groups, tile_windows


@pytest.mark.parametrize(
    ("length", "tile", "margin"), [(1, 9, 2), (9, 9, 2), (10, 9, 2), (100, 9, 4), (64, 20, 0)]
)
def test_tiles_cover_every_pixel_and_keep_it_away_from_their_own_border(length, tile, margin):
    shape, count = (length, 7), np.zeros((length, 7), int)
    for window, kept in tile_windows(shape, tile, margin):
        assert all(0 <= part.start < part.stop <= side for part, side in zip(window, shape, strict=True))
        assert max(kept.shape) <= tile and kept.shape == count[window].shape
        count[window] += kept
        rows = window[0].start + np.flatnonzero(kept[:, 0])
        assert rows[0] == 0 or rows[0] - window[0].start >= margin
        assert rows[-1] == length - 1 or window[0].stop - 1 - rows[-1] >= margin
    assert count.min() == 1


@pytest.mark.parametrize("margin", [0, 8, 40])
def test_groups_share_out_the_hole_and_have_their_margin(rng, margin):
    hole = cv2.resize(np.uint8(rng.random((23, 31)) > 0.97), (311, 234), interpolation=cv2.INTER_NEAREST) > 0
    owners = np.zeros(hole.shape, int)
    for window, own in hole_groups(hole, margin):
        owners[window] += own
        for part, side, axis in zip(window, hole.shape, (1, 0), strict=True):
            used = part.start + np.flatnonzero(own.any(axis))
            assert (part.start, part.stop) == (max(0, used[0] - margin), min(side, used[-1] + 1 + margin))
    np.testing.assert_array_equal(owners, hole)


def test_pixels_near_each_other_are_one_group_and_distant_ones_are_not():
    hole = np.zeros((300, 900), bool)
    hole[10, 10] = hole[40, 60] = hole[250, 800] = True
    windows = [window for window, _ in hole_groups(hole, 32)]
    assert windows == [(slice(0, 73), slice(0, 93)), (slice(218, 283), slice(768, 833))]


@pytest.fixture(scope="module")
def photographs():
    return [data.astronaut()[:400, :400], data.coffee()[:400, 100:500], data.chelsea()[:300, :400]]


def differences(photographs, masks, method, **settings):
    """Hole PSNR in dB with tiles, minus that of the whole image at once."""
    for image, mask in itertools.product(photographs, masks):
        mask = mask[: image.shape[0], : image.shape[1]]
        psnr = []
        for chosen in ({"tile": 4096}, settings):
            filled = ik.inpaint(image * mask[..., None], mask, method, **chosen)
            psnr.append(
                -10 * np.log10(np.mean(np.square((filled[mask == 0] - image[mask == 0] * 1.0) / 255)))
            )
        yield psnr[1] - psnr[0]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["heat", "biharmonic", "navier_stokes"])
def test_tiles_fill_lines_as_the_whole_image_does(photographs, method):
    masks = ik.masks.Lines(count=8, thickness=(4, 14)).sample(3, 400, 400, seed=1)[..., 0].astype("uint8")
    found = list(differences(photographs, masks, method, tile=192, margin=32))
    assert abs(np.mean(found)) <= 0.05 and min(found) > -0.2


@pytest.mark.slow
@pytest.mark.parametrize("method", ["heat", "biharmonic"])
def test_tiles_fill_a_hole_wider_than_a_tile_no_worse_than_the_whole_image_does(photographs, method):
    mask = np.ones((400, 400), "uint8")
    cv2.ellipse(mask, (200, 150), (130, 90), 20, 0, 360, 0, -1)
    assert np.mean(list(differences(photographs, [mask], method, tile=160, margin=24))) >= -0.05


def test_a_seam_between_tiles_is_no_step():
    """Mean colour is different in every tile: without a ramp, each seam would be a step."""
    slope = np.linspace(0, 1, 800)[None, :, None].repeat(80, axis=0).repeat(3, axis=2)
    mask = np.ones((80, 800), bool)
    mask[38:42, 20:780] = False
    filled = ik.inpaint(slope, mask, "mean_color", tile=160, margin=32)
    steps = np.abs(np.diff(filled[40, 20:780, 0]))
    assert np.ptp(filled[40, 20:780]) > 0.5 and steps.max() < 0.01


def test_a_hole_as_large_as_many_tiles_is_filled_to_its_middle():
    image, mask = np.full((700, 700, 3), 0.25), np.zeros((700, 700), bool)
    mask[:3] = mask[-3:] = mask[:, :3] = mask[:, -3:] = True
    filled = ik.inpaint(image * mask[..., None], mask, "heat", tile=128, margin=16)
    np.testing.assert_allclose(filled, 0.25, atol=2e-3)
