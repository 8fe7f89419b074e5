"""The U-Net of the album-cover study, plain or prefilled.

Prefilled (`prefill=True`): `PushPull` first closes the hole with smooth colours, and the network learns
only what that fill lacks. Its last convolution starts at zero, so training begins as a decent classical
method instead of as noise; in a prototype it led a plain partial-convolution U-Net at every equal step.

Sources: Ronneberger et al. 2015 for the shape; the study for its three sizes and for the wider, dilated
bottleneck without batch normalisation that it ended with. Where we differ: the mask is a fourth input
channel, so the network need not guess which black pixels are hole.
"""

from keras import layers, ops

from inpaintkit.layers import PushPull
from inpaintkit.models._inputs import MOMENTUM, build, enter, one_of

SIZES = {"small": (16, 32, 64, 128), "medium": (32, 64, 128, 256), "large": (64, 128, 256, 512)}


def unet(
    input_shape=(None, None, 3),
    size="small",
    normalization="batch",
    bottleneck="plain",
    prefill=False,
    name="unet",
):
    """Builds the U-Net.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to the network's stride.
        size: "small" (0.5 M parameters, for a CPU), "medium" (1.9 M) or "large" (7.7 M).
        normalization: "batch" or None.
        bottleneck: "plain", or "dilated": four convolutions at rates 1, 2, 4, 8, which see far.
        prefill: start from `PushPull` and learn the residual.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: an unknown size, normalization or bottleneck.
    """
    one_of("size", size, SIZES)
    one_of("normalization", normalization, ("batch", None))
    rates = {"plain": (1, 1), "dilated": (1, 2, 4, 8)}
    one_of("bottleneck", bottleneck, rates)

    def convolutions(x, filters, rates=(1, 1)):
        for rate in rates:
            x = layers.Conv2D(
                filters, 3, padding="same", dilation_rate=rate, use_bias=not normalization,
                kernel_initializer="he_normal",
            )(x)  # fmt: skip
            x = layers.BatchNormalization(momentum=MOMENTUM)(x) if normalization else x
            x = layers.ReLU()(x)
        return x

    *filters, deepest = SIZES[size]
    inputs, image, mask = enter(input_shape, stride=2 ** len(filters))
    start = (
        PushPull(biharmonic_steps=16, name="prefill", dtype="float32")([image, mask]) if prefill else image
    )
    x = layers.Concatenate()([layers.Rescaling(2, -1)(start), mask])  # centred: half the work of a norm
    skips = []
    for width in filters:
        x = convolutions(x, width)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = convolutions(x, deepest, rates[bottleneck])  # (B, H/8, W/8, 128) when small
    for width, skip in zip(reversed(filters), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(width, 2, strides=2)(x)
        x = convolutions(layers.Concatenate()([skip, x]), width)
    # (B, H, W, 16)
    if prefill:
        x = layers.Conv2D(3, 3, padding="same", kernel_initializer="zeros", dtype="float32", name="residual")(
            x
        )
        x = start + x * (1 - mask)  # known pixels stay as they are
        x = x + ops.stop_gradient(ops.clip(x, 0, 1) - x)  # a clip alone would teach nothing beyond its bounds
    else:
        x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32")(x)
    return build(inputs, x, name)
