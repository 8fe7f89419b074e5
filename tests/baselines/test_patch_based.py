from itertools import pairwise

import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import baselines, metrics
from inpaintkit.masks import Strokes

methods = pytest.mark.parametrize(
    "method", [baselines.exemplar, baselines.patchmatch], ids=lambda m: m.__name__
)


def hole_psnr(images, filled, holes):
    return float(to_numpy(metrics.psnr(images, filled, 1 - holes)).min())


def square(side, hole, at):
    known = np.ones((1, side, side, 1), "float32")
    known[:, at : at + hole, at : at + hole] = 0
    return known


def periodic(side, height, width, seed=0):
    """An image of one random tile, repeated."""
    tile = np.random.default_rng(seed).random((height, width, 3)).astype("float32")
    return np.tile(tile, (side // height + 1, side // width + 1, 1))[None, :side, :side]


@methods
@pytest.mark.parametrize("tile", [(6, 6), (5, 8)])
@pytest.mark.parametrize(
    "holes",
    [square(64, 16, 24), square(64, 14, 50), Strokes(hole_ratio=(0.1, 0.2)).sample(1, 64, 64, seed=0)],
)
def test_a_periodic_texture_is_restored(method, tile, holes):
    texture = periodic(64, *tile)
    assert hole_psnr(texture, method(texture, holes), holes) >= 35
    assert hole_psnr(texture, baselines.heat(texture, holes), holes) < 15


@methods
def test_an_edge_continues_straight_through_the_hole(method):
    edge = np.zeros((1, 48, 48, 3), "float32")
    edge[:, 23:] = (0.9, 0.5, 0.1)
    assert hole_psnr(edge, method(edge, square(48, 12, 18)), square(48, 12, 18)) >= 35


def test_exemplar_copies_colours_and_invents_none(batch):
    images, holes = batch
    colours = {tuple(colour) for colour in images[0][holes[0, ..., 0] > 0]}
    assert {tuple(colour) for colour in baselines.exemplar(images, holes)[0].reshape(-1, 3)} <= colours


def test_patchmatch_is_reproducible_and_searches_better_with_more_rounds(batch):
    images, holes = batch
    fill = baselines.patchmatch(images, holes, seed=3)
    np.testing.assert_array_equal(fill, baselines.patchmatch(images, holes, seed=3))
    assert not np.array_equal(fill, baselines.patchmatch(images, holes, seed=4))
    texture, hole = periodic(64, 13, 11), square(64, 10, 27)
    one, many = (hole_psnr(texture, baselines.patchmatch(texture, hole, rounds=r), hole) for r in (1, 12))
    assert many > one


@methods
def test_where_nothing_can_be_copied_heat_fills(method, batch):
    images = batch[0]
    checkers = (np.indices((32, 32)).sum(axis=0) % 2).astype("float32")[None, ..., None].repeat(4, axis=0)
    np.testing.assert_array_equal(method(images, checkers), baselines.heat(images, checkers))


def test_of_equal_matches_the_nearest_is_copied():
    """In an image without noise many patches match exactly; the first of them would leave dark spots."""
    y, x = np.mgrid[:64, :64] / 63
    tilted = np.where(x < 0.4 + 0.2 * y, 0.2, 0.8).astype("float32")[None, ..., None].repeat(3, axis=-1)
    mask = np.ones((1, 64, 64, 1), "float32")
    mask[:, 20:44, 12:52] = 0
    assert to_numpy(metrics.psnr(tilted, baselines.exemplar(tilted, mask), 1 - mask))[0] > 28


def test_a_callback_sees_every_patch_that_exemplar_copies(batch):
    images, masks = batch[0][:2], np.concatenate([square(32, 10, 8), square(32, 6, 20)])
    stages = []
    filled = baselines.exemplar(images, masks, patch=5, callback=lambda *stage: stages.append(stage))
    np.testing.assert_array_equal(filled, baselines.exemplar(images, masks, patch=5))
    ends = [i for i, (_, known) in enumerate(stages) if known.all()]
    assert len(ends) == 2 and ends[1] == len(stages) - 1  # once per image, at its last patch
    for last, final in zip(ends, filled, strict=True):
        np.testing.assert_array_equal(stages[last][0], final)
    first = [masks[0, ..., 0] > 0, *(known for _, known in stages[: ends[0] + 1])]
    for before, after in pairwise(first):
        assert after[before].all() and 0 < (after & ~before).sum() <= 25  # at most one patch of 5×5 is new
    image, known = stages[0]
    assert image.dtype == "float32" and known.dtype == bool and not image[~known].any()


def test_a_callback_cannot_change_the_fill(batch):
    images, masks = batch[0][:1], square(32, 10, 8)

    def spoil(image, known):
        image[:], known[:] = 0, True

    spoilt = baselines.exemplar(images, masks, callback=spoil)
    np.testing.assert_array_equal(spoilt, baselines.exemplar(images, masks))
