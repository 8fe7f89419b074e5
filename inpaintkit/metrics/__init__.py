"""Metrics: functions with one value per image, their Keras classes, and perceptual distances."""

from inpaintkit.metrics.keras_metrics import MAE, PSNR, SSIM, CosineSimilarity, Dice, JaccardDistance
from inpaintkit.metrics.perceptual import (
    ALEXNET,
    FEWEST_FOR_FID,
    NAMES,
    SMALLEST,
    Perceptual,
    feature_distance,
    frechet_distance,
    kernel_distance,
)
from inpaintkit.metrics.pixel import (
    MOST_PSNR,
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
    "FEWEST_FOR_FID",
    "MAE",
    "MOST_PSNR",
    "NAMES",
    "PSNR",
    "SMALLEST",
    "SSIM",
    "CosineSimilarity",
    "Dice",
    "JaccardDistance",
    "Perceptual",
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
