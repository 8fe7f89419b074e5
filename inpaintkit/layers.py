"""The layers of inpainting: partial convolution, push-pull filling, and the doors of every network.

`PConv2D` follows Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions" (ECCV
2018), eq. 1–2, and equals NVIDIA's own PyTorch layer. Where we differ: the mask has one channel, not as
many as the features, because all channels of a feature map share one mask; that makes the mask's
convolution C times cheaper. Where the public Keras copies differ: they count the known cells over all
channels and divide by k·k, so that a fully known window comes out C times too small.

`PushPull` follows Gortler et al., "The Lumigraph" (1996), section 3.4.

Layers take lists (`[features, mask]`), because Keras reserves the argument name `mask`.
"""

import keras
from keras import ops

package = keras.saving.register_keras_serializable(package="inpaintkit")


@package
class PConv2D(keras.layers.Conv2D):
    """Partial convolution: a `Conv2D` that sees known pixels alone, and says which it now knows.

    With n = the number of known pixels under the k×k window (padding counts as hole):

        y    = conv(x · mask, W) · (k·k / n) + b   where n > 0,  and 0 elsewhere
        mask = 1                                   where n > 0,  and 0 elsewhere

    A U-Net decoder joins two feature maps with different masks. Give both pairs,
    `[features1, mask1, features2, mask2]`; then n = (C1·n1 + C2·n2) / (C1 + C2), as if each channel had
    carried its own mask.

    Args:
        filters, kernel_size, strides, padding, dilation_rate, activation, use_bias, …: as `Conv2D`.
            Leave the bias out before a BatchNormalization: it is the layer's one avoidable cost.

    Input: `[features, mask]` or `[features1, mask1, features2, mask2]`; features (B, H, W, C), any values
        (content under a hole never matters, NaN included); masks (B, H, W, 1), 1 = known, 0 = hole.
    Output: `(features, mask)`, (B, H', W', filters) and (B, H', W', 1).

    Raises:
        ValueError: not two or four inputs, a mask of more than one channel, groups, channels first.

    Example: with a mask of ones the layer is `Conv2D`, up to the border, where it also makes up for
        the padding. A 3×3 window with 3 known pixels is scaled by 9 / 3.
    """

    def __init__(self, filters, kernel_size, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        if self.groups != 1 or self.data_format != "channels_last":
            raise ValueError(
                f"PConv2D with groups={self.groups}, data_format={self.data_format!r}: "
                "expected groups=1 and channels last"
            )
        self.input_spec = None  # Conv2D's asks for one tensor

    def build(self, input_shape):
        pairs = self._pairs(input_shape)
        for features, mask in pairs:
            if len(features) != 4 or len(mask) != 4 or mask[-1] != 1:
                raise ValueError(
                    f"PConv2D got features {features} with a mask {mask}: expected (B, H, W, C) with "
                    "(B, H, W, 1); one mask channel serves all features"
                )
        super().build((*pairs[0][0][:-1], sum(features[-1] for features, _ in pairs)))
        self.input_spec = None

    def call(self, inputs):
        pairs = self._pairs(inputs)
        known_only = [ops.where(mask > 0, x, ops.zeros_like(x)) for x, mask in pairs]
        x = known_only[0] if len(pairs) == 1 else ops.concatenate(known_only, axis=-1)
        y = self.convolution_op(x, self.kernel)
        # Float32: a count of 7·7·512 would round in float16. All else keeps the layer's own type.
        known_channels = sum(ops.cast(mask, "float32") * x.shape[-1] for x, mask in pairs)
        count = self.convolution_op(known_channels, ops.ones((*self.kernel_size, 1, 1), "float32"))
        known = ops.cast(count > 0.5, "float32")
        window = self.kernel_size[0] * self.kernel_size[1] * x.shape[-1]
        ratio = window / ops.maximum(count, 1.0) * known  # no epsilon: 1e-8 is zero in float16
        y, known = y * ops.cast(ratio, y.dtype), ops.cast(known, y.dtype)
        if self.use_bias:
            y = y + ops.matmul(known, self.bias[None])  # (B, H', W', 1) · (1, C): faster than broadcasting
        if self.activation is not keras.activations.linear:
            y = self.activation(y) * known  # sigmoid(0) is no 0
        return y, known

    def compute_output_shape(self, input_shape):
        if not isinstance(input_shape[0], (list, tuple)):  # Conv2D.build asks with one plain shape
            return super().compute_output_shape(input_shape)
        shape = super().compute_output_shape(self._pairs(input_shape)[0][0])
        return shape, (*shape[:-1], 1)

    @staticmethod
    def _pairs(inputs):
        one = not isinstance(inputs, (list, tuple)) or isinstance(inputs[0], (int, type(None)))
        if one or len(inputs) not in (2, 4):
            raise ValueError(
                "PConv2D takes a list, [features, mask] or [features1, mask1, features2, mask2]; "
                f"got {'one tensor' if one else f'{len(inputs)} tensors'}"
            )
        return list(zip(inputs[::2], inputs[1::2], strict=True))


@package
class PushPull(keras.layers.Layer):
    """Fills the hole from averages of the known pixels, coarse to fine: a picture pyramid, no weights.

    Push: average-pool image·mask and mask by 2, `levels` times; their quotient is the mean of the known
    pixels in each cell. Pull: from the coarsest level back, a cell with nothing known takes the
    (bilinear) value of the level above; a cell with anything known keeps its own. Then the unknown cells
    are smoothed: `sweeps` times each takes the mean of its 3×3 neighbourhood, which makes the whole a
    multigrid solver of the heat equation, worth 0.3–0.9 dB on photographs and 2 dB on faces. O(pixels),
    and differentiable.

    Args:
        levels: poolings; 8 reach across holes 256 pixels wide. What they leave takes the mean of all
            known pixels, and an all-hole picture is grey (0.5).
        sweeps: smoothing sweeps a level; 0 is the plain push-pull of the paper.

    Input: `[image, mask]`, (B, H, W, C) and (B, H, W, 1). Output: (B, H, W, C), known pixels unchanged.
    """

    def __init__(self, levels=8, sweeps=4, **kwargs):
        super().__init__(**kwargs)
        if levels < 1 or sweeps < 0:
            raise ValueError(f"levels={levels}, sweeps={sweeps}: expected at least 1 pooling and 0 sweeps")
        self.levels, self.sweeps = levels, sweeps

    def call(self, inputs):
        image, weights = (ops.cast(x, "float32") for x in inputs)  # 4⁻⁸ is too small for float16
        values = ops.where(weights > 0, image, ops.zeros_like(image))
        pyramid = []
        for _ in range(self.levels):
            pyramid.append((values, weights))
            values, weights = (ops.average_pool(x, 2, strides=2, padding="same") for x in (values, weights))
        total_values, total_weights = (ops.sum(x, axis=(1, 2), keepdims=True) for x in (values, weights))
        mean = _known_or(total_values, total_weights, 0.5 * ops.ones_like(total_values))
        filled = _known_or(values, weights, mean)
        for values, weights in reversed(pyramid):
            finer = ops.image.resize(filled, ops.shape(values)[1:3], interpolation="bilinear")
            filled = _known_or(values, weights, finer)
            for _ in range(self.sweeps):
                mean = ops.average_pool(filled, 3, strides=1, padding="same")
                filled = _known_or(values, weights, mean)
        return ops.cast(filled, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "levels": self.levels, "sweeps": self.sweeps}


@package
class EmptyHole(keras.layers.Layer):
    """`[image, mask]` to the image with its hole set to 0: no network sees what was there, NaN included."""

    def call(self, inputs):
        image, mask = inputs
        return ops.where(mask > 0, image, ops.zeros_like(image))

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@package
class PadTo(keras.layers.Layer):
    """Zero-pads right and bottom until height and width are multiples of `multiple`.

    In a mask the padding counts as hole, as it should. (B, H, W, C) to (B, H', W', C).
    """

    def __init__(self, multiple, **kwargs):
        super().__init__(**kwargs)
        self.multiple = multiple

    def call(self, x):
        height, width = ops.shape(x)[1:3]
        return ops.pad(x, ((0, 0), (0, -height % self.multiple), (0, -width % self.multiple), (0, 0)))

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        return (batch, *(s and s + -s % self.multiple for s in sides), channels)

    def get_config(self):
        return {**super().get_config(), "multiple": self.multiple}


@package
class CropLike(keras.layers.Layer):
    """`[x, like]`: x cut, right and bottom, to the height and width of `like`; the way back from `PadTo`."""

    def call(self, inputs):
        x, like = inputs
        height, width = ops.shape(like)[1:3]
        return x[:, :height, :width]

    def compute_output_shape(self, input_shape):
        x, like = input_shape
        return (*like[:3], x[-1])


def _known_or(values, weights, other):
    """The mean of the known pixels, values / weights; where nothing is known, `other`."""
    known = weights > 0
    return ops.where(known, values / ops.where(known, weights, ops.ones_like(weights)), other)
