"""Metrics: functions with one value per image, their Keras classes, and perceptual distances.

Every function takes `y_true` and `y_pred` of shape (B, H, W, 3) in [0, 1] and returns one value per
image, shape (B,). Functions of the whole image go straight into `compile(metrics=[ik.metrics.ssim])`.
They also take a `region` (B, H, W, 1) or (B, H, W), 1 where a pixel counts: with `region = 1 - mask`
they measure the hole only. The Keras classes `PSNR`, `SSIM`, `MAE`, `Dice`, `JaccardDistance` and
`CosineSimilarity` take that region as their sample weight, so that an `Inpainter` measures the hole with
`weighted_metrics`. An image whose region is empty has no value: functions give NaN for it, classes leave
it out of their mean, which is NaN where no image is left.

Images of two shapes, or a region that is not one value per pixel, are a ValueError. All sums are in
float32 at least, whatever the dtype policy.
"""

from inpaintkit.metrics.keras_metrics import MAE, PSNR, SSIM, CosineSimilarity, Dice, JaccardDistance
from inpaintkit.metrics.perceptual import (
    ALEXNET,
    MIN_IMAGES_FOR_FID,
    MIN_SIDE,
    NAMES,
    PerceptualMetrics,
    feature_distance,
    frechet_distance,
    kernel_distance,
)
from inpaintkit.metrics.pixel import (
    MAX_PSNR,
    check_shapes,
    cosine_similarity,
    dice,
    jaccard_distance,
    mae,
    mse,
    psnr,
)
from inpaintkit.metrics.structural_similarity import ssim, ssim_map

__all__ = [
    "ALEXNET",
    "MAE",
    "MAX_PSNR",
    "MIN_IMAGES_FOR_FID",
    "MIN_SIDE",
    "NAMES",
    "PSNR",
    "SSIM",
    "CosineSimilarity",
    "Dice",
    "JaccardDistance",
    "PerceptualMetrics",
    "check_shapes",
    "cosine_similarity",
    "dice",
    "feature_distance",
    "frechet_distance",
    "jaccard_distance",
    "kernel_distance",
    "mae",
    "mse",
    "psnr",
    "ssim",
    "ssim_map",
]
