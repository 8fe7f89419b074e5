"""Images of one split of a source, decoded to one size, in memory or in a memory-mapped file."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inpaintkit.data.cache import IN_MEMORY, _decode, _kept
from inpaintkit.data.listing import SPLITS, cache_folder
from inpaintkit.data.sources import find
from inpaintkit.images import size_pair


@dataclass(frozen=True, eq=False)  # equal to itself only: arrays have no single answer
class Images(Sequence):
    """A sequence of uint8 images (H, W, 3), all of one size.

    Attributes:
        array: uint8 (N, H, W, 3).
        names: where each came from, N strings.
        source, split: as asked for.
    """

    array: np.ndarray
    names: tuple
    source: str
    split: str

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        return self.array[index]

    def _where(self, image):
        return [number for number, own in enumerate(self.array) if np.array_equal(image, own)]

    def __contains__(self, image):
        return bool(self._where(image))

    def count(self, image):
        return len(self._where(image))

    def index(self, image):
        if numbers := self._where(image):
            return numbers[0]
        raise ValueError("the image is none of these")

    def __repr__(self):
        n, height, width, _ = self.array.shape
        return f"Images({n} of {height}×{width}, {self.source!r}, {self.split!r})"

    def as_float(self, count=None):
        """The first `count` (all) as float32 (N, H, W, 3) in [0, 1], the shape every method takes."""
        return self.array[:count].astype("float32") / 255


def images(source="photos", split="train", image_size=64, count=None, cache=None):
    """Loads one split of a source.

    Args:
        source: where the images are:
            "photos": crops of the photographs in `PHOTOS`, cut at many scales; no network.
            "cifar10": CIFAR-10, 32×32, through `keras.datasets`; every tenth training image is for val.
            "celeb_a": CelebA, prepared by TensorFlow Datasets, or a folder or zip `img_align_celeba` that
                lies in the working folder, its `data`, or the cache; with CelebA's own partition.
            Where a folder is called as one of these, "./photos" (or a `Path`) means the folder.
            "tfds:<name>": any data set of TensorFlow Datasets with images, such as "tfds:oxford_iiit_pet";
                a split that it lacks is a tenth of its training images.
            a folder or a zip: searched through, links too. Its `train`, `val` and `test` sub-folders (at any
                depth; also `training`, `valid`, `validation`, `testing`) are its splits, and of several in
                one path the outermost decides; a folder or zip that itself bears one of these names is that
                split and no other, unless it holds folders of two or more. Any other is divided 80/10/10 by
                a hash of each file's path without its ending, so that adding files moves none. Files in a
                folder `mask` or `masks`, and `x_mask.png` or `mask_x.png` beside `x.jpg`, are left out with a
                warning.
            an .npz file: one array of images, or several, each with one of train, val and test in its name;
                "some.npz:word" takes those alone that have the word in their names.
            an array (N, H, W, 3), uint8 or float in [0, 1]: like one array in an .npz, every tenth image
                is for val, every tenth for test.
        split: "train", "val" or "test".
        image_size: an int or (height, width) in pixels, each at least 16. Images are cropped to that
            shape at their centre, and resized with antialiasing.
        count: at most this many images, spread over all; of a folder, the same whatever the files' endings.
        cache: None, or a folder for decoded images, where the next call finds them. Without it those of
            more than `IN_MEMORY` bytes are kept in `cache_folder()`: they are decoded once, with a
            line of progress, and memory-mapped; a preparation that is killed goes on where it was.

    Returns:
        `Images`.

    Raises:
        ValueError: unknown source or split; a source that cannot be had, or has no readable image in that
            split; no room for the cache.
        Files that cannot be read are left out, with one warning that counts and names them.

    Warns:
        UserWarning: images of a folder or zip that belong to no split; links to images that are used already;
            files whose bytes are exactly those of a file in another split; a folder called as a data set.
    """
    if split not in SPLITS:
        raise ValueError(f"split={split!r}: expected one of {', '.join(SPLITS)}")
    if count is not None and (not isinstance(count, int | np.integer) or count < 1):
        raise ValueError(f"count={count!r}: expected a whole number of images, at least 1")
    size = size_pair(image_size)
    found = find(source, split, size, count)
    source = "array" if isinstance(source, np.ndarray) else str(source)
    shape = (len(found.names), *size, 3)
    if found.array is not None and found.array.shape == shape:
        array, broken = found.array, {}
    elif cache is None and math.prod(shape) <= IN_MEMORY:
        array, broken = np.empty(shape, "uint8"), {}
        for _ in _decode(found, array, broken):
            continue
    else:
        array, broken = _kept(found, shape, Path(cache or cache_folder()), f"{source} {split}")
    names = tuple(name for i, name in enumerate(found.names) if i not in broken)
    reasons = "; ".join([*broken.values()][:5] + ["…"] * (len(broken) > 5))
    if not names:
        raise ValueError(
            f"{source}: no usable image for the split {split!r}: {reasons or 'it is empty'}. Add images, "
            "or sort them into sub-folders train, val and test"
        )
    for note in found.notes:
        warnings.warn(note, stacklevel=2)
    if broken:
        warnings.warn(f"{source}: left out {len(broken)} unreadable: {reasons}", stacklevel=2)
    return Images(array[: len(names)], names, source, split)
