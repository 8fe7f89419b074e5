"""The whole loss of Liu et al. 2018, section 3.3."""

import keras
from keras import ops

from inpaintkit.losses.base import MultiTermLoss, _composite, _mean
from inpaintkit.losses.perceptual import _extract, _features_or_default, _perceptual, _style
from inpaintkit.losses.pixel import _total_variation
from inpaintkit.serialization import serializable


@serializable
class PConvLoss(MultiTermLoss):
    """The loss of partial convolution, its weights found by the paper's search on 100 images:

        L_valid + 6 L_hole + 0.05 L_perceptual + 120 (L_style_out + L_style_comp) + 0.1 L_total_variation

    Args:
        valid, hole, perceptual, style_out, style_comp, total_variation: the weights; 0 leaves a term out.
        features: `Features`; None is VGG16's, as in the paper. Not needed, nor loaded, where perceptual
            and style weights are all 0. A saved network names their file, and needs it to load with its
            loss: `ik.load_model(path, compile=False)` does without.

    The terms, by these names, are `HoleValidLoss`'s two, `PerceptualLoss`, `StyleLoss`'s two and
    `TotalVariationLoss`; one pass through the features serves them all.
    """

    def __init__(
        self,
        valid=1.0,
        hole=6.0,
        perceptual=0.05,
        style_out=120.0,
        style_comp=120.0,
        total_variation=0.1,
        features=None,
        name="pconv_loss",
        reduction="sum_over_batch_size",
        dtype=None,
    ):
        self.settings = {
            "valid": valid,
            "hole": hole,
            "perceptual": perceptual,
            "style_out": style_out,
            "style_comp": style_comp,
            "total_variation": total_variation,
        }
        super().__init__(self.settings, name, reduction, dtype)
        looks = perceptual or style_out or style_comp
        self.features = _features_or_default(features) if looks else None

    def terms(self, y_true, y_pred):
        image, mask = self.split(y_true)
        error, mixed = ops.abs(image - y_pred), _composite(image, y_pred, mask)
        terms = {
            "valid": _mean(error * mask),
            "hole": _mean(error * (1 - mask)),
            "total_variation": _total_variation(mixed, mask),
        }
        if self.features:
            truth, output, mixed = _extract(self.features, image, y_pred, mixed)
            terms["perceptual"] = _perceptual(truth, output) + _perceptual(truth, mixed)
            terms["style_out"], terms["style_comp"] = _style(truth, output), _style(truth, mixed)
        return terms

    def get_config(self):
        features = keras.saving.serialize_keras_object(self.features)
        return {**super().get_config(), **self.settings, "features": features}
