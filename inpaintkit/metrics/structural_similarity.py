"""SSIM (Wang et al. 2004), as tf.image.ssim defines it."""

import numpy as np
from keras import ops

from inpaintkit.metrics.pixel import _inputs, _mean
from inpaintkit.serialization import serializable


@serializable
def ssim(y_true, y_pred, region=None):
    """Structural similarity, in −1…1, 1 for identical images.

    Gaussian window of 11 taps, σ 1.5, data range 1, K1 0.01, K2 0.03, population covariance, means over
    the valid positions and the channels: `tf.image.ssim`, and scikit-image's with
    `gaussian_weights=True, sigma=1.5, use_sample_covariance=False` over the same positions.

    With a region, the mean runs over windows whose centre lies in it; NaN where none does.

    Raises:
        ValueError: a side under 11 pixels.

    Source: Wang et al. 2004.
    """
    y_true, y_pred, region = _inputs(y_true, y_pred, region)
    return _mean(ssim_map(y_true, y_pred), region if region is None else region[:, 5:-5, 5:-5])


def ssim_map(y_true, y_pred):
    """SSIM of each window that lies in the image, (B, H − 10, W − 10, 3): what `ssim` is the mean of."""
    y_true, y_pred, _ = _inputs(y_true, y_pred)
    if min(side or 11 for side in y_true.shape[1:3]) < 11:  # None: any size, known later
        raise ValueError(f"images of shape {tuple(y_true.shape)}: SSIM needs at least 11×11 pixels")
    # Variances are the same about any level; about the image's own, E[x²] − E[x]² cancels less. Some GPUs
    # convolve with 10 bits (TF32): simulated, single photographs were off by up to 0.039, so by 0.002.
    level = ops.stop_gradient(ops.mean(y_true, axis=(1, 2), keepdims=True))
    x, y = y_true - level, y_pred - level
    x, y, squares, product = (_blur(moment) for moment in (x, y, x * x + y * y, x * y))
    c1, c2 = 0.01**2, 0.03**2
    variances, covariance = squares - x * x - y * y, product - x * y
    x, y = x + level, y + level
    return (2 * x * y + c1) * (2 * covariance + c2) / ((x * x + y * y + c1) * (variances + c2))


def _blur(x):
    """Gaussian of 11 taps, σ 1.5, at the valid positions: one pass down, one across.

    Two depthwise passes take a third of `tf.image.ssim`'s time, and round less.
    """
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps = ops.cast((taps / taps.sum())[:, None], x.dtype)
    height, width, channels = ops.shape(x)[1:]
    fixed = isinstance(height, int) and isinstance(width, int)
    if fixed:  # down, a column is as good as a channel, and three channels at a time are slow
        x = ops.reshape(x, (-1, height, 1, width * channels))
    x = ops.depthwise_conv(x, ops.tile(taps, (1, x.shape[-1]))[:, None, :, None])
    if fixed:
        x = ops.reshape(x, (-1, height - 10, width, channels))
    return ops.depthwise_conv(x, ops.tile(taps, (1, channels))[None, :, :, None])
