"""Losses of pixels: hole and valid L1, log error, boundary, total variation, SSIM and PSNR as losses."""

from keras import ops
from numpy.typing import ArrayLike

from inpaintkit import metrics
from inpaintkit.checks import check_number, is_number
from inpaintkit.images import composite
from inpaintkit.losses.base import MaskLoss
from inpaintkit.serialization import serializable


@serializable
def ssim_loss(y_true: ArrayLike, y_pred: ArrayLike) -> ArrayLike:
    """1 − SSIM: 0 for identical images. Its gradient is finite on flat patches, too: there is no square root.

    Args:
        y_true: truth, (B, H, W, 3) in [0, 1], at least 11×11 pixels.
        y_pred: output, the same.

    Returns:
        one value per image, (B,), in [0, 2].

    Example:
        >>> import numpy as np, inpaintkit as ik
        >>> image = np.zeros((1, 16, 16, 3), "float32")
        >>> round(float(ik.losses.ssim_loss(image, image)[0]), 4)
        0.0
    """
    return 1 - metrics.ssim(y_true, y_pred)


@serializable
def psnr_loss(y_true: ArrayLike, y_pred: ArrayLike) -> ArrayLike:
    """−PSNR in dB: lower is better. One studied work minimised +PSNR, and so maximised its error.

    Args:
        y_true: truth, (B, H, W, 3) in [0, 1].
        y_pred: output, the same.

    Returns:
        one value per image in dB, (B,); −100 for identical images.

    Example:
        >>> import numpy as np, inpaintkit as ik
        >>> image = np.zeros((1, 16, 16, 3), "float32")
        >>> round(float(ik.losses.psnr_loss(image, image + 0.1)[0]), 2)
        -20.0
    """
    return -metrics.psnr(y_true, y_pred)


@serializable
class HoleValidLoss(MaskLoss):
    """Weighted L1 of hole and known pixels:

        L = hole · mean((1 − mask) |output − truth|) + valid · mean(mask |output − truth|)

    Both terms are means over *all* pixels, as in Liu et al. 2018, so that a larger hole has more weight.

    Args:
        hole, valid: the weights; 6 and 1 are the paper's.
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Raises:
        ValueError: weights that are no numbers.

    Example: an error of 0.1 everywhere and a quarter missing gives 6 · 0.025 + 1 · 0.075.

        >>> import numpy as np, inpaintkit as ik
        >>> target = np.zeros((1, 8, 8, 4))
        >>> target[:, 2:, :, 3] = 1
        >>> round(float(ik.losses.HoleValidLoss()(target, np.full((1, 8, 8, 3), 0.1))), 4)
        0.225
    """

    def __init__(self, hole: float = 6.0, valid: float = 1.0, name: str = "hole_valid_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        if not (is_number(hole) and is_number(valid)):
            raise ValueError(f"hole={hole!r}, valid={valid!r}: expected two numbers")
        self.hole, self.valid = hole, valid

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        error = ops.abs(image - y_pred)
        return ops.mean(error * (self.hole * (1 - mask) + self.valid * mask), axis=(1, 2, 3))

    def get_config(self):
        return {**super().get_config(), "hole": self.hole, "valid": self.valid}


@serializable
class LogHoleLoss(MaskLoss):
    """L1 and the logarithm of the squared error, both of the hole only; the shipped weights minimise it:

        L = weight · log(mean of (output − truth)² + ε) + Σ |output − truth| / n

    The mean and the sum are over the values of one image's hole, and n is the batch's mean number of such
    values, so that each missing pixel of a batch counts the same in the second term. The first term falls by
    the same amount for each decibel of hole PSNR, however large the error is.

    Args:
        weight: of the first term.
        epsilon: ε, the squared error below which the logarithm hardly falls any more.
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Raises:
        ValueError: a weight below 0, or an epsilon that is not more than 0.

    Example: an error of 0.1 in the hole gives 0.05 · log(0.01 + 0.0001) + 0.1.

        >>> import numpy as np, inpaintkit as ik
        >>> target = np.zeros((1, 64, 64, 4))
        >>> target[:, 32:, :, 3] = 1
        >>> round(float(ik.losses.LogHoleLoss()(target, np.full((1, 64, 64, 3), 0.1))), 3)
        -0.13
    """

    def __init__(self, weight: float = 0.05, epsilon: float = 1e-4, name: str = "log_hole_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        if not (is_number(weight, 0) and is_number(epsilon) and epsilon > 0):
            raise ValueError(f"weight={weight}, epsilon={epsilon}: expected at least 0, and more than 0")
        self.weight, self.epsilon = weight, epsilon

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        error = (y_pred - image) * (1 - mask)
        values = image.shape[-1] * ops.sum(1 - mask, axis=(1, 2, 3))  # in the hole of each image, (B,)
        # One is added, so that an image without a hole gives no 0/0.
        mse = ops.sum(ops.square(error), axis=(1, 2, 3)) / (values + 1)
        l1 = ops.sum(ops.abs(error), axis=(1, 2, 3)) / (ops.mean(values) + 1)
        return self.weight * ops.log(mse + self.epsilon) + l1

    def get_config(self):
        return {**super().get_config(), "weight": self.weight, "epsilon": self.epsilon}


@serializable
class BoundaryLoss(MaskLoss):
    """Mean absolute error in a band along the border of the hole, where a repair shows most.

    It is 0 for an image without a hole.

    Args:
        width: of the band in pixels, to each side of the border.
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Raises:
        ValueError: a width that is no whole number from 1 to 1,000.

    Example:
        >>> import numpy as np, inpaintkit as ik
        >>> target = np.zeros((1, 8, 8, 4))
        >>> target[:, 2:, :, 3] = 1
        >>> round(float(ik.losses.BoundaryLoss()(target, np.full((1, 8, 8, 3), 0.1))), 4)
        0.1
    """

    def __init__(self, width: int = 2, name: str = "boundary_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        check_number("width", width, 1, 1000, whole=True)
        self.width = width

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        band = _grow(mask, self.width) * _grow(1 - mask, self.width)  # (B, H, W, 1)
        error = ops.sum(ops.abs(image - y_pred) * band, axis=(1, 2, 3))
        return error / ops.maximum(ops.sum(band, axis=(1, 2, 3)) * image.shape[-1], 1.0)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@serializable
class TotalVariationLoss(MaskLoss):
    """Total variation of the composite within R, the hole grown by one pixel; it reduces checkerboards:

        L = Σ |x(i+1, j) − x(i, j)| + Σ |x(i, j+1) − x(i, j)|, both pixels in R, over all H·W·3 values

    Args:
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Example: a constant image has no variation.

        >>> import numpy as np, inpaintkit as ik
        >>> loss = ik.losses.TotalVariationLoss()
        >>> float(loss(np.zeros((1, 8, 8, 4)), np.full((1, 8, 8, 3), 0.1)))
        0.0
    """

    def __init__(self, name: str = "total_variation_loss", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        return total_variation_of_hole(composite(y_pred, image, mask), mask)


def total_variation_of_hole(x, mask):
    """The total variation of x, (B, H, W, 3), within the hole grown by one pixel: (B,)."""
    region = _grow(1 - mask, 1)  # (B, H, W, 1)
    down = ops.abs(x[:, 1:] - x[:, :-1]) * region[:, 1:] * region[:, :-1]
    across = ops.abs(x[:, :, 1:] - x[:, :, :-1]) * region[:, :, 1:] * region[:, :, :-1]
    total = ops.sum(down, axis=(1, 2, 3)) + ops.sum(across, axis=(1, 2, 3))
    return total / ops.cast(ops.prod(ops.shape(x)[1:]), x.dtype)


def _grow(region, pixels):
    """A region of 0 and 1, (B, H, W, 1), grown by this many pixels in each direction, diagonals too."""
    return ops.max_pool(region, 2 * pixels + 1, strides=1, padding="same")
