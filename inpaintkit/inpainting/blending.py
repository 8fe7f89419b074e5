"""Makes the rim of a fill agree with the known pixels around it.

A network repaints the known pixels, too, and what it repaints wrongly there, it paints wrongly just inside
the hole. This difference is known outside the hole; a membrane (Δu = 0) continues it into the hole, and it is
added to the fill. A method that returns the known pixels as they are has no such difference, and its fill
stays as it is.
"""

import cv2
import numpy as np

from inpaintkit.baselines import heat
from inpaintkit.checks import check_choice

BLENDS = (None, "feather", "poisson")
FEATHER = 4  # pixels inside the rim after which 1/e of the difference is left


def check_blend(blend):
    """Raises ValueError unless `blend` is one of `BLENDS`."""
    if blend is not None:
        check_choice("blend", blend, BLENDS[1:], ", or None for a hard edge")


def blend_rim(filled, image, hole, blend):
    """A fill whose rim agrees with the known pixels.

    Args:
        filled: float32 (H, W, 3), the raw output of a method, also over the known pixels.
        image: float32 (H, W, 3), 0 in the hole. hole: bool (H, W).
        blend: None (nothing changes), "feather" (the correction fades within a few pixels) or "poisson" (it
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
