"""What all classical methods share, and the two simplest: the masked input itself, and the mean colour.

Each method is written as a function of one image and its hole: float32 (H, W, 3) in [0, 1], and bool (H, W),
True in the hole, where the image is 0; at least one pixel is known. `@classical` turns it into the public
method over batches, `method(images, masks)`, which the docstring describes, and keeps it as `method.fill`.

Known pixels come back bit for bit, what lies in the hole is never read, and an image of which nothing is
known comes back grey (0.5). Times in the docstrings are for a 178×178 image with 7 lines, on one core of a
small machine.
"""

import functools
import inspect

import cv2
import numpy as np

from inpaintkit.images import check_batch


def classical(fill):
    """Decorator: makes a method over batches from a function that fills one image, its `method.fill`."""

    def method(images: np.ndarray, masks: np.ndarray, **settings) -> np.ndarray:
        signature.bind(images, masks, **settings)  # a TypeError for an unknown setting
        images, masks = check_batch(images, masks)
        filled = images.copy()
        for image, mask in zip(filled, masks, strict=True):
            hole = mask[..., 0] < 0.5
            if hole.all():
                image[:] = 0.5
            elif hole.any():
                cv2.copyTo(np.float32(fill(image, hole, **settings)), np.uint8(hole), image)  # in place
        return np.clip(filled, 0, 1, out=filled)

    # `help` shows images and masks, then the settings of `fill`, to be given by name.
    images, masks, _ = inspect.signature(method).parameters.values()
    _, _, *settings = inspect.signature(fill).parameters.values()
    settings = [setting.replace(kind=setting.KEYWORD_ONLY) for setting in settings]
    signature = inspect.signature(method).replace(parameters=[images, masks, *settings])
    functools.update_wrapper(method, fill)
    method.__signature__, method.classical, method.fill = signature, True, fill
    return method


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
