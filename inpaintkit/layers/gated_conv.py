"""Gated convolution: Yu et al., "Free-Form Image Inpainting with Gated Convolution" (ICCV 2019)."""

import keras
from keras import ops

from inpaintkit.checks import check_number
from inpaintkit.serialization import serializable


@serializable
class GatedConv2D(keras.layers.Conv2D):
    """Gated convolution: each layer learns a soft mask, one value per channel and pixel.

        y = activation(conv(x, W)) · sigmoid(conv(x, V))

    One convolution of twice the filters computes both halves, so `layer.filters` counts both. Give the
    mask to the network's first layer as one more channel.

    Args:
        filters: number of output channels.
        kernel_size: int or (height, width).
        **kwargs: as for `keras.layers.Conv2D`: strides, padding, dilation_rate, activation, use_bias, ….

    Input: (B, H, W, C). Output: (B, H', W', filters).

    Raises:
        ValueError: filters that are no whole number.

    Example:
        >>> import keras, numpy as np, inpaintkit as ik
        >>> layer = ik.layers.GatedConv2D(1, 1, kernel_initializer="zeros", bias_initializer="ones")
        >>> y = keras.ops.convert_to_numpy(layer(np.zeros((1, 2, 2, 3))))  # 1 · sigmoid(1)
        >>> y.shape[-1], round(float(y[0, 0, 0, 0]), 4)
        (1, 0.7311)
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], **kwargs):
        check_number("filters", filters, 1, whole=True)
        super().__init__(2 * filters, kernel_size, **kwargs)

    def call(self, x):  # (B, H, W, C)
        y = self.convolution_op(ops.cast(x, self.compute_dtype), self.kernel)  # (B, H', W', 2·filters)
        if self.use_bias:
            y = y + self.bias
        features, gate = ops.split(y, 2, axis=-1)  # (B, H', W', filters) each
        return self.activation(features) * ops.sigmoid(gate)

    def compute_output_shape(self, input_shape):
        *shape, channels = super().compute_output_shape(input_shape)
        return (*shape, channels // 2)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters // 2}
