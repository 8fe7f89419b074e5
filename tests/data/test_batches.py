"""Batches: masked images, masks and images that depend only on the seed, the epoch and the number."""

import concurrent.futures
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit import data


def test_pairs_are_masked_images_masks_and_images():
    images = data.images("photos", "val", 32, count=10)
    pairs = data.pairs(images, ik.masks.Lines(hole_ratio=(0.1, 0.3)), batch_size=4, shuffle=False)
    assert len(pairs) == 3
    (masked, mask), image = pairs[2]
    assert masked.shape == image.shape == (2, 32, 32, 3) and mask.shape == (2, 32, 32, 1)
    np.testing.assert_array_equal(image, images.as_float()[8:])
    np.testing.assert_array_equal(masked, image * mask)


def test_training_sees_new_holes_each_epoch_and_validation_never():
    images = data.images("photos", "val", 32, count=8)
    lines = ik.masks.Lines()
    for shuffle in (True, False):
        pairs = data.pairs(images, lines, 4, shuffle=shuffle, seed=7)
        (_, before), image = pairs[0]
        np.testing.assert_array_equal(pairs[0][0][1], before)  # the same when it is asked for again
        pairs.on_epoch_end()
        np.testing.assert_array_equal(pairs[0][0][1], before)  # the first epoch
        pairs.on_epoch_end()
        (_, after), image_after = pairs[0]
        assert ((before != after).any(), (image != image_after).any()) == (shuffle, shuffle)
    again = data.pairs(images, lines, 4, seed=7)
    np.testing.assert_array_equal(again[1][1], data.pairs(images, lines, 4, seed=7)[1][1])


def test_masks_by_epoch_are_those_of_their_generator():
    images = data.images("photos", "val", 32, count=4)
    thin, thick = ik.masks.Lines(thickness=(1, 2)), ik.masks.Lines(thickness=(7, 9))
    by_epoch = data.pairs(images, {2: thick, 0: thin}, 4, seed=7)
    separate = {masks: data.pairs(images, masks, 4, seed=7) for masks in (thin, thick)}
    for epoch in range(4):
        for pairs in (by_epoch, *separate.values()):
            pairs.on_epoch_end()
        np.testing.assert_array_equal(by_epoch[0][0][1], separate[thin if epoch < 2 else thick][0][0][1])
    for bad in ({}, {1: thin}, {0: thin, -1: thick}, {0: thin, 1.5: thick}):
        with pytest.raises(ValueError, match=r"epochs \["):
            data.pairs(images, bad)
    with pytest.raises(ValueError, match="masks of type str"):
        data.pairs(images, {0: thin, 8: "thick"})
    with pytest.raises(ValueError, match="shuffle=False"):
        data.pairs(images, {0: thin}, shuffle=False)


def test_fixed_masks_and_augmentation():
    images = data.images("photos", "val", 32, count=6)
    fixed = ik.masks.Strokes().sample(6, 32, 32)

    def flip(batch, rng):
        return batch[:, :, ::-1] if rng.random() < 2 else batch

    pairs = data.pairs(images, fixed, 4, augment=flip, shuffle=False)
    (_, mask), image = pairs[1]
    np.testing.assert_array_equal(mask, fixed[4:])
    np.testing.assert_array_equal(image, images.as_float()[4:, :, ::-1])
    for bad in ({"masks": fixed[:3]}, {"batch_size": 0}, {"images": images.as_float()}):
        with pytest.raises(ValueError, match="expected"):
            data.pairs(**{"images": images, "masks": fixed, **bad})
    for value in (np.nan, 0.5, 255):
        with pytest.raises(ValueError, match=f"{value}.*1 .*0"):
            data.pairs(images, np.where(fixed > 0, fixed, value))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, rng: x / 255, r"float64.*1\.0: expected a uint8.*255"),
        (lambda x, rng: x.astype("float32"), "float32.*: expected a uint8"),
        (lambda x, rng: x.astype("int64"), "int64.*: expected a uint8"),
        (lambda x, rng: x > 127, "bool.*: expected a uint8"),
        (lambda x, rng: (x / 255).astype("uint8"), "uint8 .*up to 1: expected a uint8"),
        (lambda x, rng: np.floor_divide(x, 255, out=x), "up to 1: expected a uint8"),
        (lambda x, rng: x[:, 4:, 4:], r"shape \(4, 28, 28, 3\).*expected a uint8.*\(4, 32, 32, 3\)"),
        (lambda x, rng: x[:3], r"shape \(3, 32, 32, 3\).*\(4, 32, 32, 3\)"),
        (lambda x, rng: x[0], r"shape \(32, 32, 3\)"),
        (lambda x, rng: x[..., :1], r"shape \(4, 32, 32, 1\)"),
        (lambda x, rng: None, "NoneType"),
        (lambda x, rng: (x, x), "tuple"),
    ],
)
def test_what_a_users_augment_function_returns_is_checked(function, words):
    images = data.images("photos", "val", 32, count=4)
    for masks in (ik.masks.Lines(), np.ones((4, 32, 32, 1), "float32")):
        pairs = data.pairs(images, masks, 4, augment=function)
        with pytest.raises(ValueError, match=words):
            pairs[0]


def test_black_images_may_be_augmented():
    black = np.zeros((4, 32, 32, 3), "uint8")
    assert data.pairs(black, ik.masks.Lines(), 4, augment=lambda x, rng: x[:, ::-1])[0][1].max() == 0


# -- crops


def images_of_coordinates():
    """Ten images whose pixel (y, x) holds (its image's number, y, x)."""
    return np.stack(np.meshgrid(*map(np.arange, (10, 32, 40)), indexing="ij"), -1).astype("uint8")


def corners(image, height, width):
    """(number, top, left) of each crop in a batch; checks that the crops are whole windows."""
    crops = np.rint(image * 255).astype(int)
    expected = images_of_coordinates().astype(int)
    for crop in crops:
        number, top, left = crop[0, 0]
        np.testing.assert_array_equal(crop, expected[number, top : top + height, left : left + width])
    return [tuple(crop[0, 0]) for crop in crops]


def test_with_shuffle_each_image_has_a_new_random_crop_in_each_epoch():
    pairs = data.pairs(images_of_coordinates(), ik.masks.Lines(), 5, crop=(24, 16), seed=3)
    seen = []
    for epoch in range(100):
        pairs.epoch = epoch
        epoch_corners = [corner for k in range(2) for corner in corners(pairs[k][1], 24, 16)]
        assert sorted(number for number, _, _ in epoch_corners) == list(range(10))
        seen.append(epoch_corners)
    assert corners(pairs[1][1], 24, 16) == seen[-1][5:]  # the same when it is asked for again
    assert len({tuple(sorted(epoch_corners)) for epoch_corners in seen}) == 100
    tops, lefts = ({corner[axis] for epoch_corners in seen for corner in epoch_corners} for axis in (1, 2))
    assert tops == set(range(9)) and lefts == set(range(25))  # every place, both edges included


def test_without_shuffle_the_central_crop_is_taken():
    pairs = data.pairs(images_of_coordinates(), ik.masks.Lines(), 5, crop=24, shuffle=False)
    for _ in range(2):
        (masked, mask), image = pairs[1]
        assert corners(image, 24, 24) == [(number, 4, 8) for number in range(5, 10)]
        assert masked.shape == (5, 24, 24, 3) and mask.shape == (5, 24, 24, 1)
        pairs.on_epoch_end()


@pytest.mark.parametrize("shuffle", [True, False])
def test_fixed_masks_are_cropped_with_their_images(shuffle):
    masks = (images_of_coordinates().sum(axis=-1, keepdims=True) % 3 > 0).astype("float32")
    pairs = data.pairs(images_of_coordinates(), masks, 5, crop=(16, 20), shuffle=shuffle)
    (_, mask), image = pairs[0]
    expected = np.rint(image * 255).sum(axis=-1, keepdims=True) % 3 > 0
    np.testing.assert_array_equal(mask, expected)


def test_a_crop_may_have_the_size_of_the_images_but_not_more():
    images = images_of_coordinates()
    whole = data.pairs(images, ik.masks.Lines(), 5, crop=(32, 40), seed=3)
    np.testing.assert_array_equal(whole[0][1], data.pairs(images, ik.masks.Lines(), 5, seed=3)[0][1])
    for crop in (33, (16, 41), (33, 16)):
        with pytest.raises(ValueError, match=f"crop={re.escape(str(crop))}.*32×40"):
            data.pairs(images, ik.masks.Lines(), crop=crop)
    for crop in (15, (16, 16, 3), 16.5):
        with pytest.raises(ValueError, match=f"crop={re.escape(str(crop))}.*at least 16"):
            data.pairs(images, ik.masks.Lines(), crop=crop)


def test_crops_are_augmented_and_change_neither_order_nor_holes_nor_augmentation():
    flip = ik.data.Augment(flip=True)
    images, masks = images_of_coordinates()[:, :32, :32], ik.masks.Lines()
    cropped, whole = (data.pairs(images, masks, 5, flip, crop=crop, seed=3)[0] for crop in (32, None))
    for ours, theirs in zip((*cropped[0], cropped[1]), (*whole[0], whole[1]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    square = data.pairs(images_of_coordinates(), masks, 5, ik.data.symmetries, crop=16, seed=3)
    assert square[0][1].shape == (5, 16, 16, 3)


def test_some_crops_are_shrunk_from_larger_parts():
    """Images of two smooth slopes: the difference between neighbours is the scale of the crop."""
    rows, columns = np.meshgrid(np.arange(64), np.arange(80), indexing="ij")
    images = np.repeat(np.stack([rows, columns, rows], -1)[None].astype("uint8"), 40, axis=0)
    for shrink, share in ((1, 1), (0.5, 0.5), (0, 0)):
        pairs = data.pairs(images, ik.masks.Lines(thickness=2), 40, crop=16, shrink=shrink, seed=3)
        scales = []
        for epoch in range(5):
            pairs.epoch = epoch
            (_, mask), crops = pairs[0]
            assert crops.shape == (40, 16, 16, 3) and mask.shape == (40, 16, 16, 1)
            for axis, channel in ((1, 0), (2, 1)):
                slope = np.ptp(255 * crops[..., channel], axis=axis)[:, 0] / 15
                assert slope.min() > 0.9 and slope.max() < 4.2  # a scale from 1 to that of the whole image
            scales.extend(slope)
        assert np.mean(np.array(scales) > 1.1) == pytest.approx(share, abs=0.15)
        if shrink:
            assert max(scales) > 3.5
    before = pairs[0]
    again = data.pairs(images, ik.masks.Lines(thickness=2), 40, crop=16, shuffle=False, shrink=1)
    np.testing.assert_array_equal(again[0][1][0, :, :, 0] * 255, rows[24:40, :16])  # the central crop
    assert before[1].shape == again[0][1].shape
    fixed = np.ones((40, 64, 80, 1), "float32")
    for wrong in (
        {"shrink": 2},
        {"crop": None},
        {"masks": fixed},
        {"masks": {0: ik.masks.Lines(), 3: fixed}},
    ):
        with pytest.raises(ValueError, match=r"shrink=.*expected 0 to 1, with a crop and a mask generator"):
            data.pairs(**{"images": images, "masks": ik.masks.Lines(), "crop": 16, "shrink": 0.5, **wrong})


def test_an_epoch_of_so_many_steps_continues_in_the_order_of_the_images():
    def numbers(pairs, epochs):
        batches = []
        for pairs.epoch in range(epochs):
            batches += [
                np.rint(pairs[k][1][:, 0, 0, 0] * 255).astype(int).tolist() for k in range(len(pairs))
            ]
        return batches

    images = images_of_coordinates()
    whole = data.pairs(images, ik.masks.Lines(), 4, seed=5)  # two batches of ten images
    for steps, epochs in ((1, 6), (3, 2), (6, 1)):
        pairs = data.pairs(images, ik.masks.Lines(), 4, seed=5, steps=steps)
        assert len(pairs) == steps and numbers(pairs, epochs) == numbers(whole, 3)
    holes = [pairs[k][0][1] for k in range(6)]
    assert len({hole.tobytes() for hole in holes}) == 6
    with pytest.raises(ValueError, match="steps=0"):
        data.pairs(images, ik.masks.Lines(), steps=0)


def test_the_crop_is_among_the_settings():
    images = images_of_coordinates()
    pairs = [data.pairs(images, ik.masks.Lines(), crop=crop) for crop in (None, 16, (16, 16), (16, 24))]
    assert [each.settings()["crop"] for each in pairs] == [
        (size, None) for size in (None, (16, 16), (16, 16), (16, 24))
    ]


# -- the same batches on every machine


def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def training_pairs(**workers):
    augment = ik.data.Augment(flip=True, rotation=10, hue=10, blur=1)
    images = data.images("photos", "val", 32, count=11)
    return data.pairs(images, ik.masks.Lines(), 4, augment, seed=5, drop_last=False, crop=24, **workers)


def test_batches_do_not_depend_on_the_order_of_the_calls():
    pairs = training_pairs()
    for _ in range(3):
        expected = [digest(*pairs[k][0], pairs[k][1]) for k in range(3)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda k: digest(*pairs[k][0], pairs[k][1]), (2, 0, 1, 2))) == [
                expected[k] for k in (2, 0, 1, 2)
            ]
        pairs.on_epoch_end()


class RecordingInpainter(ik.Inpainter):
    """Records a hash of every batch that it is trained on."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        self.seen.append(digest(*(keras.ops.convert_to_numpy(part) for part in (*x, y))))
        return super().compute_loss(x, y, y_pred, sample_weight, training)


def served(batches):
    """What `fit` serves in three epochs."""
    inputs = [keras.Input((24, 24, 3)), keras.Input((24, 24, 1))]
    network = RecordingInpainter(inputs, keras.layers.Conv2D(3, 1)(inputs[0]))
    network.seen = []
    network.compile("sgd", "mse", run_eagerly=True)
    network.fit(batches, epochs=3, verbose=0, shuffle=False)
    return network.seen


def print_whether_workers_serve_the_same():
    print(served(training_pairs()) == served(training_pairs(workers=2, use_multiprocessing=True)))


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="other back ends repeat prefetched batches: see pairs"
)
def test_fit_serves_the_same_with_workers_and_as_a_tf_dataset():
    pytest.importorskip("tensorflow")
    expected = served(training_pairs())
    assert len(set(expected)) == 9
    assert served(training_pairs(workers=2)) == expected
    assert served(training_pairs().as_tf_dataset()) == expected
    # In a process of its own, since Python 3.12 warns if a process with threads is forked.
    code = "import test_batches as test; test.print_whether_workers_serve_the_same()"
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=300)
    assert run.stdout.strip() == "True", run.stderr


def test_a_tf_dataset_holds_the_batches_and_each_complete_pass_is_an_epoch():
    pytest.importorskip("tensorflow")
    reference, pairs = training_pairs(), training_pairs()
    batches = pairs.as_tf_dataset()
    assert len(batches) == 3
    for epoch in range(2):
        next(iter(batches))  # interrupted: no epoch
        for ((masked, mask), image), expected in zip(batches, reference, strict=True):
            for ours, theirs in zip((masked, mask, image), (*expected[0], expected[1]), strict=True):
                assert ours.dtype == "float32"
                np.testing.assert_array_equal(ours, theirs)
        reference.epochs_ended = epoch + 2
    assert pairs.epoch == 2
    validation = data.pairs(data.images("photos", "val", 32, count=6), ik.masks.Lines(), 4, shuffle=False)
    first, second = ([mask.numpy() for (_, mask), _ in validation.as_tf_dataset()] for _ in range(2))
    for one, two, k in zip(first, second, range(2), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, validation[k][0][1])


def print_digest_of_batches():
    """Of validation, and of training with random crops."""
    images, masks = data.images("photos", "val", 32, count=6), ik.masks.Lines(hole_ratio=(0.1, 0.3))
    batches = []
    for settings in ({"shuffle": False}, {"crop": 24, "drop_last": False}):
        pairs = data.pairs(images, masks, 4, seed=3, **settings)
        pairs.on_epoch_end()
        batches += [pairs[0], pairs[1]]
    print(digest(*(part for (masked, mask), image in batches for part in (masked, mask, image))))


@pytest.mark.slow
def test_batches_are_the_same_in_every_process_and_on_every_back_end():
    backends = [name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)]
    code = "import test_batches as test; test.print_digest_of_batches()"
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code],
            env={**os.environ, "KERAS_BACKEND": backend},
            cwd=Path(__file__).parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        for backend in (*backends, backends[0])
    ]
    answers = {run.communicate(timeout=300)[0].strip() for run in runs}
    assert len(answers) == 1 and len(answers.pop()) == 64
