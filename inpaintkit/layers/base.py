"""Small functions and the base class that several layers share."""

import keras
from keras import ops


class _ExactLayer(keras.layers.Layer):
    """A layer that hands on pixels: in float32 under any policy, for 16 bits would round known pixels."""

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)


def _known_only(x, mask):
    """x with its hole set to 0; a product would keep NaN."""
    return ops.where(mask > 0, x, ops.zeros_like(x))


def _twice(x):
    """Nearest upsampling by 2: (B, H, W, C) to (B, 2H, 2W, C)."""
    return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)


def _bilinear(x, size):
    """x resized to (height, width), as by `ops.image.resize`, which Keras cannot export for any size."""
    for axis, side in enumerate(size, 1):
        last = ops.cast(ops.shape(x)[axis] - 1, "float32")
        place = (ops.arange(side, dtype="float32") + 0.5) * ((last + 1) / ops.cast(side, "float32")) - 0.5
        place = ops.clip(place, 0.0, last)
        low = ops.floor(place)
        share = ops.reshape(place - low, (-1,) + (1,) * (3 - axis))
        low, high = (ops.take(x, ops.cast(i, "int32"), axis) for i in (low, ops.minimum(low + 1, last)))
        x = low + share * (high - low)
    return x
