"""Perceptual and style loss (Liu et al. 2018, section 3.3), through a frozen network."""

import keras
from keras import ops

from inpaintkit.features import Features
from inpaintkit.losses.base import MaskLoss, _composite, _mean
from inpaintkit.serialization import serializable


class _FeatureLoss(MaskLoss):
    """A distance between features of the truth and of both output and composite, the two added."""

    def __init__(self, features=None, name=None, reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name or self.default_name, reduction=reduction, dtype=dtype)
        self.features = _features_or_default(features)

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        truth, *others = _extract(self.features, image, y_pred, _composite(image, y_pred, mask))
        return sum(type(self).distance(truth, other) for other in others)

    def get_config(self):
        return {**super().get_config(), "features": keras.saving.serialize_keras_object(self.features)}


def _perceptual(truth, other):
    return sum(_mean(ops.abs(a - b)) for a, b in zip(truth, other, strict=True))


def _style(truth, other):
    return sum(ops.mean(ops.abs(_gram(a) - _gram(b)), axis=(1, 2)) for a, b in zip(truth, other, strict=True))


@serializable
class PerceptualLoss(_FeatureLoss):
    """Mean absolute difference of features, summed over the maps, for output and composite (eq. 3).

    Args:
        features: `Features`; None is VGG16's, as in the paper.
    """

    default_name, distance = "perceptual_loss", staticmethod(_perceptual)


@serializable
class StyleLoss(_FeatureLoss):
    """Mean absolute difference of the Gram matrices of features, F'F / (C·H·W), likewise (eq. 4–5).

    What goes together in an image, wherever it is: texture, not place.

    Args:
        features: `Features`; None is VGG16's, as in the paper.
    """

    default_name, distance = "style_loss", staticmethod(_style)


def _features_or_default(features):
    """Features as given, or from their saved configuration, or, if none are given, VGG16's."""
    return (
        keras.saving.deserialize_keras_object(features)
        if isinstance(features, dict)
        else features or Features()
    )


def _extract(features, *images):
    """The feature maps of each of several batches, from one pass."""
    maps = features(ops.concatenate(images, axis=0))
    return list(zip(*(ops.split(x, len(images), axis=0) for x in maps), strict=True))


def _gram(x):
    """Gram matrices (B, C, C) of feature maps (B, H, W, C), over C·H·W; in float32 all along."""
    _, height, width, channels = ops.shape(x)
    x = ops.reshape(ops.cast(x, "float32"), (-1, height * width, channels))
    size = ops.cast(height * width * channels, "float32")
    return ops.matmul(ops.transpose(x, (0, 2, 1)), x) / size
