"""Losses over pixels: hole and valid L1, boundary, total variation, SSIM and PSNR as losses."""

from keras import ops

from inpaintkit import metrics
from inpaintkit.losses.base import MaskLoss, _composite
from inpaintkit.serialization import serializable


@serializable
def ssim_loss(y_true, y_pred):
    """1 − SSIM: 0 for identical images. Its gradient is finite on flat patches, too: it takes no root."""
    return 1 - metrics.ssim(y_true, y_pred)


@serializable
def psnr_loss(y_true, y_pred):
    """−PSNR in dB: lower is better. One studied work minimised +PSNR, and so maximised its error."""
    return -metrics.psnr(y_true, y_pred)


@serializable
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


@serializable
class BoundaryLoss(MaskLoss):
    """Mean absolute error in a band along the seam, on both its sides: where an eye finds a repair.

    Args:
        width: of the band in pixels, to either side of the seam.

    An image without a seam has the loss 0.
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


@serializable
class TotalVariationLoss(MaskLoss):
    """Total variation of the composite within the hole grown by one pixel: a brake on checkerboards.

    The sum of |differences| of neighbours, down and across, of which both lie in that region, over the
    number of elements of the image.
    """

    def __init__(self, name="total_variation_loss", reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        return _total_variation(_composite(image, y_pred, mask), mask)


def _total_variation(x, mask):
    region = _grow(1 - mask, 1)
    down = ops.abs(x[:, 1:] - x[:, :-1]) * region[:, 1:] * region[:, :-1]
    across = ops.abs(x[:, :, 1:] - x[:, :, :-1]) * region[:, :, 1:] * region[:, :, :-1]
    total = ops.sum(down, axis=(1, 2, 3)) + ops.sum(across, axis=(1, 2, 3))
    return total / ops.cast(ops.prod(ops.shape(x)[1:]), x.dtype)


def _grow(region, pixels):
    """A region of 0 and 1, (B, H, W, 1), grown by so many pixels in every direction, diagonals too."""
    return ops.max_pool(region, 2 * pixels + 1, strides=1, padding="same")
