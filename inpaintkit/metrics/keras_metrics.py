"""The metrics as Keras classes, for `compile(weighted_metrics=…)`."""

import math

import keras
from keras import ops
from numpy.typing import ArrayLike

from inpaintkit.checks import check_type
from inpaintkit.metrics.overlap import cosine_similarity, dice, jaccard_distance
from inpaintkit.metrics.pixel import mae, psnr
from inpaintkit.metrics.regions import prepare, sum_per_image
from inpaintkit.metrics.structural_similarity import ssim
from inpaintkit.serialization import serializable


class ImageMean(keras.metrics.Mean):
    """Mean over images of a metric, the subclass's `function`. A sample weight (B, H, W) is its region."""

    margin = 0  # pixels along the border where the function has no value

    def __init__(self, name: str | None = None, dtype: str | None = None):
        check_type("name", name, str | None, "text, or None")
        super().__init__(name=name or type(self).function.__name__, dtype=dtype)
        self.settings: dict = {}  # of the function

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None):
        values = type(self).function(y_true, y_pred, sample_weight, **self.settings)  # (B,)
        if sample_weight is None:
            return super().update_state(values)
        m = self.margin
        _, _, region = prepare(y_true, y_pred, sample_weight)
        counts = sum_per_image(region[:, m : -m or None, m : -m or None]) > 0
        # An image with an empty region has no value and is left out; an image of NaN makes the mean NaN.
        values = ops.where(counts, values, ops.zeros_like(values))
        return super().update_state(values, ops.cast(counts, "float32"))

    def result(self):
        return ops.where(self.count > 0, super().result(), math.nan)  # Keras's mean of nothing is 0

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, **self.settings}


@serializable
class PSNR(ImageMean):
    """`psnr` in dB, averaged over images. In `weighted_metrics` of an `Inpainter`: of the hole.

    Args:
        name: of the metric in the history; None: "psnr".
        dtype: of the mean; None: Keras's default.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> metric = ik.metrics.PSNR()
        >>> metric.update_state(np.zeros((2, 8, 8, 3)), np.full((2, 8, 8, 3), 0.1))
        >>> round(float(metric.result()), 2)
        20.0
    """

    function = staticmethod(psnr)


@serializable
class SSIM(ImageMean):
    """`ssim`, averaged over images. In `weighted_metrics` of an `Inpainter`: of the hole.

    Args:
        name: of the metric in the history; None: "ssim".
        dtype: of the mean; None: Keras's default.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> metric = ik.metrics.SSIM()
        >>> metric.update_state(np.full((2, 16, 16, 3), 0.5), np.ones((2, 16, 16, 3)))
        >>> round(float(metric.result()), 2)
        0.8
    """

    function = staticmethod(ssim)
    margin = 5


@serializable
class MAE(ImageMean):
    """`mae`, averaged over images. In `weighted_metrics` of an `Inpainter`: of the hole.

    Args:
        name: of the metric in the history; None: "mae".
        dtype: of the mean; None: Keras's default.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> metric = ik.metrics.MAE("hole_mae")
        >>> metric.update_state(np.zeros((2, 8, 8, 3)), np.full((2, 8, 8, 3), 0.25))
        >>> metric.name, float(metric.result())
        ('hole_mae', 0.25)
    """

    function = staticmethod(mae)


@serializable
class Dice(ImageMean):
    """`dice`, averaged over images.

    Args:
        squared: as for `dice`: True for the form that is largest at the truth.
        name: of the metric in the history; None: "dice" or "dice_squared".
        dtype: of the mean; None: Keras's default.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> metric, truth = ik.metrics.Dice(squared=True), np.full((2, 8, 8, 3), 0.5)
        >>> metric.update_state(truth, truth)
        >>> float(metric.result())
        1.0
    """

    function = staticmethod(dice)

    def __init__(self, squared: bool = False, name: str | None = None, dtype: str | None = None):
        super().__init__(("dice_squared" if squared else "dice") if name is None else name, dtype)
        self.settings = {"squared": squared}


@serializable
class JaccardDistance(ImageMean):
    """`jaccard_distance`, averaged over images; lower is nearer.

    Args:
        name: of the metric in the history; None: "jaccard_distance".
        dtype: of the mean; None: Keras's default.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> metric = ik.metrics.JaccardDistance()
        >>> metric.update_state(np.full((2, 8, 8, 3), 0.5), np.ones((2, 8, 8, 3)))
        >>> round(float(metric.result()), 1)
        32.9
    """

    function = staticmethod(jaccard_distance)


@serializable
class CosineSimilarity(ImageMean):
    """`cosine_similarity`, averaged over images.

    Args:
        name: of the metric in the history; None: "cosine_similarity".
        dtype: of the mean; None: Keras's default.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> metric = ik.metrics.CosineSimilarity()
        >>> metric.update_state(np.full((2, 8, 8, 3), 0.5), np.ones((2, 8, 8, 3)))
        >>> round(float(metric.result()), 2)
        1.0
    """

    function = staticmethod(cosine_similarity)
