"""Images from NumPy arrays and .npz files."""

from dataclasses import replace

import numpy as np

from inpaintkit.checks import as_array
from inpaintkit.data.listing import SPLITS, ImageListing, first_three, words_in
from inpaintkit.files import hash_arrays
from inpaintkit.images import to_uint8

MAX_BYTES, MAX_RATIO = 2**30, 100  # of an array in an .npz: above both it is taken for a zip bomb
_LENT_TENTHS = {"val": 8, "test": 9}  # the rows 8, 18, 28, … of train become val if there is none


def list_array(array, names):
    """The listing of images that are in memory already, uint8 (N, H, W, 3)."""
    return ImageListing(tuple(names), lambda start: iter(array[start:]), lambda: hash_arrays(array), array)


def split_rows(source, arrays, split, count):
    """Lists a split of {split: images (N, H, W, 3)}; if it is missing, every tenth row of train."""
    whole = split if split in arrays else "train"
    array = _as_uint8(source, arrays[whole])
    rows = np.arange(len(array))
    if whole == "train":
        lent = {name: digit for name, digit in _LENT_TENTHS.items() if name not in arrays}
        is_lent = np.isin(rows % 10, list(lent.values()))
        rows = rows[rows % 10 == lent[split]] if split in lent else rows[~is_lent]
    if not len(rows):
        raise ValueError(f"{source}: no image for the split {split!r} in {len(array)}")
    if count is not None:  # spread over all rows, which may be sorted by what they show
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:count])
    array = array if len(rows) == len(array) else array[rows]
    return list_array(array, (f"{whole} {row}" for row in rows))


def _as_uint8(source, array):
    """Images (N, H, W, 3), uint8 or float in [0, 1], as uint8."""
    array = as_array("source", array)
    lowest, highest = array.min(initial=0), array.max(initial=0)
    is_float = array.dtype.kind == "f" and lowest >= 0 and highest <= 1  # false for NaN
    if array.ndim != 4 or array.shape[-1] != 3 or not (array.dtype == np.uint8 or is_float):
        came = f"{array.dtype} of shape {array.shape} from {lowest} to {highest}"
        expected = "expected images (N, H, W, 3), uint8, or float in [0, 1] (8-bit images: divide by 255)"
        raise ValueError(f"{source}: {came}: {expected}")
    return to_uint8(array) if is_float else array


def list_npz(path, word, split, count):
    """Lists a split of the images among an .npz file's arrays; `word` selects arrays by their names."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            for entry in file.zip.infolist():
                if entry.file_size > max(MAX_BYTES, MAX_RATIO * entry.compress_size):
                    raise ValueError(f"{entry.filename} would unpack to {entry.file_size:,} bytes")
            arrays = {key: file[key] for key in file.files if word in key}
    except Exception as error:  # zip, its compression and NumPy each have errors of their own
        raise ValueError(f"{path}: not an .npz file of plain arrays ({error})") from error
    images = {key: array for key, array in arrays.items() if array.ndim == 4 and array.shape[-1] == 3}
    masks = [key for key in images if {"mask", "masks"} & words_in(key) and "mask" not in word]
    images = {key: array for key, array in images.items() if key not in masks}
    splits, unused = _arrays_by_split(images)
    if split not in splits and "train" not in splits:
        found = ", ".join(arrays) or f"no array with {word!r} in its name"
        expected = "one array of images (N, H, W, 3), or some with one of train, val and test in their names"
        raise ValueError(f"{path}: nothing for the split {split!r}: expected {expected}, and found {found}")
    for name, parts in splits.items():
        shapes = sorted({part.shape[1:] for part in parts})
        if len(shapes) > 1:
            advice = f"select some by a word of their names, as in '{path}:word'"
            came = " and ".join(map(str, shapes))
            raise ValueError(f"{path}: images of {came} for the split {name!r}, expected one shape: {advice}")
    notes = []
    if masks:
        notes.append(f"{path}: left out {first_three(masks)} as masks of the images")
    if unused:
        names = f"{len(unused)} of {len(images)} arrays of images ({first_three(unused)})"
        notes.append(f"{path}: {names} have the name of no split, or of two, and are not used")
    whole = {name: np.concatenate(parts) for name, parts in splits.items()}
    return replace(split_rows(str(path), whole, split, count), notes=tuple(notes))


def _arrays_by_split(images):
    """({split: arrays with its name}, the names of the others). A single array of images is train."""
    splits, unused = {}, []
    for key, array in images.items():
        named = [split for split, names in SPLITS.items() if names & words_in(key)]
        if len(named) == 1:
            splits.setdefault(named[0], []).append(array)
        else:  # of no split; or of two: "train_val" would put its images into both
            unused.append(key)
    if not splits and len(images) == 1:
        return {"train": list(images.values())}, []
    return splits, unused
