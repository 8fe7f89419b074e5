"""What every classical method shares: `fill(image, hole)` becomes `method(images, masks)`.

Known pixels come back bit-exact, what lies in the hole is never read, and an image with nothing known comes
back grey (0.5). Times in docstrings are for a 178×178 image with 7 lines on one core of a small machine.
"""

import functools
import inspect

import cv2
import numpy as np

from inpaintkit.images import check_batch


def classical(fill):
    """Makes `fill(image, hole, …)` a method over batches; there the hole is 0, and True in `hole`."""

    @functools.wraps(fill)
    def method(images, masks, **settings):
        images, masks = check_batch(images, masks)
        filled = images.copy()
        for image, mask in zip(filled, masks, strict=True):
            hole = mask[..., 0] < 0.5
            if hole.all():
                image[:] = 0.5
            elif hole.any():
                cv2.copyTo(np.float32(fill(image, hole, **settings)), np.uint8(hole), image)  # in place
        return np.clip(filled, 0, 1, out=filled)

    del method.__wrapped__  # its signature is not this one's, but for the settings
    first, second, *settings = inspect.signature(fill).parameters.values()
    batches = [first.replace(name="images"), second.replace(name="masks")]
    by_name = [setting.replace(kind=inspect.Parameter.KEYWORD_ONLY) for setting in settings]
    method.__signature__ = inspect.Signature([*batches, *by_name])
    method.classical, method.fill = True, fill
    return method
