"""Decoding images into memory, or once into a memory-mapped file that later calls find."""

import hashlib
import json
import math
import os
import re
import shutil
from pathlib import PurePosixPath

import numpy as np
from filelock import FileLock

from inpaintkit.files import replacing
from inpaintkit.images import read_uint8

IN_MEMORY = 2 * 2**30  # bytes: decoded images that need more are kept in a file
_SAVE_EVERY = 1000  # images; at most so many are decoded again after a kill


def decode(listing, array, broken, start=0):
    """Decodes the images from number `start` on into the rows of an array, without gaps.

    Yields how many are done. Those that cannot be read are put into `broken`, {number: reason}. A source that
    raises an error itself is not asked again: its first such image has that error, the others are missing.
    """
    files, missing = listing.read(start), ValueError("the source ended before it")
    for number, name in enumerate(listing.names[start:], start):
        try:
            file = next(files, missing)
            if isinstance(file, Exception):
                raise file
            array[number - len(broken)] = read_uint8(file, array.shape[1:3])
        except Exception as error:  # readers of broken files raise anything; the other files are fine
            reason = str(error)
            is_named = PurePosixPath(name).name in reason
            broken[number] = reason if is_named else f"{name}: {type(error).__name__} {reason}".rstrip()
        yield number + 1


def load_cached(listing, shape, folder, title):
    """Loads the images from a memory-mapped file in `folder`; the first call decodes them into it.

    Only one process decodes. The others wait for its file lock and then use its result; the system releases
    the lock of a process that dies.

    Returns:
        (array, broken): uint8 of this shape (N, H, W, 3), whose last rows are empty if images are broken;
        {number: reason}.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(repr((title, listing.names, listing.stamp(), shape)).encode()).hexdigest()[:16]
    name = "-".join(re.findall(r"\w+", title)[-4:])
    file = folder / f"{name}-{shape[1]}x{shape[2]}-{key}.npy"
    state = file.with_suffix(".json")
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            part = file.with_suffix(".part")
            _decode_into_file(listing, shape, part, state, title)
            part.replace(file)  # a file of the final name is always complete
    return np.load(file, mmap_mode="r"), _read_state(state)[1]


def _read_state(state):
    """(how many images are decoded, {number of a broken one: reason}) from a state file."""
    saved = json.loads(state.read_text("utf-8"))
    return saved["done"], {int(number): reason for number, reason in saved["broken"].items()}


def _decode_into_file(listing, shape, part, state, title):
    """Decodes all images into the file `part`; continues after those that `state` says are done."""
    start, broken, total = 0, {}, shape[0]
    if part.exists() and state.exists():
        start, broken = _read_state(state)
    elif (free := shutil.disk_usage(part.parent).free) < math.prod(shape):
        needed = f"{total:,} images of {shape[1]}×{shape[2]} need {math.prod(shape) / 1e9:.1f} GB"
        advice = "choose another folder with cache=, fewer images with count=, or a smaller image_size"
        raise ValueError(f"{part.parent}: {needed}, and {free / 1e9:.1f} are free: {advice}")
    array = np.lib.format.open_memmap(part, "r+" if start else "w+", "uint8", shape)
    if not start and hasattr(os, "posix_fallocate"):  # Linux: on a disk that gets full, it would be SIGBUS
        with part.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, part.stat().st_size)
    for done in decode(listing, array, broken, start):
        if done % _SAVE_EVERY == 0 or done == total:
            array.flush()  # the images first, then the record that they are there
            with replacing(state) as new:
                new.write_text(json.dumps({"done": done, "broken": broken}), "utf-8")
            print(f"\r{title}: {done:,} of {total:,} images decoded", end="", flush=True)
    print()
