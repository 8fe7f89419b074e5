"""SSIM (Wang et al. 2004), as `tf.image.ssim` defines it."""

import contextlib

import cv2
import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from inpaintkit.metrics.regions import mean_per_image, operations, prepare
from inpaintkit.serialization import serializable


@serializable
def ssim(y_true: ArrayLike, y_pred: ArrayLike, region: ArrayLike | None = None) -> ArrayLike:
    """Structural similarity, between −1 and 1; 1 for identical images.

    Per window and channel, with means μ, variances σ² and covariance σxy under a Gaussian window:

        SSIM = (2 μx μy + C1) (2 σxy + C2) / ((μx² + μy² + C1) (σx² + σy² + C2))

    C1 = (0.01 L)², C2 = (0.03 L)², data range L = 1; the window has 11×11 pixels and a standard deviation of
    1.5; population variances. The mean runs over all windows that lie in the image, and over the channels.
    This is `tf.image.ssim`, and scikit-image's SSIM with `gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False` over the same windows.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1], at least 11×11 pixels.
        region: (B, H, W, 1) or (B, H, W), 1 where a pixel counts: the mean runs over the windows whose
            centre lies there. None: everywhere. `1 - mask` for the hole.

    Returns:
        array or tensor (B,); NaN where no centre of a window lies in the region.

    Raises:
        ValueError: shapes that do not fit; a side of less than 11 pixels.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> grey, white = np.full((1, 16, 16, 3), 0.5), np.ones((1, 16, 16, 3))
        >>> [round(float(ik.metrics.ssim(grey, fill)[0]), 3) for fill in (grey, white)]  # 1 and 1 / 1.25
        [1.0, 0.8]

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment", 2004, eq. 13.
    """
    y_true, y_pred, region = prepare(y_true, y_pred, region)
    return mean_per_image(ssim_map(y_true, y_pred), region if region is None else region[:, 5:-5, 5:-5])


def ssim_map(y_true: ArrayLike, y_pred: ArrayLike) -> ArrayLike:
    """SSIM of each window that lies in the image: `ssim` is its mean.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1], at least 11×11 pixels.

    Returns:
        array or tensor (B, H − 10, W − 10, 3).

    Raises:
        ValueError: shapes that do not fit; a side of less than 11 pixels.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image = np.full((1, 16, 20, 3), 0.5)
        >>> tuple(ik.metrics.ssim_map(image, image).shape)
        (1, 6, 10, 3)
    """
    y_true, y_pred, _ = prepare(y_true, y_pred)
    if min(side or 11 for side in y_true.shape[1:3]) < 11:  # None: a size that is known later
        raise ValueError(f"images of shape {tuple(y_true.shape)}: SSIM needs at least 11×11 pixels")
    # Variances do not change when a constant is subtracted. Without the mean of the image, E[x²] − E[x]²
    # loses fewer digits. Some GPUs convolve with 10 bits (TF32): in a simulation, this took the largest error
    # of a photograph from 0.039 to 0.002.
    level = operations(y_true).mean(y_true, axis=(1, 2), keepdims=True)  # (B, 1, 1, 3)
    level = level if isinstance(level, np.ndarray) else ops.stop_gradient(level)
    x, y = y_true - level, y_pred - level
    mean_x, mean_y, squares, product = _blur(x), _blur(y), _blur(x * x + y * y), _blur(x * y)
    variances = squares - mean_x * mean_x - mean_y * mean_y  # σx² + σy²
    covariance = product - mean_x * mean_y
    mean_x, mean_y = mean_x + level, mean_y + level
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return similarity / ((mean_x * mean_x + mean_y * mean_y + c1) * (variances + c2))


def _blur(x):
    """Gaussian of 11 taps, σ 1.5, at the valid positions, down and across: (B, H − 10, W − 10, C).

    Two depthwise passes take a third of the time of `tf.image.ssim`, and round less.
    """
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()
    if isinstance(x, np.ndarray):  # all images as one, below one another
        blurred = cv2.sepFilter2D(x.reshape(-1, *x.shape[2:]), -1, taps, taps) if x.size else x
        return blurred.reshape(x.shape)[:, 5:-5, 5:-5]
    taps = ops.cast(taps[:, None], x.dtype)
    height, width, channels = ops.shape(x)[1:]
    fixed = isinstance(height, int) and isinstance(width, int)
    if fixed:  # downwards, each column may be a channel: three channels at a time are slow
        x = ops.reshape(x, (-1, height, 1, width * channels))
    with exact_products():
        x = ops.depthwise_conv(x, ops.tile(taps, (1, x.shape[-1]))[:, None, :, None])
        x = ops.reshape(x, (-1, height - 10, width, channels)) if fixed else x
        return ops.depthwise_conv(x, ops.tile(taps, (1, channels))[None, :, :, None])


def exact_products():
    """Within it, JAX multiplies float32 as float32: on a GPU it may round both factors to 10 bits (TF32)."""
    if keras.backend.backend() != "jax":
        return contextlib.nullcontext()
    import jax

    return jax.default_matmul_precision("highest")
