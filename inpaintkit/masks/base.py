"""What all mask generators share: sampling, exact hole ratios, drawing.

A drawing is uint8 (H, W): 0 where nothing was drawn, which is known, and else a shape's number. `sample`
turns it into a mask. Random numbers are drawn for many shapes at once, and each shape is one OpenCV call
on one 8-bit channel: that makes 25,000 masks per second (`benchmarks/masks.py`).
"""

from dataclasses import fields, replace
from itertools import islice

import cv2
import numpy as np

from inpaintkit.images import size_pair

_MOST = 10_000  # shapes, or pixels of a shape
_MOST_SHAPES = 2_000  # beyond it the hole is grown instead: tiny shapes may never reach a large ratio


def hole_ratio(mask):
    """Share of the image that is missing, in 0…1.

    Args:
        mask: (…, H, W, 1), 1 = known, 0 = hole.

    Returns:
        float array of shape (…): a scalar for one mask. A 10×10 mask with 25 zeros gives 0.25.
    """
    return 1 - np.asarray(mask, "float64").mean(axis=(-3, -2, -1))


class MaskGenerator:
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
                "the share of the image that is missing; for example (0.1, 0.3)"
            )

    def _simplify(self):
        """Lists become tuples and NumPy's numbers Python's: a kind can be hashed, compared and printed."""
        for setting in fields(self):
            if setting.init:
                object.__setattr__(self, setting.name, _simple(getattr(self, setting.name)))


class ShapeMasks(MaskGenerator):
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
