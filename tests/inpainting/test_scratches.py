"""Scratches drawn over real photographs are found; most of the photograph is not taken for one."""

import cv2
import numpy as np
import pytest

from inpaintkit import data, images
from inpaintkit.inpainting import scratch_mask


def photographs(size=256):
    """Photographs, float (size, size, 3), a little blurred: old ones have less detail than scanners show."""
    for image in data.images("photos", "test", size, count=4):
        yield cv2.GaussianBlur(np.array(image).astype("float32") / 255, (0, 0), 1)


def scratched(image, seed, bright=True, count=5):
    """(image with scratches, bool (H, W) where they are): nearly straight, 1 to 3 pixels wide."""
    rng, (height, width) = np.random.default_rng(seed), image.shape[:2]
    drawn = np.zeros((height, width), "float32")
    for _ in range(count):
        steps = np.linspace(0, 1, 12)
        angle, length = rng.normal(np.pi / 2, 0.3), rng.uniform(0.3, 0.9) * height
        x = rng.uniform(0.05, 0.95) * width + np.cos(angle) * length * steps + rng.normal(0, 0.8, 12)
        y = rng.uniform(0, 0.3) * height + np.sin(angle) * length * steps
        points = np.int32(np.stack([x, y], axis=-1) * 16)
        cv2.polylines(drawn, [points], False, 1.0, int(rng.integers(1, 4)), cv2.LINE_AA, 4)
    color = 0.95 if bright else 0.02
    return image + drawn[..., None] * (color - image), drawn > 0.5


@pytest.mark.parametrize("polarity", ["bright", "dark"])
def test_recall_and_precision_on_photographs(polarity):
    recall, precision, wrong = [], [], []
    for seed, image in enumerate(photographs()):
        torn, truth = scratched(image, seed, polarity == "bright")
        found = scratch_mask(torn, polarity=polarity)[..., 0] == 0
        near = cv2.dilate(np.uint8(truth), np.ones((5, 5))) > 0
        recall.append((found & truth).sum() / truth.sum())
        precision.append((found & near).sum() / max(found.sum(), 1))
        wrong.append((found & ~near).mean())
    # measured: bright 0.88 and 0.62, dark 0.74 and 0.66
    assert np.mean(recall) > 0.68 and np.mean(precision) > 0.55 and np.mean(wrong) < 0.04


def test_grey_16_bits_and_8_bits_give_the_same_mask():
    torn, _ = scratched(next(photographs(128)), 0)
    grey = images.to_uint8(torn).mean(axis=-1).round().astype("uint8")
    expected = scratch_mask(grey)
    assert expected.shape == (128, 128, 1) and expected.dtype == "float32" and expected.min() == 0
    np.testing.assert_array_equal(scratch_mask(grey.astype("uint16") * 257), expected)
    np.testing.assert_array_equal(scratch_mask(grey[..., None] / 255), expected)


def test_large_images_are_searched_at_a_smaller_size():
    image = np.full((400, 2400), 90, "uint8")
    image[200:203, 300:2000] = 250
    known = scratch_mask(image)[..., 0]
    assert known.shape == image.shape and not known[200:203, 310:1990].any() and known.mean() > 0.97


def test_very_long_images_are_searched():
    assert scratch_mask(np.zeros((1, 4000))).all() and scratch_mask(np.zeros((4000, 1))).all()


def test_flat_images_and_curved_lines_are_no_scratches():
    flat = np.full((100, 100), 0.5)
    assert scratch_mask(flat).all()
    ring = cv2.circle(np.full((200, 200), 0.3, "float32"), (100, 100), 60, 0.9, 2)
    assert scratch_mask(ring).all()


def test_wrong_arguments():
    image = np.zeros((40, 40))
    for settings, words in (
        ({"polarity": "white"}, "'bright'"),
        ({"contrast": 0}, "contrast=0"),
        ({"min_length": 2}, "min_length=2"),
    ):
        with pytest.raises(ValueError, match=words):
            scratch_mask(image, **settings)
    with pytest.raises(ValueError, match="shape"):
        scratch_mask(np.zeros((1, 40, 40, 3)))
