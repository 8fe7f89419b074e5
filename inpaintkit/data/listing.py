"""What every source gives: the images of one split, listed and not yet decoded."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


def cache_folder():
    """Where decoded images are kept that memory does not hold; the variable INPAINTKIT_CACHE moves it."""
    return Path(os.environ.get("INPAINTKIT_CACHE", "~/.cache/inpaintkit")).expanduser()


SPLITS = {  # and how data sets call them
    "train": {"train", "training"},
    "val": {"val", "valid", "validation"},
    "test": {"test", "testing"},
}


@dataclass(frozen=True, eq=False)
class Found:
    """The images of one split, not yet decoded.

    Attributes:
        names: where each comes from, N strings.
        read: a function (start) -> the images from that number on, in order: a path, an open file or an
            array each, as `read_uint8` takes them; or the exception that came instead of one.
        stamp: a function () -> what changes when the files change, for the name of a cache.
        array: None, or all of them, where they are in memory already: uint8 (N, H, W, 3).
        notes: sentences that the user should be warned with.
    """

    names: tuple
    read: Callable
    stamp: Callable
    array: np.ndarray | None = None
    notes: tuple = ()


def words(name):
    """The words of a name, in lower case: `words("X_trainImages2")` is {"x", "train", "images"}."""
    return {word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", str(name))}


def some(names):
    """The first three of a list of names, in words: "a.png, b.png, c.png, …"."""
    return ", ".join([*map(str, names[:3]), *["…"] * (len(names) > 3)])
