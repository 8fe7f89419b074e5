"""What `fit`, `evaluate` and `predict` of an `Inpainter` expect of arrays."""

import keras
import numpy as np
from keras import ops

from inpaintkit.images import check_binary


def check_arrays(model, x, y, where, with_target=True):
    """Checks arrays before Keras sees them; data sets check their own.

    Args:
        model: the network; where it has a fixed size, images must have it.
        x: [images, masks] or {"image": …, "mask": …}: (B, H, W, 3), known pixels in [0, 1], and (B, H, W, 1)
            of 0 and 1, any dtype. Anything that is no array is left to Keras.
        y: the complete images (B, H, W, 3) in [0, 1].
        where: the name of the call, for the message.
        with_target: False for `predict`, which has none.

    Raises:
        ValueError: another number of inputs, names, shapes, values outside [0, 1], NaN, or masks not
            of 0 and 1.
    """
    if x is None or not (isinstance(x, (dict, list, tuple)) or hasattr(x, "shape")):
        return
    known = {"image", *(tensor.name for tensor in keras.tree.flatten(getattr(model, "inputs", None) or []))}
    if isinstance(x, dict) and not (len(x) == 2 and "mask" in x and set(x) - {"mask"} <= known):
        raise ValueError(f"{where}: inputs by the names {sorted(x)}: expected 'image' and 'mask'")
    if not isinstance(x, dict) and (hasattr(x, "shape") or len(x) != 2):
        came = f"one array of shape {tuple(x.shape)}" if hasattr(x, "shape") else f"{len(x)} inputs"
        raise ValueError(f"{where}: {came}: expected two, [images, masks]")
    pair = [*(v for k, v in x.items() if k != "mask"), x["mask"]] if isinstance(x, dict) else x
    images, masks = map(_as_array, pair)
    if images.ndim != 4 or images.shape[-1] != 3:
        one = "; for one image, add the batch axis with image[None]" if images.ndim == 3 else ""
        raise ValueError(f"{where}: images of shape {images.shape}: expected (batch, height, width, 3){one}")
    if masks.shape != (*images.shape[:3], 1):
        raise ValueError(
            f"{where}: masks of shape {masks.shape} for images of shape {images.shape}: "
            f"expected {(*images.shape[:3], 1)}, one channel, 1 = known, 0 = hole"
        )
    tensors = [t for t in keras.tree.flatten(getattr(model, "inputs", None) or []) if t.shape[-1] == 3]
    sides = tensors[0].shape[1:3] if len(tensors) == 1 else (None, None)
    if any(side not in (None, given) for side, given in zip(sides, images.shape[1:3], strict=True)):
        raise ValueError(
            f"{where}: images of {images.shape[1]}×{images.shape[2]}, but network {model.name!r} takes "
            f"{sides[0]}×{sides[1]}: expected that size; input_shape=(None, None, 3) builds one for any size"
        )
    target = None
    if with_target:
        if y is None:
            raise ValueError(f"{where}: no target: expected the complete images as y, {images.shape}")
        target = np.empty(0) if isinstance(y, (dict, list, tuple)) else _as_array(y)
        if target.shape != images.shape:
            came = type(y).__name__ if target.ndim == 1 else f"shape {target.shape}"
            raise ValueError(
                f"{where}: a target of {came} for images of shape {images.shape}: "
                f"expected the complete images, one array of shape {images.shape}"
            )
    for start in range(0, len(images), 256):  # a part at a time: the data may fill half the memory
        part = slice(start, start + 256)
        check_binary(masks[part])
        _check_range(np.where(masks[part] > 0, images[part], 0), f"{where}: known pixels of the images")
        if target is not None:
            _check_range(target[part], f"{where}: the target")


def _as_array(x):
    """NumPy's, of an array or a tensor of any back end."""
    return x if isinstance(x, np.ndarray) else ops.convert_to_numpy(x)


def _check_range(values, what):
    if np.isnan(values).any():
        raise ValueError(f"{what} hold NaN: expected numbers in [0, 1]")
    low, high = values.min(initial=0), values.max(initial=0)
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{what} range from {low:.4g} to {high:.4g}: expected [0, 1]; divide 8-bit images by 255"
        )
