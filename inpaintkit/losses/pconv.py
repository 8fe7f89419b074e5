"""The whole loss of Liu et al. 2018, section 3.3."""

import keras
from keras import ops

from inpaintkit.features import Features
from inpaintkit.images import composite
from inpaintkit.losses.base import MultiTermLoss
from inpaintkit.losses.perceptual import PerceptualLoss, StyleLoss, as_features, extract_features
from inpaintkit.losses.pixel import total_variation_of_hole
from inpaintkit.serialization import serializable


@serializable
class PConvLoss(MultiTermLoss):
    """The loss of partial convolution. Its weights are from the paper's search on 100 images:

        L = L_valid + 6 L_hole + 0.05 L_perceptual + 120 (L_style_out + L_style_comp) + 0.1 L_total_variation

    The terms, by these names, are the two of `HoleValidLoss`, `PerceptualLoss`, the two of `StyleLoss` (for
    output and composite) and `TotalVariationLoss`. One pass through the features serves them all.

    Args:
        valid, hole, perceptual, style_out, style_comp, total_variation: the weights; 0 leaves a term out.
        features: `Features`; None for VGG16's, as in the paper. Not loaded if the weights of perceptual and
            style terms are all 0. A saved network names their file and needs it to load with its loss;
            `ik.load_model(path, compile=False)` does not.
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Raises:
        ValueError: a weight below 0, or no weight above 0.

    Example: an error of 0.1 everywhere and a quarter missing, only the first two terms: 0.075 + 6 · 0.025.

        >>> import numpy as np, inpaintkit as ik
        >>> target = np.zeros((1, 8, 8, 4))
        >>> target[:, 2:, :, 3] = 1
        >>> loss = ik.losses.PConvLoss(perceptual=0, style_out=0, style_comp=0, total_variation=0)
        >>> round(float(loss(target, np.full((1, 8, 8, 3), 0.1))), 4)
        0.225
    """

    def __init__(
        self,
        valid: float = 1.0,
        hole: float = 6.0,
        perceptual: float = 0.05,
        style_out: float = 120.0,
        style_comp: float = 120.0,
        total_variation: float = 0.1,
        features: Features | None = None,
        name: str = "pconv_loss",
        **kwargs,
    ):
        self.settings = {"valid": valid, "hole": hole, "perceptual": perceptual, "style_out": style_out}
        self.settings |= {"style_comp": style_comp, "total_variation": total_variation}
        super().__init__(self.settings, name, **kwargs)
        self.features = as_features(features) if perceptual or style_out or style_comp else None

    def terms(self, y_true, y_pred):
        """The six terms, or the three that need no features."""
        image, mask = self.split(y_true)  # (B, H, W, 3), (B, H, W, 1)
        mixed = composite(y_pred, image, mask)  # (B, H, W, 3)
        error = ops.abs(image - y_pred)
        terms = {
            "valid": ops.mean(error * mask, axis=(1, 2, 3)),
            "hole": ops.mean(error * (1 - mask), axis=(1, 2, 3)),
            "total_variation": total_variation_of_hole(mixed, mask),
        }
        if self.features:
            truth, output, mixed = extract_features(self.features, image, y_pred, mixed)
            terms["perceptual"] = sum(PerceptualLoss.distance(truth, x) for x in (output, mixed))
            terms["style_out"] = StyleLoss.distance(truth, output)
            terms["style_comp"] = StyleLoss.distance(truth, mixed)
        return terms

    def get_config(self):
        features = keras.saving.serialize_keras_object(self.features)
        return {**super().get_config(), **self.settings, "features": features}
