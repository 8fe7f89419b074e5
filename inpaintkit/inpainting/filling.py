"""`inpaint`: one image of any size and any kind, filled around its hole only."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import as_array, check_function, is_count
from inpaintkit.images import check_binary, check_pixels
from inpaintkit.inpainting.blending import blend_rim, check_blend
from inpaintkit.inpainting.method_names import find_method
from inpaintkit.inpainting.tiles import fill_tiled, hole_groups

if TYPE_CHECKING:
    import keras


def inpaint(
    image: ArrayLike,
    mask: ArrayLike,
    method: str | Path | keras.Model | Callable = "biharmonic",
    *,
    blend: str | None = "feather",
    tile: int = 512,
    margin: int = 64,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Fills the hole of one image of any size. Known pixels come back bit for bit.

    Only what surrounds the hole is worked on: each group of hole pixels, with `margin` pixels around it. So
    a small hole in a large photograph costs what the small hole costs. A group larger than a tile is filled
    by tiles that overlap. If the hole is wider than a tile, only its rim, as wide as `margin`, is filled in
    full detail: what lies deeper is filled in the image at half the size, a quarter, and so on. For more
    detail there, take a larger `tile`. "telea", which fills from all sides, then shows a ring inside such a
    rim; "heat" does not.

    Args:
        image: (H, W) or (H, W, 1) grey, (H, W, 2) grey with alpha, (H, W, 3) RGB or (H, W, 4) RGBA; uint8,
            uint16, or float in [0, 1]. Grey is filled as RGB of three equal channels. Alpha stays as it is
            where the image is known; what is filled becomes opaque. Of 16 bits often only a part is used, and
            some methods compute with 8 bits, so the known values are stretched to [0, 1] before the fill.
        mask: (H, W) or (H, W, 1), 1 = known, 0 = hole; bool or numbers.
        method: what fills, see `ik.inpainting.find_method`: a name such as "telea" or "photos", a `.keras`
            or `.onnx` file, a model, or a function `method(images, masks)`.
        blend: "feather" corrects some pixels inside the rim of the hole by what the method repaints wrongly
            just outside it; "poisson" continues this correction through the whole hole, as Poisson image
            editing does; None leaves a hard edge. A method that returns the known pixels as they are, as all
            classical ones and the shipped weights do, gets no correction.
        tile: width and height of the largest piece that the method gets at once, in pixels. Time and memory
            per tile depend on it.
        margin: how many pixels around the hole the method sees, at least; 1 or more.
        seed: of a method that draws random numbers, such as "patchmatch".
        progress: called as progress(done, total) after each tile, in pixels of the hole.

    Returns:
        the image, of the same shape and dtype; a copy if there is no hole.

    Raises:
        ValueError: an image or a mask of another shape, kind or size; a mask with other values than 0 and 1;
            no known pixel; known pixels that are NaN or outside [0, 1]; an unknown method, or one that
            returns another shape or NaN; an unknown `blend`; a `tile` that its margins fill.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image = np.full((40, 60), 200, "uint8")  # grey
        >>> mask = np.ones((40, 60))
        >>> mask[10:20, 10:30] = image[10:20, 10:30] = 0  # a hole
        >>> filled = ik.inpaint(image, mask, "heat")
        >>> filled.dtype, int(filled.min())
        (dtype('uint8'), 200)
    """
    image, hole = _check_pair(image, mask)
    check_blend(blend)
    if not (is_count(margin, 1) and is_count(tile, 2 * int(margin) + 1)):
        raise ValueError(f"tile={tile!r}, margin={margin!r}: expected whole pixels, tile > 2 * margin > 0")
    check_function("progress", progress, "(done, total)")
    tile, margin = int(tile), int(margin)  # NumPy's small numbers would overflow in a sum
    fill = functools.partial(_fill, _with_seed(find_method(method), seed), blend=blend)
    low, high = _value_range(image, hole)
    result, done, total = image.copy(), 0, int(np.count_nonzero(hole))

    def report(count):
        nonlocal done
        done += int(count)
        if progress is not None:
            progress(done, total)

    for window, own in hole_groups(hole, margin):
        part = _to_float(image[window], low, high)
        filled = fill_tiled(part, hole[window], own, fill, tile, margin, report)
        _write(result[window], own, filled[own], low, high)
    return result


def _check_pair(image, mask):
    """(image, hole) as arrays, hole bool (H, W), or a ValueError."""
    image, mask = check_pixels(image, (1, 2, 3, 4)), as_array("mask", mask)
    if mask.shape not in (image.shape[:2], (*image.shape[:2], 1)):
        expected = f"expected {image.shape[:2]}, 1 = known, 0 = hole"
        raise ValueError(f"mask of shape {mask.shape} for an image of shape {image.shape}: {expected}")
    mask = mask.reshape(image.shape[:2])
    hole = mask == 0
    if mask.dtype != bool:
        check_binary(mask[~hole & (mask != 1)])  # few values: to check all of them would take longer
    if hole.all():
        raise ValueError("the mask has no known pixel: expected 1 where the image is known, 0 in the hole")
    if image.dtype.kind == "f":
        wrong = ~((image >= 0) & (image <= 1))
        wrong = (wrong.any(axis=-1) if image.ndim == 3 else wrong) & ~hole
        if wrong.any():
            came = f"a known pixel is {image[wrong][0].tolist()}"
            raise ValueError(f"{came}: expected float images in [0, 1]; divide 8-bit images by 255")
    return image, hole


def _with_seed(method, seed):
    """The method with this seed, if it takes one."""
    try:
        takes_seed = "seed" in inspect.signature(method).parameters
    except (TypeError, ValueError):  # a callable without a signature
        return method
    return functools.partial(method, seed=seed) if takes_seed else method


def _fill(method, image, hole, blend):
    """The fill of one image, float32 (H, W, 3), by a method over batches."""
    masks = np.float32(~hole)[None, ..., None]
    filled = np.asarray(method(image[None], masks), "float32")
    if filled.shape != (1, *image.shape):
        raise ValueError(f"the method returned shape {filled.shape}: expected {(1, *image.shape)}")
    if not np.isfinite(filled).all():
        raise ValueError("the method returned values that are not finite: expected [0, 1]")
    return np.clip(blend_rim(filled[0], image, hole, blend), 0, 1)


def _colors(image):
    """The channels of an image without alpha, (H, W, 1 or 3), a view."""
    channels = image.reshape(*image.shape[:2], -1)
    return channels[..., :-1] if channels.shape[-1] in (2, 4) else channels


def _value_range(image, hole):
    """The values of an image that become 0 and 1."""
    if image.dtype != "uint16":
        return 0, 1 if image.dtype.kind == "f" else 255
    known = _colors(image)[~hole]
    return int(known.min()), max(int(known.max()), int(known.min()) + 1)


def _to_float(image, low, high):
    """An image of any kind as float32 (H, W, 3), without alpha; known values are in [0, 1]."""
    colors = (_colors(image).astype("float32") - low) / (high - low)
    return colors if colors.shape[-1] == 3 else colors.repeat(3, axis=-1)


def _write(target, own, values, low, high):
    """Writes colours, float32 (N, 3) in [0, 1], into the pixels `own` of an image of any kind, in place."""
    colors = _colors(target)
    if colors.shape[-1] == 1:
        values = values.mean(axis=-1, keepdims=True)
    is_float = target.dtype.kind == "f"
    values = low + values * (high - low)
    colors[own] = (values if is_float else np.rint(values)).astype(target.dtype)
    if target.shape[2:] in ((2,), (4,)):
        target[own, -1] = 1 if is_float else np.iinfo(target.dtype).max  # opaque
