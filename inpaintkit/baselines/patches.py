"""Where the patches of an image lie: what the two methods that copy patches share."""

import cv2
import numpy as np


def largest_patch(hole, patch):
    """The largest shape up to `patch` × `patch` of which the image has a wholly known patch, or None."""
    if patch < 3 or patch % 2 == 0:
        raise ValueError(f"patch={patch!r}: expected an odd number of pixels, at least 3, such as 7")
    for side in range(patch, 2, -2):
        shape = tuple(min(side, size) for size in hole.shape)
        if whole_patches(~hole, shape).any():
            return shape
    return None


def whole_patches(area, shape):
    """The pixels around which a patch of this shape lies in `area` entirely, bool (H, W)."""
    return cv2.erode(np.uint8(area), np.ones(shape), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0


def distance_to_known(hole):
    """The distance of each pixel from the nearest known one, in pixels; 0 outside the hole."""
    return cv2.distanceTransform(hole.astype("uint8"), cv2.DIST_L2, cv2.DIST_MASK_5)
