"""What `fit`, `evaluate` and `predict` of an `Inpainter` expect of arrays."""

import warnings

import keras
import numpy as np
from keras import ops

from inpaintkit.checks import as_array
from inpaintkit.data import Pairs
from inpaintkit.images import check_batch


def check_arrays(model, x, y, where, has_target=True):
    """Checks arrays before Keras sees them; data sets check their own.

    Args:
        model: the network; where it has a fixed size, images must have it.
        x: [images, masks] or {"image": …, "mask": …}: (B, H, W, 3), known pixels in [0, 1], and (B, H, W, 1)
            of 0 and 1, any dtype. Anything that is not an array is left to Keras.
        y: the complete images (B, H, W, 3) in [0, 1].
        where: the name of the call, for the message.
        has_target: False for `predict`, which has none.

    Raises:
        ValueError: another number of inputs, names, shapes, values outside [0, 1], NaN, or masks not
            of 0 and 1.
    """
    if x is None:
        raise ValueError(f"{where}: x is None: expected Pairs, or [images, masks]")
    if not (isinstance(x, (dict, list, tuple)) or hasattr(x, "shape")):
        return
    images, masks = _image_and_mask(x, where)
    if masks.shape[:1] != images.shape[:1]:
        raise ValueError(
            f"{where}: masks of shape {masks.shape} for images of shape {images.shape}: "
            f"expected one mask per image, {(*images.shape[:3], 1)}"
        )
    for start in range(0, max(1, len(images)), 256):  # a part at a time: the data may fill half the memory
        part = slice(start, start + 256)
        try:
            check_batch(images[part], masks[part])
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    _check_size(model, images, where)
    if has_target:
        _check_target(y, images, where)


def warn_of_shuffle(x, where):
    """Warns, in the name of whoever called `fit`, `evaluate` or `predict`, of data that is not repeatable."""
    if isinstance(x, Pairs) and x.shuffle:
        warnings.warn(
            f"{where}: a Pairs with shuffle=True, which has another order and other holes each time: "
            "expected shuffle=False, so that numbers can be compared",
            stacklevel=3,
        )


def _image_and_mask(x, where):
    """Images and masks as NumPy arrays."""
    if isinstance(x, dict):
        if set(x) != {"image", "mask"}:
            raise ValueError(f"{where}: inputs by the names {sorted(x)}: expected 'image' and 'mask'")
        x = [x["image"], x["mask"]]
    if hasattr(x, "shape") or len(x) != 2:
        came = f"one array of shape {tuple(x.shape)}" if hasattr(x, "shape") else f"{len(x)} inputs"
        raise ValueError(f"{where}: {came}: expected two, [images, masks]")
    return _as_array(x[0]), _as_array(x[1])


def _check_target(y, images, where):
    """Raises ValueError unless the target is the complete images, with values in [0, 1]."""
    shape = tuple(getattr(y, "shape", ()))
    if shape != images.shape:
        came = f"shape {shape}" if shape else type(y).__name__
        raise ValueError(
            f"{where}: a target of {came} for images of shape {images.shape}: "
            f"expected the complete images as y, one array of shape {images.shape}"
        )
    target = _as_array(y)
    low, high = target.min(initial=0), target.max(initial=0)
    if not (low >= 0 and high <= 1):  # NaN is neither
        raise ValueError(
            f"{where}: the target's values range from {low:.4g} to {high:.4g}: expected [0, 1]; "
            "divide 8-bit images by 255"
        )


def _check_size(model, images, where):
    """Raises ValueError where the network has one fixed size, and the images another."""
    inputs = keras.tree.flatten(getattr(model, "inputs", None) or [])
    tensors = [tensor for tensor in inputs if tensor.shape[-1] == 3]
    sides = tensors[0].shape[1:3] if len(tensors) == 1 else (None, None)
    if any(side not in (None, given) for side, given in zip(sides, images.shape[1:3], strict=True)):
        raise ValueError(
            f"{where}: images of {images.shape[1]}×{images.shape[2]}, but network {model.name!r} takes "
            f"{sides[0]}×{sides[1]}: expected that size; input_shape=(None, None, 3) builds one for any size"
        )


def _as_array(x):
    """An array, or a tensor of any back end, as a NumPy array."""
    return np.atleast_1d(as_array("x or y", x if isinstance(x, np.ndarray) else ops.convert_to_numpy(x)))
