"""Errors per pixel and PSNR, one value per image, shape (B,)."""

import math

from numpy.typing import ArrayLike

from inpaintkit.metrics.regions import mean_per_image, operations, prepare
from inpaintkit.serialization import serializable

MAX_PSNR = 100.0  # dB; of a perfect image, instead of infinity, so that means stay finite


@serializable
def mae(y_true: ArrayLike, y_pred: ArrayLike, region: ArrayLike | None = None) -> ArrayLike:
    """Mean absolute error, the L1 of the papers: 0 is perfect, 1 the worst.

    MAE = mean |y_true − y_pred|, over the pixels of the region and all channels.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1].
        region: (B, H, W, 1) or (B, H, W), 1 where a pixel counts; None: everywhere. `1 - mask` for the hole.

    Returns:
        array or tensor (B,); NaN where the region is empty.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> black, grey = np.zeros((1, 8, 8, 3)), np.full((1, 8, 8, 3), 0.25)
        >>> float(ik.metrics.mae(black, grey)[0])
        0.25
    """
    y_true, y_pred, region = prepare(y_true, y_pred, region)
    return mean_per_image(abs(y_true - y_pred), region)


@serializable
def mse(y_true: ArrayLike, y_pred: ArrayLike, region: ArrayLike | None = None) -> ArrayLike:
    """Mean squared error, the L2 of the papers: 0 is perfect, 1 the worst.

    MSE = mean (y_true − y_pred)², over the pixels of the region and all channels.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1].
        region: (B, H, W, 1) or (B, H, W), 1 where a pixel counts; None: everywhere. `1 - mask` for the hole.

    Returns:
        array or tensor (B,); NaN where the region is empty.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> black, grey = np.zeros((1, 8, 8, 3)), np.full((1, 8, 8, 3), 0.25)
        >>> float(ik.metrics.mse(black, grey)[0])
        0.0625
    """
    y_true, y_pred, region = prepare(y_true, y_pred, region)
    error = y_true - y_pred
    return mean_per_image(error * error, region)


@serializable
def psnr(y_true: ArrayLike, y_pred: ArrayLike, region: ArrayLike | None = None) -> ArrayLike:
    """Peak signal-to-noise ratio in dB, higher is better.

    PSNR = 10 · log10(1² / MSE) for a data range of 1, at most `MAX_PSNR` = 100 dB. It depends on the region
    only through the MSE: ten times the error is 20 dB less.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1].
        region: (B, H, W, 1) or (B, H, W), 1 where a pixel counts; None: everywhere. `1 - mask` for the hole.

    Returns:
        array or tensor (B,), in dB; NaN where the region is empty.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> truth, mask = np.full((1, 8, 8, 3), 0.5), np.ones((1, 8, 8, 1))
        >>> mask[:, :, 4:] = 0  # half of the image is missing
        >>> fill = truth + 0.1 * (1 - mask)  # an error of 0.1 in the hole
        >>> round(float(ik.metrics.psnr(truth, fill, 1 - mask)[0]), 2)
        20.0
        >>> round(float(ik.metrics.psnr(truth, fill)[0]), 2)  # of the whole image: half the MSE
        23.01
    """
    # The floor lies below the error at the cap: in float32, the logarithm would give 99.99999 dB, not 100.
    error = mse(y_true, y_pred, region)
    xp = operations(error)
    return xp.minimum(-10 / math.log(10) * xp.log(xp.maximum(error, 10 ** (-MAX_PSNR / 10 - 1))), MAX_PSNR)
