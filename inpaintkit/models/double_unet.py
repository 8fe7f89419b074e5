"""The face report's U-Net: two 3×3 convolutions per level, 64 to 1024 filters, transposed convolutions up.

31,037,763 trainable parameters, with plain convolutions (which its figure shows) and also with partial ones
(which its text claims). Keras's `count_params` adds the 11,776 running means and variances of batch
normalisation, which PyTorch, and so the report, does not count.

The report trained it for three days, at first on thin lines only, and states 30.46 dB: a classical fill
reaches the same in four milliseconds on such faces.
"""

import keras
from keras import layers

from inpaintkit.layers import PConv2D
from inpaintkit.models._inputs import MOMENTUM, Filters, Shape, build_model, check_filters, network_inputs


def pconv_unet_double(
    input_shape: Shape = (None, None, 3),
    filters: Filters = (64, 128, 256, 512, 1024),
    partial: bool = True,
    name: str = "pconv_unet_double",
) -> keras.Model:
    """Builds the U-Net with two convolutions per level.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of
            2 ** (len(filters) - 1).
        filters: of each level, outermost first; the last is the bottleneck.
        partial: partial convolutions, or plain ones, for which the mask only sets the hole to 0.
        name: of the model.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: filters that are not positive whole numbers, or another shape.

    Example:
        >>> import inpaintkit as ik
        >>> ik.models.pconv_unet_double((32, 32, 3), filters=(2, 4)).output_shape
        (None, 32, 32, 3)
    """
    filters = check_filters(filters)

    def convolution(pairs, width, name):
        """3×3 convolution, BatchNorm, ReLU over [x, mask] or [x1, mask1, x2, mask2]; returns [x, mask]."""
        settings = {"padding": "same", "use_bias": False, "name": name}
        if partial:
            x, mask = PConv2D(width, 3, **settings)(pairs)
        else:
            features, mask = pairs[::2], pairs[1]
            x = layers.Concatenate()(features) if len(features) > 1 else features[0]
            x = layers.Conv2D(width, 3, **settings)(x)
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
        return [layers.ReLU()(x), mask]

    inputs, x, mask = network_inputs(input_shape, stride=2 ** (len(filters) - 1))
    skips = []
    for level, width in enumerate(filters, 1):
        if level > 1:
            if partial:  # after BatchNorm a hole is not 0 any more, and might be the largest of its cell
                x = layers.Multiply()([x, mask])
            x, mask = layers.MaxPooling2D()(x), layers.MaxPooling2D()(mask)
        x, mask = convolution([x, mask], width, f"encoder{level}a")
        x, mask = convolution([x, mask], width, f"encoder{level}b")
        skips.append([x, mask])  # (B, H, W, 64), (B, H/2, W/2, 128), …, (B, H/16, W/16, 1024)
    for level in range(len(filters) - 1, 0, -1):
        width = filters[level - 1]
        x = layers.Conv2DTranspose(width, 2, strides=2, name=f"up{level}")(x)
        mask = layers.UpSampling2D()(mask)  # a 2×2 kernel of stride 2 reads one pixel: known where that is
        x, mask = convolution([*skips[level - 1], x, mask], width, f"decoder{level}a")
        x, mask = convolution([x, mask], width, f"decoder{level}b")
        # (B, H/8, W/8, 512), (B, H/4, W/4, 256), (B, H/2, W/2, 128), (B, H, W, 64)
    x = layers.Conv2D(3, 1, activation="sigmoid", dtype="float32", name="to_rgb")(x)  # (B, H, W, 3)
    return build_model(inputs, x, name)
