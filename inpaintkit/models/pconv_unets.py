"""The partial-convolution U-Net of Liu et al. (ECCV 2018), with fewer filters by default.

Each layer reads known pixels only and returns a mask that has grown by its window. So the hole closes from
its edge inwards, level by level, until nothing is unknown. The decoder joins each skip with its own mask,
exactly (see `PConv2D`).

Where we differ: as many levels as `filters` has entries (the paper's eight reach 1×1 on images under 256
pixels), and a sigmoid at the end, since images are in [0, 1].

The studied Keras projects have another shape, `pconv_unet16`: sixteen layers of kernel 3, two per level on
the way down, with strides 1 and 2, and two per level on the way up. They use it on 112×96 faces and on
32×32 CIFAR-10.
"""

import keras
from keras import layers

from inpaintkit.layers import PConv2D, PConv2DUp
from inpaintkit.models._inputs import MOMENTUM, Filters, Shape, build_model, check_filters, network_inputs

PCONV_UNET_PAPER = (64, 128, 256, 512, 512, 512, 512, 512)


def pconv_unet(
    input_shape: Shape = (None, None, 3), filters: Filters = (32, 64, 128, 128, 128), name: str = "pconv_unet"
) -> keras.Model:
    """Builds the partial-convolution U-Net: one partial convolution per level, down and up.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 2 ** len(filters).
        filters: of the encoder, outermost first. `PCONV_UNET_PAPER` has the paper's eight levels.
        name: of the model.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1]. The second phase
        of training freezes the layers `encoder…_norm` (`ik.training.freeze_encoder_batchnorm`).

    Raises:
        ValueError: filters that are not positive whole numbers, or another shape.

    Example:
        >>> import inpaintkit as ik
        >>> ik.models.pconv_unet((32, 32, 3), filters=(4, 8)).output_shape
        (None, 32, 32, 3)
    """
    filters = check_filters(filters)
    inputs, x, mask = network_inputs(input_shape, stride=2 ** len(filters))
    skips, kernel_sizes = [], {1: 7, 2: 5, 3: 5}
    for level, width in enumerate(filters, 1):
        skips.append([x, mask])  # (B, H, W, 3), (B, H/2, W/2, 32), (B, H/4, W/4, 64), …
        first = level == 1  # as in the paper, no normalisation here: it would remove the image's range
        conv = {"strides": 2, "padding": "same", "use_bias": first, "name": f"encoder{level}"}
        x, mask = PConv2D(width, kernel_sizes.get(level, 3), **conv)([x, mask])
        if not first:
            x = layers.BatchNormalization(momentum=MOMENTUM, name=f"encoder{level}_norm")(x)
        x = layers.ReLU()(x)
    # (B, H/32, W/32, 128)
    for level in range(len(filters), 1, -1):
        conv = PConv2DUp(filters[level - 2], use_bias=False, name=f"decoder{level}")
        x, mask = conv([x, mask, *skips[level - 1]])
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"decoder{level}_norm")(x)
        x = layers.LeakyReLU(0.2)(x)  # (B, H/16, W/16, 128), …, (B, H/4, W/4, 64), (B, H/2, W/2, 32)
    x, _ = PConv2DUp(3, name="decoder1")([x, mask, *skips[0]])  # (B, H, W, 3)
    x = layers.Activation("sigmoid", dtype="float32")(x)
    return build_model(inputs, x, name)


def pconv_unet16(
    input_shape: Shape = (None, None, 3), filters: Filters = (32, 64, 128, 256), name: str = "pconv_unet16"
) -> keras.Model:
    """Builds the studied projects' U-Net: two partial convolutions per level, down and up, all of kernel 3.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 2 ** len(filters).
        filters: of each level, outermost first; the default four make the sixteen layers.
        name: of the model.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: filters that are not positive whole numbers, or another shape.

    Example:
        >>> import inpaintkit as ik
        >>> network = ik.models.pconv_unet16((32, 32, 3))
        >>> sum(isinstance(layer, ik.PConv2D) for layer in network.layers)
        16
    """
    filters = check_filters(filters)
    inputs, x, mask = network_inputs(input_shape, stride=2 ** len(filters))

    def step(layer, inputs, width, activation, name, strides=1):
        first = name == "encoder1a"  # no normalisation here: it would remove the image's range
        conv = layer(width, 3, strides=strides, padding="same", use_bias=first, name=name)
        x, mask = conv(inputs)
        if not first:
            x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
        return [activation(x), mask]

    skips = []
    for level, width in enumerate(filters, 1):
        x, mask = step(PConv2D, [x, mask], width, layers.ReLU(), f"encoder{level}a")
        skips.append([x, mask])  # (B, H, W, 32), (B, H/2, W/2, 64), (B, H/4, W/4, 128), (B, H/8, W/8, 256)
        x, mask = step(PConv2D, [x, mask], width, layers.ReLU(), f"encoder{level}", strides=2)
    # (B, H/16, W/16, 256)
    for level in range(len(filters), 0, -1):
        width, skip = filters[level - 1], skips[level - 1]
        x, mask = step(PConv2DUp, [x, mask, *skip], width, layers.LeakyReLU(0.2), f"decoder{level}")
        x, mask = step(PConv2D, [x, mask], width, layers.LeakyReLU(0.2), f"decoder{level}a")
        # (B, H/8, W/8, 256), (B, H/4, W/4, 128), (B, H/2, W/2, 64), (B, H, W, 32)
    x = layers.Conv2D(3, 3, padding="same", name="to_rgb")(x)  # (B, H, W, 3)
    x = layers.Activation("sigmoid", dtype="float32")(x)
    return build_model(inputs, x, name)
