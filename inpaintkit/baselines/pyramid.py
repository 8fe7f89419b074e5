"""One step of an image pyramid: an image and its known pixels at half the size."""

import cv2
import numpy as np


def half_size(image: np.ndarray, known: np.ndarray) -> list[np.ndarray]:
    """An image and its map of known pixels at half the size: means over blocks of 2×2 pixels.

    With the image 0 in the hole, `half / half_known` is the mean of the known pixels of each block. Odd sizes
    first get a row or column of zeros at the bottom or on the right.

    Args:
        image: float32 (H, W, 3), 0 where nothing is known.
        known: float32 (H, W), the share of each pixel that is known: 0 to 1.

    Returns:
        the two at half the size, (⌈H/2⌉, ⌈W/2⌉, 3) and (⌈H/2⌉, ⌈W/2⌉).

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> known = np.float32([[1, 0], [1, 0]])
        >>> image = known[..., None] * np.full(3, 0.8, "float32")
        >>> half, half_known = ik.baselines.half_size(image, known)
        >>> round(float(half[0, 0, 0]), 2), float(half_known[0, 0])  # 0.4 / 0.5 is 0.8 again
        (0.4, 0.5)
    """
    bottom, right = known.shape[0] % 2, known.shape[1] % 2
    padded = [cv2.copyMakeBorder(x, 0, bottom, 0, right, cv2.BORDER_CONSTANT) for x in (image, known)]
    return [cv2.resize(x, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for x in padded]
