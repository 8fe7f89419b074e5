"""Two-stage gated convolution with contextual attention: DeepFill v2 (Yu et al., ICCV 2019).

A coarse network guesses the hole; a second one refines the guess along two branches, of which one sees far
by dilation and the other copies what is elsewhere in the image (`ContextualAttention`). Gates replace the
rule by which partial convolution updates its mask: each layer learns, per channel and pixel, what to trust.

Where we differ: images are in [0, 1], so both stages end in a sigmoid, not in tanh or a clip; both
branches of the second stage have the first one's widths on the way down, where the released code narrows
them, and an ELU before attention, where it has a ReLU; `ContextualAttention` says what is its own. The width
is an argument. The released model has 24 (its layers convolve 48, half of them gates).
"""

from keras import layers

from inpaintkit.layers import ContextualAttention, CropLike, GatedConv2D, MaskImage, PadToMultiple
from inpaintkit.models._inputs import build, enter


def coarse_to_fine(input_shape=(None, None, 3), width=16, name="coarse_to_fine"):
    """Builds the two-stage network.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 16.
        width: filters of the outermost layers, an even number; 2 and 4 times as many further in.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to the refined image (B, H, W, 3) in
        [0, 1]. The coarse image is `network.get_layer("coarse").output`: by this name `ik.Inpainter(network)`
        finds it, and trains both stages.

    Raises:
        ValueError: a width that is odd or under 2.
    """
    if not isinstance(width, int) or width < 2 or width % 2:
        raise ValueError(f"width={width!r}: expected an even whole number of filters, such as 16")
    inputs, image, mask = enter(input_shape, stride=16)

    def conv(x, filters, kernel=3, strides=1, rate=1):
        gated = GatedConv2D(
            filters, kernel, strides=strides, dilation_rate=rate, padding="same", activation="elu",
            kernel_initializer="he_normal",
        )  # fmt: skip
        return gated(x)

    def down(x):  # (B, H, W, 4) to (B, H/4, W/4, 4·width)
        x = conv(x, width, kernel=5)
        x = conv(conv(x, 2 * width, strides=2), 2 * width)
        return conv(conv(x, 4 * width, strides=2), 4 * width)

    def wide(x):  # dilated: one output pixel sees over 60 pixels of this map
        x = conv(x, 4 * width)
        for rate in (2, 4, 8, 16):
            x = conv(x, 4 * width, rate=rate)
        return x

    def up(x, name):  # (B, H/4, W/4, C) to (B, H, W, 3)
        x = conv(conv(x, 4 * width), 4 * width)
        x = conv(conv(layers.UpSampling2D()(x), 2 * width), 2 * width)
        x = conv(conv(layers.UpSampling2D()(x), width), width // 2)
        return layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32", name=name)(x)

    def centred(x):
        return layers.Concatenate()([layers.Rescaling(2, -1)(x), mask])

    coarse = up(wide(down(centred(image))), "coarse_rgb")
    coarse = CropLike(name="coarse", dtype="float32")([coarse, inputs[0]])
    filled = image + MaskImage(name="coarse_in_hole")([PadToMultiple(16)(coarse), 1 - mask])
    hallucinated = wide(down(centred(filled)))
    features = conv(down(centred(filled)), 4 * width)
    known = 1 - layers.MaxPooling2D(4)(1 - mask)  # a cell with any hole in it is hole
    attended = ContextualAttention(name="attention")([features, known])
    attended = conv(conv(attended, 4 * width), 4 * width)
    refined = up(layers.Concatenate()([hallucinated, attended]), "refined_rgb")
    return build(inputs, refined, name)
