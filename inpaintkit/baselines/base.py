"""What all classical methods share.

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
