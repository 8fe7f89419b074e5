"""Metrics per image over pixels, shape (B,): errors, PSNR, overlap scores, cosine; and what they share."""

import math

import keras
import numpy as np
from keras import ops

from inpaintkit.serialization import serializable

MAX_PSNR = 100.0  # dB; a perfect image reads this instead of infinity, so that means stay finite


@serializable
def mae(y_true, y_pred, region=None):
    """Mean absolute error, the L1 of the papers: 0 is perfect, 1 the worst."""
    y_true, y_pred, region = _inputs(y_true, y_pred, region)
    return _mean(ops.abs(y_true - y_pred), region)


@serializable
def mse(y_true, y_pred, region=None):
    """Mean squared error, the L2 of the papers: 0 is perfect, 1 the worst."""
    y_true, y_pred, region = _inputs(y_true, y_pred, region)
    return _mean(ops.square(y_true - y_pred), region)


@serializable
def psnr(y_true, y_pred, region=None):
    """Peak signal-to-noise ratio in dB for a data range of 1, at most `MAX_PSNR`; higher is better.

    PSNR = −10 · log10(mean squared error). Example: an error of 0.1 everywhere is 20 dB.
    """
    # Float32 takes the logarithm of the error at the cap to 99.99999 dB: the floor is below, the cap exact.
    error = ops.maximum(mse(y_true, y_pred, region), 10 ** (-MAX_PSNR / 10 - 1))
    return ops.minimum(-10 / np.log(10) * ops.log(error), MAX_PSNR)


@serializable
def dice(y_true, y_pred, region=None, squared=False):
    """Soft Dice, 2Σxy / Σ(x + y): Giminosk's definition, kept for comparison with it.

    Mind: on images it does not peak at the truth. Wherever the truth is brighter than half the score,
    more light scores higher still, up to white, and elsewhere black does. `squared=True` has the
    denominator Σ(x² + y²), which does peak at the truth, at 1.
    """
    y_true, y_pred = _within(*_inputs(y_true, y_pred, region))
    whole = sum(_sum(y * y if squared else y) for y in (y_true, y_pred))
    return 2 * _sum(y_true * y_pred) / ops.maximum(whole, 1e-7)


@serializable
def jaccard_distance(y_true, y_pred, region=None, smooth=100.0):
    """Soft Jaccard distance, (1 − (Σ|xy| + s) / (Σ|x| + Σ|y| − Σ|xy| + s)) · s, s = 100; lower is nearer.

    Giminosk's definition, there over a batch, here over an image. It shares soft Dice's fault.
    """
    y_true, y_pred = _within(*_inputs(y_true, y_pred, region))
    both = _sum(ops.abs(y_true * y_pred))
    either = _sum(ops.abs(y_true)) + _sum(ops.abs(y_pred)) - both
    return (1 - (both + smooth) / (either + smooth)) * smooth


@serializable
def cosine_similarity(y_true, y_pred, region=None):
    """Cosine of the angle between two images as vectors, Σxy / (‖x‖‖y‖): 1 when proportional.

    Blind to brightness: an image at half its light scores 1.
    """
    y_true, y_pred = _within(*_inputs(y_true, y_pred, region))
    norms = ops.sqrt(ops.maximum(_sum(ops.square(y_true)) * _sum(ops.square(y_pred)), 1e-14))
    return _sum(y_true * y_pred) / norms


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
    """Mean over each image, or over its region; an empty region gives NaN."""
    if region is None:
        return ops.mean(x, axis=(1, 2, 3))
    return _sum(x * region) / (_sum(region) * x.shape[-1])
