"""Where images come from: names, folders, archives and arrays, found but not yet decoded.

`find` lists what one split of a source holds; `ik.data.images` decodes it, into memory or into a file.
Nothing here waits for a network that does not answer, and what TensorFlow Datasets or Keras say when a
download fails is told in a few lines, with what to do.

A source that lacks a split gives some of its training images for it, by a rule that is the same on every
machine: folders by a hash of each file's path, arrays every tenth row, TensorFlow Datasets a slice.
"""

import os
import warnings
import zipfile
from pathlib import Path

import numpy as np

from inpaintkit.data.arrays import _cifar10, _npz, _rows
from inpaintkit.data.folders import find_files
from inpaintkit.data.photos import _CROPS, _photo_crops
from inpaintkit.data.tfds import _celeb_a, _tfds_set


def find(source, split, size, count=None):
    """Finds the images of a source: see `ik.data.images`, whose arguments these are.

    Raises:
        ValueError: an unknown source, one that has nothing for this split, or one that cannot be had now.
    """
    if isinstance(source, np.ndarray):
        return _rows("the array", {"train": source}, split, count)
    if not isinstance(source, str | os.PathLike | None):
        raise ValueError(
            f"source of type {type(source).__name__}: expected a name, a path or a NumPy array (N, H, W, 3)"
        )
    here = Path(str(source)).exists()
    named = None if here and isinstance(source, os.PathLike) else _by_name(str(source))
    if named:
        if here:
            warnings.warn(
                f"source {source!r}: the data set of that name is taken, not the file or folder {source!r} "
                f"that lies here; for that, give {'./' + source!r}",
                stacklevel=3,
            )
        return named(split, size, count)
    source = str(source)
    path, dot, word = source.partition(".npz")
    file = Path(path + dot).expanduser()
    if dot and file.is_file():
        return _npz(file, word.removeprefix(":"), split, count)
    path = Path(source).expanduser()
    if path.is_dir() or zipfile.is_zipfile(path):
        return find_files(path, split, count)
    if path.is_file():
        raise ValueError(
            f"source {source!r}: neither a folder nor a whole .zip or .npz; if it is an image, give its "
            "folder; if it is another archive, unpack it and give the folder"
        )
    raise ValueError(
        f"source {source!r}: no such folder, .zip or .npz; by name there are 'photos', 'cifar10', 'celeb_a' "
        "and 'tfds:<name>', a data set of TensorFlow Datasets"
    )


def _by_name(name):
    """The function (split, size, count) of a data set that is called by name, or None."""
    if name.startswith("tfds:"):
        return lambda split, size, count: _tfds_set(name.removeprefix("tfds:"), split, count)
    return {
        "photos": lambda split, size, count: _photo_crops(split, size, count or _CROPS[split]),
        "cifar10": lambda split, size, count: _cifar10(split, count),
        "celeb_a": lambda split, size, count: _celeb_a(split, count),
    }.get(name)
