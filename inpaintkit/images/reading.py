"""Finding, reading and writing image files.

In the kit an image is float32 RGB in [0, 1], shape (H, W, 3). Everything else that a file can hold (grey,
a palette, RGBA, 16 bits, CMYK, an orientation in its EXIF tags) is converted here.
"""

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageOps

from inpaintkit.checks import as_array, check_function
from inpaintkit.files import replacing
from inpaintkit.images.arrays import Size, size_pair, to_uint8
from inpaintkit.images.decoding import to_rgb

MAX_PIXELS = 300_000_000  # phones make 200 million, an A3 scan at 1,200 dpi 278, decompression bombs more
File = str | os.PathLike | BinaryIO
_ORIENTATION = 274  # of the EXIF tags
_LOCK = threading.Lock()  # while Pillow's own limit is off


def read_image(path: File, image_size: Size | None = None) -> np.ndarray:
    """Reads an image file as RGB.

    Greys of more than 8 bits are rounded. In 16 bits white is 65,535, whatever the file holds, so that the
    images of one folder keep their relative brightness; in a TIFF that declares 12 bits it is 4,095. 32-bit
    and float files do not say what white is: it is the least of 1, 255 and 65,535 that no value exceeds, and
    for larger whole numbers the largest of 32 bits.

    Args:
        path: a file that Pillow can read (JPEG, PNG, TIFF, WebP, …), or such a file opened as binary.
        image_size: None, pixels per side, or (height, width): centre crop to that shape, then an antialiased
            (Lanczos) resize.

    Returns:
        float32 array (H, W, 3) in [0, 1], in steps of 1/255.

    Raises:
        ValueError: no such file, not an image, truncated or broken in another way, more than `MAX_PIXELS`
            pixels, NaN or infinity in it, or a float above 65,535.

    Warns:
        UserWarning: a file of more than 8 bits looks black, since its brightest value is at most 1/16 of
            white: often 8, 10 or 12 bits that were saved as 16.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ik.images.write_image(f"{folder}/a.png", np.ones((20, 30, 3)))
        ...     image = ik.images.read_image(f"{folder}/a.png", image_size=16)
        >>> image.shape, image.max().item()
        ((16, 16, 3), 1.0)
    """
    return _read_rgb(path, image_size, place=file_name(path)).astype("float32") / 255


def read_uint8(path: File | np.ndarray, image_size: Size | None = None) -> np.ndarray:
    """As `read_image`, but in 0…255: a quarter of the memory, for data sets.

    Warnings name the folder, not the file: for a data set, one warning is enough.

    Args:
        path: as for `read_image`; or a uint8 array (H, W, 3), to be cropped and resized.
        image_size: as for `read_image`.

    Returns:
        uint8 array (H, W, 3).

    Raises:
        ValueError: as for `read_image`; another array.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> ik.images.read_uint8(np.zeros((40, 60, 3), "uint8"), image_size=(16, 32)).shape
        (16, 32, 3)
    """
    return _read_rgb(path, image_size)


def describe_image(path: File) -> str:
    """Says the size of an image file, and what `read_image` changes to make it upright RGB.

    Args:
        path: as for `read_image`.

    Returns:
        one line of text.

    Raises:
        ValueError: no such file, not an image, or too many pixels.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("RGBA", (30, 20)).save(f"{folder}/a.png")
        ...     ik.images.describe_image(f"{folder}/a.png")
        '30×20 pixels (0.0 megapixels); transparency is left out: what was transparent is white'
    """
    with open_image(path) as opened:
        orientation = opened.getexif().get(_ORIENTATION, 1)
        width, height = opened.size if orientation < 5 else opened.size[::-1]
        texts = [f"{width:,}×{height:,} pixels ({width * height / 1e6:.1f} megapixels)"]
        if orientation != 1:
            texts.append("turned upright, as its EXIF data say")
        if opened.has_transparency_data:
            texts.append("transparency is left out: what was transparent is white")
    return "; ".join(texts)


def write_image(path: str | os.PathLike, image: ArrayLike) -> None:
    """Writes an image as an 8-bit file. The file is written completely or not at all.

    Args:
        path: the file; its ending decides the format.
        image: (H, W, 3) in [0, 1]; a little more or less, as from a network, is clipped.

    Raises:
        ValueError: another shape, NaN, whole numbers over 1, others over 2, or an ending that stands for no
            image format.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> ik.images.write_image("white.png", np.full((20, 30, 3), 255))
        Traceback (most recent call last):
        ValueError: image of int64 up to 255: expected [0, 1] and no NaN; if it is in 0…255, divide it by 255
    """
    image = as_array("image", image)
    if image.ndim != 3 or image.shape[-1] != 3 or not image.size:
        raise ValueError(f"image of shape {image.shape}: expected (height, width, 3)")
    if not image.max(initial=0) <= (1 if image.dtype.kind in "iu" else 2):  # so NaN is refused, too
        expected = "expected [0, 1] and no NaN; if it is in 0…255, divide it by 255"
        raise ValueError(f"image of {image.dtype} up to {image.max()}: {expected}")
    save(Image.fromarray(to_uint8(image)), path)


def files_below(folder: str | os.PathLike, rank: Callable[[str], int] | None = None) -> Iterator[Path]:
    """Yields the files of a folder and of the folders below it, without hidden ones.

    Links are followed, but no folder is entered twice: neither in a circle of links nor under a second name,
    which could put the same images into training and test.

    Args:
        folder: where to begin.
        rank: None, or a function of a folder's name. If two names beside each other are the same folder, the
            one of lower rank counts.

    Returns:
        An iterator of paths.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("a.png", ".b.png"):
        ...         _ = Path(folder, name).write_bytes(b"")
        ...     [file.name for file in ik.images.files_below(folder)]
        ['a.png']
    """
    check_function("rank", rank, "a folder's name")
    seen = set()
    for path, folders, names in os.walk(os.fspath(folder), followlinks=True):
        place = os.path.realpath(path)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        # Of equal rank, links first: a link `train` to a folder beside it makes that one the training set
        folders.sort(key=lambda name: (rank and rank(name), not os.path.islink(f"{path}/{name}"), name))
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (file for name in names if not is_hidden(name) and (file := Path(path, name)).is_file())


def is_hidden(path: str | os.PathLike) -> bool:
    """Whether a part of a relative path begins with a dot, or is __MACOSX, which macOS adds to zip files.

    Args:
        path: such as "._x.jpg" of macOS, or ".ipynb_checkpoints/x.png" of Jupyter.

    Returns:
        True or False.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.is_hidden("train/._x.jpg"), ik.images.is_hidden("train/x.jpg")
        (True, False)
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in Path(path).parts)


def save(image, path):
    """Writes a Pillow image completely or not at all; a link stays a link."""
    path = Path(os.path.realpath(path))
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise ValueError(f"{path}: expected the ending of an image format, such as .png")
    with replacing(path) as part:
        image.save(part)


@contextlib.contextmanager
def open_image(path):
    """Opens an image file. Every error, here and in the `with` block, becomes a ValueError that names it."""
    try:
        if not isinstance(path, str | os.PathLike) and not hasattr(path, "read"):
            raise ValueError(f"path of type {type(path).__name__}: expected a path or an open binary file")
        with _LOCK:
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # our own limit follows
            try:
                opened = Image.open(path)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
        with opened:
            if opened.width * opened.height > MAX_PIXELS:
                advice = "make it smaller, or set inpaintkit.images.reading.MAX_PIXELS"
                came = f"too large: {opened.width}×{opened.height} is more than {MAX_PIXELS:,} pixels"
                raise ValueError(f"{came}; {advice}")
            yield opened
    except Exception as error:  # for broken files, Pillow raises nearly every type of error
        reason = str(error) or type(error).__name__
        raise ValueError(f"{file_name(path)}: cannot read this image: {reason}") from error


def file_name(path):
    """What messages call a path or an opened file, whose own name may be a number."""
    return str(getattr(path, "name", "opened file") if hasattr(path, "read") else path)


def _read_rgb(path, image_size, place=None):
    """An image as uint8 (H, W, 3); the warning of one that looks black names `place`, or the folder."""
    if isinstance(path, np.ndarray):
        if path.dtype != "uint8" or path.ndim != 3 or path.shape[2] != 3 or not path.size:
            raise ValueError(f"path, an array {path.dtype} of shape {path.shape}: expected uint8 (H, W, 3)")
        image, dark = Image.fromarray(path), None
    else:
        with open_image(path) as opened:
            image, dark = to_rgb(opened)
    if dark:
        place = place or f"an image in {os.path.dirname(file_name(path)) or 'this folder'}"
        came = f"looks black: it has more than 8 bits, and no value is above 1/16 of white, {dark:,}"
        advice = f"if it holds 8, 10 or 12 bits, scale its values so that white is {dark:,}"
        warnings.warn(f"{place}: {came}; {advice}", stacklevel=3)
    if image_size is not None:
        height, width = size_pair(image_size)
        image = ImageOps.fit(image, (width, height), method=Image.Resampling.LANCZOS)
    return np.asarray(image)
