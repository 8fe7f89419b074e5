"""Reading and writing mask files: the one place where a mask's polarity is turned."""

import warnings

import numpy as np
from PIL import Image

from inpaintkit.images.arrays import _name, check_binary, check_hole, size_pair
from inpaintkit.images.decoding import fit_hole, mask_planes, split
from inpaintkit.images.reading import _opened, _save


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


class NothingKnownError(ValueError):
    """Of a mask file that is nothing but hole."""
