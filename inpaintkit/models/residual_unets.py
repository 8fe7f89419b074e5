"""A residual U-Net at half resolution, prefilled: the network of the shipped weights (`ik.load`).

Like `prefilled_unet` it starts from `PushPull` and learns the residual; its last layer starts at zero. Where
it differs: its first convolution halves the resolution, so that the same time is enough for 3.3 times the
weights, and each level has a residual block (He et al. 2016) instead of two plain convolutions.
"""

import keras
from keras import layers, ops

from inpaintkit.layers import PushPull
from inpaintkit.models._inputs import Filters, Shape, build_model, check_filters, network_inputs


def residual_unet(
    input_shape: Shape = (None, None, 3), filters: Filters = (40, 64, 96, 128), name: str = "residual_unet"
) -> keras.Model:
    """Builds the residual U-Net.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 2 ** len(filters).
        filters: of each level, outermost (half resolution) first. The default has 1.6 M parameters;
            the weights that ship for faces and photographs have (48, 80, 128, 176), 2.9 M.
        name: of the model.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1]. Its layers have
        fixed names, by which `ik.load` finds their weights.

    Raises:
        ValueError: filters that are not positive whole numbers, or another shape.

    Example:
        >>> import inpaintkit as ik
        >>> ik.models.residual_unet((32, 32, 3), filters=(4, 8)).output_shape
        (None, 32, 32, 3)
    """
    filters = check_filters(filters)

    def conv(x, width, kernel_size, name, strides=1, kernel_initializer="he_normal", **settings):
        settings = {"padding": "same", "kernel_initializer": kernel_initializer, "name": name, **settings}
        return layers.Conv2D(width, kernel_size, strides, **settings)(x)

    def block(x, name):
        y = conv(x, x.shape[-1], 3, f"{name}_conv1", activation="relu")
        small = keras.initializers.VarianceScaling(0.2)
        y = conv(y, x.shape[-1], 3, f"{name}_conv2", kernel_initializer=small)
        return layers.Add(name=name)([x, y])

    inputs, image, mask = network_inputs(input_shape, stride=2 ** len(filters))
    start = PushPull(biharmonic_steps=16, name="prefill", dtype="float32")([image, mask])  # (B, H, W, 3)
    x = layers.Concatenate()([layers.Rescaling(2, -1)(start), mask])  # (B, H, W, 4), centred
    x = conv(x, filters[0], 6, "stem", strides=2, activation="relu")  # (B, H/2, W/2, 40)
    skips = []
    for level, width in enumerate(filters[1:], 1):
        x = block(x, f"encoder{level}")
        skips.append(x)  # (B, H/2, W/2, 40), (B, H/4, W/4, 64), (B, H/8, W/8, 96)
        x = conv(x, width, 2, f"down{level}", strides=2)
    for name_of_block in ("bottom1", "bottom2", "bottom3"):
        x = block(x, name_of_block)  # (B, H/16, W/16, 128)
    for level in range(len(skips), 0, -1):
        x = layers.Conv2DTranspose(filters[level - 1], 2, strides=2, name=f"up{level}")(x)
        x = layers.Add()([x, skips[level - 1]])
        x = block(x, f"decoder{level}")  # (B, H/8, W/8, 96), (B, H/4, W/4, 64), (B, H/2, W/2, 40)
    settings = {"padding": "same", "kernel_initializer": "zeros", "dtype": "float32", "name": "residual"}
    x = layers.Conv2DTranspose(3, 6, strides=2, **settings)(x)  # (B, H, W, 3)
    return build_model(inputs, add_residual(start, x, mask), name)


def add_residual(start, residual, mask):
    """A fill plus what the network adds to it in the hole, in [0, 1]; known pixels stay as they are."""
    x = start + residual * (1 - mask)
    # A plain clip has no gradient outside [0, 1], so that the network could never learn to come back.
    return x + ops.stop_gradient(ops.clip(x, 0, 1) - x)
