"""Checks of what is sent, before anything is decoded; and the errors that the server answers with."""

import io

from PIL import Image

from inpaintkit.checks import check_choice, is_count

MAX_BYTES = 20_000_000  # of a request, so of an image and its mask together
MAX_PIXELS = 40_000_000  # of an image
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "MPO")  # MPO: a JPEG of some phones


class Refused(Exception):
    """A request that is not carried out: `status` is the HTTP status, the text says what to do.

    Example:
        >>> str(Refused(413, "too large: send less"))
        'too large: send less'
    """

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def check_upload(data, what):
    """Reads the header of an image file: refuses what is no image, or has too many pixels.

    Args:
        data: bytes of the file. Its first bytes decide the format; it has no name.
        what: how messages call it, such as "mask".

    Returns:
        (width, height), as stored: the orientation in EXIF is not looked at.

    Raises:
        Refused: 415 for something else than an image, 413 for too many pixels.

    Example:
        >>> check_upload(b"text", "mask")
        Traceback (most recent call last):
        inpaintkit.serving.uploads.Refused: the mask is not an image: send a PNG, ...
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        width = height = MAX_PIXELS
    except MemoryError:  # Pillow reads all tags of a TIFF at once: they may all say that they are large
        raise
    except Exception as error:  # for broken files, Pillow raises nearly every type of error
        advice = f"send a {', '.join(FORMATS[:-2])} or {FORMATS[-2]} file"
        raise Refused(415, f"the {what} is not an image: {advice}") from error
    if width * height > MAX_PIXELS:
        raise Refused(413, f"the {what} has more than {MAX_PIXELS:,} pixels: send a smaller one")
    return width, height


def check_job(image, mask, method, methods, hole="white", blend="feather", seed=0):
    """A job for a worker, from what a request holds. Only the worker opens the files, even their headers.

    Args:
        image, mask: bytes. method: one of the names of `methods`, {name: what `ik.inpaint` takes}.
        hole: "white", "black" or "alpha": what the hole is in the mask. blend: as for `ik.inpaint`,
            or "none". seed: whole number, or digits.

    Returns:
        dict, the job.

    Raises:
        Refused: 422, a wrong setting.
    """
    try:
        check_choice("method", method, methods)
        check_choice("hole", hole, ("white", "black", "alpha"))
        check_choice("blend", blend, ("feather", "poisson", "none"))
    except ValueError as error:
        raise Refused(422, str(error)) from error
    if isinstance(seed, str) and seed.isdecimal() and len(seed) <= 10:  # Python converts no 5,000 digits
        seed = int(seed)
    if not (is_count(seed, 0) and seed < 2**32):
        raise Refused(422, "seed: expected a whole number from 0 to 4,294,967,295")
    settings = {"blend": None if blend == "none" else blend, "seed": seed}
    return {"image": image, "mask": mask, "hole": hole, "method": methods[method], **settings}
