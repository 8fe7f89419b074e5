"""Makes the rim of a fill agree with the known pixels around it.

A network repaints the known pixels, too, and what it repaints wrongly there, it paints wrongly just inside
the hole. This difference is known outside the hole; a membrane (Δu = 0) continues it into the hole, and it is
added to the fill. A method that returns the known pixels as they are has no such difference, and its fill
stays as it is.

Measured on the published outputs of a CelebA study (`benchmarks/giminosk.py`, ten images), PSNR in the hole
in dB, of the hard composite, with "feather" and with "poisson": autoencoder 21.43, 22.48, 22.56; skip
autoencoder 21.93, 22.13, 22.15; GAN 16.42, 18.17, 18.65; PConv 24.82, 26.01, 26.44.

"poisson" solves the equation of `cv2.seamlessClone`, but in floating point, and for the hole itself: OpenCV
makes the region 3 pixels smaller, so that the rim stays as it was, and works with 8 bits. On these outputs
seamlessClone changed nothing by itself, and reached 17.35 (GAN) and 25.71 (PConv) with the hole enlarged by 5
pixels.
"""

import cv2
import numpy as np

from inpaintkit.baselines import heat
from inpaintkit.checks import check_choice

BLENDS = (None, "feather", "poisson")
FEATHER = 8  # pixels inside the rim after which 1/e of the difference is left


def check_blend(blend):
    """Raises ValueError unless `blend` is one of `BLENDS`."""
    if blend is not None:
        check_choice("blend", blend, BLENDS[1:], ", or None for a hard edge")


def blend_rim(filled, image, hole, blend):
    """A fill whose rim agrees with the known pixels.

    Args:
        filled: float32 (H, W, 3), the raw output of a method, also over the known pixels.
        image: float32 (H, W, 3), 0 in the hole. hole: bool (H, W).
        blend: None (nothing changes), "feather" (the correction fades inside the hole) or "poisson" (it
            does not fade: gradients inside the hole stay as the method drew them).

    Returns:
        float32 (H, W, 3); only the hole counts.
    """
    difference = np.where(hole[..., None], 0, image - filled)
    if blend is None or not difference.any():
        return filled
    correction = heat.fill(difference, hole, smoothing_steps=32)
    if blend == "feather":
        depth = cv2.distanceTransform(np.uint8(hole), cv2.DIST_L2, cv2.DIST_MASK_5)
        correction *= np.exp(-depth / FEATHER)[..., None]
    blended = np.where(hole[..., None], filled + correction, filled)
    return blended if _jump(blended, image, hole) <= _jump(filled, image, hole) else filled


def _jump(filled, image, hole):
    """The mean difference between neighbouring pixels of which one is known and one is in the hole."""
    whole, steps = np.where(hole[..., None], filled, image), []
    for axis in (0, 1):
        across = np.diff(hole.astype("int8"), axis=axis) != 0
        steps.append(np.abs(np.diff(whole, axis=axis))[across])
    return np.concatenate(steps).mean()
