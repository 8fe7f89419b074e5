"""Images of one split of a source, decoded to one size, in memory or in a memory-mapped file."""

import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inpaintkit.checks import check_choice, check_number, check_type
from inpaintkit.data.cache import IN_MEMORY, decode, load_cached
from inpaintkit.data.listing import SPLITS, cache_folder
from inpaintkit.data.sources import list_images
from inpaintkit.images import size_pair


@dataclass(frozen=True, eq=False)  # equal only to itself: comparing arrays gives an array, not True or False
class Images(Sequence):
    """A sequence of uint8 images (H, W, 3), all of one size.

    Args:
        array: uint8 (N, H, W, 3), in 0…255.
        names: where each image came from, N strings.
        source: the argument of `images`, as text.
        split: "train", "val" or "test".

    Raises:
        ValueError: another array, or another number of names.

    Example:
        >>> import inpaintkit as ik
        >>> crops = ik.data.images("photos", "val", image_size=16, count=2)
        >>> len(crops), crops[0].shape, crops[0].dtype, crops.names[0]
        (2, (16, 16, 3), dtype('uint8'), 'grace_hopper.jpg')
    """

    array: np.ndarray
    names: tuple
    source: str
    split: str

    def __post_init__(self):
        check_type("array", self.array, np.ndarray, "a uint8 array (N, H, W, 3)")
        check_type("names", self.names, tuple, "N strings")
        kind, shape = self.array.dtype, self.array.shape
        if kind != np.uint8 or len(shape) != 4 or shape[-1] != 3 or shape[0] != len(self.names):
            came = f"array {kind} of shape {shape} with {len(self.names)} names"
            raise ValueError(f"{came}: expected uint8 (N, H, W, 3) and N names")

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        return self.array[index]

    def __contains__(self, image):
        return self.count(image) > 0

    def count(self, image):
        return sum(np.array_equal(image, own) for own in self.array)

    def index(self, image):
        for number, own in enumerate(self.array):
            if np.array_equal(image, own):
                return number
        raise ValueError("the image is none of these")

    def __repr__(self):
        n, height, width, _ = self.array.shape
        return f"Images({n} of {height}×{width}, {self.source!r}, {self.split!r})"

    def as_float(self, count: int | None = None) -> np.ndarray:
        """The first `count` images (None: all) as float32 (N, H, W, 3) in [0, 1], as every method takes them.

        Example:
            >>> import inpaintkit as ik
            >>> x = ik.data.images("photos", "val", image_size=16, count=2).as_float()
            >>> x.shape, x.dtype, bool(x.max() <= 1)
            ((2, 16, 16, 3), dtype('float32'), True)
        """
        return self.array[:count].astype("float32") / 255


def images(
    source: str | os.PathLike | np.ndarray = "photos",
    split: str = "train",
    image_size: int | tuple[int, int] = 64,
    count: int | None = None,
    cache: str | os.PathLike | None = None,
) -> Images:
    """Loads one split of a source of images.

    Args:
        source: where the images are:
            "photos": crops of the photographs in `PHOTOS`, cut at many scales; no network.
            "cifar10": CIFAR-10, 32×32, through `keras.datasets`; every tenth training image is for val.
            "celeb_a": CelebA with its own partition: prepared by TensorFlow Datasets, or a folder or zip
                `img_align_celeba` in the working folder, in its `data`, or in the cache.
            If a folder has one of these names, "./photos" (or a `Path`) means the folder.
            "tfds:<name>": any data set of TensorFlow Datasets with images, such as "tfds:oxford_iiit_pet";
                a split that it lacks is a tenth of its training images.
            a folder or a zip: searched with all its sub-folders and links. Sub-folders `train`, `val` and
                `test` (at any depth; also `training`, `valid`, `validation`, `testing`) are its splits, and
                of several in one path the outermost decides. A folder or zip that itself has one of these
                names is only that split, unless it holds folders of two or more. Any other is divided
                80/10/10 by a hash of each file's path without its ending, so that adding files moves no
                image. Files in a folder `mask` or `masks`, and `x_mask.png` or `mask_x.png` beside `x.jpg`,
                are left out with a warning.
            an .npz file: one array of images, or several, each with one of train, val and test in its name;
                "some.npz:word" takes only those with the word in their names.
            an array (N, H, W, 3), uint8 or float in [0, 1]: like one array in an .npz, every tenth image
                is for val, every tenth for test.
        split: "train", "val" or "test".
        image_size: an int or (height, width) in pixels, each at least 16. Images are cropped to that
            shape at their centre, and resized with antialiasing.
        count: at most this many images, spread over all; in a folder the choice ignores the files' endings.
        cache: None, or a folder for decoded images, where the next call finds them. With None, images of
            more than `IN_MEMORY` bytes are kept in `cache_folder()`: they are decoded once, with a line of
            progress, and memory-mapped. If this is interrupted, the next call continues it.

    Returns:
        `Images`. Files that cannot be read are left out, with one warning that counts and names them.

    Raises:
        ValueError: unknown source or split; a source that cannot be loaded, or has no readable image in that
            split; no room for the cache.

    Warns:
        UserWarning: images of a folder or zip that belong to no split; links to images that are used already;
            files whose bytes are exactly those of a file in another split; a folder named like a data set.

    Example:
        >>> import inpaintkit as ik
        >>> ik.data.images("photos", "val", image_size=(16, 24), count=3)
        Images(3 of 16×24, 'photos', 'val')
    """
    check_choice("split", split, SPLITS)
    check_number("count", 1 if count is None else count, 1, whole=True)
    check_type("cache", cache, str | os.PathLike | None, "None, or the path of a folder")
    size = size_pair(image_size)
    listing = list_images(source, split, size, count)
    source = "array" if isinstance(source, np.ndarray) else str(source)
    shape = (len(listing.names), *size, 3)
    broken: dict[int, str] = {}  # {number: reason}
    if listing.array is not None and listing.array.shape == shape:
        array = listing.array
    elif cache is None and math.prod(shape) <= IN_MEMORY:
        array = np.empty(shape, "uint8")
        for _ in decode(listing, array, broken):
            continue
    else:
        array, broken = load_cached(listing, shape, Path(cache or cache_folder()), f"{source} {split}")
    names = tuple(name for i, name in enumerate(listing.names) if i not in broken)
    reasons = "; ".join([*broken.values()][:5] + ["…"] * (len(broken) > 5))
    if not names:
        raise ValueError(f"{source}: no usable image for the split {split!r}: {reasons or 'it is empty'}")
    for note in listing.notes:
        warnings.warn(note, stacklevel=2)
    if broken:
        warnings.warn(f"{source}: left out {len(broken)} unreadable: {reasons}", stacklevel=2)
    return Images(array[: len(names)], names, source, split)
