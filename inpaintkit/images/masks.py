"""Reading and writing mask files: the one place where a mask's polarity is turned."""

import os
import warnings

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from inpaintkit.checks import as_array, check_choice
from inpaintkit.images.arrays import Size, check_binary, size_pair
from inpaintkit.images.decoding import fit_hole, grey_and_alpha, split_at_half
from inpaintkit.images.reading import File, file_name, open_image, save

HOLES = ("white", "black", "alpha")  # what the hole can be in a file


def read_mask(
    path: File, hole: str = "white", image_size: Size | None = None, warn: bool = True, damaged: bool = True
) -> np.ndarray:
    """Reads a mask file and turns it to this kit's polarity: 1 = known, 0 = hole.

    OpenCV, scikit-image, NVIDIA's mask files and photo editors paint the hole white (`hole="white"`); papers
    on partial convolution mark the known pixels white (`hole="black"`); an editor's eraser makes the hole
    transparent (`hole="alpha"`).

    A file of exactly two values is black and white, whatever they are (0 and 1 in 8 or 16 bits, two colours,
    two entries of a palette): the brighter one is white. Other files are split at one half. Constant
    transparency is ignored; otherwise transparent pixels count as white, unless they are the mask. Of a file
    of several images, such as an animation, only the first is read.

    Args:
        path: an image file, or one opened as binary.
        hole: "white" or "black", the colour of the hole in the file; "alpha": the hole is transparent.
        image_size: None, pixels per side, or (height, width), as for `read_image`. Read a mask and its image
            with the same `image_size`. None keeps the size of the file; `check_batch` reports it if that is
            not the size of the image.
        warn: False where grey pixels, such as those of a JPEG, are expected. A warning still comes if all
            grey pixels of a file are taken as known.
        damaged: how a mask is resized. True is for the mask of a damaged image: a pixel is hole if the
            filter of `read_image` (Lanczos, 3 pixels to each side) computes it from any pixel of the hole,
            so that no damage is left in known pixels; a mask that is only cropped, by whole pixels, stays as
            it is. False is for holes that were never in the image: the nearest pixel counts, which keeps the
            hole ratio.

    Returns:
        float32 array (H, W, 1) of 0 and 1. A file without a hole gives only 1.

    Raises:
        ValueError: as for `read_image`; an unknown `hole`; "alpha" for a file without transparency; a mask
            that is nothing but hole.

    Warns:
        UserWarning: pixels that are neither black nor white, with their number; transparent pixels, with
            their share, in a file whose hole is not "alpha"; a file of several images.

    Example:
        >>> import tempfile
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ik.images.write_mask(f"{folder}/m.png", ik.masks.Center().sample(1, 16, 16)[0], hole="white")
        ...     right = ik.images.read_mask(f"{folder}/m.png", hole="white")
        ...     wrong = ik.images.read_mask(f"{folder}/m.png", hole="black")
        >>> right.shape, ik.masks.hole_ratio([right, wrong])
        ((16, 16, 1), array([0.25, 0.75]))
    """
    name = file_name(path)
    known, notes = decode_mask(path, hole)
    if notes and (warn or "dark" in notes):
        warnings.warn(f"{name}: {'; '.join(notes.values())}", stacklevel=2)
    if image_size is not None:
        known = ~fit_hole(~known, size_pair(image_size), damaged)
        if not known.any():
            advice = ": the damage reaches every pixel; choose a larger size" if damaged else ""
            raise NothingKnownError(f"{name}: nothing but hole at image_size={image_size!r}{advice}")
    return known[..., None].astype("float32")


def decode_mask(path: File, hole: str) -> tuple[np.ndarray, dict[str, str]]:
    """The known pixels of a mask file, and the warnings of `read_mask` by name.

    Args:
        path, hole: as for `read_mask`.

    Returns:
        bool array (H, W), and a dict with texts under "several", "grey", "dark" or "alpha".

    Example:
        >>> import io
        >>> from PIL import Image
        >>> import inpaintkit as ik
        >>> file = io.BytesIO()
        >>> Image.linear_gradient("L").save(file, "png")  # 256×256, from black to white
        >>> known, notes = ik.images.decode_mask(file, "white")
        >>> known.mean().item(), list(notes)
        (0.5, ['grey'])
    """
    check_choice("hole", hole, HOLES)
    name, notes = file_name(path), {}
    with open_image(path) as opened:
        if getattr(opened, "is_animated", False):
            notes["several"] = "it holds several images, of which the first is taken"
        values, white, alpha = grey_and_alpha(opened)
        bright, unclear = split_at_half(values, white)
        known_by, neither = {"white": ~bright, "black": bright}, "black nor white"
        if alpha is not None:
            known_by["alpha"], unclear_alpha = split_at_half(alpha, white)
            if hole == "alpha":
                values, unclear, neither = alpha, unclear_alpha, "opaque nor transparent"
    if hole not in known_by:
        raise ValueError(f"{name}: hole='alpha', but it has no transparency; say hole='white' or 'black'")
    known = known_by[hole]
    extent = f"its values are {values.min():.6g} to {values.max():.6g}"
    if not known.any():
        reason = _other_holes(known_by) or f": {extent}"
        raise NothingKnownError(f"{name}: nothing but hole with hole={hole!r}{reason}")
    if unclear:
        text = f"{unclear:,} of {known.size:,} pixels are neither {neither}; they are split at one half"
        if known.all():
            notes["dark"] = f"{text}, and none is hole: {extent}"
        else:
            notes["grey"] = text
    if hole != "alpha" and alpha is not None and alpha.min() < alpha.max():
        text = f"{1 - known_by['alpha'].mean():.1%} of its pixels are transparent (alpha) and count as white"
        notes["alpha"] = f"{text}; if the hole is transparent, say hole='alpha'"
    return known, notes


def _other_holes(known_by):
    """Advice for a file that is nothing but hole: what else could be the hole in it; "" if nothing could."""
    shares = {hole: 1 - known.mean() for hole, known in known_by.items()}
    others = [f"hole={hole!r} ({share:.1%} of it)" for hole, share in shares.items() if 0 < share < 1]
    advice = f"; say {' or '.join(others)}, if that is the hole in it" if others else ""
    if 0 < shares.get("alpha", 0) < 1:
        advice += "; if the hole is what is opaque, fill the rest with the other colour first"
    return advice


def write_mask(path: str | os.PathLike, mask: ArrayLike, hole: str = "white") -> None:
    """Writes a mask as a black-and-white file. The file is written completely or not at all.

    Args:
        path: the file; its ending decides the format.
        mask: (H, W, 1) or (H, W), 1 = known, 0 = hole.
        hole: "white" or "black", the colour of the hole in the file.

    Raises:
        ValueError: another shape, other values, another `hole`, or an ending that stands for no image format.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from PIL import Image
        >>> import inpaintkit as ik
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ik.images.write_mask(f"{folder}/m.png", np.array([[1, 0]]), hole="white")
        ...     np.asarray(Image.open(f"{folder}/m.png"))
        array([[  0, 255]], dtype=uint8)
    """
    check_choice("hole", hole, HOLES[:2])
    mask = as_array("mask", mask)
    if mask.ndim not in (2, 3) or mask.shape[2:] not in ((), (1,)) or not mask.size:
        raise ValueError(f"mask of shape {mask.shape}: expected (height, width, 1) or (height, width)")
    check_binary(mask)
    white = mask.reshape(mask.shape[:2]) == (0 if hole == "white" else 1)
    save(Image.fromarray(white.astype("uint8") * 255), path)


class NothingKnownError(ValueError):
    """A mask file is nothing but hole.

    Example:
        >>> import inpaintkit as ik
        >>> issubclass(ik.images.NothingKnownError, ValueError)
        True
    """
