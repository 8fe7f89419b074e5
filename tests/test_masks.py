import cv2
import numpy as np
import pytest

from inpaintkit import masks
from inpaintkit.masks import Lines, Rectangles, Strokes, hole_ratio

KINDS = [Lines, Rectangles, Strokes]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [32, 178, 256])
@pytest.mark.parametrize("ratio", [(0.1, 0.3), (0.01, 0.02), (0.5, 0.6)])
def test_the_hole_ratio_is_always_kept(kind, size, ratio):
    sample = kind(hole_ratio=ratio).sample(120, size, size, seed=3)
    assert sample.shape == (120, size, size, 1) and sample.dtype == np.float32
    assert set(np.unique(sample)) == {0, 1}
    ratios = hole_ratio(sample)
    assert ratio[0] <= ratios.min() and ratios.max() <= ratio[1]
    assert np.ptp(ratios) > 0.8 * (ratio[1] - ratio[0])  # spread over the range, not heaped at one end


@pytest.mark.parametrize("kind", [Lines(thickness=1), Rectangles(size=1), Strokes(width=1)])
def test_even_an_extreme_ratio_is_kept(kind):
    from dataclasses import replace

    assert hole_ratio(replace(kind, hole_ratio=(0.99, 0.99)).sample(2, 50, 50)) == pytest.approx(0.99)
    assert hole_ratio(replace(kind, hole_ratio=(0.0004, 0.0004)).sample(2, 50, 50)) == pytest.approx(0.0004)


@pytest.mark.parametrize("percent", range(1, 100, 3))
def test_every_whole_percentage_can_be_asked_for(percent):
    ratio = percent / 100
    assert hole_ratio(Lines(hole_ratio=(ratio, ratio)).sample(1, 100, 100)) == pytest.approx(ratio)


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_and_a_longer_sample_begins_the_same(kind):
    few, many = kind().sample(3, 40, 48, seed=(1, 2)), kind().sample(5, 40, 48, seed=(1, 2))
    np.testing.assert_array_equal(few, many[:3])
    assert (few != kind().sample(3, 40, 48, seed=(1, 3))).any()


def test_without_a_ratio_the_shapes_are_as_many_and_as_large_as_asked_for():
    holes = 1 - Rectangles(count=1, size=(5, 9)).sample(50, 64, 64)
    for hole in holes[..., 0].astype("uint8"):
        parts, _, stats, _ = cv2.connectedComponentsWithStats(hole, connectivity=4)
        assert parts == 2 and stats[1, 4] == stats[1, 2] * stats[1, 3]  # one part, and it fills its box
        assert min(stats[1, 2:4]) >= 5 and max(stats[1, 2:4]) <= 9
    four = hole_ratio(Rectangles(count=4, size=32).sample(50, 256, 256))
    assert four.max() <= 4 * 32**2 / 256**2 and four.mean() > 0.05  # the album covers' 6 %
    seven = hole_ratio(Lines(count=7, thickness=(1, 11)).sample(200, 178, 178))
    assert 0.13 < seven.mean() < 0.17  # the face report's 14.7 %


def test_kinds_print_themselves_and_are_read_back():
    kind = Lines(count=7, thickness=(1, 11), hole_ratio=(0.1, 0.2))
    assert masks.parse(repr(kind)) == kind
    assert masks.parse("strokes") == Strokes()


def test_hole_ratio_of_one_mask_is_a_number():
    mask = np.ones((10, 10, 1))
    mask[:5, :5] = 0
    assert hole_ratio(mask) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Lines(hole_ratio=(0, 0.3)), "hole_ratio"),
        (lambda: Lines(hole_ratio=(0.3, 1.2)), "hole_ratio"),
        (lambda: Lines(hole_ratio=(0.4, 0.2)), "hole_ratio"),
        (lambda: Lines(hole_ratio=0.2), "hole_ratio"),
        (lambda: Lines(hole_ratio="ab"), "hole_ratio"),
        (lambda: Lines(hole_ratio=(0.1, None)), "hole_ratio"),
        (lambda: Lines(hole_ratio=(0.1, 0.2, 0.3)), "hole_ratio"),
        (lambda: Lines(thickness=0), "thickness=0"),
        (lambda: Lines(thickness=40_000), "thickness=40000"),
        (lambda: Lines(count=1e999), "count=inf"),
        (lambda: Lines(count="a"), "count='a'"),
        (lambda: Lines(count=(3, 2)), "count"),
        (lambda: Rectangles(size=2.5), "size=2.5"),
        (lambda: Lines().sample(1, 8, 64), "at least 16"),
        (lambda: Lines(hole_ratio=(0.5001, 0.5002)).sample(1, 16, 16), "whole number of pixels"),
        (lambda: masks.parse("blobs"), "lines, rectangles, strokes"),
        (lambda: masks.parse("Lines(7)"), "expected one of"),
        (lambda: masks.parse("Lines(wide=7)"), "expected one of"),
        (lambda: masks.parse("__import__('os')"), "expected one of"),
        (lambda: masks.parse("Lines(count=open('x'))"), "expected one of"),
    ],
)
def test_bad_arguments_are_explained(make, words):
    with pytest.raises(ValueError, match=words):
        make()
