"""Two-stage gated convolution with contextual attention: DeepFill v2 (Yu et al., ICCV 2019).

A coarse network fills the hole; a second one refines that fill along two branches. One reaches far by
dilated convolutions, the other copies from elsewhere in the image (`ContextualAttention`). Gates replace the
rule by which partial convolution updates its mask: each layer learns, per channel and pixel, what to use.

Where we differ: images are in [0, 1], so both stages end in a sigmoid, not in tanh or a clip; on the way
down, both branches of the second stage have the filters of the first stage, where the released code has
fewer; before attention they have an ELU, where it has a ReLU; for the attention see `ContextualAttention`.
"""

import keras
from keras import layers

from inpaintkit.layers import ContextualAttention, CropLike, GatedConv2D, MaskImage, PadToMultiple
from inpaintkit.models._inputs import Filters, Shape, build_model, check_filters, network_inputs


def coarse_to_fine(
    input_shape: Shape = (None, None, 3), filters: Filters = (16, 32, 64), name: str = "coarse_to_fine"
) -> keras.Model:
    """Builds the two-stage network.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 16.
        filters: at full, half and quarter resolution, the first an even number. The paper has (24, 48, 96);
            its released code counts gates as well and says 48.
        name: of the model.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to the refined image (B, H, W, 3) in [0, 1].
        The coarse image is `network.get_layer("coarse").output`: by this name `ik.Inpainter(network)` finds
        it, and trains both stages.

    Raises:
        ValueError: filters that are not three positive whole numbers, or the first odd.

    Example:
        >>> import inpaintkit as ik
        >>> network = ik.models.coarse_to_fine((32, 32, 3), filters=(2, 4, 4))
        >>> network.get_layer("coarse").output.shape
        (None, 32, 32, 3)
    """
    filters = check_filters(filters)
    if len(filters) != 3 or filters[0] % 2:
        raise ValueError(f"filters={filters}: expected three, the first even, such as (16, 32, 64)")
    full, half, quarter = filters
    inputs, image, mask = network_inputs(input_shape, stride=16)

    def conv(x, width, kernel_size=3, **settings):
        settings = {"padding": "same", "activation": "elu", "kernel_initializer": "he_normal", **settings}
        return GatedConv2D(width, kernel_size, **settings)(x)

    def down(image):
        x = layers.Concatenate()([layers.Rescaling(2, -1)(image), mask])  # (B, H, W, 4), centred
        x = conv(x, full, kernel_size=5)  # (B, H, W, 16)
        x = conv(x, half, strides=2)
        x = conv(x, half)  # (B, H/2, W/2, 32)
        x = conv(x, quarter, strides=2)
        return conv(x, quarter)  # (B, H/4, W/4, 64)

    def dilated(x):  # each output pixel depends on more than 60 pixels of x to each side
        x = conv(x, quarter)
        for rate in (2, 4, 8, 16):
            x = conv(x, quarter, dilation_rate=rate)
        return x  # (B, H/4, W/4, 64)

    def up(x, name):
        x = conv(x, quarter)
        x = conv(x, quarter)  # (B, H/4, W/4, 64)
        x = conv(layers.UpSampling2D()(x), half)
        x = conv(x, half)  # (B, H/2, W/2, 32)
        x = conv(layers.UpSampling2D()(x), full)
        x = conv(x, full // 2)  # (B, H, W, 8)
        return layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32", name=name)(x)

    # First stage.
    coarse = up(dilated(down(image)), "coarse_rgb")  # (B, H, W, 3)
    coarse = CropLike(name="coarse", dtype="float32")([coarse, inputs[0]])
    filled = image + MaskImage(name="coarse_in_hole")([PadToMultiple(16)(coarse), 1 - mask])  # (B, H, W, 3)

    # Second stage: two branches with weights of their own, joined.
    far = dilated(down(filled))  # (B, H/4, W/4, 64)
    features = conv(down(filled), quarter)  # (B, H/4, W/4, 64)
    known = 1 - layers.MaxPooling2D(4)(1 - mask)  # (B, H/4, W/4, 1): a cell with any hole in it is hole
    copied = ContextualAttention(name="attention")([features, known])
    copied = conv(conv(copied, quarter), quarter)  # (B, H/4, W/4, 64)
    refined = up(layers.Concatenate()([far, copied]), "refined_rgb")  # (B, H, W, 3)
    return build_model(inputs, refined, name)
