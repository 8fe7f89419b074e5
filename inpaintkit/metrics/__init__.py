"""Metrics: functions with one value per image, their Keras classes, and perceptual metrics.

Functions take `y_true` and `y_pred`, (B, H, W, 3) in [0, 1], and return one value per image, (B,). They also
take a `region`, (B, H, W, 1) or (B, H, W), 1 where a pixel counts: with `region = 1 - mask` they measure only
the hole. Without a region they can be given to Keras directly, `compile(metrics=[ik.metrics.ssim])`. The
Keras classes `PSNR`, `SSIM`, `MAE`, `Dice`, `JaccardDistance` and `CosineSimilarity` take the region as their
sample weight, so an `Inpainter` measures the hole with `weighted_metrics`.

An image whose region is empty has no value: functions return NaN for it, classes leave it out of their mean,
which is NaN if no image is left. Shapes that do not fit are a ValueError. All sums are computed in float32 at
least, whatever the dtype policy.

For NumPy arrays the functions compute with NumPy and return an array. This takes a fraction of the time of
TensorFlow, where on small images each operation costs more to call than to compute.
"""

from inpaintkit.metrics.embedding_distances import MIN_IMAGES_FOR_FID, frechet_distance, kernel_distance
from inpaintkit.metrics.keras_metrics import MAE, PSNR, SSIM, CosineSimilarity, Dice, JaccardDistance
from inpaintkit.metrics.overlap import cosine_similarity, dice, jaccard_distance
from inpaintkit.metrics.perceptual import ALEXNET, MIN_SIDE, NAMES, PerceptualMetrics, feature_distance
from inpaintkit.metrics.pixel import MAX_PSNR, mae, mse, psnr
from inpaintkit.metrics.regions import check_shapes
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
