"""Reading and writing image files.

Inside the kit an image is float32 RGB in [0, 1], shape (H, W, 3). Everything else that a file can be (grey,
palette, RGBA, 16 bits, CMYK, turned by its EXIF tag) ends here.
"""

import contextlib
import os
import threading
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from inpaintkit.images.arrays import _name, size_pair, to_uint8
from inpaintkit.images.decoding import to_rgb

MAX_PIXELS = 300_000_000  # a phone makes 200 million, an A3 scan at 1,200 dpi 278; a decompression bomb more
_LOCK = threading.Lock()  # while Pillow's own limit is lifted


def read_image(path, image_size=None):
    """Reads an image file as RGB.

    Args:
        path: a file that Pillow can read (JPEG, PNG, TIFF, WebP, …); or that file, opened as binary.
        image_size: None, an int or (height, width) in pixels: centre crop to that shape, then an
            antialiased (Lanczos) resize.

    Returns:
        float32 array (H, W, 3) in [0, 1], in steps of 1/255.

    Greys of more than 8 bits are rounded. 16 bits are white at 65,535, whatever the file holds, so that the
    images of one folder keep their brightness to each other; a TIFF that declares 12 bits is white at 4,095.
    32-bit and float files do not say what white is: it is the least of 1, 255 and 65,535 that no value
    exceeds, and for larger whole numbers the largest of 32 bits.

    Raises:
        ValueError: no such file, not an image, truncated or otherwise broken, more than `MAX_PIXELS` pixels,
            NaN or infinity in it, or a float above 65,535.

    Warns:
        UserWarning: a file of more than 8 bits whose brightest value is at most 1/16 of white, and which so
            looks black: often 8, 10 or 12 bits that were saved as 16.
    """
    return _read_rgb(path, image_size, where=_name(path)).astype("float32") / 255


def read_uint8(path, image_size=None):
    """As `read_image`, but uint8 in 0…255: a quarter of the memory, for data sets; also of a uint8 array.

    The warning names the folder, not the file: of a data set, one is enough.
    """
    return _read_rgb(path, image_size)


def write_image(path, image):
    """Writes an image (H, W, 3) in [0, 1], clipped, as an 8-bit file whose kind `path`'s ending names.

    The file is there as a whole or not at all: an interrupted call leaves the old one.

    Raises:
        ValueError: another shape, NaN, whole numbers over 1, others over 2, or an ending that names no kind
            of image.
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[-1] != 3:
        raise ValueError(f"image of shape {image.shape}: expected (height, width, 3)")
    if np.isnan(image).any():
        raise ValueError("image holds NaN: expected numbers in [0, 1]")
    if image.max(initial=0) > (
        1 if image.dtype.kind in "iu" else 2
    ):  # a network's output may exceed 1 a little
        raise ValueError(f"image of {image.dtype} up to {image.max()}: expected [0, 1]; divide it by 255")
    _save(Image.fromarray(to_uint8(image)), path)


def _save(image, path):
    """Writes under a hidden name first, so that nobody finds half a file."""
    path = Path(os.path.realpath(path))
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise ValueError(f"{path}: expected an ending that names a kind of image, such as .png")
    part = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        image.save(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path):
    """Opens an image file. Every fault, here and in the `with` block, ends as a ValueError that names it."""
    name = _name(path)
    if not hasattr(path, "read") and not os.path.isfile(path):
        raise ValueError(f"{name}: {'a folder, not a file' if os.path.isdir(path) else 'no such file'}")
    try:
        with _LOCK:  # the size is ours to discriminator, below
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                opened = Image.open(path)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
    except Exception as error:  # broken files make Pillow raise nearly everything
        raise _unreadable(name, error) from error
    with opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError(
                f"{name}: too large: {opened.width}×{opened.height} is more than {MAX_PIXELS:,} pixels; make "
                "it smaller, or set inpaintkit.images.MAX_PIXELS"
            )
        try:
            yield opened
        except Exception as error:
            raise _unreadable(name, error) from error


def _unreadable(name, error):
    return ValueError(f"{name}: not a readable image ({str(error) or type(error).__name__})")


def _read_rgb(path, image_size, where=None):
    """Any image as uint8 (H, W, 3); the warning about one that looks black names `where`, or its folder."""
    if isinstance(path, np.ndarray):
        image, dark = Image.fromarray(path), None
    else:
        with _opened(path) as opened:
            image, dark = to_rgb(opened)
    if dark:
        where = where or f"an image in {os.path.dirname(_name(path)) or 'this folder'}"
        warnings.warn(
            f"{where}: looks black: it has more than 8 bits, and no value is above 1/16 of white, {dark:,}. "
            f"If what it holds is brighter (8, 10 or 12 bits), scale the values so that white is {dark:,}",
            stacklevel=3,
        )
    if image_size is not None:
        height, width = size_pair(image_size)
        image = ImageOps.fit(image, (width, height), method=Image.Resampling.LANCZOS)
    return np.asarray(image)
