"""A residual U-Net at half resolution, prefilled: the network of the shipped weights (`ik.load`).

Like `unet(prefill=True)` it starts from `PushPull` and learns the residual; its last layer starts at zero.
Where it differs: the first convolution halves the resolution at once, so that the same time pays for 3.3
times the weights, and each level adds a residual block (He et al. 2016) instead of two plain convolutions.
"""

import keras
from keras import layers

from inpaintkit.layers import PushPull
from inpaintkit.models._inputs import add_residual, build, check_filters, enter


def residual_unet(input_shape=(None, None, 3), filters=(40, 64, 96, 128), name="residual_unet"):
    """Builds the residual U-Net.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to the network's stride.
        filters: of each level, outermost (half resolution) first. The default has 1.6 M parameters.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1]. Its layers have
        fixed names, by which `ik.load` finds their weights.

    Raises:
        ValueError: filters that are not positive whole numbers.
    """
    filters = check_filters(filters)

    def conv(x, width, kernel, strides, name, initializer="he_normal", **settings):
        return layers.Conv2D(
            width, kernel, strides, padding="same", kernel_initializer=initializer, name=name, **settings
        )(x)

    def block(x, name):
        width = x.shape[-1]
        y = conv(x, width, 3, 1, f"{name}_conv1", activation="relu")
        y = conv(y, width, 3, 1, f"{name}_conv2", initializer=keras.initializers.VarianceScaling(0.2))
        return layers.Add(name=name)([x, y])

    inputs, image, mask = enter(input_shape, stride=2 ** len(filters))
    start = PushPull(biharmonic_steps=16, name="prefill", dtype="float32")([image, mask])
    x = layers.Concatenate()([layers.Rescaling(2, -1)(start), mask])  # (B, H, W, 4), centred
    x = conv(x, filters[0], 6, 2, "stem", activation="relu")  # (B, H/2, W/2, 40)
    skips = []
    for level, deeper in enumerate(filters[1:], 1):
        x = block(x, f"encoder{level}")
        skips.append(x)
        x = conv(x, deeper, 2, 2, f"down{level}")
    for i in (1, 2, 3):
        x = block(x, f"bottom{i}")  # (B, H/16, W/16, 128)
    for level in range(len(skips), 0, -1):
        x = layers.Conv2DTranspose(filters[level - 1], 2, strides=2, name=f"up{level}")(x)
        x = block(layers.Add()([x, skips[level - 1]]), f"decoder{level}")
    x = layers.Conv2DTranspose(
        3, 6, strides=2, padding="same", kernel_initializer="zeros", dtype="float32", name="residual"
    )(x)  # (B, H, W, 3)
    return build(inputs, add_residual(start, x, mask), name)
