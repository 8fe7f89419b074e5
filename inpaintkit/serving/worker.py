"""What a worker process does: it reads jobs from stdin, decodes, fills, encodes, and answers on stdout."""

import contextlib
import functools
import io
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from inpaintkit.serving.messages import receive, send
from inpaintkit.serving.uploads import Refused, check_upload

DECODE_BYTES = 3 * 10**9  # of memory for decoding one file, which may say anything about its sizes
DISPLAY_SIDE = 1024  # of the copies that the page shows and draws on


def load(method, progress):
    """Loads a method: a file that cannot be used is known at the start, and the first fill need not wait."""
    from inpaintkit.environment import start_keras
    from inpaintkit.inpainting import find_method

    start_keras()
    find_method(method)


def preview(image, progress):
    """A copy of an image for the display, as PNG, and the image's (width, height), upright."""
    pixels = _decode(image).pixels
    return _png(_shrink(pixels)), pixels.shape[1::-1]


def read_hole(mask, size, progress, hole="white"):
    """The hole of a mask file as bytes: the packed bits of a bool array, row by row."""
    return np.packbits(~_known(mask, size, hole)).tobytes()


def fill(image, mask, hole, method, blend, seed, progress, views=False):
    """Fills the hole.

    Args:
        image, mask: files as bytes. hole, blend, seed: as for `ik.images.read_mask` and `ik.inpaint`.
        method: what `ik.inpaint` takes. progress: a function of (done, total).
        views: whether copies for the display are wanted, too.

    Returns:
        dict: "png", the result as bytes; "width", "height", "hole_ratio", "seconds"; with views, also
        "hidden", "after" and "difference", small PNGs.
    """
    import inpaintkit as ik

    original = _decode(image)
    pixels = original.pixels
    height, width = pixels.shape[:2]
    known = _known(mask, (width, height), hole)
    if known.all():
        raise Refused(422, "the mask has no hole: mark what shall be filled, or say what the hole is in it")
    run = ik.inpainting.find_method(method)  # loading is not part of the time
    start = time.perf_counter()
    filled = ik.inpaint(pixels, known, run, blend=blend, seed=seed, progress=progress)
    seconds = time.perf_counter() - start
    png = ik.images.encode_exact(filled, original, "filled.png")
    answer = {"png": png, "width": width, "height": height, "seconds": seconds}
    answer["hole_ratio"] = 1 - known.mean().item()
    if views:
        before, after = _shrink(pixels), _shrink(filled)
        difference = np.abs(np.int16(after) - np.int16(before)).astype("uint8")
        hole = cv2.resize(np.uint8(~known), before.size, interpolation=cv2.INTER_AREA)
        before.paste((255, 0, 200), mask=Image.fromarray(hole > 0))
        views = {
            "hidden": before,
            "after": after,
            "difference": ImageOps.autocontrast(Image.fromarray(difference)),
        }
        answer |= {name: _png(view) for name, view in views.items()}
    return answer


TASKS = {"load": load, "preview": preview, "read_hole": read_hole, "fill": fill}


@contextlib.contextmanager
def _memory_limit():
    """In the block, this process may take `DECODE_BYTES` more, then MemoryError comes; only on Linux."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])  # of data
    except (ImportError, OSError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [pages * resource.getpagesize() + DECODE_BYTES, soft, hard]
    least = min(limit for limit in limits if limit != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_DATA, (least, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@_memory_limit()
def _decode(data):
    """An image file as `ik.images.ExactImage`: upright, with all its bits."""
    from inpaintkit import images

    try:
        check_upload(data, "image")
        return images.read_exact(_named(data, "the image"))
    except ValueError as error:
        raise Refused(400, str(error)) from error


@_memory_limit()
def _known(data, size, hole):
    """The known pixels (H, W) of a mask file of the given (width, height)."""
    from inpaintkit import images

    try:
        check_upload(data, "mask")
        known, _ = images.decode_mask(_named(data, "the mask"), hole)
    except ValueError as error:
        raise Refused(422, str(error)) from error
    if known.shape[::-1] != tuple(size):
        came = f"the mask is {known.shape[1]}×{known.shape[0]} and the image {size[0]}×{size[1]}"
        raise Refused(422, f"{came} (width × height): send a mask of the image's size")
    return known


def _named(data, name):
    file = io.BytesIO(data)
    file.name = name  # what messages call it
    return file


def _shrink(pixels):
    """A copy for the display: RGB, at most `DISPLAY_SIDE` pixels per side."""
    image = Image.fromarray(pixels if pixels.dtype == "uint8" else (pixels >> 8).astype("uint8")).convert(
        "RGB"
    )
    image.thumbnail((DISPLAY_SIDE, DISPLAY_SIDE))
    return image


def _png(image):
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def main():
    """Answers jobs until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the server, which ends this process
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the answers

    def answer(*message):
        send(answers, message)

    answer("done", None)
    while True:
        try:
            task, job = receive(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer("done", TASKS[task](**job, progress=functools.partial(answer, "progress")))
        except Refused as error:
            answer("refused", error.status, str(error))
        except ValueError as error:  # of the kit, such as a network that takes one size only
            answer("refused", 422, str(error))
        except MemoryError:
            answer("refused", 413, "this needs more memory than there is: send a smaller image or hole")
        except Exception:
            traceback.print_exc()  # for the one who runs the server
            answer("refused", 500, "the fill failed: try another method; the server's output says more")
