"""A hole, moved to known places of its image."""

import cv2
import numpy as np
import pytest

import inpaintkit as ik


@pytest.fixture
def mask():
    """Three parts: a long diagonal line, a disc, and a part of one pixel; float32 (80, 100, 1)."""
    hole = np.zeros((80, 100), "uint8")
    cv2.line(hole, (5, 5), (60, 40), 1, 3)
    cv2.circle(hole, (20, 60), 9, 1, -1)
    hole[70, 90] = 1
    return np.float32(hole == 0)[..., None]


def parts(mask):
    """The parts of a hole, each as bytes of its own box, sorted."""
    number, labels, boxes, _ = cv2.connectedComponentsWithStats(np.uint8(mask[..., 0] == 0), connectivity=8)
    cut = [labels[y : y + h, x : x + w] == k for k, (x, y, w, h, _) in enumerate(boxes) if k]
    return number - 1, sorted((part.shape, part.tobytes()) for part in cut)


def test_each_part_keeps_its_form_and_stays_away_from_all_others(mask):
    moved = ik.masks.move_hole(mask, count=10, distance=5, seed=3)
    assert moved.shape == (10, 80, 100, 1) and moved.dtype == "float32" and set(np.unique(moved)) == {0, 1}
    near = cv2.dilate(np.uint8(mask[..., 0] == 0), np.ones((11, 11)))  # at most 5 pixels away
    for one in moved:
        assert parts(one) == parts(mask)
        assert one[near > 0].all()
        number, labels = cv2.connectedComponents(np.uint8(one[..., 0] == 0), connectivity=8)
        for label in range(1, number):
            around = cv2.dilate(np.uint8(labels == label), np.ones((11, 11))) > 0
            assert set(np.unique(labels[around])) == {0, label}
    assert len({one.tobytes() for one in moved}) == 10


def test_the_seed_decides(mask):
    first = ik.masks.move_hole(mask, count=3)
    np.testing.assert_array_equal(first, ik.masks.move_hole(mask[..., 0] > 0, count=3))
    np.testing.assert_array_equal(first[:2], ik.masks.move_hole(mask, count=2))
    assert (first != ik.masks.move_hole(mask, count=3, seed=1)).any()


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        (lambda mask: mask[None], {}, "mask of shape"),
        (lambda mask: mask * 255, {}, "a mask holds 255"),
        (lambda mask: mask * 0 + 1, {}, "no hole"),
        (lambda mask: mask * 0, {}, "a part of the hole, 100×80 pixels, fits nowhere else"),
        (lambda mask: mask, {"distance": 70}, "fits nowhere else: choose a smaller hole or distance"),
        (lambda mask: mask, {"count": 0}, "count=0"),
        (lambda mask: mask, {"distance": -1}, "distance=-1"),
    ],
)
def test_what_cannot_be_moved_gets_a_sentence(mask, change, settings, message):
    with pytest.raises(ValueError, match=message):
        ik.masks.move_hole(change(mask), **settings)
