"""Fills of a still scene do not flicker, and those of a moving one are not smeared."""

import cv2
import numpy as np
import pytest

from inpaintkit import data
from inpaintkit.inpainting import TemporalBlend, inpaint

SIZE, FRAMES = 96, 16


def scene(velocity, noise, seed=0):
    """(noisy frames uint8, what they show): a window that moves over a photograph, pixels per frame."""
    photo = np.array(data.images("photos", "test", 192, count=1)[0]).astype("float32")
    shown = [
        cv2.warpAffine(photo, np.float32([[1, 0, -30 - velocity * t], [0, 1, -40]]), (SIZE, SIZE))
        for t in range(FRAMES)
    ]
    rng = np.random.default_rng(seed)
    frames = [np.clip(each + rng.normal(0, noise, each.shape), 0, 255).astype("uint8") for each in shown]
    return frames, np.array(shown)


def fill(frames, mask, memory):
    steady = TemporalBlend(memory)
    return np.array([steady(inpaint(frame, mask, "telea"), mask) for frame in frames])


@pytest.fixture
def mask():
    mask = np.ones((SIZE, SIZE))
    mask[40:52, 30:60] = 0
    return mask


def test_a_still_scene_flickers_much_less(mask):
    frames, _ = scene(0, noise=5)
    single, blended = (fill(frames, mask, memory) for memory in (0, 0.9))
    hole = mask == 0
    flicker = [np.diff(fills[6:].astype(float), axis=0)[:, hole].std() for fills in (single, blended)]
    assert flicker[1] < flicker[0] / 3
    for frame, filled in zip(frames, blended, strict=True):
        np.testing.assert_array_equal(filled[~hole], frame[~hole])


@pytest.mark.parametrize("velocity", [0.3, 3])
def test_a_moving_scene_is_not_smeared(mask, velocity):
    frames, shown = scene(velocity, noise=3)
    hole = mask == 0
    errors = [np.square(fill(frames, mask, memory) - shown)[4:, hole].mean() for memory in (0, 0.9)]
    assert errors[1] < errors[0] * 1.05


def test_a_cut_begins_anew(mask):
    frames, _ = scene(0, noise=2)
    steady = TemporalBlend()
    for frame in frames[:4]:
        steady(inpaint(frame, mask, "telea"), mask)
    after = inpaint(255 - frames[4], mask, "telea")
    np.testing.assert_array_equal(steady(after, mask), after)
    other_size = after[:50]
    np.testing.assert_array_equal(steady(other_size, mask[:50]), other_size)


def test_with_hardly_anything_known_each_fill_stays_as_it_is():
    mask, steady = np.zeros((40, 40)), TemporalBlend()
    mask[0, 0] = 1
    for grey in (100, 110):
        assert (steady(np.full((40, 40, 3), grey, "uint8"), mask) == grey).all()


def test_memory_is_checked():
    for memory in (1, -0.1):
        with pytest.raises(ValueError, match="memory"):
            TemporalBlend(memory)
