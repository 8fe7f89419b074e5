"""Perceptual and style loss (Liu et al. 2018, section 3.3), through a frozen network Ψ."""

from collections.abc import Callable

import keras
from keras import ops

from inpaintkit.checks import check_type
from inpaintkit.features import Features
from inpaintkit.images import composite
from inpaintkit.losses.base import MaskLoss
from inpaintkit.serialization import serializable


class FeatureLoss(MaskLoss):
    """A distance between the features of the truth and those of output and composite, the two added."""

    def __init__(self, features: Features | None, name: str, **kwargs):
        super().__init__(name=name, **kwargs)
        self.features = as_features(features)

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        mixed = composite(y_pred, image, mask)
        truth, output, mixed = extract_features(self.features, image, y_pred, mixed)
        return self.distance(truth, output) + self.distance(truth, mixed)

    def get_config(self):
        return {**super().get_config(), "features": keras.saving.serialize_keras_object(self.features)}


@serializable
class PerceptualLoss(FeatureLoss):
    """Mean absolute difference of features, for output and composite (equation 3):

        L = Σ over maps  mean |Ψ(output) − Ψ(truth)| + mean |Ψ(composite) − Ψ(truth)|

    Args:
        features: `Features`; None for VGG16's, as in the paper.
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Example: with the pixels as their own features, an error of 0.1 and half of the image missing.

        >>> import numpy as np, inpaintkit as ik
        >>> target = np.zeros((1, 8, 8, 4))
        >>> target[:, 4:, :, 3] = 1
        >>> loss = ik.losses.PerceptualLoss(features=lambda images: [images])
        >>> round(float(loss(target, np.full((1, 8, 8, 3), 0.1))), 4)
        0.15
    """

    def __init__(self, features: Features | None = None, name: str = "perceptual_loss", **kwargs):
        super().__init__(features, name, **kwargs)

    @staticmethod
    def distance(truth, other):
        """Mean absolute difference of two lists of feature maps (B, H, W, C), summed over the maps: (B,)."""
        return sum(ops.mean(ops.abs(a - b), axis=(1, 2, 3)) for a, b in zip(truth, other, strict=True))


@serializable
class StyleLoss(FeatureLoss):
    """Mean absolute difference of Gram matrices, for output and composite (equations 4 and 5):

        L = Σ over maps  mean |G(output) − G(truth)| + mean |G(composite) − G(truth)|,  G = ΨᵀΨ / (C·H·W)

    A Gram matrix says which features occur together, wherever they are in the image: texture, not place.

    Args:
        features: `Features`; None for VGG16's, as in the paper.
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Example: the same pixels in another order have the same style.

        >>> import numpy as np, inpaintkit as ik
        >>> image = np.random.default_rng(0).random((1, 8, 8, 3))
        >>> target = np.concatenate([image, np.zeros((1, 8, 8, 1))], axis=-1)
        >>> loss = ik.losses.StyleLoss(features=lambda images: [images])
        >>> round(float(loss(target, image[:, ::-1])), 4)
        0.0
    """

    def __init__(self, features: Features | None = None, name: str = "style_loss", **kwargs):
        super().__init__(features, name, **kwargs)

    @staticmethod
    def distance(truth, other):
        """Mean absolute difference of the Gram matrices, summed over the maps: (B,)."""
        pairs = zip(truth, other, strict=True)
        return sum(ops.mean(ops.abs(_gram(a) - _gram(b)), axis=(1, 2)) for a, b in pairs)


def as_features(features):
    """Features as given, or from their saved configuration, or VGG16's for None."""
    if isinstance(features, dict):
        return keras.saving.deserialize_keras_object(features)
    features = Features() if features is None else features
    check_type("features", features, Callable, "Features, or None for those of VGG16")
    return features


def extract_features(features, *images):
    """The feature maps of each of several batches, from one pass."""
    maps = features(ops.concatenate(images, axis=0))
    return zip(*[ops.split(x, len(images), axis=0) for x in maps], strict=True)


def _gram(x):
    """Gram matrices (B, C, C) of feature maps (B, H, W, C), divided by C·H·W; always in float32."""
    _, height, width, channels = ops.shape(x)
    x = ops.reshape(ops.cast(x, "float32"), (-1, height * width, channels))  # (B, H·W, C)
    size = ops.cast(height * width * channels, "float32")
    return ops.matmul(ops.transpose(x, (0, 2, 1)), x) / size
