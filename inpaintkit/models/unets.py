"""The U-Net of the album-cover study, plain or prefilled.

Prefilled: `PushPull` first fills the hole with smooth colours, and the network learns only the residual,
which is what that fill lacks. Its last convolution starts at zero, so training begins as a good classical
method, not as noise. In a prototype it led a plain partial-convolution U-Net at every equal step.

Sources: Ronneberger et al. 2015 for the shape; the study for its three sizes and for its last bottleneck,
which is dilated and has no batch normalisation. Where we differ: the mask is a fourth input channel, so the
network need not guess which black pixels are hole.
"""

import keras
from keras import layers

from inpaintkit.checks import check_choice
from inpaintkit.layers import PushPull
from inpaintkit.models._inputs import MOMENTUM, Filters, Shape, build_model, check_filters, network_inputs
from inpaintkit.models.residual_unets import add_residual

UNET_SMALL, UNET_MEDIUM, UNET_LARGE = (16, 32, 64, 128), (32, 64, 128, 256), (64, 128, 256, 512)
DILATION_RATES = {"plain": (1, 1), "dilated": (1, 2, 4, 8)}


def unet(
    input_shape: Shape = (None, None, 3),
    filters: Filters = UNET_SMALL,
    normalization: str | None = "batch",
    bottleneck: str = "plain",
    prefill: bool = False,
    name: str = "unet",
) -> keras.Model:
    """Builds the U-Net.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to a multiple of the stride.
        filters: of each level, outermost first; the last is the bottleneck. `UNET_SMALL` has 0.5 M
            parameters and suits a CPU, `UNET_MEDIUM` has 1.9 M, `UNET_LARGE` 7.7 M.
        normalization: "batch" or None.
        bottleneck: "plain", or "dilated": four convolutions with dilation rates 1, 2, 4, 8, which reach far.
        prefill: start from `PushPull` and learn the residual.
        name: of the model.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: filters that are not positive whole numbers, an unknown normalization or bottleneck.

    Example:
        >>> import inpaintkit as ik
        >>> ik.models.unet((64, 64, 3), filters=(4, 8)).count_params()
        1955
    """
    *filters, deepest = check_filters(filters)
    check_choice("normalization", normalization, ("batch", None))
    check_choice("bottleneck", bottleneck, DILATION_RATES)

    def convolutions(x, width, rates=(1, 1)):
        conv = {"padding": "same", "kernel_initializer": "he_normal", "use_bias": not normalization}
        for rate in rates:
            x = layers.Conv2D(width, 3, dilation_rate=rate, **conv)(x)
            if normalization:
                x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.ReLU()(x)
        return x

    # The shapes are those of UNET_SMALL.
    inputs, start, mask = network_inputs(input_shape, stride=2 ** len(filters))
    if prefill:
        start = PushPull(biharmonic_steps=16, name="prefill", dtype="float32")([start, mask])
    x = layers.Rescaling(2, -1)(start)  # [-1, 1]: centred inputs do half the work of a normalisation
    x = layers.Concatenate()([x, mask])  # (B, H, W, 4)
    skips = []
    for width in filters:
        x = convolutions(x, width)  # (B, H, W, 16), (B, H/2, W/2, 32), (B, H/4, W/4, 64)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = convolutions(x, deepest, DILATION_RATES[bottleneck])  # (B, H/8, W/8, 128)
    for width, skip in zip(reversed(filters), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(width, 2, strides=2)(x)
        x = layers.Concatenate()([skip, x])  # twice the width
        x = convolutions(x, width)  # (B, H/4, W/4, 64), (B, H/2, W/2, 32), (B, H, W, 16)
    last = {"padding": "same", "dtype": "float32"}
    if prefill:
        x = layers.Conv2D(3, 3, kernel_initializer="zeros", name="residual", **last)(x)  # (B, H, W, 3)
        x = add_residual(start, x, mask)
    else:
        x = layers.Conv2D(3, 3, activation="sigmoid", **last)(x)  # (B, H, W, 3)
    return build_model(inputs, x, name)


def prefilled_unet(
    input_shape: Shape = (None, None, 3),
    filters: Filters = UNET_SMALL,
    bottleneck: str = "plain",
    name: str = "prefilled_unet",
) -> keras.Model:
    """Builds the recommended network: a U-Net without normalisation that starts from a classical fill.

    Args:
        input_shape, filters, bottleneck, name: as for `unet`.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1]. Before training,
        its output is `PushPull(biharmonic_steps=16)` of its input.

    Raises:
        ValueError: filters that are not positive whole numbers, or an unknown bottleneck.

    Example: before training, a black hole in a grey image is filled with grey.

        >>> import keras, numpy as np, inpaintkit as ik
        >>> mask = np.ones((1, 16, 16, 1), "float32")
        >>> mask[:, 4:8, 4:8] = 0
        >>> filled = ik.models.prefilled_unet(filters=(4, 8))([0.5 * mask.repeat(3, -1), mask])
        >>> round(float(keras.ops.convert_to_numpy(filled)[0, 5, 5, 0]), 3)
        0.5
    """
    return unet(input_shape, filters, normalization=None, bottleneck=bottleneck, prefill=True, name=name)
