"""The two simplest baselines: the masked input itself, and the mean colour."""

import cv2
import numpy as np

from inpaintkit.baselines.base import classical


@classical
def masked_input(image, hole):
    """Fills nothing: the masked image, black in the hole. Every method should beat it.

    u(p) = 0 for every pixel p of the hole.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> mask = np.array([1, 0, 1]).reshape(1, 1, 3, 1)
        >>> ik.baselines.masked_input(np.full((1, 1, 3, 3), 0.5), mask)[0, 0, :, 0].tolist()
        [0.5, 0.0, 0.5]
    """
    return image


@classical
def mean_color(image, hole):
    """Fills with the mean colour of the known pixels: the simplest real baseline. 0.6 ms.

    u(p) = mean of the known pixels, one value per image and channel.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image = np.array([0.25, 0.9, 0.75]).reshape(1, 1, 3, 1).repeat(3, axis=-1)
        >>> mask = np.array([1, 0, 1]).reshape(1, 1, 3, 1)
        >>> ik.baselines.mean_color(image, mask)[0, 0, :, 0].tolist()
        [0.25, 0.5, 0.75]
    """
    return np.full_like(image, cv2.mean(image, np.uint8(~hole))[:3])
