"""What a worker process does: it reads jobs from stdin, decodes, fills, encodes, and answers on stdout."""

import functools
import io
import os
import pickle
import signal
import sys
import time
import traceback

import numpy as np
from PIL import Image, ImageOps

from inpaintkit.serving.uploads import FORMATS, Refused, check_upload

DISPLAY_SIDE = 1024  # of the copies that the page shows and draws on


def load(method, progress):
    """Loads a method: a file that cannot be used is known at the start, and the first fill need not wait."""
    from inpaintkit.environment import start_keras
    from inpaintkit.inpainting import find_method

    start_keras()
    find_method(method)


def preview(image, progress):
    """A copy of an image for the display, as PNG, and the image's (width, height)."""
    opened = _decode(image)
    return _display(opened), opened.size


def read_hole(mask, size, progress, hole="white"):
    """The hole of a mask file as packed bits of a bool array, row by row."""
    return np.packbits(~_known(mask, size, hole))


def fill(image, mask, hole, method, blend, seed, progress, views=False):
    """Fills the hole.

    Args:
        image, mask: files as bytes. hole, blend, seed: as for `ik.images.read_mask` and `ik.inpaint`.
        method: what `ik.inpaint` takes. progress: a function of (done, total).
        views: whether copies for the display are wanted, too.

    Returns:
        dict: "png", the result as bytes; "width", "height", "hole_ratio", "seconds"; with views, also
        "before", "hidden", "after" and "difference", small PNGs.
    """
    import inpaintkit as ik

    opened = _decode(image)
    known = _known(mask, opened.size, hole)
    if known.all():
        raise Refused(
            422, "the mask has no hole: mark what shall be filled, or say what the hole is in the mask"
        )
    run = ik.inpainting.find_method(method)  # loading is not part of the time
    start = time.perf_counter()
    filled = ik.inpaint(np.asarray(opened), known, run, blend=blend, seed=seed, progress=progress)
    seconds = time.perf_counter() - start
    result = Image.fromarray(filled)
    answer = {"png": _png(result, icc_profile=opened.info.get("icc_profile")), "seconds": seconds}
    answer |= {"width": opened.width, "height": opened.height, "hole_ratio": 1 - known.mean().item()}
    if views:
        hidden = opened.convert("RGB")
        hidden.paste((255, 0, 255), mask=Image.fromarray(~known))
        before, after = (np.asarray(_shrink(side), "int16") for side in (opened, result))
        difference = Image.fromarray(np.abs(after - before).astype("uint8"))
        answer |= {"before": _display(opened), "after": _display(result), "hidden": _display(hidden)}
        answer["difference"] = _png(ImageOps.autocontrast(difference))
    return answer


TASKS = {"load": load, "preview": preview, "read_hole": read_hole, "fill": fill}


def _decode(data):
    """An image file, upright, in a mode that `ik.inpaint` takes."""
    check_upload(data, "image")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            icc = opened.info.get("icc_profile")
            image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I"):
                image = Image.fromarray(np.asarray(image).clip(0, 65535).astype("uint16"))
            elif image.has_transparency_data:
                image = image.convert("RGBA")
            elif image.mode not in ("L", "RGB"):
                image = image.convert("L" if image.mode == "1" else "RGB")
    except Exception as error:  # for broken files, Pillow raises nearly every type of error
        raise Refused(
            400, "the image cannot be decoded: the file may be incomplete; save it again"
        ) from error
    image.info = {"icc_profile": icc}
    return image


def _known(data, size, hole):
    """The known pixels (H, W) of a mask file of the given (width, height)."""
    from inpaintkit import images

    check_upload(data, "mask")
    file = io.BytesIO(data)
    file.name = "the mask"  # what messages call it
    try:
        known, _ = images.decode_mask(file, hole)
    except ValueError as error:
        raise Refused(422, str(error)) from error
    if known.shape[::-1] != tuple(size):
        came = f"the mask is {known.shape[1]}×{known.shape[0]} and the image {size[0]}×{size[1]}"
        raise Refused(422, f"{came} (width × height): send a mask of the image's size")
    return known


def _shrink(image):
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
    image = image.convert("RGB")
    image.thumbnail((DISPLAY_SIDE, DISPLAY_SIDE))
    return image


def _display(image):
    return _png(_shrink(image))


def _png(image, **options):
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1, **options)  # level 6 takes five times as long and saves 5 %
    return file.getvalue()


def main():
    """Answers jobs until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the server, which ends this process
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the answers

    def answer(*message):
        pickle.dump(message, answers)
        answers.flush()

    answer("done", None)
    while True:
        try:
            task, job = pickle.load(sys.stdin.buffer)
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
