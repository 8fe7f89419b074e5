"""Regular masks: centre, border, grid."""

import functools
from dataclasses import dataclass

import numpy as np

from inpaintkit.masks.base import MaskGenerator, integers, lowest, stream


@dataclass(frozen=True)
class Center(MaskGenerator):
    """One block in the middle, of the image's own shape: a quarter of it, as in Context Encoders.

    Args:
        hole_ratio: (low, high) in (0, 1).
    """

    hole_ratio: tuple = (0.25, 0.25)

    def __post_init__(self):
        self._check()

    def _drawings(self, rng, height, width):
        down, across = (np.abs(np.linspace(-1, 1, side)) for side in (height, width))
        level = np.maximum(down[:, None], across)
        for target in self._targets(rng, height, width):
            yield lowest(level, target)


@dataclass(frozen=True)
class Border(MaskGenerator):
    """Strips along the frame, which a method paints on from the rest: outpainting.

    Args:
        sides: of "left", "right", "top" and "bottom"; None draws one to four of them for each mask.
        hole_ratio: (low, high) in (0, 1), all strips together, each as wide, for its side, as the others.
    """

    sides: tuple | None = None
    hole_ratio: tuple = (0.2, 0.4)

    def __post_init__(self):
        self._check()
        sides = () if self.sides is None else self.sides
        if not isinstance(sides, tuple) or not set(sides) <= {"left", "right", "top", "bottom"}:
            raise ValueError(
                f"sides={self.sides!r}: expected None, or some of 'left', 'right', 'top' and 'bottom', in "
                "brackets: ('left', 'right')"
            )

    def _drawings(self, rng, height, width):
        down, across = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)
        far = {"left": across, "right": across[::-1], "top": down, "bottom": down[::-1]}
        choices = stream(lambda n: integers(rng, (1, 15), n).tolist())  # every set of sides but the empty one
        for target, choice in zip(self._targets(rng, height, width), choices, strict=True):
            sides = self.sides or [side for bit, side in enumerate(far) if choice >> bit & 1]
            level = functools.reduce(np.minimum, (far[side] for side in sides))
            yield lowest(np.broadcast_to(level, (height, width)), target)


@dataclass(frozen=True)
class Grid(MaskGenerator):
    """Known pixels on a grid, the rest a hole: inpainting as super-resolution. Nothing here is random.

    Args:
        step: one pixel in `step` is known, down and across; or (down, across): (2, 1) keeps every second
            row. A step of 2 leaves 25 % known.
    """

    step: int | tuple = 2

    def __post_init__(self):
        self._simplify()
        steps = np.ravel(np.asarray(self.step, object)).tolist()
        if len(steps) > 2 or not all(isinstance(s, int) and 1 <= s <= 16 for s in steps) or max(steps) == 1:
            raise ValueError(
                f"step={self.step!r}: expected a whole number from 2 to 16, or (down, across), such as (2, 1)"
            )

    def _drawings(self, rng, height, width):
        down, across = np.broadcast_to(self.step, 2)
        drawing = np.ones((height, width), "uint8")
        drawing[::down, ::across] = 0
        while True:
            yield drawing
