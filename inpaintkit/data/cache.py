"""Decoding images into memory, or once into a memory-mapped file that later calls find."""

import contextlib
import hashlib
import itertools
import json
import math
import re
import shutil
import time
from pathlib import PurePosixPath

import numpy as np

from inpaintkit.images import read_uint8

IN_MEMORY = 2 * 2**30  # bytes: more than that is kept in a file
_SAVE_EVERY = 1000  # images: what a kill of the preparation costs
_GIVE_UP = 20  # errors in a row of a source that cannot go on behind an image


def _decode(found, array, broken, start=0):
    """Decodes from number `start` on into the rows of an array, without gaps; yields how many are done.

    Those that cannot be read are put into `broken`, {number: reason}.
    """
    for number, file in _each(found, start):
        try:
            if isinstance(file, Exception):
                raise file
            array[number - len(broken)] = read_uint8(file, array.shape[1:3])
        except Exception as error:  # readers of broken files raise anything; one file stops no folder
            name, reason = found.names[number], str(error)
            named = PurePosixPath(name).name in reason
            broken[number] = reason if named else f"{name}: {type(error).__name__} {reason}".rstrip()
        yield number + 1


def _each(found, start):
    """Yields (number, file) for every name from `start` on, the file being an exception where there is none.

    A generator ends with the first error inside it; then it is begun again behind that one. Where that fails
    `_GIVE_UP` times in a row, the source itself is broken, and the rest gets the same error.
    """
    files, in_a_row = found.read(start), 0
    for number in range(start, len(found.names)):
        try:
            file, in_a_row = next(files), 0
        except StopIteration:
            file = ValueError(f"{found.names[number]}: the source ended before it")
        except Exception as error:
            file, in_a_row = error, in_a_row + 1
            files = found.read(number + 1) if in_a_row < _GIVE_UP else itertools.repeat(error)
        yield number, file


def _kept(found, shape, folder, title):
    """The decoded images as a memory-mapped file, which is made when it is not there, and (broken)."""
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(repr((title, found.names, found.stamp(), shape)).encode()).hexdigest()[:16]
    name = "-".join(re.findall(r"\w+", title)[-4:])
    file = folder / f"{name}-{shape[1]}x{shape[2]}-{key}.npy"
    state = file.with_suffix(".json")  # {"done": images, "broken": {number: reason}}
    with _alone(file.with_suffix(".lock")):
        if not file.exists():
            _prepare(found, shape, file.with_suffix(".part"), state, title)
            file.with_suffix(".part").replace(file)  # whoever sees the file sees all of it
    broken = json.loads(state.read_text("utf-8"))["broken"]
    return np.load(file, mmap_mode="r"), {int(number): reason for number, reason in broken.items()}


def _prepare(found, shape, part, state, title):
    """Decodes all images into the file `part`, from where `state` says that it was left."""
    done, broken, total = 0, {}, shape[0]
    if part.exists() and state.exists():
        saved = json.loads(state.read_text("utf-8"))
        done, broken = saved["done"], {int(number): reason for number, reason in saved["broken"].items()}
    elif (free := shutil.disk_usage(part.parent).free) < math.prod(shape):  # else it would crash, half way
        raise ValueError(
            f"{part.parent}: {total:,} images of {shape[1]}×{shape[2]} need {math.prod(shape) / 1e9:.1f} "
            f"GB, and {free / 1e9:.1f} are free: choose another folder with cache=, fewer with count=, or a "
            "smaller image_size"
        )
    array = np.lib.format.open_memmap(part, "r+" if done else "w+", "uint8", shape)
    began, start = time.monotonic(), done
    for done in _decode(found, array, broken, start):
        if done % _SAVE_EVERY == 0 or done == total:
            array.flush()  # first the images, then that they are there
            state.with_suffix(".new").write_text(json.dumps({"done": done, "broken": broken}), "utf-8")
            state.with_suffix(".new").replace(state)
            left = (time.monotonic() - began) / (done - start) * (total - done)
            print(f"\r{title}: {done:,} of {total:,} images decoded, {left:.0f} s left ", end="", flush=True)
    print()


@contextlib.contextmanager
def _alone(path):
    """Lets one process at a time in; the next waits, and finds the work done. A kill opens the door."""
    with open(path, "w") as file:
        with contextlib.suppress(ImportError, OSError):  # Windows and some network drives have no such lock
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
