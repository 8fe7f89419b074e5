"""Layers that set the hole to 0, pad to a multiple of a network's stride, and crop back."""

from keras import ops

from inpaintkit.checks import check_number
from inpaintkit.layers.base import Float32Layer, zero_hole
from inpaintkit.serialization import serializable, serializable_as


@serializable_as("EmptyHole")
class MaskImage(Float32Layer):
    """`[image, mask]` to the image with its hole set to 0, so that no network reads it, not even a NaN.

    Args:
        **kwargs: as for `keras.layers.Layer`; dtype is float32 unless given.

    Input: `[image, mask]`, (B, H, W, 3) and (B, H, W, 1), 1 = known. Output: (B, H, W, 3).

    Raises:
        ValueError: other shapes. Some networks would take a mask of three channels for one of one channel,
            and others would fail somewhere inside.

    Example:
        >>> import numpy as np, inpaintkit as ik
        >>> mask = np.array([1.0, 0.0]).reshape(1, 1, 2, 1)
        >>> np.asarray(ik.layers.MaskImage()([np.full((1, 1, 2, 3), 0.5), mask]))[0, 0, :, 0].tolist()
        [0.5, 0.0]
    """

    def call(self, inputs):
        image, mask = inputs
        if len(image.shape) != 4 or image.shape[-1] != 3 or tuple(mask.shape) != (*image.shape[:3], 1):
            raise ValueError(f"{image.shape} with mask {mask.shape}: expected 3 and one mask channel")
        return zero_hole(image, mask)


@serializable_as("PadTo")
class PadToMultiple(Float32Layer):
    """Pads with zeros, right and bottom, until height and width are multiples of `multiple`.

    In a mask the padding then counts as hole.

    Args:
        multiple: of which height and width become multiples, in pixels.
        **kwargs: as for `keras.layers.Layer`; dtype is float32 unless given.

    Input: (B, H, W, C). Output: (B, H', W', C).

    Raises:
        ValueError: another multiple than a whole number from 1 on.

    Example:
        >>> import numpy as np, inpaintkit as ik
        >>> tuple(ik.layers.PadToMultiple(8)(np.ones((1, 10, 16, 3))).shape)
        (1, 16, 16, 3)
    """

    def __init__(self, multiple: int, **kwargs):
        super().__init__(**kwargs)
        check_number("multiple", multiple, 1, whole=True)
        self.multiple = multiple

    def call(self, x):
        height, width = ops.shape(x)[1:3]
        return ops.pad(x, ((0, 0), (0, self._missing(height)), (0, self._missing(width)), (0, 0)))

    def _missing(self, side):
        """Pixels to the next multiple. Not `-side % multiple`: in ONNX that is negative, and would crop."""
        return (self.multiple - side % self.multiple) % self.multiple

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        sides = (None if side is None else side + self._missing(side) for side in (height, width))
        return (batch, *sides, channels)

    def get_config(self):
        return {**super().get_config(), "multiple": self.multiple}


@serializable
class CropLike(Float32Layer):
    """`[x, like]` to x, cropped at right and bottom to the size of `like`: the inverse of `PadToMultiple`.

    Args:
        **kwargs: as for `keras.layers.Layer`; dtype is float32 unless given.

    Input: `[x, like]`, (B, H', W', C) and (B, H, W, any). Output: (B, H, W, C).

    Raises:
        ValueError: inputs that are not two batches of images.

    Example:
        >>> import numpy as np, inpaintkit as ik
        >>> tuple(ik.layers.CropLike()([np.ones((1, 16, 16, 3)), np.ones((1, 10, 16, 1))]).shape)
        (1, 10, 16, 3)
    """

    def call(self, inputs):
        x, like = inputs
        if len(x.shape) != 4 or len(like.shape) != 4:
            raise ValueError(f"x {x.shape}, like {like.shape}: expected (B, H', W', C) and (B, H, W, any)")
        height, width = ops.shape(like)[1:3]
        return x[:, :height, :width]

    def compute_output_shape(self, input_shape):
        x, like = input_shape
        return (*like[:3], x[-1])
