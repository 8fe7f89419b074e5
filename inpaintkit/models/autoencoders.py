"""The two autoencoders of Giminosk's CelebA study: 2,942,019 and, with skips, 7,053,123 parameters.

The plain one has four encoder blocks of three convolutions and four decoder blocks of one transposed
convolution. All detail must pass through 1/16 of the resolution, which is why its images look soft. With
skips it is almost a U-Net: the detail goes around the bottleneck. In both, the mask enters by multiplication
only, so the network must guess from the image which black pixels are hole.

Source: the studied work, validation SSIM 0.811 and 0.916. On its own published images biharmonic filling
beats the plain one and ties with the one with skips.
"""

import keras
from keras import layers

from inpaintkit.models._inputs import MOMENTUM, Filters, Shape, build_model, check_filters, network_inputs

FILTERS = (32, 64, 128, 256)


def autoencoder(
    input_shape: Shape = (112, 96, 3),
    dropout: float = 0.2,
    filters: Filters = FILTERS,
    name: str = "autoencoder",
) -> keras.Model:
    """Builds the autoencoder.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 2 ** len(filters).
        dropout: rate after each encoder block, in [0, 1).
        filters: of each level, outermost first; the default is the study's.
        name: of the model.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: filters that are not positive whole numbers, or another shape.

    Example:
        >>> import inpaintkit as ik
        >>> ik.models.autoencoder((32, 32, 3), filters=(4, 8)).output_shape
        (None, 32, 32, 3)
    """
    filters = check_filters(filters, dropout)
    inputs, x, _ = network_inputs(input_shape, stride=2 ** len(filters))
    for width in filters:
        for _ in range(3):
            x = _normalize_and_activate(layers.Conv2D(width, 3, padding="same")(x))
        # (B, H, W, 32), (B, H/2, W/2, 64), (B, H/4, W/4, 128), (B, H/8, W/8, 256)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(dropout)(x)
    # (B, H/16, W/16, 256)
    for width in reversed(filters):
        x = layers.Conv2DTranspose(width, 3, strides=2, padding="same")(x)
        x = _normalize_and_activate(x)
        # (B, H/8, W/8, 256), (B, H/4, W/4, 128), (B, H/2, W/2, 64), (B, H, W, 32)
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32")(x)  # (B, H, W, 3)
    return build_model(inputs, x, name)


def skip_autoencoder(
    input_shape: Shape = (112, 96, 3),
    dropout: float = 0.2,
    filters: Filters = FILTERS,
    name: str = "skip_autoencoder",
) -> keras.Model:
    """Builds the autoencoder with skips.

    Args:
        input_shape: (height, width, 3), None for any size; padded inside to multiples of 2 ** len(filters).
        dropout: rate after each encoder block, in [0, 1).
        filters: of each level, outermost first; the default is the study's.
        name: of the model.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: filters that are not positive whole numbers, or another shape.

    Example:
        >>> import inpaintkit as ik
        >>> ik.models.skip_autoencoder((32, 32, 3), filters=(4, 8)).output_shape
        (None, 32, 32, 3)
    """
    filters = check_filters(filters, dropout)
    inputs, x, _ = network_inputs(input_shape, stride=2 ** len(filters))
    skips = []
    for width in filters:
        for _ in range(4):
            x = _normalize_and_activate(layers.Conv2D(width, 3, padding="same")(x))
        skips.append(x)  # (B, H, W, 32), (B, H/2, W/2, 64), (B, H/4, W/4, 128), (B, H/8, W/8, 256)
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(dropout)(x)
    # (B, H/16, W/16, 256)
    for width, skip in zip(reversed(filters), reversed(skips), strict=True):
        x = _normalize_and_activate(layers.Conv2D(2 * width, 3, padding="same")(x))
        x = layers.Conv2DTranspose(width, 3, strides=2, padding="same")(x)
        x = layers.Concatenate()([x, skip])
        x = _normalize_and_activate(x)
        # (B, H/8, W/8, 512), (B, H/4, W/4, 256), (B, H/2, W/2, 128), (B, H, W, 64)
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32")(x)  # (B, H, W, 3)
    return build_model(inputs, x, name)


def _normalize_and_activate(x):
    return layers.LeakyReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
