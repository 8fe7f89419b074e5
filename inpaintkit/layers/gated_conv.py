"""Gated convolution: Yu et al., "Free-Form Image Inpainting with Gated Convolution" (ICCV 2019)."""

import keras
from keras import ops

from inpaintkit.serialization import serializable


@serializable
class GatedConv2D(keras.layers.Conv2D):
    """Gated convolution: act(conv(x, W)) · sigmoid(conv(x, V)), a mask that is learnt, soft, and per channel.

    One convolution computes both halves. Give the mask to the network's first layer as a channel.

    Args:
        filters: of the output; twice as many are convolved.
        kernel_size, strides, padding, dilation_rate, activation, …: as `Conv2D`; the gate is a sigmoid.

    Input: (B, H, W, C). Output: (B, H', W', filters).
    """

    def build(self, input_shape):
        self.filters *= 2  # of the kernel and bias; of the layer, half of them
        super().build(input_shape)
        self.filters //= 2

    def call(self, x):
        y = self.convolution_op(x, self.kernel)
        y = y + self.bias if self.use_bias else y
        features, gate = ops.split(y, 2, axis=-1)
        return self.activation(features) * ops.sigmoid(gate)
