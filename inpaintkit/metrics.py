"""How near a fill comes to the truth: a function per picture, and thin Keras metrics over them.

Every function takes `y_true` and `y_pred` of shape (B, H, W, 3) in [0, 1] and returns one value a
picture, shape (B,). Whole-picture functions go straight into `compile(metrics=[ik.metrics.ssim])`.
They also take a `region` (B, H, W, 1) or (B, H, W), 1 where a pixel counts: with `region = 1 - mask`
they measure the hole alone. The Keras classes `PSNR`, `SSIM`, `MAE`, `Dice`, `JaccardDistance` and
`CosineSimilarity` take that region as their sample weight, so that an `Inpainter` measures the hole with
`weighted_metrics`. An image whose region is empty has no value: functions give NaN for it, classes leave it
out of their mean, which is NaN where no image is left.

Images of two shapes, or a region that is not one value per pixel, are a ValueError.

All sums are in float32 at least, whatever the policy.
"""

import math

import keras
import numpy as np
from keras import ops

package = keras.saving.register_keras_serializable(package="inpaintkit")

MOST_PSNR = 100.0  # dB; a perfect picture reads this instead of infinity, so that means stay finite


@package
def mae(y_true, y_pred, region=None):
    """Mean absolute error, the L1 of the papers: 0 is perfect, 1 the worst."""
    y_true, y_pred, region = _inputs(y_true, y_pred, region)
    return _mean(ops.abs(y_true - y_pred), region)


@package
def mse(y_true, y_pred, region=None):
    """Mean squared error, the L2 of the papers: 0 is perfect, 1 the worst."""
    y_true, y_pred, region = _inputs(y_true, y_pred, region)
    return _mean(ops.square(y_true - y_pred), region)


@package
def psnr(y_true, y_pred, region=None):
    """Peak signal-to-noise ratio in dB for a data range of 1, at most `MOST_PSNR`; higher is better.

    PSNR = −10 · log10(mean squared error). Example: an error of 0.1 everywhere is 20 dB.
    """
    # Float32 takes the logarithm of the error at the cap to 99.99999 dB: the floor is below, the cap exact.
    error = ops.maximum(mse(y_true, y_pred, region), 10 ** (-MOST_PSNR / 10 - 1))
    return ops.minimum(-10 / np.log(10) * ops.log(error), MOST_PSNR)


@package
def ssim(y_true, y_pred, region=None):
    """Structural similarity, in −1…1, 1 for identical pictures.

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
    """SSIM of each window that lies in the picture, (B, H − 10, W − 10, 3): what `ssim` is the mean of."""
    y_true, y_pred, _ = _inputs(y_true, y_pred)
    if min(side or 11 for side in y_true.shape[1:3]) < 11:  # None: any size, known later
        raise ValueError(f"pictures of shape {tuple(y_true.shape)}: SSIM needs at least 11×11 pixels")
    # Variances are the same about any level; about the image's own, E[x²] − E[x]² cancels less. Some GPUs
    # convolve with 10 bits (TF32): simulated, single photographs were off by up to 0.039, so by 0.002.
    level = ops.stop_gradient(ops.mean(y_true, axis=(1, 2), keepdims=True))
    x, y = y_true - level, y_pred - level
    x, y, squares, product = (_blur(moment) for moment in (x, y, x * x + y * y, x * y))
    c1, c2 = 0.01**2, 0.03**2
    variances, covariance = squares - x * x - y * y, product - x * y
    x, y = x + level, y + level
    return (2 * x * y + c1) * (2 * covariance + c2) / ((x * x + y * y + c1) * (variances + c2))


@package
def dice(y_true, y_pred, region=None, squared=False):
    """Soft Dice, 2Σxy / Σ(x + y): Giminosk's definition, kept for comparison with it.

    Mind: on pictures it does not peak at the truth. Wherever the truth is brighter than half the score,
    more light scores higher still, up to white, and elsewhere black does. `squared=True` has the
    denominator Σ(x² + y²), which does peak at the truth, at 1.
    """
    y_true, y_pred = _within(*_inputs(y_true, y_pred, region))
    whole = sum(_sum(y * y if squared else y) for y in (y_true, y_pred))
    return 2 * _sum(y_true * y_pred) / ops.maximum(whole, 1e-7)


@package
def jaccard_distance(y_true, y_pred, region=None, smooth=100.0):
    """Soft Jaccard distance, (1 − (Σ|xy| + s) / (Σ|x| + Σ|y| − Σ|xy| + s)) · s, s = 100; lower is nearer.

    Giminosk's definition, there over a batch, here over a picture. It shares soft Dice's fault.
    """
    y_true, y_pred = _within(*_inputs(y_true, y_pred, region))
    both = _sum(ops.abs(y_true * y_pred))
    either = _sum(ops.abs(y_true)) + _sum(ops.abs(y_pred)) - both
    return (1 - (both + smooth) / (either + smooth)) * smooth


@package
def cosine_similarity(y_true, y_pred, region=None):
    """Cosine of the angle between two pictures as vectors, Σxy / (‖x‖‖y‖): 1 when proportional.

    Blind to brightness: a picture at half its light scores 1.
    """
    y_true, y_pred = _within(*_inputs(y_true, y_pred, region))
    norms = ops.sqrt(ops.maximum(_sum(ops.square(y_true)) * _sum(ops.square(y_pred)), 1e-14))
    return _sum(y_true * y_pred) / norms


class _PictureMean(keras.metrics.Mean):
    """Mean over pictures of a function above; a sample weight (B, H, W) is the region it looks at."""

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
        there = _sum(inside) > 0  # a picture whose region is empty has no value; one that is NaN has
        values = ops.where(there, values, ops.zeros_like(values))
        return super().update_state(values, ops.cast(there, "float32"))

    def result(self):
        return ops.where(self.count > 0, super().result(), math.nan)  # Keras's mean of nothing is 0

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, **self.settings}


@package
class PSNR(_PictureMean):
    """`psnr`, averaged over pictures. In `weighted_metrics` of an `Inpainter`: of the hole."""

    function = staticmethod(psnr)


@package
class SSIM(_PictureMean):
    """`ssim`, averaged over pictures. In `weighted_metrics` of an `Inpainter`: of the hole."""

    function = staticmethod(ssim)
    margin = 5


@package
class MAE(_PictureMean):
    """`mae`, averaged over pictures. In `weighted_metrics` of an `Inpainter`: of the hole."""

    function = staticmethod(mae)


@package
class Dice(_PictureMean):
    """`dice`, averaged over pictures; `squared=True` for the form that peaks at the truth."""

    function = staticmethod(dice)

    def __init__(self, squared=False, name=None, dtype=None):
        super().__init__(name or ("dice_squared" if squared else "dice"), dtype)
        self.settings = {"squared": squared}


@package
class JaccardDistance(_PictureMean):
    """`jaccard_distance`, averaged over pictures; lower is nearer."""

    function = staticmethod(jaccard_distance)


@package
class CosineSimilarity(_PictureMean):
    """`cosine_similarity`, averaged over pictures."""

    function = staticmethod(cosine_similarity)


def check_shapes(y_true, y_pred, region=None):
    """Raises ValueError unless two batches of images have one shape, and a region one value per pixel.

    Other shapes broadcast to a wrong number: a region of three channels puts PSNR 4.77 dB too high. A side of
    None, known later, fits any.
    """
    shape, other = tuple(y_true.shape), tuple(y_pred.shape)
    if len(shape) != 4 or not _fits(other, shape):
        raise ValueError(
            f"y_true of shape {shape}, y_pred of shape {other}: expected two batches of images of one shape, "
            "(batch, height, width, channels)"
        )
    if region is None:
        return
    given, pixels = tuple(region.shape), shape[:3]
    if not (_fits(given, pixels) or _fits(given, (*pixels, 1))):
        raise ValueError(
            f"a region or sample weight of shape {given} for images of shape {shape}: expected one value per "
            f"pixel, 1 where it counts, of shape {pixels} or {(*pixels, 1)}; of a mask, take one channel"
        )


def _fits(shape, expected):
    pairs = zip(shape, expected, strict=False)
    return len(shape) == len(expected) and all(None in pair or pair[0] == pair[1] for pair in pairs)


def _inputs(y_true, y_pred, region=None):
    """Images and region as tensors that fit: all float32, or float64 when both images are; (B, H, W, 1)."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    region = None if region is None else ops.convert_to_tensor(region)
    check_shapes(y_true, y_pred, region)
    both = {keras.backend.standardize_dtype(y.dtype) for y in (y_true, y_pred)}
    dtype = "float64" if both == {"float64"} else "float32"
    if region is not None:
        region = ops.cast(region if len(region.shape) == 4 else region[..., None], dtype)
    return ops.cast(y_true, dtype), ops.cast(y_pred, dtype), region


def _sum(x):
    return ops.sum(x, axis=(1, 2, 3))


def _within(y_true, y_pred, region):
    """The images, 0 outside the region; NaN where it is empty."""
    if region is None:
        return y_true, y_pred
    region = ops.where(ops.sum(region, axis=(1, 2, 3), keepdims=True) > 0, region, math.nan)
    return y_true * region, y_pred * region


def _mean(x, region):
    """Mean over each picture, or over its region; an empty region gives NaN."""
    if region is None:
        return ops.mean(x, axis=(1, 2, 3))
    return _sum(x * region) / (_sum(region) * x.shape[-1])


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
