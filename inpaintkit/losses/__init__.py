"""Loss functions. Each returns one value per image, shape (B,), for `compile(loss=…)`.

Losses of the whole image are plain functions of (y_true, y_pred), both (B, H, W, 3) in [0, 1]. Losses that
must know the hole are `MaskLoss`es: `Inpainter` appends the mask to their target as a fourth channel. A
`MultiTermLoss` is a weighted sum whose terms are reported one by one in `history`.

`PConvLoss` and its terms are those of Liu et al., "Image Inpainting for Irregular Holes Using Partial
Convolutions" (ECCV 2018), section 3.3.
"""

from inpaintkit.losses.adversarial import AdversarialLoss, HingeGANLoss, NonSaturatingGANLoss
from inpaintkit.losses.base import MaskLoss, MultiTermLoss, WeightedSum
from inpaintkit.losses.pconv import PConvLoss
from inpaintkit.losses.perceptual import PerceptualLoss, StyleLoss
from inpaintkit.losses.pixel import (
    BoundaryLoss,
    HoleValidLoss,
    LogHoleLoss,
    TotalVariationLoss,
    psnr_loss,
    ssim_loss,
)
from inpaintkit.metrics import mae, mse

__all__ = [
    "AdversarialLoss", "BoundaryLoss", "HingeGANLoss", "HoleValidLoss", "LogHoleLoss", "MaskLoss",
    "MultiTermLoss", "NonSaturatingGANLoss", "PConvLoss", "PerceptualLoss", "StyleLoss", "TotalVariationLoss",
    "WeightedSum", "mae", "mse", "psnr_loss", "ssim_loss",
]  # fmt: skip
