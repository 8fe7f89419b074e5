"""Partial convolution: Liu et al., "Image Inpainting for Irregular MaskGenerator …" (ECCV 2018), eq. 1–2.

It equals NVIDIA's own PyTorch layer. Where we differ: the mask has one channel, not as many as the features,
because all channels of a feature map share one mask; that makes the mask's convolution C times cheaper. Where
the public Keras copies differ: they count the known cells over all channels and divide by k·k, so that a
fully known window comes out C times too small.
"""

import keras
from keras import ops

from inpaintkit.layers.base import _known_only, _twice
from inpaintkit.serialization import serializable


@serializable
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
        parts = [_known_only(x, mask) for x, mask in pairs]
        x = parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
        channels = [part.shape[-1] for part in parts]
        return self._renormalize(self.convolution_op(x, self.kernel), channels, [mask for _, mask in pairs])

    def _renormalize(self, y, channels, masks):
        """The convolution of known pixels to the layer's output: scaled, with its bias, and its mask."""
        # Float32: a count of 7·7·512 would round in float16. All else keeps the layer's own type.
        known_channels = sum(ops.cast(mask, "float32") * c for c, mask in zip(channels, masks, strict=True))
        count = self.convolution_op(known_channels, ops.ones((*self.kernel_size, 1, 1), "float32"))
        known = ops.cast(count > 0.5, "float32")
        window = self.kernel_size[0] * self.kernel_size[1] * sum(channels)
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


@serializable
class PConv2DUp(PConv2D):
    """A decoder level in one layer: 3×3 `PConv2D` over the coarse pair, upsampled ×2 (nearest), and the skip.

    Exactly `PConv2D` on `[UpSampling2D(features), UpSampling2D(mask), skip, skip_mask]`, with the same
    weights, but nothing is upsampled or concatenated: nearest upsampling and a 3×3 convolution are one
    transposed convolution of stride 2, its kernel folded to 4×4, with 2.25 times fewer multiplications.

    Input: `[features, mask, skip, skip_mask]`, (B, H, W, C1), (B, H, W, 1), (B, 2H, 2W, C2), (B, 2H, 2W, 1).
    Output: `(features, mask)`, (B, 2H, 2W, filters) and (B, 2H, 2W, 1).
    """

    def __init__(self, filters, kernel_size=3, **kwargs):
        super().__init__(filters, kernel_size, **{"padding": "same", **kwargs})
        plain = self.strides == self.dilation_rate == (1, 1) and self.padding == "same"
        if self.kernel_size != (3, 3) or not plain:
            raise ValueError(
                "PConv2DUp folds its kernel: expected a kernel of 3, stride and dilation 1, 'same'"
            )

    def build(self, input_shape):
        if len(self._pairs(input_shape)) != 2:
            raise ValueError("PConv2DUp takes four tensors, [features, mask, skip, skip_mask]; got two")
        super().build(input_shape)

    def call(self, inputs):
        (x, mask), (skip, skip_mask) = self._pairs(inputs)
        x, skip = _known_only(x, mask), _known_only(skip, skip_mask)
        of_x, of_skip = self.kernel[:, :, : x.shape[-1]], self.kernel[:, :, x.shape[-1] :]
        # Folding pays from 8×8 on. JAX on a CPU takes 5 times as long for a transposed convolution.
        if keras.backend.backend() == "jax" or (x.shape[1] or 8) < 8:
            y = self.convolution_op(_twice(x), of_x)
        else:
            y = ops.conv_transpose(x, self._folded(of_x), strides=2, padding="same")
        y = y + self.convolution_op(skip, of_skip)
        return self._renormalize(y, [x.shape[-1], skip.shape[-1]], [_twice(mask), skip_mask])

    @staticmethod
    def _folded(kernel):
        """(3, 3, in, out) to (4, 4, out, in): which taps of the fine kernel one coarse pixel meets."""
        fold = ops.cast([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], kernel.dtype)
        return ops.einsum("ak,bl,klio->aboi", fold, fold, kernel)

    def compute_output_shape(self, input_shape):
        if not isinstance(input_shape[0], (list, tuple)):
            return super().compute_output_shape(input_shape)
        _, _, *skip = input_shape
        return super().compute_output_shape(skip)
