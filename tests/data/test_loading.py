"""Loading images: which are found in which split, and what is warned of."""

import hashlib
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaintkit import data
from inpaintkit.images import size_pair


def save(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), (200, 100, 50)).save(path)


def save_noise(path, size=(40, 30)):
    """Saves an image of noise, other noise for each path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = int.from_bytes(hashlib.sha256(str(path).encode()).digest()[:8], "big")
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), "uint8")).save(path)
    return path


def test_a_folder_of_dark_images_gives_one_warning(tmp_path):
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
    assert one.array.std(axis=(1, 2, 3)).min() > 1  # not one flat colour


@pytest.mark.parametrize("size", [530, 577, (16, 542)])
def test_a_crop_may_be_larger_than_its_photo(size):
    assert data.images("photos", "train", size, count=7).array.shape[1:3] == size_pair(size)


def test_every_photos_licence_is_in_the_docs():
    text = (Path(__file__).parents[2] / "docs" / "photos.md").read_text("utf-8")
    rows = {
        tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in text.splitlines() if line[:1] == "|"
    }
    inside = {"skimage": "scikit-image", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}
    for name, (package, split, what, licence) in data.PHOTOS.items():
        assert (name, inside[package], split, what, licence) in rows


def test_a_folders_own_splits_are_used(tmp_path):
    for split, count in (("train", 4), ("val", 2), ("test", 1)):
        for i in range(count):
            save_noise(tmp_path / "deep" / split / f"{i}.jpg")
    assert [len(data.images(tmp_path, split, 16)) for split in data.SPLITS] == [4, 2, 1]
    assert len(data.images(tmp_path / "deep" / "val", "val", 16)) == 2
    for split in ("train", "test"):  # otherwise it would be tested on training images
        with pytest.raises(ValueError, match=r"'val'.*folder above"):
            data.images(tmp_path / "deep" / "val", split, 16)
    assert len(data.images(tmp_path, "train", 16, count=3)) == 3


def test_other_names_of_the_splits_are_known_too(tmp_path):
    for folder in ("Training", "validation", "testing"):
        save_noise(tmp_path / folder / f"{folder}.jpg")
    names = [data.images(tmp_path, split, 16).names for split in data.SPLITS]
    assert names == [("Training/Training.jpg",), ("validation/validation.jpg",), ("testing/testing.jpg",)]
    with pytest.raises(ValueError, match="'val'"):
        data.images(tmp_path / "validation", "train", 16)


def test_links_are_followed_and_no_image_is_found_twice(tmp_path):
    """A link to a folder of images elsewhere; circles of links; two names of one folder."""
    for i in range(60):
        save_noise(tmp_path / "elsewhere" / f"{i}.png")
    root = tmp_path / "root"
    save_noise(root / "own.png")
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
    with pytest.raises(ValueError, match="none"):
        one.index(255 - two[1])


def test_a_linked_folder_is_the_split_that_its_link_names(tmp_path):
    for part in "ab":
        save_noise(tmp_path / "images" / part / f"{part}.png")
    for split, part in (("train", "a"), ("val", "b")):
        os.symlink(tmp_path / "images" / part, tmp_path / split)
    names = [data.images(tmp_path, split, 16).names for split in ("train", "val")]
    assert names == [("train/a.png",), ("val/b.png",)]


def test_hidden_files_and_folders_are_ignored(tmp_path):
    for name in ("x.png", "._x.png", ".ipynb_checkpoints/x-checkpoint.png"):
        save(tmp_path / "test" / name)
    assert data.images(tmp_path, "test", 16).names == ("test/x.png",)


def test_a_flat_folder_is_split_by_hash_and_new_files_move_none(tmp_path):
    for i in range(60):
        save_noise(tmp_path / f"{i}.png", size=(16, 16))
    before = {split: set(data.images(tmp_path, split, 16).names) for split in data.SPLITS}
    assert sum(map(len, before.values())) == len(set.union(*before.values())) == 60
    assert len(before["train"]) > 35
    for i in range(60, 80):
        save_noise(tmp_path / f"{i}.png", size=(16, 16))
    for split in data.SPLITS:
        assert before[split] <= set(data.images(tmp_path, split, 16).names)


def test_unreadable_files_are_left_out_with_one_warning(tmp_path):
    save(tmp_path / "test" / "good.png")
    (tmp_path / "test" / "bad.png").write_bytes(b"")
    (tmp_path / "test" / "notes.txt").write_text("no image by its ending either")
    with pytest.warns(UserWarning, match=r"1 unreadable.*bad\.png"):
        images = data.images(tmp_path, "test", 16)
    assert len(images) == 1 and images.names == ("test/good.png",)


def test_sources_without_images_are_explained(tmp_path):
    with pytest.raises(ValueError, match="nowhere"):
        data.images(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no image"):
        data.images(tmp_path)
    (tmp_path / "bad.png").write_bytes(b"")
    shutil.copy(tmp_path / "bad.png", tmp_path / "bad2.png")
    for split in data.SPLITS:
        with pytest.raises(ValueError, match=f"'{split}'"):
            data.images(tmp_path, split)
    with pytest.raises(ValueError, match="split='all'"):
        data.images("photos", "all")


@pytest.mark.parametrize("count", [0, -1, 2.5, 2.0, "3"])
def test_a_count_that_is_no_positive_whole_number(count):
    with pytest.raises(ValueError, match=f"count={count!r}: "):
        data.images("photos", "val", 16, count=count)


def test_no_image_of_validation_or_test_is_in_training(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (100, 16, 16, 3), dtype="uint8")
    np.savez(tmp_path / "all.npz", images)
    (tmp_path / "folder").mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "folder" / f"{i}.png")
    for source in (tmp_path / "folder", tmp_path / "all.npz", images):
        seen = [{image.tobytes() for image in data.images(source, split, 16)} for split in data.SPLITS]
        assert sum(map(len, seen)) == len(set.union(*seen)) == 100 and min(map(len, seen)) >= 5
