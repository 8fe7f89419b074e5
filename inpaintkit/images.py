"""Pictures and mask files in and out: the doors of the house.

Inside the kit a picture is float32 RGB in [0, 1], shape (H, W, 3), and a mask is float32, shape
(H, W, 1), 1 = known and 0 = hole. Everything else that a file can be (grey, palette, RGBA, 16 bits,
CMYK, turned by its EXIF tag, white-hole or black-hole) ends here, and the polarity of a mask is
turned in `read_mask` and `write_mask` and nowhere else.
"""

import contextlib
import os
import threading
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from inpaintkit.image_files import fit_hole, mask_planes, split, to_rgb

MAX_PIXELS = 300_000_000  # a phone makes 200 million, an A3 scan at 1,200 dpi 278; a decompression bomb more
_LOCK = threading.Lock()  # while Pillow's own limit is lifted


def read_image(path, image_size=None):
    """Reads a picture file as RGB.

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


def read_mask(path, hole="white", image_size=None, warn=True, damaged=True):
    """Reads a mask file, turning it to this kit's polarity: 1 = known, 0 = hole.

    OpenCV, scikit-image, NVIDIA's mask files and photo editors paint the hole white (`hole="white"`);
    papers on partial convolution mark the known pixels white (`hole="black"`); an editor's eraser makes it
    transparent (`hole="alpha"`).

    A file of exactly two values is black and white, whatever they are (0 and 1 in 8 or 16 bits, two colours,
    two entries of a palette): the brighter is white. Other files are split at one half. Constant transparency
    is ignored; otherwise, unless it is the mask, what is transparent counts as white. Of a file of several
    images, such as an animation, the first counts.

    Args:
        path: an image file.
        hole: "white" or "black", the colour of the hole in the file; "alpha": the hole is transparent.
        image_size: None, an int or (height, width) in pixels; as for `read_image`. A mask takes the same
            way as its image: give both the same `image_size`. With None it keeps the file's own size, and
            `check_batch` says so where that is not the image's.
        warn: False where grey pixels, such as those of a JPEG, are expected; a file whose grey pixels are all
            taken as known is warned of nevertheless.
        damaged: how a mask is made smaller. True is for the mask of a damaged image, made smaller with it:
            a pixel is hole if any pixel of the hole lies under the filter (Lanczos, 3 pixels to each side)
            that `read_image` computes this pixel with, so that no damage is left in known pixels. False is
            for holes that were never in the image: it takes the nearest pixel and keeps the hole ratio.
            Likewise where a mask is made larger; one that is only cropped, by whole pixels, stays as it is.

    Returns:
        float32 array (H, W, 1) of 0 and 1. A file without a hole is all 1: nothing is to be filled.

    Raises:
        ValueError: as for `read_image`, an unknown `hole`, "alpha" of a file without transparency, or a mask
            that is nothing but hole.

    Warns:
        UserWarning: pixels that are neither black nor white, with their number, or transparent pixels, with
            their share, in a file whose hole is not "alpha"; a file of several images.
    """
    known, notes = decode_mask(path, hole)
    if notes and (warn or "dark" in notes):
        warnings.warn(f"{_name(path)}: {'; '.join(notes.values())}", stacklevel=2)
    if image_size is not None:
        known = ~fit_hole(~known, size_pair(image_size), damaged)
        if not known.any():
            reached = ": the damage reaches every pixel; choose a larger size" if damaged else ""
            raise NothingKnownError(f"{_name(path)}: nothing but hole at image_size={image_size!r}{reached}")
    return known[..., None].astype("float32")


def decode_mask(path, hole):
    """The known pixels of a mask file, bool (H, W), and what `read_mask` warns of: {"alpha": text, …}."""
    check_hole(hole)
    name, notes = _name(path), {}
    with _opened(path) as opened:
        if getattr(opened, "is_animated", False):
            notes["several"] = "it holds several images, of which the first is taken"
        grey, white, alpha = mask_planes(opened, path)
        bright, unclear = split(grey, white)
        known_by = {"white": ~bright, "black": bright}
        if alpha is not None:
            known_by["alpha"], veiled = split(alpha, white)
    if hole not in known_by:
        raise ValueError(
            f"{name}: hole='alpha', but the file has no transparency: say hole='white' or hole='black', the "
            "colour of the hole in it"
        )
    known = known_by[hole]
    values, count, neither = grey, unclear, "black nor white"
    if hole == "alpha":
        values, count, neither = alpha, veiled, "opaque nor transparent"
    reach = f"its values reach from {values.min():.6g} to {values.max():.6g}"
    if count:
        notes["dark" if known.all() else "grey"] = (
            f"{count:,} of {known.size:,} pixels are neither {neither}; they are split at one half"
            + (f", and none is hole: {reach}" if known.all() else "")
        )
    if hole != "alpha" and alpha is not None and alpha.min() < alpha.max():
        notes["alpha"] = (
            f"{1 - known_by['alpha'].mean():.1%} of its pixels are transparent (alpha) and count as white; "
            "if the hole is transparent, say hole='alpha'"
        )
    if not known.any():
        shares = {other: 1 - mask.mean() for other, mask in known_by.items()}
        others = [f"hole={other!r} ({share:.1%} of it)" for other, share in shares.items() if 0 < share < 1]
        advice = f"; say {' or '.join(others)}, if that is the hole in it" if others else f": {reach}"
        if "hole='alpha' " in advice:
            advice += "; if the hole is what is opaque, fill the rest with the other colour first"
        raise NothingKnownError(f"{name}: nothing but hole with hole={hole!r}{advice}")
    return known, notes


def write_mask(path, mask, hole="white"):
    """Writes a mask, 1 = known, as a black-and-white file with the hole in that colour.

    Args:
        path: the file; its ending names its kind. It is there as a whole or not at all.
        mask: (H, W, 1) or (H, W), of 0 and 1.
        hole: "white" or "black".

    Raises:
        ValueError: another shape, other values, another `hole`, or an ending that names no kind of image.
    """
    check_hole(hole, ("white", "black"))
    mask = np.asarray(mask)
    if mask.ndim not in (2, 3) or mask.shape[2:] not in ((), (1,)):
        raise ValueError(f"mask of shape {mask.shape}: expected (height, width, 1) or (height, width)")
    check_binary(mask)
    known = mask.reshape(mask.shape[:2]) > 0
    _save(Image.fromarray(((~known if hole == "white" else known) * 255).astype("uint8")), path)


def files_below(folder, rank=lambda name: 0):
    """Yields the files of a folder and of those below it, hidden ones left out.

    Links are followed, but no folder is entered twice: neither a circle of links nor a second name of the
    same images, which could put one into training and test. Of two such names beside each other the one of
    the lower `rank` counts, a function of the name.
    """
    seen = set()
    for path, folders, names in os.walk(folder, followlinks=True):
        place = os.path.realpath(path)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        # Then links first: who links `train` to a folder beside it means that name.
        folders.sort(key=lambda name: (rank(name), not os.path.islink(os.path.join(path, name)), name))
        folders[:] = [name for name in folders if not is_hidden(name)]
        yield from (file for name in names if not is_hidden(name) and (file := Path(path, name)).is_file())


def is_hidden(path):
    """Whether a part of a relative path begins with a dot: macOS's "._x.jpg", Jupyter's copies of files.

    Or is __MACOSX, the folder that macOS adds to zips.
    """
    return any(part.startswith(".") or part == "__MACOSX" for part in Path(path).parts)


def to_uint8(image):
    """[0, 1] to 0…255, rounded and clipped; any shape."""
    return np.rint(np.clip(image, 0, 1) * 255).astype("uint8")


def size_pair(image_size):
    """An int or (height, width) as (height, width); each side at least 16 pixels.

    Example: `size_pair(64)` is `(64, 64)`, `size_pair((112, 96))` is `(112, 96)`.
    """
    pair = tuple(image_size) if np.ndim(image_size) else (image_size, image_size)
    if len(pair) != 2 or any(int(side) != side or side < 16 for side in pair):
        raise ValueError(
            f"image_size={image_size!r}: expected a whole number of pixels or (height, width), each at least "
            "16; for example 64 or (112, 96)"
        )
    return int(pair[0]), int(pair[1])


def check_batch(images, masks):
    """Checks that images and masks follow the kit's conventions and belong together.

    Returns:
        (images, masks) as float32 NumPy arrays (B, H, W, 3) and (B, H, W, 1), the hole set to 0, so
        that nothing behind this door can learn from what was under it, NaN included.

    Raises:
        ValueError: wrong shape, a mask that is not of 0 and 1, known pixels outside [0, 1] or NaN.
    """
    images, masks = np.asarray(images, "float32"), np.asarray(masks, "float32")
    if images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"images of shape {images.shape}: expected (batch, height, width, 3)")
    if masks.shape != images.shape[:3] + (1,):
        raise ValueError(
            f"masks of shape {masks.shape} for images of shape {images.shape}: "
            f"expected {images.shape[:3] + (1,)}, one channel, 1 = known, 0 = hole"
        )
    check_binary(masks)
    images = np.where(masks > 0, images, 0)
    if not (images.min(initial=0) >= 0 and images.max(initial=0) <= 1):
        raise ValueError(
            f"known pixels range from {images.min():.4g} to {images.max():.4g}: expected [0, 1]; "
            "divide 8-bit pictures by 255"
        )
    return images, masks


def check_binary(masks):
    """Raises ValueError unless masks, of any shape, hold 0 and 1 alone."""
    wrong = np.asarray(masks)[~np.isin(masks, (0, 1))]
    if wrong.size:
        raise ValueError(
            f"a mask holds {wrong[0]:.4g}: expected 1 (known) or 0 (hole) alone; round it first, or read it "
            "with inpaintkit.images.read_mask"
        )


def check_hole(hole, expected=("white", "black", "alpha")):
    """Raises ValueError unless `hole` is one of those expected."""
    if hole not in expected:
        raise ValueError(
            f"hole={hole!r}: expected {' or '.join(map(repr, expected))}, what the hole is in the file"
        )


class NothingKnownError(ValueError):
    """Of a mask file that is nothing but hole."""


def _save(picture, path):
    """Writes under a hidden name first, so that nobody finds half a file."""
    path = Path(os.path.realpath(path))
    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise ValueError(f"{path}: expected an ending that names a kind of image, such as .png")
    part = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        picture.save(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _name(path):
    """What messages call a path or an opened file, whose own name may be a number."""
    return str(getattr(path, "name", "opened file") if hasattr(path, "read") else path)


@contextlib.contextmanager
def _opened(path):
    """Opens an image file. Every fault, here and in the `with` block, ends as a ValueError that names it."""
    name = _name(path)
    if not hasattr(path, "read") and not os.path.isfile(path):
        raise ValueError(f"{name}: {'a folder, not a file' if os.path.isdir(path) else 'no such file'}")
    try:
        with _LOCK:  # the size is ours to judge, below
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
        picture, dark = Image.fromarray(path), None
    else:
        with _opened(path) as opened:
            picture, dark = to_rgb(opened)
    if dark:
        where = where or f"an image in {os.path.dirname(_name(path)) or 'this folder'}"
        warnings.warn(
            f"{where}: looks black: it has more than 8 bits, and no value is above 1/16 of white, {dark:,}. "
            f"If what it holds is brighter (8, 10 or 12 bits), scale the values so that white is {dark:,}",
            stacklevel=3,
        )
    if image_size is not None:
        height, width = size_pair(image_size)
        picture = ImageOps.fit(picture, (width, height), method=Image.Resampling.LANCZOS)
    return np.asarray(picture)
