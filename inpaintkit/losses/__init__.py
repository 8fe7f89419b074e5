"""Loss functions. Each returns one value per image, shape (B,), for `compile(loss=…)`.

Losses over the whole image are plain functions of (y_true, y_pred), both (B, H, W, 3) in [0, 1]. Losses
that must know the hole are `MaskLoss`es: `Inpainter` hands them the mask as the fourth channel of the
target, and nothing else in the kit does. A `MultiTermLoss` is a sum whose terms are reported one by one in
`history`.

`PConvLoss` and its terms are those of Liu et al., "Image Inpainting for Irregular MaskGenerator Using Partial
Convolutions" (ECCV 2018), section 3.3.
"""

from inpaintkit.losses.adversarial import HingeGANLoss, NonSaturatingGANLoss
from inpaintkit.losses.base import MaskLoss, MultiTermLoss, WeightedSum
from inpaintkit.losses.pconv import PConvLoss
from inpaintkit.losses.perceptual import PerceptualLoss, StyleLoss
from inpaintkit.losses.pixel import BoundaryLoss, HoleValidLoss, TotalVariationLoss, psnr_loss, ssim_loss
from inpaintkit.metrics import mae, mse

__all__ = [
    "BoundaryLoss",
    "HingeGANLoss",
    "HoleValidLoss",
    "MaskLoss",
    "MultiTermLoss",
    "NonSaturatingGANLoss",
    "PConvLoss",
    "PerceptualLoss",
    "StyleLoss",
    "TotalVariationLoss",
    "WeightedSum",
    "mae",
    "mse",
    "psnr_loss",
    "ssim_loss",
]
