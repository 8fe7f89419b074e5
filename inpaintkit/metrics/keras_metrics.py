"""The metrics as Keras classes, for `compile(weighted_metrics=…)`."""

import math

import keras
from keras import ops

from inpaintkit.metrics.pixel import _inputs, _sum, cosine_similarity, dice, jaccard_distance, mae, psnr
from inpaintkit.metrics.structural_similarity import ssim
from inpaintkit.serialization import serializable


class _PictureMean(keras.metrics.Mean):
    """Mean over images of a function above; a sample weight (B, H, W) is the region it looks at."""

    function = None
    settings = {}  # noqa: RUF012 (never changed)
    margin = 0  # pixels along the border where the function has no value

    def __init__(self, name=None, dtype=None):
        super().__init__(name=name or type(self).function.__name__, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        values = type(self).function(y_true, y_pred, sample_weight, **self.settings)
        if sample_weight is None:
            return super().update_state(values)
        m = self.margin
        _, _, region = _inputs(y_true, y_pred, sample_weight)
        inside = region[:, m : -m or None, m : -m or None]
        there = _sum(inside) > 0  # an image whose region is empty has no value; one that is NaN has
        values = ops.where(there, values, ops.zeros_like(values))
        return super().update_state(values, ops.cast(there, "float32"))

    def result(self):
        return ops.where(self.count > 0, super().result(), math.nan)  # Keras's mean of nothing is 0

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, **self.settings}


@serializable
class PSNR(_PictureMean):
    """`psnr`, averaged over images. In `weighted_metrics` of an `Inpainter`: of the hole."""

    function = staticmethod(psnr)


@serializable
class SSIM(_PictureMean):
    """`ssim`, averaged over images. In `weighted_metrics` of an `Inpainter`: of the hole."""

    function = staticmethod(ssim)
    margin = 5


@serializable
class MAE(_PictureMean):
    """`mae`, averaged over images. In `weighted_metrics` of an `Inpainter`: of the hole."""

    function = staticmethod(mae)


@serializable
class Dice(_PictureMean):
    """`dice`, averaged over images; `squared=True` for the form that peaks at the truth."""

    function = staticmethod(dice)

    def __init__(self, squared=False, name=None, dtype=None):
        super().__init__(name or ("dice_squared" if squared else "dice"), dtype)
        self.settings = {"squared": squared}


@serializable
class JaccardDistance(_PictureMean):
    """`jaccard_distance`, averaged over images; lower is nearer."""

    function = staticmethod(jaccard_distance)


@serializable
class CosineSimilarity(_PictureMean):
    """`cosine_similarity`, averaged over images."""

    function = staticmethod(cosine_similarity)
