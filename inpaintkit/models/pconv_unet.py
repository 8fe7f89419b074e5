"""The partial-convolution U-Net of Liu et al. (ECCV 2018), at a width that teaches.

Every layer sees known pixels alone and passes on a mask that has grown by its window, so that the hole
closes from its edge inwards, level by level, until nothing is unknown. The decoder joins each skip with
its own mask, exactly (see `PConv2D`).

Where we differ: as many levels as `filters` has entries (the paper's eight reach 1×1 on pictures under
256 pixels), and a sigmoid at the end, since pictures are in [0, 1].
"""

import keras
from keras import layers

from inpaintkit.layers import CropLike, PConv2D
from inpaintkit.models._doors import MOMENTUM, check_filters, enter

PAPER = (64, 128, 256, 512, 512, 512, 512, 512)


def pconv_unet(input_shape=(None, None, 3), filters=(32, 64, 128, 128, 128), name="pconv_unet"):
    """Builds the partial-convolution U-Net: `len(filters)` encoder and as many decoder layers.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of
            2 ** len(filters).
        filters: of the encoder, outermost first. `PAPER` has the paper's eight levels.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: no level, or a number of filters under 1.
    """
    filters = check_filters(filters)
    inputs, x, mask = enter(input_shape, stride=2 ** len(filters))
    skips = [(x, mask)]
    for level, width in enumerate(filters):
        kernel = (7, 5, 5)[level] if level < 3 else 3
        # As in the paper, no batch normalisation in the first layer: it would blur the picture's own range.
        x, mask = PConv2D(width, kernel, strides=2, padding="same", use_bias=level == 0)([x, mask])
        x = layers.BatchNormalization(momentum=MOMENTUM)(x) if level else x
        x = layers.ReLU()(x)
        skips.append((x, mask))
    skips.pop()  # the innermost is x itself: (B, H/32, W/32, 128) with five levels
    for width, (skip, skip_mask) in zip((*reversed(filters[:-1]), 3), reversed(skips), strict=True):
        x, mask = layers.UpSampling2D()(x), layers.UpSampling2D()(mask)
        last = skip is skips[0][0]
        x, mask = PConv2D(width, 3, padding="same", use_bias=last)([x, mask, skip, skip_mask])
        if not last:
            x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.LeakyReLU(0.2)(x)
    x = layers.Activation("sigmoid", dtype="float32")(x)  # (B, H, W, 3)
    return keras.Model(inputs, CropLike(name="output", dtype="float32")([x, inputs[0]]), name=name)
