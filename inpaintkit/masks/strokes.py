"""Free-form strokes, and the thin, medium and thick masks of LaMa."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from inpaintkit.masks.base import MaskGenerator, ShapeMasks, as_range
from inpaintkit.masks.combine import Mixture
from inpaintkit.masks.label_maps import reflect_inside
from inpaintkit.masks.shapes import Rectangles


@dataclass(frozen=True)
class Strokes(ShapeMasks):
    """Free-form brush strokes: zigzags of segments with round joints, as a hand wipes.

    Args:
        count: strokes per mask, a number or (low, high).
        vertices: segments per stroke, a number or (low, high).
        angle: between a segment and the direction of the stroke, in degrees, left and right in turn; a
            number or (low, high).
        width: of the brush in pixels, a number or (low, high).
        length: of a segment in pixels, a number or (low, high); None is about a quarter of the image's
            mean side.
        hole_ratio: None, or (low, high) in (0, 1); then strokes are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Strokes(hole_ratio=(0.25, 0.25)).sample(1, 64, 64).mean().item()
        0.75

    Source: Yu et al. 2019, algorithm 1: 2π/5 ± 2π/15, which is 48 to 96 degrees. Where we differ: the
    direction of a stroke is random, and at the image border it turns back.
    """

    count: int | tuple = (1, 4)
    vertices: int | tuple = (4, 12)
    angle: int | tuple = (48, 96)
    width: int | tuple = (4, 10)
    length: int | tuple | None = None
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, vertices=1, angle=0, width=1)
        if self.length is not None:
            self._check(length=1)

    def _draw(self, label_map, label, rng):
        height, width = label_map.shape
        low, high = as_range(self.angle)
        direction, sign = rng.uniform(0, 2 * math.pi), -1
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        path = [(int(x), int(y))]
        for _ in range(rng.integer(self.vertices)):
            angle = direction + sign * math.radians(rng.uniform(low, high))
            if self.length is None:
                length = max(1, rng.normal((height + width) / 8, (height + width) / 16))
            else:
                length = rng.integer(self.length)
            x, y, sign = x + length * math.cos(angle), y + length * math.sin(angle), -sign
            path.append((reflect_inside(round(x), width - 1), reflect_inside(round(y), height - 1)))
        path = np.array(path, "int32")
        cv2.polylines(label_map, [path], False, label, rng.integer(self.width))  # its joints are round


class _LaMaMasks(MaskGenerator):
    """What the three generators of LaMa share: strokes, and sometimes blocks, in sizes for 256×256."""

    def _label_map(self, rng, height, width):
        generator = _scaled(self, height, width)
        while True:
            label_map = generator._label_map(rng, height, width)
            if self.hole_ratio is not None or cv2.countNonZero(label_map) <= label_map.size / 2:
                return label_map


@lru_cache(maxsize=16)
def _scaled(preset, height, width):
    """The generator that draws a preset's masks of this size."""
    scale = (height * width) ** 0.5 / 256

    def pixels(low, high):
        return max(1, round(low * scale)), max(1, round(high * scale))

    count, brush, length = preset._strokes
    generator = Strokes(count, (1, 5), (0, 86), pixels(*brush), pixels(*length))
    if preset._blocks:
        count, size = preset._blocks
        generator = Mixture((generator, Rectangles(count, pixels(*size))), (1, 0.3))
    return generator if preset.hole_ratio is None else generator.with_ratio(preset.hole_ratio)


@dataclass(frozen=True)
class Thin(_LaMaMasks):
    """LaMa's thin holes: 4 to 51 short, narrow strokes.

    Args:
        hole_ratio: None, or (low, high) in (0, 1); then strokes are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Thin(hole_ratio=(0.25, 0.25)).sample(1, 64, 64).mean().item()
        0.75

    Source: Suvorov et al. 2022. The numbers are those of LaMa's `random_thin_256`, as its code reads them;
    `Medium` and `Thick` are made in the same way. Where all three differ: they grow with the image, a stroke
    keeps one width, its zigzag is that of `Strokes`, and there are no masks with more than half missing.
    LaMa's test sets leave those out, too.
    """

    hole_ratio: tuple | None = None
    _strokes = (4, 51), (5, 14), (10, 49)  # how many, how wide, how long a segment is
    _blocks = None


@dataclass(frozen=True)
class Medium(_LaMaMasks):
    """LaMa's medium holes: 4 to 6 strokes or, 3 times in 13, 1 to 5 small blocks. Otherwise as `Thin`.

    Args:
        hole_ratio: None, or (low, high) in (0, 1); then shapes are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Medium(hole_ratio=(0.25, 0.25)).sample(1, 64, 64).mean().item()
        0.75
    """

    hole_ratio: tuple | None = None
    _strokes = (4, 6), (5, 54), (10, 109)
    _blocks = (1, 5), (10, 49)  # how many, how large


@dataclass(frozen=True)
class Thick(_LaMaMasks):
    """LaMa's thick holes: 1 to 6 wide strokes or, 3 times in 13, 1 to 3 large blocks. Otherwise as `Thin`.

    Args:
        hole_ratio: None, or (low, high) in (0, 1); then shapes are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Thick(hole_ratio=(0.25, 0.25)).sample(1, 64, 64).mean().item()
        0.75
    """

    hole_ratio: tuple | None = None
    _strokes = (1, 6), (5, 104), (10, 209)
    _blocks = (1, 3), (30, 149)
