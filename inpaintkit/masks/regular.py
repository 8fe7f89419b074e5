"""Regular masks: centre, border, grid."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from inpaintkit.masks.base import MaskGenerator
from inpaintkit.masks.label_maps import lowest_pixels

_SIDES = ("left", "right", "top", "bottom")
_SETS_OF_SIDES = [sides for count in (1, 2, 3, 4) for sides in combinations(_SIDES, count)]


@dataclass(frozen=True)
class Center(MaskGenerator):
    """One block in the middle, with the proportions of the image: a quarter of it, as in Context Encoders.

    Args:
        hole_ratio: (low, high) in (0, 1).

    Example:
        >>> import inpaintkit as ik
        >>> mask = ik.masks.Center().sample(1, 32, 64)
        >>> mask[0, 8:24, 16:48].max().item(), mask.mean().item()
        (0.0, 0.75)

    Source: Pathak et al. 2016.
    """

    hole_ratio: tuple = (0.25, 0.25)

    def _label_map(self, rng, height, width):
        down, across = np.abs(np.linspace(-1, 1, height)), np.abs(np.linspace(-1, 1, width))
        distance = np.maximum(down[:, None], across)  # (H, W): 0 in the middle, 1 at the border
        return lowest_pixels(distance, self._target(rng, height, width))


@dataclass(frozen=True)
class Border(MaskGenerator):
    """Strips along the image border: outpainting, where a method continues the image.

    Args:
        sides: some of "left", "right", "top" and "bottom"; None draws one to four of them for each mask.
        hole_ratio: (low, high) in (0, 1), of all strips together; each has the same share of its side.

    Example:
        >>> import inpaintkit as ik
        >>> mask = ik.masks.Border(sides=("left",), hole_ratio=(0.25, 0.25)).sample(1, 32, 32)
        >>> mask[0, 0, 6:10, 0]
        array([0., 0., 1., 1.], dtype=float32)
    """

    sides: tuple | None = None
    hole_ratio: tuple = (0.2, 0.4)

    def __post_init__(self):
        self._check()
        if self.sides is not None and not (
            isinstance(self.sides, tuple) and all(side in _SIDES for side in self.sides)
        ):
            raise ValueError(f"sides={self.sides!r}: expected None, or a tuple of some of {_SIDES}")

    def _label_map(self, rng, height, width):
        down, across = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
        distances = {"left": across, "right": across[:, ::-1], "top": down, "bottom": down[::-1]}
        sides = self.sides or _SETS_OF_SIDES[rng.integer((0, len(_SETS_OF_SIDES) - 1))]
        distance = np.min([distances[side] for side in sides], axis=0)  # (H, W): from the nearest side
        return lowest_pixels(distance, self._target(rng, height, width))


@dataclass(frozen=True)
class Grid(MaskGenerator):
    """Known pixels on a grid, and hole between them: inpainting as super-resolution. Nothing here is random.

    Args:
        step: one pixel in `step` is known, down and across; or (down, across): (2, 1) keeps every second
            row. A step of 2 leaves 25 % known.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Grid(step=(2, 1)).sample(1, 32, 32)[0, :4, 0, 0]
        array([1., 0., 1., 0.], dtype=float32)

    Source: Lugmayr et al. 2022 (RePaint).
    """

    step: int | tuple = 2

    def __post_init__(self):
        self._check()
        steps = self.step if isinstance(self.step, tuple) else (self.step, self.step)
        whole = len(steps) == 2 and all(isinstance(step, int) and 1 <= step <= 16 for step in steps)
        if not whole or steps == (1, 1):
            raise ValueError(f"step={self.step!r}: expected 2 to 16, or (down, across), such as (2, 1)")

    def _label_map(self, rng, height, width):
        down, across = self.step if isinstance(self.step, tuple) else (self.step, self.step)
        label_map = np.ones((height, width), "uint8")
        label_map[::down, ::across] = 0
        return label_map
