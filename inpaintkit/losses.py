"""What teaches a network. Each loss is a value a picture, shape (B,), for `compile(loss=…)`.

Whole-picture losses are plain functions of (y_true, y_pred). Losses that must know the hole are
`MaskLoss`es: `Inpainter` hands them the mask as the fourth channel of the target, and nothing else in
the kit does; every other loss and metric sees the picture alone.
"""

import keras
from keras import ops

from inpaintkit import metrics
from inpaintkit.metrics import mae, mse, package

__all__ = [
    "BoundaryLoss",
    "HoleValidLoss",
    "MaskLoss",
    "TotalVariationLoss",
    "mae",
    "mse",
    "psnr_loss",
    "ssim_loss",
]


@package
def ssim_loss(y_true, y_pred):
    """1 − SSIM: 0 for identical pictures. Its gradient is finite on flat patches, where others' is NaN."""
    return 1 - metrics.ssim(y_true, y_pred)


@package
def psnr_loss(y_true, y_pred):
    """−PSNR in dB: lower is better. One studied work minimised +PSNR, and so maximised its error."""
    return -metrics.psnr(y_true, y_pred)


class MaskLoss(keras.losses.Loss):
    """A loss whose target is (B, H, W, 4): the picture, then its mask, 1 = known, 0 = hole."""

    @staticmethod
    def split(target):
        """(B, H, W, 4) as picture (B, H, W, 3) and mask (B, H, W, 1)."""
        if target.shape[-1] != 4:
            raise ValueError(
                f"a target of {target.shape[-1]} channels: this loss reads the mask as the fourth. Train an "
                "inpaintkit.Inpainter, which appends it, or concatenate picture and mask yourself"
            )
        return target[..., :3], target[..., 3:]


@package
class HoleValidLoss(MaskLoss):
    """Weighted L1 of hole and known pixels, L = hole · L_hole + valid · L_valid.

    Both terms are means over *all* pixels, as in Liu et al. 2018, so that a larger hole weighs more.

    Args:
        hole, valid: the weights; 6 and 1 are the paper's.

    Example: an error of 0.1 everywhere and a quarter missing gives 6 · 0.025 + 1 · 0.075 = 0.225.
    """

    def __init__(
        self, hole=6.0, valid=1.0, name="hole_valid_loss", reduction="sum_over_batch_size", dtype=None
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.hole, self.valid = hole, valid

    def call(self, y_true, y_pred):
        y_true, mask = self.split(y_true)
        error = ops.abs(y_true - y_pred)
        return ops.mean(error * (self.hole * (1 - mask) + self.valid * mask), axis=(1, 2, 3))

    def get_config(self):
        return {**super().get_config(), "hole": self.hole, "valid": self.valid}


@package
class BoundaryLoss(MaskLoss):
    """Mean absolute error in a band along the seam, on both its sides: where an eye finds a repair.

    Args:
        width: of the band in pixels, to either side of the seam.

    A picture without a seam has the loss 0.
    """

    def __init__(self, width=2, name="boundary_loss", reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if width < 1:
            raise ValueError(f"width={width}: expected at least 1 pixel")
        self.width = width

    def call(self, y_true, y_pred):
        y_true, mask = self.split(y_true)
        band = _grow(mask, self.width) * _grow(1 - mask, self.width)
        error = ops.sum(ops.abs(y_true - y_pred) * band, axis=(1, 2, 3))
        return error / ops.maximum(ops.sum(band, axis=(1, 2, 3)) * y_true.shape[-1], 1.0)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@package
class TotalVariationLoss(MaskLoss):
    """Total variation of the composite within the hole grown by one pixel: a brake on checkerboards.

    The sum of |differences| of neighbours, down and across, of which both lie in that region, over the
    number of elements of the picture. Source: Liu et al. 2018, section 3.3.
    """

    def __init__(self, name="total_variation_loss", reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        y_true, mask = self.split(y_true)
        x = y_true * mask + y_pred * (1 - mask)
        region = _grow(1 - mask, 1)
        down = ops.abs(x[:, 1:] - x[:, :-1]) * region[:, 1:] * region[:, :-1]
        across = ops.abs(x[:, :, 1:] - x[:, :, :-1]) * region[:, :, 1:] * region[:, :, :-1]
        total = ops.sum(down, axis=(1, 2, 3)) + ops.sum(across, axis=(1, 2, 3))
        return total / ops.cast(ops.prod(ops.shape(x)[1:]), x.dtype)


def _grow(region, pixels):
    """A region of 0 and 1, (B, H, W, 1), grown by so many pixels in every direction, diagonals too."""
    return ops.max_pool(region, 2 * pixels + 1, strides=1, padding="same")
