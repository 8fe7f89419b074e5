"""The partial-convolution U-Net of Liu et al. (ECCV 2018), at a width that teaches.

Every layer sees known pixels alone and passes on a mask that has grown by its window, so that the hole
closes from its edge inwards, level by level, until nothing is unknown. The decoder joins each skip with
its own mask, exactly (see `PConv2D`).

Where we differ: as many levels as `filters` has entries (the paper's eight reach 1×1 on images under
256 pixels), and a sigmoid at the end, since images are in [0, 1].

The studied Keras projects use another shape, sixteen layers of kernel 3: at each of four levels a pair of
strides 1 and 2 on the way down, and a pair on the way up. `pconv_unet(filters=(32, 64, 128, 256),
convolutions=2)` is theirs, on 112×96 faces and on 32×32 CIFAR-10 alike.
"""

from keras import layers

from inpaintkit.layers import PConv2D, PConv2DUp
from inpaintkit.models._inputs import MOMENTUM, build, check_filters, enter, one_of

PAPER = (64, 128, 256, 512, 512, 512, 512, 512)


def pconv_unet(
    input_shape=(None, None, 3), filters=(32, 64, 128, 128, 128), convolutions=1, name="pconv_unet"
):
    """Builds the partial-convolution U-Net.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of
            2 ** len(filters).
        filters: of the encoder, outermost first. `PAPER` has the paper's eight levels.
        convolutions: partial convolutions a level, each way: 1 (the paper, kernels 7, 5, 5, 3, …) or 2
            (the studied projects, kernel 3).

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1]. The second phase
        of training freezes the layers `encoder…_norm` (`ik.training.freeze_encoder_batchnorm`).

    Raises:
        ValueError: no level, a number of filters under 1, or other convolutions.
    """
    filters = check_filters(filters)
    one_of("convolutions", convolutions, (1, 2))
    paired = convolutions == 2
    inputs, image, mask = enter(input_shape, stride=2 ** len(filters))

    def step(layer, inputs, width, kernel, activation, name, strides=1):
        # As in the paper, no batch normalisation in the first layer: it would blur the image's own range.
        first = inputs[0] is image
        conv = layer(width, kernel, strides=strides, padding="same", use_bias=first, name=name)
        x, mask = conv(inputs)
        x = x if first else layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
        return activation(x), mask

    x, skips, kernels = image, [], dict(enumerate((3, 3, 3) if paired else (7, 5, 5)))
    for i, width in enumerate(filters):
        act, kernel = layers.ReLU(), kernels.get(i, 3)
        if paired:
            x, mask = step(PConv2D, [x, mask], width, kernel, act, f"encoder{i + 1}a")
        skips.append([x, mask])
        x, mask = step(PConv2D, [x, mask], width, kernel, act, f"encoder{i + 1}", strides=2)
    # (B, H/32, W/32, 128) with five levels
    widths = filters if paired else filters[:-1]
    for i in reversed(range(len(filters) - len(widths), len(filters))):
        act, width = layers.LeakyReLU(0.2), widths[i - len(filters)]
        x, mask = step(PConv2DUp, [x, mask, *skips[i]], width, 3, act, f"decoder{i + 1}")
        if paired:
            x, mask = step(PConv2D, [x, mask], width, 3, act, f"decoder{i + 1}a")
    if paired:  # (B, H, W, 32)
        x = layers.Conv2D(3, 3, padding="same", name="to_rgb")(x)
    else:  # (B, H/2, W/2, 32)
        x, _ = PConv2DUp(3, name="decoder1")([x, mask, *skips[0]])
    x = layers.Activation("sigmoid", dtype="float32")(x)  # (B, H, W, 3)
    return build(inputs, x, name)
