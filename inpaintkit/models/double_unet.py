"""The face report's U-Net: two 3×3 convolutions a level, 64…1024, transposed convolutions on the way up.

31,037,763 trainable parameters, with plain convolutions (which its figure shows) and with partial ones
(which its text claims) alike. Keras's `count_params` also counts the 11,776 running means and variances of
batch normalisation, which PyTorch, and so the report, does not.

The report trained it for three days, on thin sparse lines first, and states 30.46 dB: what a classical fill
reaches in four milliseconds on such faces.
"""

from keras import layers

from inpaintkit.layers import PConv2D
from inpaintkit.models._inputs import MOMENTUM, build, check_filters, enter


def pconv_unet_double(
    input_shape=(None, None, 3),
    filters=(64, 128, 256, 512, 1024),
    partial=True,
    name="pconv_unet_double",
):
    """Builds the U-Net of double blocks.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of
            2 ** (len(filters) - 1).
        filters: of each level, outermost first; the last is the bottleneck.
        partial: partial convolutions, or plain ones that never see the mask.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: no level, or a number of filters under 1.
    """
    filters = check_filters(filters)

    def block(pairs, width, name):
        """Two of (3×3 convolution, BatchNorm, ReLU), over one pair [x, mask] or two joined ones."""
        for half in "ab":
            settings = {"padding": "same", "use_bias": False, "name": f"{name}{half}"}
            if partial:
                x, mask = PConv2D(width, 3, **settings)(pairs)
            else:
                features, mask = pairs[::2], pairs[1]
                x = layers.Concatenate()(features) if len(features) > 1 else features[0]
                x = layers.Conv2D(width, 3, **settings)(x)
            x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}{half}_norm")(x)
            x = layers.ReLU()(x)
            pairs = [x, mask]
        return pairs

    inputs, x, mask = enter(input_shape, stride=2 ** (len(filters) - 1))
    skips = []
    for level, width in enumerate(filters, 1):
        if skips:  # a normed hole is not 0, and could be the largest of its cell
            x = layers.Multiply()([x, mask]) if partial else x
            x, mask = layers.MaxPooling2D()(x), layers.MaxPooling2D()(mask)
        x, mask = block([x, mask], width, f"encoder{level}")
        skips.append([x, mask])
    skips.pop()  # the bottleneck is x itself: (B, H/16, W/16, 1024)
    for width, skip in zip(reversed(filters[:-1]), reversed(skips), strict=True):
        level = len(skips)
        x = layers.Conv2DTranspose(width, 2, strides=2, name=f"up{level}")(x)
        mask = layers.UpSampling2D()(mask)  # a 2×2 kernel of stride 2 sees one pixel: known where that is
        x, mask = block([*skip, x, mask], width, f"decoder{level}")
        skips.pop()
    x = layers.Conv2D(3, 1, activation="sigmoid", dtype="float32", name="to_rgb")(x)  # (B, H, W, 3)
    return build(inputs, x, name)
