"""What all metrics share: the check of shapes, dtypes, and means over each image or over a region of it."""

import math
from collections.abc import Iterable

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from inpaintkit.checks import as_array, check_type


def check_shapes(y_true: ArrayLike, y_pred: ArrayLike, region: ArrayLike | None = None) -> None:
    """Raises a ValueError unless two batches of images have one shape, and a region one value per pixel.

    NumPy would broadcast other shapes to a wrong number: a region of three channels makes PSNR 4.77 dB too
    high.

    Args:
        y_true, y_pred: anything with a `shape`, expected (B, H, W, C). A side of None, known later, fits any.
        region: None, or expected (B, H, W, 1) or (B, H, W).

    Raises:
        ValueError: other shapes.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> ik.metrics.check_shapes(np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 9, 3)))
        Traceback (most recent call last):
        ValueError: y_true of shape (2, 8, 8, 3), y_pred of shape (2, 8, 9, 3): ...
    """
    shape, other = _shape("y_true", y_true), _shape("y_pred", y_pred)
    if len(shape) != 4 or not _fits(other, shape):
        raise ValueError(f"y_true of shape {shape}, y_pred of shape {other}: expected one, (B, H, W, C)")
    fitting = shape[:3], (*shape[:3], 1)
    if region is not None and not any(_fits(_shape("region", region), expected) for expected in fitting):
        raise ValueError(f"region of shape {tuple(region.shape)}: expected {fitting[0]} or {fitting[1]}")


def _shape(name, value):
    check_type(name, getattr(value, "shape", None), Iterable, "an array or a tensor")
    return tuple(value.shape)


def _fits(shape, expected):
    sides = zip(shape, expected, strict=False)
    return len(shape) == len(expected) and all(a is None or b is None or a == b for a, b in sides)


def as_tensor(name: str, value: ArrayLike) -> ArrayLike:
    """A value as a tensor of real numbers, whatever it was: an array, lists, a tensor.

    Args:
        name: of the argument, for the message.
        value: what came.

    Returns:
        a tensor of the back end.

    Raises:
        ValueError: anything but real numbers.

    Example:
        >>> import inpaintkit as ik
        >>> ik.metrics.as_tensor("y_true", "white")
        Traceback (most recent call last):
        ValueError: y_true of type str: expected an array or a tensor of numbers
    """
    came = f"of type {type(value).__name__}"
    try:
        tensor = ops.convert_to_tensor(value)
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        if "complex" in dtype or dtype == "string":
            raise TypeError(dtype)
    except Exception as error:  # each back end raises errors of its own
        raise ValueError(f"{name} {came}: expected an array or a tensor of numbers") from error
    return tensor


def operations(*arrays):
    """NumPy for NumPy arrays, `keras.ops` for all others.

    On small images, TensorFlow takes far longer to call an operation than to compute it.
    """
    return np if all(array is None or isinstance(array, np.ndarray) for array in arrays) else ops


def prepare(y_true, y_pred, region=None):
    """Checked and of one dtype: float64 if both images are, else float32. The region is (B, H, W, 1)."""
    if operations(y_true, y_pred, region) is np:
        convert, cast = as_array, np.asarray
    else:
        convert, cast = as_tensor, ops.cast
    y_true, y_pred = convert("y_true", y_true), convert("y_pred", y_pred)
    region = None if region is None else convert("region", region)
    check_shapes(y_true, y_pred, region)
    dtype = "float64" if all("float64" in str(y.dtype) for y in (y_true, y_pred)) else "float32"
    if region is not None:
        region = cast(region if len(region.shape) == 4 else region[..., None], dtype)
    return cast(y_true, dtype), cast(y_pred, dtype), region


def sum_per_image(x):
    """(B, H, W, C) to (B,)."""
    return operations(x).sum(x, axis=(1, 2, 3))


def mean_per_image(x, region):
    """(B, H, W, C) to (B,): the mean over each image, or over its region; NaN where that is empty."""
    if region is None:
        return operations(x).mean(x, axis=(1, 2, 3))
    with np.errstate(invalid="ignore"):  # 0/0
        return sum_per_image(x * region) / (sum_per_image(region) * x.shape[-1])


def zero_outside(y_true, y_pred, region):
    """The images, 0 outside the region; NaN where the region of an image is empty."""
    if region is None:
        return y_true, y_pred
    xp = operations(region)
    region = xp.where(xp.sum(region, axis=(1, 2, 3), keepdims=True) > 0, region, math.nan)
    return y_true * region, y_pred * region
