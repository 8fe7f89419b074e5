"""What all mask generators share: sampling, exact hole ratios, checks of the settings.

A generator draws one mask as a label map: uint8 (H, W), 0 where the pixel is known, else the number of the
shape that lies there. `sample` turns it into a mask. Each shape is one OpenCV call on 8-bit pixels: that
makes thousands of masks per second (`benchmarks/masks.py`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import as_array, check_number
from inpaintkit.images import size_pair
from inpaintkit.masks.label_maps import remove_oldest, resize_hole
from inpaintkit.masks.random_numbers import RandomNumbers

_MAX_SETTING = 10_000  # shapes, or pixels of a shape
_MAX_SHAPES = 2_000  # beyond it the hole is grown instead: tiny shapes may never reach a large ratio


def hole_ratio(mask: ArrayLike) -> np.ndarray:
    """Share of the image that is missing, in [0, 1].

    Args:
        mask: (…, H, W, 1), 1 = known, 0 = hole.

    Returns:
        float64 array of shape (…): one number per mask, and a plain number for one mask.

    Raises:
        ValueError: fewer axes, or anything but numbers from 0 to 1.

    Example:
        >>> import inpaintkit as ik
        >>> masks = ik.masks.Grid(step=2).sample(3, 32, 32)  # one pixel of four is known
        >>> ik.masks.hole_ratio(masks)
        array([0.75, 0.75, 0.75])
    """
    mask = as_array("mask", mask, "float64")
    if (
        mask.ndim < 3 or 0 in mask.shape[-3:] or not (mask.min(initial=0) >= 0 and mask.max(initial=0) <= 1)
    ):  # so NaN is refused, too
        raise ValueError(f"mask of shape {mask.shape}: expected (…, height, width, 1), of values from 0 to 1")
    return 1 - mask.mean(axis=(-3, -2, -1))


@dataclass(frozen=True)
class MaskGenerator:
    """Base class of all mask generators: `sample` draws masks, `with_ratio` sets their hole ratio.

    A generator of your own is a frozen dataclass with one method, `_label_map(rng, height, width)`, which
    returns uint8 (H, W): 0 where the pixel is known. `rng` is a `RandomNumbers`.

    Example:
        >>> import inpaintkit as ik
        >>> isinstance(ik.masks.Lines(), ik.masks.MaskGenerator)
        True
    """

    def __post_init__(self):
        self._check()

    def sample(self, count: int, height: int, width: int, seed: int | Sequence[int] = 0) -> np.ndarray:
        """Draws masks. The same seed gives the same masks, and more masks begin with the same ones.

        Args:
            count: number of masks.
            height, width: in pixels, at least 16.
            seed: a whole number or several, as for NumPy's `default_rng`.

        Returns:
            float32 (count, height, width, 1), 1 = known, 0 = hole.

        Raises:
            ValueError: a size below 16, or a `hole_ratio` that no whole number of pixels meets.

        Example:
            >>> import inpaintkit as ik
            >>> masks = ik.masks.Lines(hole_ratio=(0.25, 0.25)).sample(2, 32, 48, seed=7)
            >>> masks.shape, masks.mean().item()
            ((2, 32, 48, 1), 0.75)
        """
        height, width = size_pair((height, width))
        check_number("count", count, 0, whole=True)
        rng = RandomNumbers(seed)
        masks = np.empty((count, height, width, 1), "float32")
        for mask in masks:
            mask[..., 0] = self._label_map(rng, height, width) == 0
        return masks

    def with_ratio(self, hole_ratio: tuple[float, float] | None) -> Self:
        """The same generator with another hole ratio.

        Args:
            hole_ratio: (low, high) in (0, 1), the share of the image that is missing.

        Returns:
            A new generator.

        Example:
            >>> import inpaintkit as ik
            >>> ik.masks.Center().with_ratio((0.1, 0.2))
            Center(hole_ratio=(0.1, 0.2))
        """
        if not any(setting.name == "hole_ratio" for setting in fields(self)):
            raise ValueError(f"{self}: takes no hole_ratio")
        return replace(self, **{"hole_ratio": hole_ratio})

    def _label_map(self, rng, height, width):
        raise NotImplementedError(f"{type(self).__name__}: expected a method _label_map(rng, height, width)")

    def _target(self, rng, height, width):
        """Number of pixels that the next hole shall have, evenly from `hole_ratio`."""
        low, high = (ratio * height * width for ratio in self.hole_ratio)
        low = max(1, math.ceil(low - 1e-6))  # 0.07 · 100 is 7.000…001
        high = min(height * width - 1, math.floor(high + 1e-6))
        if low > high:
            came = f"hole_ratio={self.hole_ratio} of {height}×{width} pixels"
            raise ValueError(f"{came} is not a whole number of pixels: expected a wider range")
        return rng.integer((low, high))

    def _check(self, **least):
        """Checks the hole ratio, and that each named setting is a whole number or (low, high) in bounds.

        First lists become tuples and NumPy's numbers Python's, so that a generator can be hashed.
        """
        for setting in fields(self):
            if setting.init:
                object.__setattr__(self, setting.name, _simplified(getattr(self, setting.name)))
        for name, smallest in least.items():
            value = getattr(self, name)
            low, high = as_range(value)
            if not (smallest <= low <= high <= _MAX_SETTING and low % 1 == high % 1 == 0):
                limits = f"{smallest} ≤ low ≤ high ≤ {_MAX_SETTING:,}"
                raise ValueError(f"{name}={value!r}: expected a whole number or (low, high), {limits}")
            object.__setattr__(self, name, (int(low), int(high)) if isinstance(value, tuple) else int(low))
        if not hasattr(self, "hole_ratio") or self.hole_ratio == type(self).hole_ratio:  # the default
            return
        low, high = as_range(self.hole_ratio)
        if not isinstance(self.hole_ratio, tuple) or not 0 < low <= high < 1:
            expected = "expected (low, high), two shares of the image: 0 < low ≤ high < 1"
            raise ValueError(f"hole_ratio={self.hole_ratio!r}: {expected}")


class ShapeMasks(MaskGenerator):
    """Base class of generators that draw shape by shape: `count` of them, or until the hole ratio is met.

    Subclasses add `_draw(label_map, label, rng)`, which draws one shape.

    Example:
        >>> import inpaintkit as ik
        >>> [isinstance(generator, ik.masks.ShapeMasks) for generator in (ik.masks.Lines(), ik.masks.Grid())]
        [True, False]
    """

    def _label_map(self, rng, height, width):
        label_map = np.zeros((height, width), "uint8")
        if self.hole_ratio is None:
            for _ in range(rng.integer(self.count)):
                self._draw(label_map, 1, rng)
            return label_map

        target = self._target(rng, height, width)
        for number in range(1, _MAX_SHAPES + 1):
            self._draw(label_map, min(number, 255), rng)
            excess = cv2.countNonZero(label_map) - target
            if excess >= 0:
                remove_oldest(label_map, excess, angle=rng.uniform(0, 2 * math.pi))
                return label_map
        return resize_hole(label_map, target)


def as_range(value):
    """(low, high) as floats; of a number, itself twice; (nan, nan), which fails every check, else."""
    try:
        low, high = value if isinstance(value, tuple) else (value, value)
        return float(low), float(high)
    except (TypeError, ValueError, OverflowError):
        return math.nan, math.nan


def _simplified(value):
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    return tuple(map(_simplified, value)) if isinstance(value, list | tuple | range) else value
