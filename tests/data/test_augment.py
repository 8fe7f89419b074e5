import concurrent.futures
import pickle
import sys

import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit.data import Augment

SETTINGS = {
    "flip": True,
    "flip_vertical": True,
    "rotation": 20,
    "crop_and_pad": 0.2,
    "zoom": 0.2,
    "shift": 0.2,
    "shear": 20,
    "brightness": 0.5,
    "hue": 40,
    "saturation": 0.9,
    "blur": 2,
}
PHOTOMETRY = {"brightness", "hue", "saturation", "blur"}


@pytest.fixture(scope="module")
def images():
    return ik.data.images("photos", "val", (32, 40), count=16).array


def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("name", SETTINGS)
def test_each_change_changes_what_it_should(name, images):
    augment, masks = Augment(**{name: SETTINGS[name]}), ik.masks.Lines(thickness=3).sample(16, 32, 40, seed=1)
    before = images.copy()
    without_masks = augment(images, rng())
    changed, moved = augment(images, rng(), masks)
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(without_masks, changed)
    assert changed.dtype == np.uint8 and changed.shape == images.shape
    assert moved.dtype == np.float32 and moved.shape == masks.shape and set(np.unique(moved)) == {0, 1}
    assert (changed != images).any(axis=(1, 2, 3)).sum() >= 4
    assert (moved != masks).any() == (name not in PHOTOMETRY)
    assert repr(augment) == f"Augment({name}={SETTINGS[name]!r})"


def test_geometry_moves_a_mask_exactly_as_its_image():
    """The image shows its own mask. Both agree except at edges, which linear interpolation blurs."""
    masks = ik.masks.Rectangles(count=2, size=20).sample(8, 64, 64, seed=2)
    shown = np.repeat((masks * 155 + 100).astype("uint8"), 3, axis=-1)  # nothing in it is black
    geometry = {name: value for name, value in SETTINGS.items() if name not in PHOTOMETRY}
    images, moved = Augment(**geometry)(shown, rng(), masks)
    inside, known = images[..., :1] >= 100, moved == 1
    sharp = inside & np.isin(images[..., :1], (100, 255))
    assert 0.2 < sharp.mean() < 0.95
    assert (known[sharp] != (images[..., :1][sharp] == 255)).mean() < 1e-3  # some blurred pixels are 100
    assert known[images[..., :1] == 0].all()  # pixels from outside the image are known


def test_photometry_stays_within_eight_bits():
    flat = np.stack([np.full((16, 16, 3), value, "uint8") for value in (1, 100, 250)] * 4)
    brighter = Augment(brightness=0.9)(flat, rng())
    factors = brighter[:, 0, 0, 0] / flat[:, 0, 0, 0]
    assert (factors[2::3] <= 1.02).all() and factors[1::3].max() > 1.2  # 250 stops at 255 and does not wrap


def test_same_seed_same_result_in_any_thread_or_process(images):
    augment = Augment(**SETTINGS)
    expected = [augment(images, np.random.default_rng(seed)) for seed in range(8)]
    assert (expected[0] != expected[1]).any()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        threads = list(pool.map(lambda seed: augment(images, np.random.default_rng(seed)), range(8)))
    np.testing.assert_array_equal(threads, expected)
    again = pickle.loads(pickle.dumps(augment))
    np.testing.assert_array_equal(again(images, np.random.default_rng(0)), expected[0])
    assert again == augment and ik.data.faces() == ik.data.faces()


def test_numpy_is_left_as_it_was():
    Augment(flip=True)
    assert "imgaug" in sys.modules
    assert np.__version__ < "2" or "sctypes" not in vars(np)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "at least one"),
        ({"rotation": -5}, "rotation=-5: expected 0 to 180"),
        ({"brightness": 1}, "brightness=1: expected 0 to 1"),
        ({"crop_and_pad": 0.5}, r"crop_and_pad=0\.5: expected 0 to 0\.5"),
        ({"blur": float("nan")}, "blur=nan"),
    ],
)
def test_mistakes_are_explained(settings, words):
    with pytest.raises(ValueError, match=words):
        Augment(**settings)


def test_images_and_masks_are_checked(images):
    augment = Augment(flip=True)
    with pytest.raises(ValueError, match="expected uint8"):
        augment(images / 255, rng())
    with pytest.raises(ValueError, match=r"16, 40, 32, 1\).*\(16, 32, 40, 1\)"):
        augment(images, rng(), np.ones((16, 40, 32, 1)))


def test_a_missing_imgaug_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "imgaug", None)
    monkeypatch.setitem(sys.modules, "imgaug.augmenters", None)
    with pytest.raises(ValueError, match=r"pip install imgaug==0\.4\.0"):
        Augment(flip=True)


def test_in_pairs_fixed_masks_move_with_their_images(images):
    masks = ik.masks.Rectangles(count=1, size=14).sample(16, 32, 40, seed=1)
    augment = Augment(flip=True, rotation=15)
    shown = np.repeat((masks * 255).astype("uint8"), 3, axis=-1)
    (_, moved), image = ik.data.pairs(shown, masks, 16, augment, seed=4)[0]
    assert (moved[image[..., :1] == 1] == 1).all()  # white is known, wherever it was moved
    (_, generated), _ = ik.data.pairs(shown, ik.masks.Lines(), 16, augment, seed=4)[0]
    np.testing.assert_array_equal(generated, ik.data.pairs(shown, ik.masks.Lines(), 16, seed=4)[0][0][1])


def test_symmetries_are_the_eight_views_of_a_square():
    from inpaintkit.data import symmetries

    square = np.arange(4 * 4 * 3, dtype="uint8").reshape(1, 4, 4, 3)
    views = symmetries(np.repeat(square, 200, 0), np.random.default_rng(0))
    expected = {np.rot90(x, k).tobytes() for x in (square[0], square[0][::-1]) for k in range(4)}
    assert views.dtype == "uint8" and {view.tobytes() for view in views} == expected and len(expected) == 8
    with pytest.raises(ValueError, match=r"\(2, 4, 5, 3\).*square"):
        symmetries(np.zeros((2, 4, 5, 3), "uint8"), np.random.default_rng(0))
