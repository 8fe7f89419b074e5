"""The layers of inpainting: partial and gated convolution, push-pull filling, the doors of every network.

`PConv2D` follows Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions" (ECCV
2018), eq. 1–2, and equals NVIDIA's own PyTorch layer. Where we differ: the mask has one channel, not as
many as the features, because all channels of a feature map share one mask; that makes the mask's
convolution C times cheaper. Where the public Keras copies differ: they count the known cells over all
channels and divide by k·k, so that a fully known window comes out C times too small.

`GatedConv2D` follows Yu et al., "Free-Form Image Inpainting with Gated Convolution" (ICCV 2019). Their
`ContextualAttention` has a file of its own.

`PushPull` follows Gortler et al., "The Lumigraph" (1996), section 3.4.

Layers take lists (`[features, mask]`), because Keras reserves the argument name `mask`.
"""

import keras
from keras import ops

from inpaintkit.attention import ContextualAttention  # noqa: F401 (all layers are found here)

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


@package
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


@package
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


class _ExactLayer(keras.layers.Layer):
    """A layer that hands on pixels: in float32 under any policy, for 16 bits would round known pixels."""

    def __init__(self, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)


@package
class PushPull(_ExactLayer):
    """Fills the hole from averages of the known pixels, coarse to fine: a picture pyramid, no weights.

    Push: average-pool image·mask and mask by 2, `levels` times; their quotient is the mean of the known
    pixels in each cell. Pull: from the coarsest level back, a cell with nothing known takes the
    (bilinear) value of the level above; a cell with anything known keeps its own. Then the unknown cells
    are smoothed: `sweeps` times each takes the mean of its 3×3 neighbourhood, which makes the whole a
    multigrid solver of the heat equation, worth 0.3–0.9 dB on photographs and 2 dB on faces. Last, `bends`
    steps of conjugate gradients lead from there to the smoothest surface, ∇⁴u = 0: on thin holes another
    0.9 dB, 20 of them as good as biharmonic filling solved exactly. O(pixels), and differentiable.

    Args:
        levels: poolings; 8 reach across holes 256 pixels wide. What they leave takes the mean of all
            known pixels, and an all-hole picture is grey (0.5).
        sweeps: smoothing sweeps a level; 0 is the plain push-pull of the paper.
        bends: biharmonic steps at full resolution. On photographs 16 of them brought 1.2 dB in square holes
            of 4 pixels and 0.1 dB in those of 40; in grainy ones, thin holes are better off with 0.

    Input: `[image, mask]`, (B, H, W, C) and (B, H, W, 1). Output: (B, H, W, C), known pixels unchanged.
    """

    def __init__(self, levels=8, sweeps=4, bends=0, **kwargs):
        super().__init__(**kwargs)
        if levels < 1 or min(sweeps, bends) < 0:
            raise ValueError(
                f"levels={levels}, sweeps={sweeps}, bends={bends}: expected at least 1 pooling, 0 sweeps and "
                "0 bends"
            )
        self.levels, self.sweeps, self.bends = levels, sweeps, bends

    def call(self, inputs):
        image, weights = (ops.cast(x, "float32") for x in inputs)  # 4⁻⁸ is too small for float16
        values = _known_only(image, weights)
        pyramid = []
        for _ in range(self.levels):
            pyramid.append((values, weights))
            values, weights = (ops.average_pool(x, 2, strides=2, padding="same") for x in (values, weights))
        total_values, total_weights = (ops.sum(x, axis=(1, 2), keepdims=True) for x in (values, weights))
        mean = _known_or(total_values, total_weights, 0.5 * ops.ones_like(total_values))
        filled = _known_or(values, weights, mean)
        for values, weights in reversed(pyramid):
            filled = _known_or(values, weights, _bilinear(filled, ops.shape(values)[1:3]))
            for _ in range(self.sweeps):
                mean = ops.average_pool(filled, 3, strides=1, padding="same")
                filled = _known_or(values, weights, mean)
        if self.bends:
            filled = _bend(filled, ops.cast(weights == 0, "float32"), self.bends)
        return ops.cast(filled, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "levels": self.levels, "sweeps": self.sweeps, "bends": self.bends}


@package
class EmptyHole(_ExactLayer):
    """`[image, mask]` to the image with its hole set to 0: no network sees what was there, NaN included.

    Raises:
        ValueError: anything but (B, H, W, 3) with (B, H, W, 1); a mask of three channels would pass for one
            in some networks, and fail deep inside others.
    """

    def call(self, inputs):
        image, mask = inputs
        if len(image.shape) != 4 or image.shape[-1] != 3 or tuple(mask.shape) != (*image.shape[:3], 1):
            raise ValueError(
                f"a picture of shape {tuple(image.shape)} with a mask of shape {tuple(mask.shape)}: expected "
                "(B, H, W, 3) and (B, H, W, 1), one mask channel, 1 = known, 0 = hole"
            )
        return _known_only(image, mask)

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@package
class PadTo(_ExactLayer):
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


@package
class CropLike(_ExactLayer):
    """`[x, like]`: x cut, right and bottom, to the height and width of `like`; the way back from `PadTo`."""

    def call(self, inputs):
        x, like = inputs
        height, width = ops.shape(like)[1:3]
        return x[:, :height, :width]

    def compute_output_shape(self, input_shape):
        x, like = input_shape
        return (*like[:3], x[-1])


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


def _bend(x, hole, steps):
    """Conjugate gradients for ∇⁴x = 0 in the hole; x stays in the range that each channel had."""
    low, high = (of(x, axis=(1, 2), keepdims=True) for of in (ops.min, ops.max))
    residual = -hole * _laplace(_laplace(x))
    direction, size = residual, _dot(residual, residual)
    for _ in range(steps):
        change = hole * _laplace(_laplace(direction))
        step = size / ops.maximum(_dot(direction, change), 1e-12)
        x, residual = x + step * direction, residual - step * change
        before, size = size, _dot(residual, residual)
        direction = residual + size / ops.maximum(before, 1e-12) * direction
    return ops.clip(x, low, high)


def _laplace(x):
    """The sum of differences to the four neighbours; beyond the border lies what is at it."""
    first = (x[:, :1], x[:, -1:], x[:, :, :1], x[:, :, -1:])
    rest = (x[:, :-1], x[:, 1:], x[:, :, :-1], x[:, :, 1:])
    pairs = zip(first, rest, (1, -1, 1, -1), (1, 1, 2, 2), strict=True)
    return sum(ops.concatenate([f, r][::order], axis) for f, r, order, axis in pairs) - 4 * x


def _dot(x, y):
    return ops.sum(x * y, axis=(1, 2, 3), keepdims=True)


def _known_or(values, weights, other):
    """The mean of the known pixels, values / weights; where nothing is known, `other`."""
    known = weights > 0
    return ops.where(known, values / ops.where(known, weights, ops.ones_like(weights)), other)
