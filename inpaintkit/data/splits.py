"""Which image of a folder or zip belongs to which split: train, val or test.

1. The outermost folder that is named like a split decides; the given folder or zip itself counts too. But if
   a folder that holds all images contains folders of two or more splits, those decide. Images outside all of
   them are not used.
2. CelebA's folder has CelebA's own partition.
3. Any other folder is divided 80/10/10 by a hash of each file's path, so that adding files moves no image.
"""

import hashlib
import posixpath
import re
import unicodedata
from pathlib import PurePosixPath

from inpaintkit.data.listing import SPLIT_OF_NAME, words_in

CELEBA = {"train": (1, 162_770), "val": (162_771, 182_637), "test": (182_638, 202_599)}  # its own partition
HELD_OUT_FIRST = ["test", "val", "train", None]  # an image with two names belongs to the first of these
BY_HASH = "are divided by a hash"


def assign_splits(root, files, split):
    """Assigns each image file of a folder or zip to a split.

    Returns:
        ({file: its split or None}, the rule): `BY_HASH`, or what the message says of files without a split.

    Raises:
        ValueError: the folder or zip itself is another split than the one asked for.
    """
    around = PurePosixPath(posixpath.commonpath(file.parent for file in files)).parts  # holds all images
    below = {file: _outermost_split(file.parts[len(around) : -1]) for file in files}
    found = set(below.values()) - {None}
    own = _outermost_split(path.name if root.is_dir() else path.stem for path in (root.resolve(), root))
    if (own or _outermost_split(around)) and len(found) < 2:
        if own and own != split:  # dividing it again would test on training images
            advice = "rename it to have it divided 80/10/10, or give the folder above that holds all splits"
            raise ValueError(f"{root}: it is the split {own!r}, and {split!r} was asked for: {advice}")
        return dict.fromkeys(files, own or _outermost_split(around)), "have no split"
    if found:
        return below, "lie in no folder named train, val or test"
    if "img_align_celeba" in {root.resolve().stem, root.stem}.union(*(file.parts[:-1] for file in files)):
        return {file: _celeba_split(file) for file in files}, "have no number of CelebA's"
    return {file: _split_by_hash(file) for file in files}, BY_HASH


def split_words(file):
    """The splits that a path mentions without being named so: trainA, test_images, valset, train2017."""
    bare = {re.sub("(set|data|images?)$", "", word) for word in words_in(file)}
    return {SPLIT_OF_NAME[word] for word in bare & set(SPLIT_OF_NAME)}


def hash_fraction(file):
    """A number in [0, 1) from a file's path in its source, the same on every machine and in every version.

    The ending does not count, so that 7.png, the filled version of 7.bmp, is in the same split. Every path is
    hashed with the ending .jpg. It does not count either whether ü is written as one character or, as on
    macOS, as two.
    """
    name = unicodedata.normalize("NFC", file.with_suffix(".jpg").as_posix())
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()  # old names are not UTF-8
    return int.from_bytes(digest[:6], "big") / 2**48


def _outermost_split(folders):
    """The split of the first of these folders that is named like one, or None."""
    return next((SPLIT_OF_NAME[name.lower()] for name in folders if name.lower() in SPLIT_OF_NAME), None)


def _celeba_split(file):
    number = int(file.stem) if file.stem.isdecimal() else 0
    return next((split for split, (first, last) in CELEBA.items() if first <= number <= last), None)


def _split_by_hash(file):
    fraction = hash_fraction(file)
    return "train" if fraction < 0.8 else "val" if fraction < 0.9 else "test"
