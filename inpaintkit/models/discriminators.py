"""Discriminators: they classify an image as real or inpainted, and the generator trains against them.

`discriminator` is that of Giminosk's CelebA study: 3,147,105 parameters at 112×96, 2,752,513 of them in the
last layer, because no layer before it reduces the resolution. With the skip autoencoder as generator it makes
the study's GAN of 10,200,228 parameters.

`patch_discriminator` gives one answer per patch, as Yu et al. (ICCV 2019) and PatchGAN before them, with
spectral normalisation (Miyato et al. 2018), which keeps it from overpowering the generator. Where we differ
from Yu et al.: its input is the image only, so it is not told where the hole is. Keras normalises while
training; stored kernels are normalised as of one optimizer step ago (on JAX, several).
"""

import keras
from keras import layers

from inpaintkit.models._inputs import MOMENTUM, Filters, Shape, check_filters, check_input_shape


def discriminator(
    input_shape: Shape = (112, 96, 3),
    dropout: float = 0.2,
    filters: Filters = (16, 32, 64, 128, 256),
    name: str = "discriminator",
) -> keras.Model:
    """Builds the study's discriminator.

    Args:
        input_shape: (height, width, 3), both fixed: the last layer has weights for each pixel.
        dropout: rate after each convolution, in [0, 1).
        filters: of each convolution; the default is the study's.
        name: of the model.

    Returns:
        `keras.Model`, image (B, H, W, 3) in [0, 1] to logits (B, 1): above 0 for "real".

    Raises:
        ValueError: a side that is not fixed, another shape, filters that are not positive whole numbers.

    Example:
        >>> import inpaintkit as ik
        >>> ik.models.discriminator((32, 32, 3), filters=(4, 8)).output_shape
        (None, 1)
    """
    if not all(check_input_shape(input_shape)):
        raise ValueError(f"input_shape={input_shape!r}: expected (height, width, 3), both sides fixed")
    x = image = keras.Input(input_shape, name="image")
    for width in check_filters(filters, dropout):
        x = layers.Conv2D(width, 3, padding="same")(x)
        x = layers.BatchNormalization(momentum=MOMENTUM)(x)
        x = layers.LeakyReLU()(x)
        x = layers.Dropout(dropout)(x)
    # (B, H, W, 256)
    x = layers.Flatten()(x)  # (B, H·W·256)
    x = layers.Dense(1, dtype="float32")(x)  # (B, 1)
    return keras.Model(image, x, name=name)


def patch_discriminator(
    input_shape: Shape = (None, None, 3),
    filters: Filters = (32, 64, 128, 128),
    name: str = "patch_discriminator",
) -> keras.Model:
    """Builds the patch discriminator: convolutions of kernel 5 and stride 2, spectrally normalised.

    Args:
        input_shape: (height, width, 3), None for any size.
        filters: of each convolution; the paper's are (64, 128, 256, 256, 256, 256), on 256×256.
        name: of the model.

    Returns:
        `keras.Model`, image (B, H, W, 3) in [0, 1] to logits (B, H', W', 1), one per patch: above 0 for
        "real". H' is H / 2 ** len(filters), rounded up.

    Raises:
        ValueError: another shape, filters that are not positive whole numbers.

    Example:
        >>> import inpaintkit as ik
        >>> ik.models.patch_discriminator((32, 32, 3), filters=(4, 8)).output_shape
        (None, 8, 8, 1)
    """
    image = keras.Input(check_input_shape(input_shape), name="image")
    x = layers.Rescaling(2, -1)(image)
    for width in check_filters(filters):
        conv = layers.Conv2D(width, 5, strides=2, padding="same", dtype="float32")
        x = layers.SpectralNormalization(conv, dtype="float32")(x)  # its 1e-12 is 0 in float16
        x = layers.LeakyReLU(0.2)(x)
    # (B, H/16, W/16, 128)
    conv = layers.Conv2D(1, 3, padding="same", dtype="float32")
    x = layers.SpectralNormalization(conv, dtype="float32")(x)  # (B, H/16, W/16, 1)
    return keras.Model(image, x, name=name)
