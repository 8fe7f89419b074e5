"""Discriminators: networks that tell a filled picture from a real one, and so teach the filling one.

`discriminator` is that of Giminosk's CelebA study: 3,147,105 parameters at 112×96, 2,752,513 of them in
the last layer, because no layer before it reduces the resolution. With the skip autoencoder as generator
it makes the study's GAN of 10,200,228.
"""

import keras
from keras import layers

from inpaintkit.models._doors import MOMENTUM


def discriminator(input_shape=(112, 96, 3), dropout=0.2, name="discriminator"):
    """Builds the study's discriminator.

    Args:
        input_shape: (height, width, 3), both fixed: the last layer sees every position.
        dropout: rate after each convolution, in [0, 1).

    Returns:
        `keras.Model`, image (B, H, W, 3) in [0, 1] to logits (B, 1): above 0 for "real".

    Raises:
        ValueError: a side that is not fixed.
    """
    if len(input_shape) != 3 or not all(input_shape):
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
