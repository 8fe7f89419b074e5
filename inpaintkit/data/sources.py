"""Where images come from: names, folders, zips and arrays, listed but not yet decoded.

`list_images` lists one split of a source; `ik.data.images` decodes it, into memory or into a file. Nothing
here waits for a network that does not answer, and failed downloads end in a short error that says what to do.

A source that lacks a split gives some of its training images for it, by a rule that is the same on every
machine: folders by a hash of each file's path, arrays every tenth row, TensorFlow Datasets a slice.
"""

import functools
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np

from inpaintkit.data.arrays import list_npz, split_rows
from inpaintkit.data.downloads import cifar10
from inpaintkit.data.folders import list_folder
from inpaintkit.data.photos import photo_crops
from inpaintkit.data.tfds import celeb_a, list_tfds


def list_images(source, split, size, count=None):
    """Lists the images of a source as an `ImageListing`: see `ik.data.images`, whose arguments these are.

    Raises:
        ValueError: an unknown source, one that has nothing for this split, or one that cannot be loaded now.
    """
    if isinstance(source, np.ndarray):
        return split_rows("the array", {"train": source}, split, count)
    if not isinstance(source, str | os.PathLike | None):
        expected = "expected a name, a path or a NumPy array (N, H, W, 3)"
        raise ValueError(f"source of type {type(source).__name__}: {expected}")
    exists = Path(str(source)).exists()
    list_dataset = None if exists and isinstance(source, os.PathLike) else _dataset(str(source), size)
    if list_dataset:
        if exists:
            note = f"it means the data set of that name; for the file or folder give {'./' + source!r}"
            warnings.warn(f"source {source!r}: {note}", stacklevel=3)
        return list_dataset(split, count)
    path = Path(str(source)).expanduser()
    before, npz, word = str(path).partition(".npz")
    if npz and Path(before + npz).is_file():
        return list_npz(Path(before + npz), word.removeprefix(":"), split, count)
    if path.is_dir() or zipfile.is_zipfile(path):
        return list_folder(path, split, count)
    if path.is_file():
        advice = "unpack any other archive; for an image, give the folder"
        raise ValueError(f"source {str(source)!r}: neither a folder nor a whole .zip or .npz: {advice}")
    names = "'photos', 'cifar10', 'celeb_a' and 'tfds:<name>', a data set of TensorFlow Datasets"
    raise ValueError(f"source {str(source)!r}: no such folder, .zip or .npz; by name there are {names}")


def _dataset(name, size):
    """The function (split, count) that lists a data set known by name, or None."""
    if name.startswith("tfds:"):
        return functools.partial(list_tfds, name.removeprefix("tfds:"))
    datasets = {"photos": functools.partial(photo_crops, size), "cifar10": cifar10, "celeb_a": celeb_a}
    return datasets.get(name)
