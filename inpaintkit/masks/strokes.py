"""Free-form strokes, and the thin, medium and thick masks of LaMa."""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaintkit.masks.base import MaskGenerator, ShapeMasks, _pair, fold, integers
from inpaintkit.masks.combine import Mixture
from inpaintkit.masks.shapes import Rectangles


@dataclass(frozen=True)
class Strokes(ShapeMasks):
    """Free-form brush strokes: a zigzag of round-jointed segments, as a hand wipes.

    Args:
        count: strokes a mask, a number or (low, high).
        vertices: joints a stroke, a number or (low, high).
        angle: of a segment to the stroke's own direction, in degrees, to either side in turn.
        width: of the brush in pixels, a number or (low, high).
        length: of a segment in pixels, a number or (low, high); None is about a quarter of the image's
            mean side.
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.

    Source: Yu et al. 2019, algorithm 1: 2π/5 ± 2π/15, which is 48 to 96 degrees. Where we differ: a
    stroke's direction is random, and at the frame it folds back.
    """

    count: int | tuple = (1, 4)
    vertices: int | tuple = (4, 12)
    angle: int | tuple = (48, 96)
    width: int | tuple = (4, 10)
    length: int | tuple | None = None
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, vertices=1, angle=0, width=1, **({} if self.length is None else {"length": 1}))

    def _shapes(self, rng, n, height, width):
        joints = integers(rng, self.vertices, n)
        low, high = np.deg2rad(_pair(self.angle))
        angle = rng.uniform(low, high, (n, joints.max()))
        angle[:, ::2] *= -1
        angle += rng.uniform(0, 2 * np.pi, (n, 1))
        if self.length is None:
            length = rng.normal((height + width) / 8, (height + width) / 16, angle.shape).clip(1)
        else:
            length = integers(rng, self.length, angle.shape)
        steps = length[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1)
        starts = rng.uniform((0, 0), (width, height), (n, 1, 2))
        paths = np.concatenate([starts, steps], 1).cumsum(1)
        last = np.array((width - 1, height - 1), "int32")
        paths = fold(paths, last)[:, :, None]  # folded back, not heaped along the frame
        lengths, widths = (joints + 1).tolist(), integers(rng, self.width, n).tolist()
        return [(path[:k], w) for path, k, w in zip(paths, lengths, widths, strict=True)]

    def _draw(self, drawing, number, path, width):
        cv2.polylines(drawing, [path], False, number, width)  # its joints are round


class _LaMa(MaskGenerator):
    """What LaMa's three kinds share: strokes, and blocks now and then, in numbers for 256×256."""

    def __post_init__(self):
        self._check()

    def _drawings(self, rng, height, width):
        def pixels(low, high):
            scale = (height * width) ** 0.5 / 256
            return max(1, round(low * scale)), max(1, round(high * scale))

        count, brush, length = self._strokes
        kind = Strokes(count, (1, 5), (0, 86), pixels(*brush), pixels(*length))
        if self._blocks:
            count, size = self._blocks
            kind = Mixture((kind, Rectangles(count, pixels(*size))), (1, 0.3))
        if self.hole_ratio is not None:
            return kind.with_ratio(self.hole_ratio)._drawings(rng, height, width)
        drawings = kind._drawings(rng, height, width)
        return (drawing for drawing in drawings if cv2.countNonZero(drawing) <= drawing.size / 2)


@dataclass(frozen=True)
class Thin(_LaMa):
    """LaMa's thin holes: 4 to 51 short, narrow strokes.

    Args:
        hole_ratio: None, or (low, high) in (0, 1); then the number of strokes gives way to the ratio.

    Source: the numbers are those of LaMa's `random_thin_256`, as its code reads them; likewise for `Medium`
    and `Thick`. Where all three differ: they grow with the image, a stroke keeps one width, its zigzag is
    that of `Strokes`, and masks over a half, which LaMa's test sets leave out, are left out always.
    """

    hole_ratio: tuple | None = None
    _strokes = (4, 51), (5, 14), (10, 49)  # how many, how wide, how long a segment
    _blocks = None


@dataclass(frozen=True)
class Medium(_LaMa):
    """LaMa's medium holes: 4 to 6 strokes, or 3 times in 13, 1 to 5 small blocks. Otherwise as `Thin`."""

    hole_ratio: tuple | None = None
    _strokes = (4, 6), (5, 54), (10, 109)
    _blocks = (1, 5), (10, 49)  # how many, how large


@dataclass(frozen=True)
class Thick(_LaMa):
    """LaMa's thick holes: 1 to 6 wide strokes, or 3 times in 13, 1 to 3 large blocks. Otherwise as `Thin`."""

    hole_ratio: tuple | None = None
    _strokes = (1, 6), (5, 104), (10, 209)
    _blocks = (1, 3), (30, 149)
