"""Discriminators: networks that tell a filled image from a real one, and so teach the filling one.

`discriminator` is that of Giminosk's CelebA study: 3,147,105 parameters at 112×96, 2,752,513 of them in
the last layer, because no layer before it reduces the resolution. With the skip autoencoder as generator
it makes the study's GAN of 10,200,228.

`patch_discriminator` judges every patch by itself, as Yu et al. (ICCV 2019) and PatchGAN before them, with
spectral normalisation (Miyato et al. 2018), which keeps it from running ahead of its pupil. Where we differ
from Yu et al.: it sees the image alone, not the mask, so it cannot look up where to look. Keras
normalises while training; what is stored is one step of the optimizer away from that, under JAX more.
"""

import keras
from keras import layers

from inpaintkit.models._inputs import MOMENTUM, check_filters, check_shape


def discriminator(input_shape=(112, 96, 3), dropout=0.2, name="discriminator"):
    """Builds the study's discriminator.

    Args:
        input_shape: (height, width, 3), both fixed: the last layer sees every position.
        dropout: rate after each convolution, in [0, 1).

    Returns:
        `keras.Model`, image (B, H, W, 3) in [0, 1] to logits (B, 1): above 0 for "real".

    Raises:
        ValueError: a side that is not fixed, or another shape.
    """
    if not all(check_shape(input_shape)):
        raise ValueError(f"input_shape={input_shape!r}: expected (height, width, 3), both sides fixed")
    image = x = keras.Input(input_shape, name="image")
    for filters in (16, 32, 64, 128, 256):
        x = layers.Conv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization(momentum=MOMENTUM)(x)
        x = layers.LeakyReLU()(x)
        x = layers.Dropout(dropout)(x)
    # (B, H, W, 256)
    x = layers.Dense(1, dtype="float32")(layers.Flatten()(x))
    return keras.Model(image, x, name=name)


def patch_discriminator(input_shape=(None, None, 3), filters=(32, 64, 128, 128), name="patch_discriminator"):
    """Builds the patch discriminator: convolutions of kernel 5 and stride 2, spectrally normalised.

    Args:
        input_shape: (height, width, 3), None for any size.
        filters: of each convolution; the paper's are (64, 128, 256, 256, 256, 256), on 256×256.

    Returns:
        `keras.Model`, image (B, H, W, 3) in [0, 1] to logits (B, H', W', 1), one a patch: above 0 for
        "real". H' is H / 2 ** len(filters), rounded up.

    Raises:
        ValueError: no layer, a number of filters under 1, or another shape.
    """
    image = keras.Input(check_shape(input_shape), name="image")
    x = layers.Rescaling(2, -1)(image)
    for width in check_filters(filters):
        conv = layers.Conv2D(width, 5, strides=2, padding="same", dtype="float32")
        x = layers.SpectralNormalization(conv, dtype="float32")(x)  # its 1e-12 is 0 in float16
        x = layers.LeakyReLU(0.2)(x)
    # (B, H/16, W/16, 128)
    x = layers.SpectralNormalization(layers.Conv2D(1, 3, padding="same", dtype="float32"), dtype="float32")(x)
    return keras.Model(image, x, name=name)
