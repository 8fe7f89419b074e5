"""What every source gives: the images of one split, listed but not yet decoded."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SPLITS = {  # each split, and the names that folders and data sets give it
    "train": {"train", "training"},
    "val": {"val", "valid", "validation"},
    "test": {"test", "testing"},
}
SPLIT_OF_NAME = {name: split for split, names in SPLITS.items() for name in names}


def cache_folder() -> Path:
    """The folder for decoded images that do not fit into memory.

    Returns:
        `~/.cache/inpaintkit`, or the folder that the environment variable INPAINTKIT_CACHE names.

    Example:
        >>> import inpaintkit as ik
        >>> ik.data.cache_folder().is_absolute()
        True
    """
    return Path(os.environ.get("INPAINTKIT_CACHE", "~/.cache/inpaintkit")).expanduser().absolute()


@dataclass(frozen=True, eq=False)
class ImageListing:
    """The images of one split, not yet decoded.

    Attributes:
        names: where each image comes from, N strings.
        read: a function (start) -> iterator over the images from number `start` on. Each item is a path, an
            open file or an array, as `read_uint8` takes them, or the exception that was raised instead.
        stamp: a function () -> a value that changes when the files change; it goes into the cache's name.
        array: None, or all images, if they are in memory already: uint8 (N, H, W, 3).
        notes: sentences to warn the user with.
    """

    names: tuple
    read: Callable
    stamp: Callable
    array: np.ndarray | None = None
    notes: tuple = ()


def words_in(name):
    """The words in a name, in lower case: `words_in("X_trainImages2")` is {"x", "train", "images"}."""
    return {word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", str(name))}


def first_three(names):
    """The first three names as one text: "a.png, b.png, c.png, …"."""
    return ", ".join([*map(str, names[:3]), *["…"] * (len(names) > 3)])
