"""Small functions and the base class that several layers share."""

import keras
from keras import ops


class Float32Layer(keras.layers.Layer):
    """A layer that passes pixels on: in float32 under any dtype policy, since 16 bits would round them.

    Its output has the shape of its first input.
    """

    def __init__(self, dtype: str | keras.DTypePolicy = "float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)

    def compute_output_shape(self, input_shape):
        return input_shape[0]


def zero_hole(x, mask):
    """x with its hole set to 0: x / 1 where it is known, x / 0 = 0 elsewhere. A product would keep NaN.

    On a CPU, TensorFlow takes longer for `ops.where`, and for a division without `broadcast_to`.
    """
    known = ops.broadcast_to(ops.cast(mask > 0, x.dtype), ops.shape(x))
    return ops.divide_no_nan(x, known)


def upsample(x):
    """Nearest upsampling by 2: (B, H, W, C) to (B, 2H, 2W, C)."""
    return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)


def resize_bilinear(x, size):
    """x, (B, H, W, C), resized to size = (height, width).

    Equal to `ops.image.resize`, which Keras cannot export to ONNX for images of any size.
    """
    for axis, new_length in ((1, size[0]), (2, size[1])):
        old_length = ops.cast(ops.shape(x)[axis], "float32")
        scale = old_length / ops.cast(new_length, "float32")
        position = (ops.arange(new_length, dtype="float32") + 0.5) * scale - 0.5  # of pixel centres
        position = ops.clip(position, 0.0, old_length - 1)
        below = ops.floor(position)
        above = ops.minimum(below + 1, old_length - 1)
        fraction = ops.reshape(position - below, (-1, 1, 1) if axis == 1 else (-1, 1))
        x_below = ops.take(x, ops.cast(below, "int32"), axis)
        x_above = ops.take(x, ops.cast(above, "int32"), axis)
        x = x_below + fraction * (x_above - x_below)
    return x
