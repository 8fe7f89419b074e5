"""Layers that empty the hole, pad to a network's stride and crop back."""

from keras import ops

from inpaintkit.layers.base import _ExactLayer, _known_only
from inpaintkit.serialization import serializable


@serializable
class MaskImage(_ExactLayer):
    """`[image, mask]` to the image with its hole set to 0: no network sees what was there, NaN included.

    Raises:
        ValueError: anything but (B, H, W, 3) with (B, H, W, 1); a mask of three channels would pass for one
            in some networks, and fail deep inside others.
    """

    def call(self, inputs):
        image, mask = inputs
        if len(image.shape) != 4 or image.shape[-1] != 3 or tuple(mask.shape) != (*image.shape[:3], 1):
            raise ValueError(
                f"an image of shape {tuple(image.shape)} with a mask of shape {tuple(mask.shape)}: expected "
                "(B, H, W, 3) and (B, H, W, 1), one mask channel, 1 = known, 0 = hole"
            )
        return _known_only(image, mask)

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@serializable
class PadToMultiple(_ExactLayer):
    """Zero-pads right and bottom until height and width are multiples of `multiple`.

    In a mask the padding counts as hole, as it should. (B, H, W, C) to (B, H', W', C).
    """

    def __init__(self, multiple, **kwargs):
        super().__init__(**kwargs)
        self.multiple = multiple

    def call(self, x):
        height, width = ops.shape(x)[1:3]
        return ops.pad(x, ((0, 0), (0, self._missing(height)), (0, self._missing(width)), (0, 0)))

    def _missing(self, side):
        """Pixels to the next multiple. Not `-side % multiple`: in ONNX that is negative, and would cut."""
        return (self.multiple - side % self.multiple) % self.multiple

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        return (batch, *(side and side + self._missing(side) for side in sides), channels)

    def get_config(self):
        return {**super().get_config(), "multiple": self.multiple}


@serializable
class CropLike(_ExactLayer):
    """`[x, like]`: x cut, right and bottom, to the height and width of `like`; the way back from `PadToMultiple`."""

    def call(self, inputs):
        x, like = inputs
        height, width = ops.shape(like)[1:3]
        return x[:, :height, :width]

    def compute_output_shape(self, input_shape):
        x, like = input_shape
        return (*like[:3], x[-1])
