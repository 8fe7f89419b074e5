"""Drawing masks: hole ratios, seeds, shapes, settings."""

import zlib

import cv2
import numpy as np
import pytest

from inpaintkit import masks
from inpaintkit.masks import (
    GENERATORS,
    Border,
    Center,
    Ellipses,
    FromFolder,
    Grid,
    Lines,
    MaskBank,
    Medium,
    Mixture,
    Polygons,
    Rectangles,
    Scratches,
    Strokes,
    Text,
    Thick,
    Thin,
    hole_ratio,
)


def holes(generator, count, size, batch=100):
    """Number of missing pixels of each of `count` masks, drawn in batches."""
    for seed in range(count // batch):
        sample = generator.sample(batch, size, size, seed)
        assert sample.shape == (batch, size, size, 1) and sample.dtype == np.float32
        known = np.count_nonzero(sample, axis=(1, 2, 3))
        assert (known == sample.sum((1, 2, 3))).all()  # only 0 and 1
        yield from size * size - known


@pytest.mark.parametrize("size", [32, 178])
@pytest.mark.parametrize("generator", [generator for generator in GENERATORS if generator is not Grid])
def test_the_hole_ratio_is_always_kept(generator, size, make):
    counts = list(holes(make(generator).with_ratio((0.1, 0.3)), 100, size))
    assert 0.1 * size**2 <= min(counts) and max(counts) <= 0.3 * size**2
    assert np.ptp(counts) > 0.18 * size**2  # spread over the range, not gathered at one end


@pytest.mark.parametrize("ratio", [(0.01, 0.02), (0.5, 0.6), (0.9, 0.95)])
@pytest.mark.parametrize("generator", [generator for generator in GENERATORS if generator is not Grid])
def test_small_and_large_ratios_are_kept(generator, ratio, make):
    counts = list(holes(make(generator).with_ratio(ratio), 40, 100, batch=20))
    assert ratio[0] * 100**2 <= min(counts) and max(counts) <= ratio[1] * 100**2


@pytest.mark.parametrize(
    "generator",
    [Lines(thickness=1), Rectangles(size=1), Ellipses(size=1), Strokes(width=1), Text("I", size=1)],
)
def test_even_an_extreme_ratio_is_kept(generator):
    assert hole_ratio(generator.with_ratio((0.99, 0.99)).sample(2, 50, 50)) == pytest.approx(0.99)
    assert hole_ratio(generator.with_ratio((0.0004, 0.0004)).sample(2, 50, 50)) == pytest.approx(0.0004)


@pytest.mark.parametrize("percent", range(1, 100, 3))
def test_every_whole_percentage_can_be_asked_for(percent):
    ratio = percent / 100
    assert hole_ratio(Lines(hole_ratio=(ratio, ratio)).sample(1, 100, 100)) == pytest.approx(ratio)


@pytest.mark.parametrize("generator", GENERATORS)
def test_the_seed_decides_and_a_longer_sample_begins_the_same(generator, make):
    generator = make(generator)
    few, many = generator.sample(3, 40, 48, seed=(1, 2)), generator.sample(30, 40, 48, seed=(1, 2))
    np.testing.assert_array_equal(few, many[:3])
    assert generator.sample(0, 40, 48).shape == (0, 40, 48, 1)
    if not isinstance(generator, Grid | Center):
        assert (few != generator.sample(3, 40, 48, seed=(1, 3))).any()


@pytest.mark.parametrize("generator", GENERATORS)
def test_no_mask_is_empty_or_nothing_but_hole(generator, make):
    ratios = hole_ratio(make(generator).sample(60, 128, 100, seed=4))
    assert ratios.min() > 0 and ratios.max() < 1


# Checksums of the drawn masks. Where one changes, the holes behind every number published so far have
# changed; last in November 2026, when shapes came to be drawn one by one. The same with OpenCV 4.11 to 5.0
# and NumPy 1.26 to 2.4; OpenCV 4.10 fills polygons differently at the image border.
PRINTS = {
    Lines(): 1602476659,
    Lines(hole_ratio=(0.1, 0.4)): 492404207,
    Rectangles(): 455209923,
    Rectangles(hole_ratio=(0.1, 0.4)): 859209790,
    Ellipses(): 4019999852,
    Ellipses(hole_ratio=(0.1, 0.4)): 2893252476,
    Polygons(): 770500161,
    Polygons(hole_ratio=(0.1, 0.4)): 762832130,
    Strokes(): 2918313245,
    Strokes(hole_ratio=(0.1, 0.4)): 1087755815,
    Scratches(): 1073827016,
    Scratches(hole_ratio=(0.1, 0.4)): 2284673269,
    Text(): 949344299,
    Text(hole_ratio=(0.1, 0.4)): 2844682052,
    Center(): 654425776,
    Center(hole_ratio=(0.1, 0.4)): 1468966410,
    Border(): 2035385724,
    Border(hole_ratio=(0.1, 0.4)): 3891159063,
    Thin(): 2652999149,
    Thin(hole_ratio=(0.1, 0.4)): 1183878107,
    Medium(): 841623999,
    Medium(hole_ratio=(0.1, 0.4)): 299745093,
    Thick(): 2917492642,
    Thick(hole_ratio=(0.1, 0.4)): 976481700,
    Mixture([Lines(), Text()], (1, 2)): 555673625,
    MaskBank(Strokes(), 20): 3632658142,
}


@pytest.mark.parametrize("generator", PRINTS, ids=str)
def test_a_seed_gives_the_same_masks_on_every_machine(generator):
    sample = generator.sample(70, 96, 128, seed=5)
    assert zlib.crc32(np.packbits(sample > 0).tobytes()) == PRINTS[generator]


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


def test_centre_border_and_grid_lie_where_their_settings_say():
    (centre,) = 1 - Center().sample(1, 64, 32)[..., 0]
    assert centre.sum() == 64 * 32 / 4 and centre[16:48, 8:24].all()
    (right,) = Border(sides=("right",), hole_ratio=(0.25, 0.25)).sample(1, 40, 64)[..., 0]
    assert right[:, :48].all() and not right[:, 48:].any()
    frame = 1 - Border(sides=("left", "right", "top", "bottom")).sample(5, 64, 64)[..., 0]
    assert frame[:, 0].all() and frame[:, :, -1].all() and not frame[:, 20:44, 20:44].any()
    free = Border().sample(100, 32, 32)[..., 0]
    edges = np.stack([free[:, 16, 0], free[:, 16, -1], free[:, 0, 16], free[:, -1, 16]], -1)
    assert len(np.unique(edges, axis=0)) == 15  # every set of sides but the empty one
    assert hole_ratio(Grid(4).sample(2, 64, 64, seed=9)).tolist() == [1 - 1 / 16] * 2
    assert Grid((2, 1)).sample(1, 32, 32)[0, ::2].all()


def test_scratches_are_thin_and_long_and_text_is_spelled():
    (scratch,) = 1 - Scratches(count=1, width=1).sample(1, 200, 200, seed=2)[..., 0]
    rows, columns = np.nonzero(scratch)
    assert max(np.ptp(rows), np.ptp(columns)) > 40 and scratch.sum() < 250
    (letters,) = 1 - Text("II", count=1, size=40).sample(1, 200, 200)[..., 0]
    assert cv2.connectedComponents(letters.astype("uint8"))[0] == 3  # the background, and two letters
    assert Text("no. 1".replace(".", ""), count=1, size=(5, 400)).sample(20, 40, 33).any()


def test_presets_grow_with_the_image_and_stay_under_a_half():
    thin, medium, thick = (
        hole_ratio(generator().sample(200, 256, 256)) for generator in (Thin, Medium, Thick)
    )
    assert max(thin.max(), medium.max(), thick.max()) <= 0.5
    small = hole_ratio(Medium().sample(100, 64, 64))
    assert small.mean() == pytest.approx(medium.mean(), abs=0.06)


def test_a_mixture_holds_its_generators_as_often_as_their_weights_say():
    generator = Mixture([Center(), Grid(2)], weights=(3, 1))
    ratios = hole_ratio(generator.sample(400, 32, 32))
    assert set(ratios) == {0.25, 0.75} and 0.7 < (ratios == 0.25).mean() < 0.8
    assert set(hole_ratio(Mixture([Lines(), Text()], hole_ratio=(0.5, 0.5)).sample(20, 32, 32))) == {0.5}


def test_a_bank_turns_what_it_has():
    generator = Rectangles(count=1, size=7, hole_ratio=None)
    bank = MaskBank(generator, size=1, seed=3)
    sample = bank.sample(300, 32, 32)
    assert set(hole_ratio(sample)) == {49 / 1024}  # rolled and turned, never cut
    assert len(np.unique(sample.reshape(300, -1), axis=0)) > 200
    assert bank.sample(2, 32, 48).shape == (2, 32, 48, 1)
    assert bank.with_ratio((0.2, 0.2)).generator.hole_ratio == (0.2, 0.2)


def test_lists_and_numpys_numbers_are_as_good_as_tuples():
    one, two = np.int64(1), np.array([3, 5])
    for given, same in (
        (Lines(thickness=[one, 5], hole_ratio=np.array([0.25, 0.5])), Lines((6, 9), (1, 5), (0.25, 0.5))),
        (Strokes(count=two, length=[4, 9.0]), Strokes(count=(3, 5), length=(4, 9))),
        (Text(np.str_("AB"), count=one, size=[9, 9]), Text("AB", 1, (9, 9))),
        (Border(sides=["left", "top"], hole_ratio=[0.1, 0.2]), Border(("left", "top"), (0.1, 0.2))),
        (Border(sides={"top", "left"}), Border(("left", "top"))),
        (Center([0.1, 0.2]), Center((0.1, 0.2))),
        (Grid([2, one]), Grid((2, 1))),
        (Thick(hole_ratio=[0.1, 0.2]), Thick((0.1, 0.2))),
        (Lines().with_ratio([0.1, 0.2]), Lines(hole_ratio=(0.1, 0.2))),
        (
            Mixture([Lines(thickness=[1, 2]), Grid([2, 1])], np.array([1.0, 3.0])),
            Mixture((Lines(thickness=(1, 2)), Grid((2, 1))), (1, 3)),
        ),
    ):
        assert given == same and hash(given) == hash(same) and masks.parse(repr(given)) == same
        bank = MaskBank(given, size=np.int64(2), seed=[1, 2])
        assert bank == MaskBank(same, 2, (1, 2)) and masks.parse(repr(bank)) == bank
        assert bank.sample(1, 32, 32).shape == (1, 32, 32, 1)  # hashed


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
        (lambda: Center(hole_ratio=None), "hole_ratio"),
        (lambda: Border(hole_ratio=None), "hole_ratio"),
        (lambda: Grid().with_ratio((0.1, 0.2)), r"Grid\(step=2\).*hole_ratio"),
        (lambda: Lines(thickness=0), "thickness=0"),
        (lambda: Lines(thickness=40_000), "thickness=40000"),
        (lambda: Lines(count=1e999), "count=inf"),
        (lambda: Lines(count="a"), "count='a'"),
        (lambda: Lines(count=(3, 2)), "count"),
        (lambda: Rectangles(size=2.5), "size=2.5"),
        (lambda: Polygons(vertices=2), "vertices=2"),
        (lambda: Strokes(length=0), "length=0"),
        (lambda: Border(sides="left"), "sides='left'"),
        (lambda: Grid(1), "step=1"),
        (lambda: Grid((2, 2, 2)), "step"),
        (lambda: Text("Ä"), "A–Z"),
        (lambda: Text(" "), "A–Z"),
        (lambda: Mixture([]), "generators"),
        (lambda: Mixture(Lines()), "generators"),
        (lambda: Mixture([Lines()], (1, 2)), "expected 1"),
        (lambda: Mixture([Lines()], (0,)), r"weights=\(0,\)"),
        (lambda: Mixture([Lines(), Grid()], hole_ratio=(0.1, 0.2)), r"Grid\(step=2\)"),
        (lambda: MaskBank("lines"), "lines"),
        (lambda: MaskBank(Lines(), 0), r"size=0"),
        (lambda: Lines().sample(1, 8, 64), "at least 16"),
        (lambda: Lines(hole_ratio=(0.5001, 0.5002)).sample(1, 16, 16), "whole number of pixels"),
        (lambda: Lines().with_ratio(0.2), r"hole_ratio=0\.2"),
        (lambda: Border(sides=3), "sides=3"),
        (lambda: FromFolder(".", hole="red"), "hole='red'.*'alpha'"),
    ],
)
def test_bad_arguments_are_explained(make, words):
    with pytest.raises(ValueError, match=words):
        make()
