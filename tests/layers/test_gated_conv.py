"""Gated convolution against two plain convolutions."""

import numpy as np
from keras import ops
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit.layers import GatedConv2D


def test_gated_convolution_is_two_convolutions(rng):
    x = rng.normal(size=(2, 9, 8, 3)).astype("float32")
    layer = GatedConv2D(4, 3, strides=2, padding="same", activation="elu", bias_initializer="normal")
    y = to_numpy(layer(x))
    kernel, bias = layer.get_weights()
    features, gate = (
        to_numpy(ops.conv(x, kernel[..., half], strides=2, padding="same")) + bias[half]
        for half in (slice(None, 4), slice(4, None))
    )
    elu = np.where(features > 0, features, np.exp(np.minimum(features, 0)) - 1)
    np.testing.assert_allclose(y, elu / (1 + np.exp(-gate)), atol=1e-5)
    assert layer.compute_output_shape(x.shape) == y.shape == (2, 5, 4, 4)
    assert layer.get_config()["filters"] == 4
    assert np.array_equal(to_numpy(layer(x > 0)), to_numpy(layer(np.float32(x > 0))))
