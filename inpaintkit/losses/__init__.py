"""Loss functions. Each returns one value per image, shape (B,), for `compile(loss=…)`."""

from inpaintkit.losses.adversarial import Hinge, NonSaturating
from inpaintkit.losses.base import MaskLoss, Sum, TermsLoss
from inpaintkit.losses.pconv import PConvLoss
from inpaintkit.losses.perceptual import PerceptualLoss, StyleLoss
from inpaintkit.losses.pixel import BoundaryLoss, HoleValidLoss, TotalVariationLoss, psnr_loss, ssim_loss
from inpaintkit.metrics import mae, mse

__all__ = [
    "BoundaryLoss",
    "Hinge",
    "HoleValidLoss",
    "MaskLoss",
    "NonSaturating",
    "PConvLoss",
    "PerceptualLoss",
    "StyleLoss",
    "Sum",
    "TermsLoss",
    "TotalVariationLoss",
    "mae",
    "mse",
    "psnr_loss",
    "ssim_loss",
]
