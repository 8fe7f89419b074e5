import concurrent.futures
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import inpaintkit as ik
from inpaintkit import data, images

RED = (200, 100, 50)


def save(path, mode="RGB", size=(40, 30), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, RED)
    (image.quantize() if mode == "P" else image.convert(mode)).save(path, **options)
    return path


def unlike(path, size=(40, 30)):
    """Saves an image that no other path's is a copy of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = int.from_bytes(hashlib.sha256(str(path).encode()).digest()[:8], "big")
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), "uint8")).save(path)
    return path


def test_a_folder_of_dark_images_is_warned_of_once(tmp_path):
    for i in range(3):
        path = tmp_path / "test" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((20, 20), 1000 + i, "uint16")).save(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        assert len(data.images(tmp_path, "test", 16)) == 3
    assert len(caught) == 1 and str(tmp_path / "test") in str(caught[0].message)


def test_photos_are_held_out_whole_and_always_the_same():
    names = {split: set(data.images("photos", split, 32, count=60).names) for split in data.SPLITS}
    assert not names["train"] & names["val"] | names["val"] & names["test"] | names["train"] & names["test"]
    assert set.union(*names.values()) == set(data.PHOTOS)
    one, two = (data.images("photos", "test", (32, 48), count=8) for _ in range(2))
    assert one.array.shape == (8, 32, 48, 3) and one[0].dtype == np.uint8 and len(one) == 8
    np.testing.assert_array_equal(one.array, two.array)
    assert one.array.std(axis=(1, 2, 3)).min() > 1  # images, not flat colour


@pytest.mark.parametrize("size", [530, 577, (16, 542)])
def test_a_crop_may_be_larger_than_its_photo(size):
    assert data.images("photos", "train", size, count=7).array.shape[1:3] == images.size_pair(size)


def test_every_photos_licence_is_in_the_docs():
    text = (Path(__file__).parents[2] / "docs" / "photos.md").read_text("utf-8")
    rows = {
        tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in text.splitlines() if line[:1] == "|"
    }
    inside = {"skimage": "scikit-image", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}
    for name, (package, split, what, licence) in data.PHOTOS.items():
        assert (name, inside[package], split, what, licence) in rows


def test_a_folders_own_splits_are_honoured(tmp_path):
    for split, count in (("train", 4), ("val", 2), ("test", 1)):
        for i in range(count):
            unlike(tmp_path / "deep" / split / f"{i}.jpg")
    assert [len(data.images(tmp_path, split, 16)) for split in data.SPLITS] == [4, 2, 1]
    assert len(data.images(tmp_path / "deep" / "val", "val", 16)) == 2
    for split in ("train", "test"):  # else it would be tested on what it was trained on
        with pytest.raises(ValueError, match="the folder above"):
            data.images(tmp_path / "deep" / "val", split, 16)
    assert len(data.images(tmp_path, "train", 16, count=3)) == 3


def test_other_names_of_the_splits_are_honoured_too(tmp_path):
    for folder in ("Training", "validation", "testing"):
        unlike(tmp_path / folder / f"{folder}.jpg")
    names = [data.images(tmp_path, split, 16).names for split in data.SPLITS]
    assert names == [("Training/Training.jpg",), ("validation/validation.jpg",), ("testing/testing.jpg",)]
    with pytest.raises(ValueError, match="is the split 'val'"):
        data.images(tmp_path / "validation", "train", 16)


def test_links_are_followed_and_no_image_is_found_twice(tmp_path):
    """A folder of images elsewhere, linked in; circles of links; two names of one folder."""
    for i in range(60):
        unlike(tmp_path / "elsewhere" / f"{i}.png")
    root = tmp_path / "root"
    unlike(root / "own.png")
    os.symlink(tmp_path / "elsewhere", root / "linked")
    os.symlink(tmp_path / "elsewhere", root / "once_more")
    os.symlink(root, root / "circle")
    os.symlink(root, tmp_path / "elsewhere" / "back")
    os.symlink(tmp_path / "nowhere.png", root / "broken.png")
    names = [name for split in data.SPLITS for name in data.images(root, split, 16).names]
    assert sorted(names) == sorted(["own.png", *(f"linked/{i}.png" for i in range(60))])
    os.symlink(root, tmp_path / "alias")
    assert data.images(tmp_path / "alias", "train", 16).names == data.images(root, "train", 16).names


def test_images_are_equal_to_themselves_only():
    one, two = (data.images("photos", "val", 16, count=2) for _ in range(2))
    assert one == one and one != two and len({one, two, one}) == 2
    assert two[1] in one and 255 - two[1] not in one
    assert one.index(two[1]) == 1 and one.count(two[0]) == 1 and one.count(255 - two[1]) == 0
    with pytest.raises(ValueError, match="none of these"):
        one.index(255 - two[1])


def test_a_linked_folder_is_the_split_that_its_link_names(tmp_path):
    for part in "ab":
        unlike(tmp_path / "images" / part / f"{part}.png")
    for split, part in (("train", "a"), ("val", "b")):
        os.symlink(tmp_path / "images" / part, tmp_path / split)
    names = [data.images(tmp_path, split, 16).names for split in ("train", "val")]
    assert names == [("train/a.png",), ("val/b.png",)]


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    for name in ("x.png", "._x.png", ".ipynb_checkpoints/x-checkpoint.png"):
        save(tmp_path / "test" / name)
    assert data.images(tmp_path, "test", 16).names == ("test/x.png",)


def test_a_flat_folder_is_split_by_hash_and_stays_so(tmp_path):
    for i in range(60):
        unlike(tmp_path / f"{i}.png", size=(16, 16))
    before = {split: set(data.images(tmp_path, split, 16).names) for split in data.SPLITS}
    assert sum(map(len, before.values())) == len(set.union(*before.values())) == 60
    assert len(before["train"]) > 35
    for i in range(60, 80):
        unlike(tmp_path / f"{i}.png", size=(16, 16))
    for split in data.SPLITS:
        assert before[split] <= set(data.images(tmp_path, split, 16).names)


def test_unreadable_files_are_left_out_with_one_warning(tmp_path):
    save(tmp_path / "test" / "good.png")
    (tmp_path / "test" / "bad.png").write_bytes(b"")
    (tmp_path / "test" / "notes.txt").write_text("not an image, and no claim to be one")
    with pytest.warns(UserWarning, match=r"left out 1 unreadable.*bad\.png"):
        images = data.images(tmp_path, "test", 16)
    assert len(images) == 1 and images.names == ("test/good.png",)


def test_useless_sources_are_explained(tmp_path):
    with pytest.raises(ValueError, match="no such folder"):
        data.images(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no image"):
        data.images(tmp_path)
    (tmp_path / "bad.png").write_bytes(b"")
    shutil.copy(tmp_path / "bad.png", tmp_path / "bad2.png")
    for split in data.SPLITS:
        with pytest.raises(ValueError, match=r"no usable image"):
            data.images(tmp_path, split)
    with pytest.raises(ValueError, match="split='all'"):
        data.images("photos", "all")


def test_pairs_are_images_with_holes_and_their_truth():
    images = data.images("photos", "val", 32, count=10)
    pairs = data.pairs(images, ik.masks.Lines(hole_ratio=(0.1, 0.3)), batch_size=4, shuffle=False)
    assert len(pairs) == 3
    (holed, mask), image = pairs[2]
    assert holed.shape == image.shape == (2, 32, 32, 3) and mask.shape == (2, 32, 32, 1)
    np.testing.assert_array_equal(image, images.as_float()[8:])
    np.testing.assert_array_equal(holed, image * mask)


def test_training_sees_new_holes_each_epoch_and_validation_never():
    images = data.images("photos", "val", 32, count=8)
    kind = ik.masks.Lines()
    for shuffle in (True, False):
        pairs = data.pairs(images, kind, 4, shuffle=shuffle, seed=7)
        (_, before), image = pairs[0]
        np.testing.assert_array_equal(pairs[0][0][1], before)  # asked again: the same
        pairs.on_epoch_end()
        np.testing.assert_array_equal(pairs[0][0][1], before)  # the first epoch
        pairs.on_epoch_end()
        (_, after), image_after = pairs[0]
        assert ((before != after).any(), (image != image_after).any()) == (shuffle, shuffle)
    again = data.pairs(images, kind, 4, seed=7)
    np.testing.assert_array_equal(again[1][1], data.pairs(images, kind, 4, seed=7)[1][1])


def test_masks_by_epoch_are_those_of_their_kind():
    images = data.images("photos", "val", 32, count=4)
    thin, thick = ik.masks.Lines(thickness=(1, 2)), ik.masks.Lines(thickness=(7, 9))
    by_epoch = data.pairs(images, {2: thick, 0: thin}, 4, seed=7)
    alone = {kind: data.pairs(images, kind, 4, seed=7) for kind in (thin, thick)}
    for epoch in range(4):
        for pairs in (by_epoch, *alone.values()):
            pairs.on_epoch_end()
        np.testing.assert_array_equal(by_epoch[0][0][1], alone[thin if epoch < 2 else thick][0][0][1])
    for bad in ({}, {1: thin}, {0: thin, -1: thick}, {0: thin, 1.5: thick}):
        with pytest.raises(ValueError, match="0 among them"):
            data.pairs(images, bad)
    with pytest.raises(ValueError, match="expected a kind"):
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
        with pytest.raises(ValueError, match=f"a mask holds {value}.*1 \\(known\\) or 0"):
            data.pairs(images, np.where(fixed > 0, fixed, value))


@pytest.mark.parametrize("count", [0, -1, 2.5, 2.0, "3"])
def test_a_count_that_is_none(count):
    with pytest.raises(ValueError, match=f"count={count!r}: expected a whole number"):
        data.images("photos", "val", 16, count=count)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, rng: x / 255, "float64.* in 0 to 1: expected a uint8.*255"),
        (lambda x, rng: x.astype("float32"), "float32.*: expected a uint8"),
        (lambda x, rng: x.astype("int64"), "int64.*: expected a uint8"),
        (lambda x, rng: x > 127, "bool.*: expected a uint8"),
        (lambda x, rng: (x / 255).astype("uint8"), "in 0 to 1, almost black: expected a uint8"),
        (lambda x, rng: np.floor_divide(x, 255, out=x), "almost black: expected a uint8"),
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


# -- the same batches wherever they are made


def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def training_pairs(**workers):
    augment = ik.data.Augment(flip=True, rotation=10, hue=10, blur=1)
    images = data.images("photos", "val", 32, count=11)
    return data.pairs(images, ik.masks.Lines(), 4, augment, seed=5, drop_last=False, **workers)


def test_batches_do_not_depend_on_who_asks_first():
    pairs = training_pairs()
    for _ in range(3):
        expected = [digest(*pairs[k][0], pairs[k][1]) for k in range(3)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda k: digest(*pairs[k][0], pairs[k][1]), (2, 0, 1, 2))) == [
                expected[k] for k in (2, 0, 1, 2)
            ]
        pairs.on_epoch_end()


class Witness(ik.Inpainter):
    """A network that writes down what it is taught with."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        self.seen.append(digest(*(keras.ops.convert_to_numpy(part) for part in (*x, y))))
        return super().compute_loss(x, y, y_pred, sample_weight, training)


def served(batches):
    """What `fit` serves in three epochs."""
    inputs = [keras.Input((32, 32, 3)), keras.Input((32, 32, 1))]
    network = Witness(inputs, keras.layers.Conv2D(3, 1)(inputs[0]))
    network.seen = []
    network.compile("sgd", "mse", run_eagerly=True)
    network.fit(batches, epochs=3, verbose=0, shuffle=False)
    return network.seen


def print_what_workers_serve():
    print(served(training_pairs()) == served(training_pairs(workers=2, use_multiprocessing=True)))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="Keras serves leftovers elsewhere: see pairs"
)
def test_fit_serves_the_same_with_workers_and_as_a_tf_dataset():
    pytest.importorskip("tensorflow")
    expected = served(training_pairs())
    assert len(set(expected)) == 9
    assert served(training_pairs(workers=2)) == expected
    assert served(training_pairs().as_tf_dataset()) == expected
    # Processes are forked, which Python 3.12 warns of where threads are: in a process of its own, then.
    code = "import test_batches as test; test.print_what_workers_serve()"
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=300)
    assert run.stdout.strip() == "True", run.stderr


def test_a_tf_dataset_holds_the_batches_and_each_whole_pass_is_an_epoch():
    pytest.importorskip("tensorflow")
    reference, pairs = training_pairs(), training_pairs()
    batches = pairs.as_tf_dataset()
    assert len(batches) == 3
    for epoch in range(2):
        next(iter(batches))  # broken off: no epoch
        for ((holed, mask), image), expected in zip(batches, reference, strict=True):
            for ours, theirs in zip((holed, mask, image), (*expected[0], expected[1]), strict=True):
                assert ours.dtype == "float32"
                np.testing.assert_array_equal(ours, theirs)
        reference.epochs_ended = epoch + 2
    assert pairs.epoch == 2
    validation = data.pairs(data.images("photos", "val", 32, count=6), ik.masks.Lines(), 4, shuffle=False)
    first, second = ([mask.numpy() for (_, mask), _ in validation.as_tf_dataset()] for _ in range(2))
    for one, two, k in zip(first, second, range(2), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, validation[k][0][1])


def print_validation_holes():
    images = data.images("photos", "val", 32, count=6)
    pairs = data.pairs(images, ik.masks.Lines(hole_ratio=(0.1, 0.3)), 4, shuffle=False, seed=3)
    pairs.on_epoch_end()
    print(digest(*(part for k in range(2) for part in (*pairs[k][0], pairs[k][1]))))


def test_validation_holes_are_the_same_in_every_process_and_on_every_back_end():
    backends = [name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)]
    code = "import test_batches as test; test.print_validation_holes()"
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


def test_no_image_of_validation_or_test_is_in_training(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (100, 16, 16, 3), dtype="uint8")
    np.savez(tmp_path / "all.npz", images)
    (tmp_path / "folder").mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "folder" / f"{i}.png")
    for source in (tmp_path / "folder", tmp_path / "all.npz", images):
        seen = [{digest(p) for p in data.images(source, split, 16)} for split in data.SPLITS]
        assert sum(map(len, seen)) == len(set.union(*seen)) == 100 and min(map(len, seen)) >= 5
