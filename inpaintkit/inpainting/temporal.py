"""Averages the fills of a video over time, where nothing moves around the hole."""

import cv2
import numpy as np

from inpaintkit.baselines import heat
from inpaintkit.checks import as_array, is_number

_STILL, _MOVING = 1.4, 2.2  # change / noise: below, the mean counts in full; above, not at all
_RADIUS = 4  # pixels, over which the change is averaged
_AROUND = 32  # pixels around the hole that are looked at


class TemporalBlend:
    """The exponential mean of the fill, where the known surroundings agree with their own mean.

    Each frame is compared with the mean of the frames before it: |frame − mean|, averaged over 9×9 known
    pixels, and continued into the hole by heat. Where this is hardly more than the frame's noise, the fill
    becomes memory · mean + (1 − memory) · fill; where it is more than 2.2 times the noise, the fill stays as
    it is, and the mean begins anew. So a fill over a still background does not flicker, and a moving one
    is hardly smeared, unless it moves by less than a pixel per frame. Only pixels of the hole change.

    Args:
        memory: how much of the mean is kept, 0 up to, not including, 1. 0.9 averages about 19 frames.

    Raises:
        ValueError: another memory.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> steady, mask = ik.inpainting.TemporalBlend(memory=0.5), np.ones((40, 40))
        >>> mask[20, 20] = 0
        >>> for grey in (100, 110):  # the fill of the only missing pixel changes, its surroundings do not
        ...     frame = np.full((40, 40, 3), 60, "uint8")
        ...     frame[20, 20] = grey
        ...     blended = steady(frame, mask)
        >>> blended[20, 20, 0].item()
        105
    """

    def __init__(self, memory: float = 0.9):
        if not is_number(memory, 0, 1) or memory == 1:
            raise ValueError(f"memory={memory!r}: expected a number from 0 up to, not including, 1")
        self.memory = memory
        self._mean: np.ndarray | None = None

    def __call__(self, filled: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The next filled frame, uint8 (H, W, 3), with its mask, 1 = known: the frame with a steady fill."""
        filled, mask = as_array("filled", filled), as_array("mask", mask)
        if (
            filled.dtype != "uint8"
            or mask.shape[2:] not in ((), (1,))
            or filled.shape != (*mask.shape[:2], 3)
        ):
            came = f"filled {filled.dtype} {filled.shape}, mask {mask.shape}"
            raise ValueError(f"{came}: expected uint8 (H, W, 3) and (H, W) or (H, W, 1)")
        frame = filled.astype("float32") / 255
        hole = mask.reshape(frame.shape[:2]) == 0
        if self._mean is None or self._mean.shape != frame.shape:
            self._mean = frame
            return filled
        if not (self.memory and hole.any()):
            self._mean = frame
            return filled
        rows, columns = (np.flatnonzero(hole.any(axis)) for axis in (1, 0))
        window = tuple(slice(max(0, i[0] - _AROUND), i[-1] + 1 + _AROUND) for i in (rows, columns))
        mean, now, missing = self._mean[window], frame[window], hole[window]
        weight = self.memory * _stillness(now, mean, missing)[..., None]
        self._mean = frame.copy()
        self._mean[window] = now + weight * (mean - now)
        blended = np.rint(self._mean * 255).astype("uint8")
        return np.where(hole[..., None], blended, filled)


def _stillness(now, mean, hole):
    """1 where the known pixels around agree with their mean, up to noise; 0 where they do not: (H, W)."""
    change = np.where(hole, 0, np.abs(now - mean).mean(axis=-1))
    size = (2 * _RADIUS + 1,) * 2
    share = cv2.blur(np.float32(~hole), size)
    local = cv2.blur(change, size) / np.maximum(share, 1e-6)
    near = share > 0.1  # enough known pixels in the 9×9
    if not near.any():  # nothing to compare
        return np.zeros_like(share)
    if not near.all():
        filled = heat.fill(np.repeat(np.where(near, local, 0)[..., None], 3, axis=-1), ~near)
        local = np.where(near, local, filled[..., 0])
    noise = _noise(now, change, hole)
    return np.clip((_MOVING - local / noise) / (_MOVING - _STILL), 0, 1)


def _noise(now, change, hole):
    """The mean |difference| that noise makes: the median change, unless more than this frame's own noise."""
    known = cv2.erode(np.uint8(~hole), np.ones((3, 3), "uint8")) > 0
    if not known.any():
        return 1 / 255
    kernel = np.float32([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 6  # flat areas and slopes give only noise
    detail = np.abs(cv2.filter2D(now, -1, kernel).mean(axis=-1) * np.sqrt(3))
    own = np.median(detail[known]) / 0.6745 * 0.8 * np.sqrt(2)  # E|a − b| of two noisy frames, at most
    return np.clip(np.median(change[known]), 1 / 255, max(own, 1.5 / 255))
