"""Partial convolution: Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions" (ECCV
2018), equations 1 and 2.

The layer equals NVIDIA's own PyTorch layer. Where we differ: the mask has one channel, not as many as the
features. All channels of a feature map share one mask, so the mask's convolution becomes C times cheaper.
Where the public Keras copies differ: they count the known pixels over all channels and divide by k·k, so
that the result of a fully known window is C times too small.
"""

import keras
from keras import ops

from inpaintkit.layers.base import zero_hole
from inpaintkit.serialization import serializable


@serializable
class PConv2D(keras.layers.Conv2D):
    """Partial convolution: a `Conv2D` that reads known pixels only, and returns which are known after it.

    With n = the number of known pixels under the k×k window (padding counts as hole):

        y    = conv(x · mask, W) · (k·k / n) + b   where n > 0,  and 0 elsewhere
        mask = 1                                   where n > 0,  and 0 elsewhere

    A U-Net decoder joins two feature maps with different masks. Give both pairs,
    `[features1, mask1, features2, mask2]`. Then n = (C1·n1 + C2·n2) / (C1 + C2), as if each channel had its
    own mask.

    Args:
        filters: number of output channels.
        kernel_size: int or (height, width).
        **kwargs: as for `keras.layers.Conv2D`: strides, padding, dilation_rate, activation, use_bias, ….
            Before a BatchNormalization use no bias: it costs time and changes nothing there.

    Input: `[features, mask]` or `[features1, mask1, features2, mask2]`; features (B, H, W, C), any values
        (content under a hole never matters, not even NaN); masks (B, H, W, 1), 1 = known, 0 = hole.
    Output: `(features, mask)`, (B, H', W', filters) and (B, H', W', 1).

    Raises:
        ValueError: not two or four inputs, a mask of more than one channel, groups, channels first.

    Example: a window of nine ones, of which three are known, gives 3 · 9 / 3, as if all were known.

        >>> import keras, numpy as np, inpaintkit as ik
        >>> image, mask = np.ones((1, 3, 3, 1)), np.zeros((1, 3, 3, 1))
        >>> mask[:, 0] = 1
        >>> y, known = ik.layers.PConv2D(1, 3, kernel_initializer="ones")([image, mask])
        >>> float(keras.ops.convert_to_numpy(y)[0, 0, 0, 0]), float(known[0, 0, 0, 0])
        (9.0, 1.0)
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        if self.groups != 1 or self.data_format != "channels_last":
            raise ValueError(f"groups={self.groups}, {self.data_format}: expected groups=1, channels_last")
        self.input_spec = None  # Conv2D's expects one tensor

    def build(self, input_shape):
        pairs = as_pairs(input_shape)
        for features, mask in pairs:
            if len(features) != 4 or len(mask) != 4 or mask[-1] != 1:
                raise ValueError(f"features {features}, mask {mask}: expected (B, H, W, C), (B, H, W, 1)")
        channels = sum(features[-1] for features, _ in pairs)
        super().build((*pairs[0][0][:-1], channels))
        self.input_spec = None

    def call(self, inputs):
        pairs = as_pairs(inputs)  # (B, H, W, C) and (B, H, W, 1) each
        parts = [zero_hole(features, mask) for features, mask in pairs]
        channels = [part.shape[-1] for part in parts]
        x = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]  # (B, H, W, C1 + C2)
        y = self.convolution_op(x, self.kernel)  # (B, H', W', filters)
        return self.renormalize(y, channels, [mask for _, mask in pairs])

    def renormalize(self, y, channels, masks):
        """Scales the convolution y of the known pixels, adds the bias, and computes the new mask."""
        # Counted in float32: 7·7·512 would be rounded in float16. All else keeps the layer's own type.
        pairs = zip(channels, masks, strict=True)
        known_channels = sum(c * ops.cast(mask, "float32") for c, mask in pairs)  # (B, H, W, 1)
        ones = ops.ones((*self.kernel_size, 1, 1), "float32")
        count = self.convolution_op(known_channels, ones)  # (B, H', W', 1): n · (C1 + C2)
        known = ops.cast(count > 0.5, "float32")  # (B, H', W', 1)
        window = self.kernel_size[0] * self.kernel_size[1] * sum(channels)
        ratio = known * window / ops.maximum(count, 1.0)  # no epsilon: 1e-8 is zero in float16
        y = y * ops.cast(ratio, y.dtype)  # (B, H', W', filters)
        known = ops.cast(known, y.dtype)
        if self.use_bias:
            y = y + self.bias
        if self.use_bias or self.activation is not keras.activations.linear:
            y = self.activation(y) * known  # the bias is not 0, nor is sigmoid(0)
        return y, known

    def compute_output_shape(self, input_shape):
        if is_shape(input_shape):  # Conv2D.build asks with the shape of the features
            return super().compute_output_shape(input_shape)
        features, _ = as_pairs(input_shape)[-1]  # in `PConv2DUp` the skip, of the size of the output
        shape = super().compute_output_shape(features)
        return shape, (*shape[:-1], 1)


def as_pairs(inputs):
    """[features, mask] or [features1, mask1, features2, mask2], or their shapes, as a list of pairs."""
    is_list = isinstance(inputs, (list, tuple)) and not is_shape(inputs)
    count = len(inputs) if is_list else 1
    if count not in (2, 4):
        raise ValueError(
            f"inputs: {count}; expected [features, mask] or [features1, mask1, features2, mask2]"
        )
    return list(zip(inputs[::2], inputs[1::2], strict=True))


def is_shape(value):
    """Whether a value is one shape, such as (None, 32, 32, 3), and not a list of tensors or shapes."""
    return all(side is None or isinstance(side, int) for side in value)
