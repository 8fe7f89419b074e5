"""Images from arrays, .npz files and CIFAR-10."""

import hashlib
import os
import socket
import urllib.request
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from inpaintkit.data.listing import SPLITS, Found, some, words
from inpaintkit.images import to_uint8


def _in_memory(array, names):
    def stamp():
        return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()

    return Found(tuple(names), lambda start: iter(array[start:]), stamp, array)


def _rows(source, arrays, split, count):
    """A split of {split: images (N, H, W, 3)}; for one that is missing, every tenth row of train's."""
    whole = split if split in arrays else "train"
    if whole not in arrays:
        raise ValueError(f"{source}: nothing for the split {split!r}, only {', '.join(arrays)}")
    array = arrays[whole]
    if array.ndim != 4 or array.shape[-1] != 3 or not (array.dtype == np.uint8 or array.dtype.kind == "f"):
        raise ValueError(
            f"{source}: {array.dtype} of shape {array.shape}: expected images (N, H, W, 3), uint8 in 0…255 "
            "or float in [0, 1]"
        )
    if array.dtype != np.uint8:
        if not (array.min(initial=0) >= 0 and array.max(initial=0) <= 1):  # NaN neither
            raise ValueError(
                f"{source}: floats from {array.min():.4g} to {array.max():.4g}: expected [0, 1]"
                + ("; divide 8-bit images by 255" if array.min() >= 0 else "")
            )
        array = to_uint8(array)
    rows = np.arange(len(array))
    if whole == "train":
        lent = {s: last for s, last in (("val", 8), ("test", 9)) if s not in arrays}
        rows = (
            rows[rows % 10 == lent[split]]
            if split in lent
            else rows[~np.isin(rows % 10, list(lent.values()))]
        )
    if not len(rows):
        raise ValueError(f"{source}: no image for the split {split!r} in {len(array)}")
    if count is not None:  # spread over all: they may lie in order of what they show
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:count])
    array = array if len(rows) == len(array) else array[rows]
    return _in_memory(array, (f"{whole} {row}" for row in rows))


def _npz(path, word, split, count):
    """The images among an .npz file's arrays; those of a split have its name among the words of theirs."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files if word in key}
    except (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: not an .npz file of plain arrays ({error})") from error
    images = {key: array for key, array in arrays.items() if array.ndim == 4 and array.shape[-1] == 3}
    masks = [key for key in images if {"mask", "masks"} & words(key) and "mask" not in word]
    images = {key: array for key, array in images.items() if key not in masks}
    splits, unused = {}, []
    for key, array in images.items():
        its = [s for s, names in SPLITS.items() if names & words(key)]
        if len(its) == 1:
            splits.setdefault(its[0], []).append(array)
        else:  # of no split; or of two, as "train_val" is, which would put its images into both
            unused.append(key)
    if not splits and len(images) == 1:
        splits, unused = {"train": list(images.values())}, []
    if split not in splits and "train" not in splits:
        raise ValueError(
            f"{path}: nothing for the split {split!r}: expected one array of images (N, H, W, 3), or some "
            "with one of train, val and test in the name of each, and found "
            f"{', '.join(arrays) or f'none with {word!r} in its name'}"
        )
    for s, parts in splits.items():
        shapes = sorted({part.shape[1:] for part in parts})
        if len(shapes) > 1:
            raise ValueError(
                f"{path}: arrays of images of {' and '.join(map(str, shapes))} for the split {s!r}: expected "
                f"one shape; take some by a word of their names, as in '{path}:word'"
            )
    splits = {s: np.concatenate(parts) for s, parts in splits.items()}
    found = _rows(str(path), splits, split, count)
    notes = [f"{path}: left out {some(masks)} as masks of the images"] if masks else []
    if unused:
        note = f"{len(unused)} of {len(images)} arrays of images bear the name of no split, or of two"
        notes.append(f"{path}: {note}, and are not used ({some(unused)})")
    return replace(found, notes=tuple(notes))


def _cifar10(split, count):
    import keras

    kept = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
    if not any(kept.glob("cifar-10*")):
        _knock("www.cs.toronto.edu", "CIFAR-10")
    try:
        (train, _), (test, _) = keras.datasets.cifar10.load_data()
    except Exception as error:  # Keras has no narrower one for a download that fails
        raise ValueError(f"CIFAR-10 could not be had: {_first_line(error)}; is {kept} whole?") from None
    return _rows("cifar10", {"train": train, "test": test}, split, count)


def _knock(host, what):
    """Raises ValueError when a host does not answer in 3 seconds; TFDS itself would try for minutes.

    Behind a proxy, downloads go through where a socket of ours does not: then there is nothing to try.
    """
    proxies = {"http", "https", "all"} & set(urllib.request.getproxies())
    if proxies and not urllib.request.proxy_bypass(host):
        return
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError as error:
        raise ValueError(f"{what} is not on this machine, and {host} does not answer ({error})") from error


def _first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
