"""The two autoencoders of Giminosk's CelebA study: 2,942,019 and, with skips, 7,053,123 parameters.

The plain one has four encoder blocks of three convolutions and four decoder blocks of one transposed
convolution: all detail passes through 1/16 of the resolution, which is why its images look soft. With
skips it is a U-Net in all but name: the detail goes around the bottleneck. In both the mask enters by
multiplication only, so the network must guess from the image what is hole and what is black.

Source: the studied work, validation SSIM 0.811 and 0.916. On its own published images biharmonic filling
beats the plain one and ties with the one with skips.
"""

from keras import layers

from inpaintkit.models._inputs import MOMENTUM, build, enter


def autoencoder(input_shape=(112, 96, 3), dropout=0.2, name="autoencoder"):
    """Builds the autoencoder.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 16.
        dropout: rate after each encoder block, in [0, 1).

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].
    """
    inputs, x, _ = enter(input_shape, stride=16)
    for filters in (32, 64, 128, 256):
        for _ in range(3):
            x = layers.Conv2D(filters, 3, padding="same")(x)
            x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.LeakyReLU()(x)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(dropout)(x)
    # (B, H/16, W/16, 256)
    for filters in (256, 128, 64, 32):
        x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
        x = layers.BatchNormalization(momentum=MOMENTUM)(x)
        x = layers.LeakyReLU()(x)
    # (B, H, W, 32)
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32")(x)
    return build(inputs, x, name)


def skip_autoencoder(input_shape=(112, 96, 3), dropout=0.2, name="skip_autoencoder"):
    """Builds the autoencoder with skips.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 16.
        dropout: rate after each encoder block, in [0, 1).

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].
    """
    inputs, x, _ = enter(input_shape, stride=16)
    widths, skips = (32, 64, 128, 256), []
    for filters in widths:
        for _ in range(4):
            x = layers.Conv2D(filters, 3, padding="same")(x)
            x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.LeakyReLU()(x)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(dropout)(x)
    # (B, H/16, W/16, 256)
    for filters, skip in zip(reversed(widths), reversed(skips), strict=True):
        x = layers.Conv2D(2 * filters, 3, padding="same")(x)
        x = layers.BatchNormalization(momentum=MOMENTUM)(x)
        x = layers.LeakyReLU()(x)
        x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
        x = layers.Concatenate()([x, skip])
        x = layers.BatchNormalization(momentum=MOMENTUM)(x)
        x = layers.LeakyReLU()(x)
    # (B, H, W, 64)
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32")(x)
    return build(inputs, x, name)
