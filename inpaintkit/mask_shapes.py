"""Holes that are drawn shape by shape, and what every kind of hole shares. Use them through `masks`.

A drawing is uint8 (H, W): 0 where nothing was drawn, which is known, and else a shape's number. `sample`
turns it into a mask. Random numbers are drawn for many shapes at once, and each shape is one call of OpenCV
on one 8-bit channel: that is what makes 25,000 masks a second (`benchmarks/masks.py`).

Every corner of a thick line lies inside the picture: OpenCV 4 and 5 draw the same pixels then, and other
ones where an end lies outside.
"""

from dataclasses import dataclass, fields, replace
from itertools import islice

import cv2
import numpy as np

from inpaintkit.images import size_pair

_MOST = 10_000  # shapes, or pixels of a shape
_MOST_SHAPES = 2_000  # beyond it the hole is grown instead: tiny shapes may never reach a large ratio


def hole_ratio(mask):
    """Share of the picture that is missing, in 0…1.

    Args:
        mask: (…, H, W, 1), 1 = known, 0 = hole.

    Returns:
        float array of shape (…): a scalar for one mask. A 10×10 mask with 25 zeros gives 0.25.
    """
    return 1 - np.asarray(mask, "float64").mean(axis=(-3, -2, -1))


class Holes:
    """What every kind of hole can do; a kind adds `_drawings`, which yields them without end."""

    def sample(self, count, height, width, seed=0):
        """Draws masks.

        Args:
            count: number of masks.
            height, width: in pixels, at least 16.
            seed: an int or a sequence of ints, as NumPy's `default_rng` takes.

        Returns:
            float32 (count, height, width, 1), 1 = known, 0 = hole.

        Raises:
            ValueError: a size under 16, or a `hole_ratio` that no whole number of pixels meets.
        """
        height, width = size_pair((height, width))
        known = np.empty((count, height, width, 1), "float32")
        for mask, drawing in zip(known, self._drawings(np.random.default_rng(seed), height, width)):  # noqa: B905
            np.equal(drawing, 0, out=mask[..., 0])
        return known

    def with_ratio(self, hole_ratio):
        """The same kind with another `hole_ratio`, (low, high)."""
        if "hole_ratio" not in self.__dataclass_fields__:
            raise ValueError(f"{self}: takes no hole_ratio")
        return replace(self, hole_ratio=hole_ratio)

    def _targets(self, rng, height, width):
        """Pixels that each hole shall have, evenly from `hole_ratio`, without end."""
        low, high = (ratio * height * width for ratio in self.hole_ratio)
        low, high = max(1, int(np.ceil(low - 1e-6))), int(np.floor(high + 1e-6))  # 0.07 · 100 is 7.000…001
        if low > high:
            raise ValueError(
                f"hole_ratio={self.hole_ratio} of {height}×{width} pixels is not a whole number of pixels; "
                "widen the range"
            )
        return stream(lambda n: rng.integers(low, high, n, endpoint=True).tolist())

    def _check(self, **ranges):
        """Checks that each named setting is a whole number or (low, high), and the hole ratio."""
        self._simplify()
        for name, least in ranges.items():
            value = getattr(self, name)
            low, high = _pair(value)
            if not (least <= low <= high <= _MOST and low % 1 == high % 1 == 0):
                raise ValueError(
                    f"{name}={value!r}: expected a whole number or (low, high), "
                    f"{least} ≤ low ≤ high ≤ {_MOST:,}"
                )
            object.__setattr__(self, name, (int(low), int(high)) if np.ndim(value) else int(low))
        if self.hole_ratio == type(self).hole_ratio:  # the kind's default
            return
        low, high = _pair(self.hole_ratio)
        if np.ndim(self.hole_ratio) != 1 or not 0 < low <= high < 1:
            raise ValueError(
                f"hole_ratio={self.hole_ratio!r}: expected (low, high) with 0 < low ≤ high < 1, "
                "the share of the picture that is missing; for example (0.1, 0.3)"
            )

    def _simplify(self):
        """Lists become tuples and NumPy's numbers Python's: a kind can be hashed, compared and printed."""
        for setting in fields(self):
            if setting.init:
                object.__setattr__(self, setting.name, _simple(getattr(self, setting.name)))


class Shapes(Holes):
    """Kinds drawn shape by shape: each adds `count`, `_shapes`, n of them at once, and `_draw`, for one."""

    def _drawings(self, rng, height, width):
        shapes = stream(lambda n: self._shapes(rng, n, height, width))
        drawing = np.zeros((height, width), "uint8")
        if self.hole_ratio is None:
            for count in stream(lambda n: integers(rng, self.count, n).tolist()):
                drawing.fill(0)
                for shape in islice(shapes, count):
                    self._draw(drawing, 1, *shape)
                yield drawing
        for target in self._targets(rng, height, width):
            drawing.fill(0)
            for number, shape in enumerate(islice(shapes, _MOST_SHAPES), 1):
                self._draw(drawing, min(number, 255), *shape)
                excess = cv2.countNonZero(drawing) - target
                if excess >= 0:
                    _trim(drawing, excess, rng.uniform(0, 2 * np.pi))
                    break
            else:
                drawing = fitted(drawing, target)
            yield drawing


@dataclass(frozen=True)
class Lines(Shapes):
    """Straight lines between random points: scratches as the studied face works draw them.

    Args:
        count: lines a mask, a number or (low, high).
        thickness: in pixels, a number or (low, high), drawn anew for each line. OpenCV's own, as in
            the studied works: 1, 2, 3, … 8 are drawn 1, 3, 5, 5, 7, 7, 9, 9 pixels wide.
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.
    """

    count: int | tuple = (6, 9)
    thickness: int | tuple = (4, 5)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, thickness=1)

    def _shapes(self, rng, n, height, width):
        ends = rng.integers((0, 0), (width, height), (2, n, 2)).tolist()
        return zip(*ends, integers(rng, self.thickness, n).tolist(), strict=True)

    def _draw(self, drawing, number, start, end, thickness):
        cv2.line(drawing, start, end, number, thickness)


@dataclass(frozen=True)
class Rectangles(Shapes):
    """Upright rectangles that may overlap: the dropped blocks of the album-cover study.

    Args:
        count: rectangles a mask, a number or (low, high).
        size: side lengths in pixels, a number or (low, high), drawn for height and width apart; a side
            longer than the picture is cut to it.
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.
    """

    count: int | tuple = 4
    size: int | tuple = 32
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, size=1)

    def _shapes(self, rng, n, height, width):
        sides = np.minimum(integers(rng, self.size, (n, 2)), (height, width))
        corners = rng.integers(0, (height, width) - sides, endpoint=True)
        return np.hstack([corners, corners + sides]).tolist()

    def _draw(self, drawing, number, top, left, bottom, right):
        drawing[top:bottom, left:right] = number


@dataclass(frozen=True)
class Ellipses(Shapes):
    """Filled ellipses in any direction, round a random pixel.

    Args:
        count: ellipses a mask, a number or (low, high).
        size: length of each axis in pixels, a number or (low, high).
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.
    """

    count: int | tuple = (2, 5)
    size: int | tuple = (16, 64)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, size=1)

    def _shapes(self, rng, n, height, width):
        centres = rng.integers((0, 0), (width, height), (n, 2)).tolist()
        halves = (integers(rng, self.size, (n, 2)) // 2).tolist()
        return zip(centres, halves, rng.integers(0, 180, n).tolist(), strict=True)

    def _draw(self, drawing, number, centre, halves, angle):
        cv2.ellipse(drawing, centre, halves, angle, 0, 360, number, -1)


@dataclass(frozen=True)
class Polygons(Shapes):
    """Filled polygons with corners all round and at uneven distance, often dented.

    Args:
        count: polygons a mask, a number or (low, high).
        vertices: corners a polygon, a number or (low, high).
        size: the largest width in pixels, a number or (low, high).
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.
    """

    count: int | tuple = (2, 5)
    vertices: int | tuple = (3, 8)
    size: int | tuple = (32, 80)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, vertices=3, size=1)

    def _shapes(self, rng, n, height, width):
        corners = integers(rng, self.vertices, n)
        angle = np.arange(corners.max()) + rng.random((n, corners.max()))
        angle *= 2 * np.pi / corners[:, None]
        radius = rng.uniform(0.4, 1, angle.shape) * integers(rng, self.size, (n, 1)) / 2
        paths = radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1)
        paths += rng.uniform((0, 0), (width, height), (n, 1, 2)) - paths[:, :1]  # its first corner is inside
        paths = np.floor(paths).astype("int32")
        return [(path[:k],) for path, k in zip(paths, corners.tolist(), strict=True)]

    def _draw(self, drawing, number, path):
        cv2.fillPoly(drawing, [path], number)


@dataclass(frozen=True)
class Strokes(Shapes):
    """Free-form brush strokes: a zigzag of round-jointed segments, as a hand wipes.

    Args:
        count: strokes a mask, a number or (low, high).
        vertices: joints a stroke, a number or (low, high).
        angle: of a segment to the stroke's own direction, in degrees, to either side in turn.
        width: of the brush in pixels, a number or (low, high).
        length: of a segment in pixels, a number or (low, high); None is about a quarter of the picture's
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


@dataclass(frozen=True)
class Scratches(Shapes):
    """Thin, long, slightly bent lines, as on old photographs.

    Args:
        count: scratches a mask, a number or (low, high).
        width: in pixels, a number or (low, high).
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.

    A scratch is 0.4 to 1 times as long as the picture's longer side, unless it meets the frame, and bends by
    up to a tenth of its length.
    """

    count: int | tuple = (4, 12)
    width: int | tuple = (1, 3)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, width=1)

    def _shapes(self, rng, n, height, width):
        last = np.array((width - 1, height - 1))
        angle = rng.uniform(0, 2 * np.pi, (n, 1, 1))
        length = rng.uniform(0.4, 1, (n, 1, 1)) * max(height, width)
        start = rng.uniform((0, 0), last, (n, 1, 2))
        end = (start + length * np.concatenate([np.cos(angle), np.sin(angle)], -1)).clip(0, last)
        across = (end - start)[..., ::-1] * (-1, 1)
        bend = ((start + end) / 2 + rng.uniform(-0.2, 0.2, (n, 1, 1)) * across).clip(0, last)
        t = np.linspace(0, 1, 9)[:, None]
        paths = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end  # a Bézier curve: (n, 9, 2)
        paths = paths.round().astype("int32")
        return zip(paths, integers(rng, self.width, n).tolist(), strict=True)

    def _draw(self, drawing, number, path, width):
        cv2.polylines(drawing, [path], False, number, width)


def stream(draw, chunk=64):
    """Draws `chunk` at a time and yields them one by one, without end: one vector call serves many."""
    while True:
        yield from draw(chunk)


def integers(rng, value, shape):
    """Whole numbers from (low, high), both included; a plain number is itself. An array of that shape."""
    return rng.integers(*value, shape, endpoint=True) if np.ndim(value) else np.full(shape, int(value))


def fold(points, last):
    """Rounds to whole pixels, and mirrors those outside 0…last back in."""
    return last - np.abs(points.round().astype("int32") % (2 * last) - last)


def lowest(level, target):
    """The drawing of `target` pixels in which `level` (H, W) is least; ties go from the top left."""
    edge = np.partition(level, target - 1, axis=None)[target - 1]
    drawing = (level < edge).astype("uint8")
    ties = np.flatnonzero(level == edge)[: target - cv2.countNonZero(drawing)]
    drawing.reshape(-1)[ties] = 1
    return drawing


def fitted(drawing, target):
    """The drawing grown or shrunk to exactly `target` pixels, evenly along its rim."""
    if cv2.countNonZero(drawing) == target:
        return drawing
    outside, inside = (
        cv2.distanceTransform(part.astype("uint8"), cv2.DIST_L2, 5) for part in (drawing == 0, drawing > 0)
    )
    return lowest(outside - inside, target)


def _simple(value):
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    return tuple(map(_simple, value)) if isinstance(value, list | tuple | range) else value


def _pair(value):
    """A number as itself twice, (low, high) as it is; (nan, nan), which no range holds, for anything else."""
    try:
        low, high = value if np.ndim(value) else (value, value)
        return float(low), float(high)
    except (TypeError, ValueError, OverflowError):
        return np.nan, np.nan


def _trim(drawing, excess, angle):
    """Takes `excess` pixels away, of the oldest shape first, those that a line sweeping at `angle` meets."""
    number = 0
    while excess:
        number += 1
        pixels = np.flatnonzero(drawing == number)
        if len(pixels) > excess:
            rows, columns = np.divmod(pixels, drawing.shape[1])
            sweep = (rows * np.sin(angle) + columns * np.cos(angle)).astype("int16")
            edge = np.partition(sweep, excess - 1)[excess - 1]
            pixels = np.concatenate([pixels[sweep < edge], pixels[sweep == edge]])[:excess]
        drawing.reshape(-1)[pixels] = 0
        excess -= len(pixels)
