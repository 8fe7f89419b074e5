"""Kinds of holes, as small frozen recipes that print themselves.

Every kind has one method, `sample(count, height, width, seed)`, which returns float32 masks
(count, H, W, 1), 1 = known and 0 = hole. The same seed gives the same masks, and the first n of
`sample(m, …)` are those of `sample(n, …)`.

With `hole_ratio=(low, high)` each mask gets its own target, drawn evenly from that range, and shapes
are added until it is met; the last one is cut by a straight line so that the ratio is exact. The
studied works draw a fixed number of shapes and take whatever ratio comes out: leave `hole_ratio` away
for that.

Sources: lines, Giminosk's CelebA study (6–9 lines of 4–5 px on 112×96) and the face report (7 lines of
1–11 px on 178×178); rectangles, the album-cover study (four of 32×32 on 256×256, may overlap);
strokes, the free-form masks of Yu et al. 2019 (DeepFill v2), algorithm 1.
"""

import ast
from dataclasses import dataclass

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
    """What every kind of hole can do; a kind adds `count`, its shapes a mask, and `_draw`, one of them."""

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
        rng = np.random.default_rng(seed)
        known = np.empty((count, height, width, 1), "float32")
        for mask in known:
            mask[..., 0] = 1 - self._hole(height, width, rng)
        return known

    def _hole(self, height, width, rng):
        hole = np.zeros((height, width), "uint8")
        if self.hole_ratio is None:
            for _ in range(_draw_int(rng, self.count)):
                self._draw(hole, rng)
            return hole
        low, high = (ratio * height * width for ratio in self.hole_ratio)
        low, high = max(1, int(np.ceil(low - 1e-6))), int(np.floor(high + 1e-6))  # 0.07 · 100 is 7.000…001
        if low > high:
            raise ValueError(
                f"hole_ratio={self.hole_ratio} of {height}×{width} pixels is not a whole number of pixels; "
                "widen the range"
            )
        target = rng.integers(low, high, endpoint=True)
        shapes = 0
        while (have := cv2.countNonZero(hole)) < target:
            before, shapes = hole.copy(), shapes + 1
            if shapes > _MOST_SHAPES:
                hole = cv2.dilate(hole, np.ones((3, 3), "uint8"))
            else:
                self._draw(hole, rng)
            if cv2.countNonZero(hole) > target:
                _cut(hole, before, target - have, rng)
        return hole

    def _check(self, **ranges):
        """Checks that each named setting is a whole number or (low, high), and the hole ratio."""
        for name, least in ranges.items():
            value = getattr(self, name)
            low, high = _pair(value)
            if not (least <= low <= high <= _MOST and low % 1 == high % 1 == 0):
                raise ValueError(
                    f"{name}={value!r}: expected a whole number or (low, high), "
                    f"{least} ≤ low ≤ high ≤ {_MOST:,}"
                )
        if self.hole_ratio is None:
            return
        low, high = _pair(self.hole_ratio)
        if np.ndim(self.hole_ratio) != 1 or not 0 < low <= high < 1:
            raise ValueError(
                f"hole_ratio={self.hole_ratio!r}: expected (low, high) with 0 < low ≤ high < 1, "
                "the share of the picture that is missing; for example (0.1, 0.3)"
            )


@dataclass(frozen=True)
class Lines(Holes):
    """Straight lines between random points: scratches as the studied face works draw them.

    Args:
        count: lines a mask, a number or (low, high).
        thickness: in pixels, a number or (low, high), drawn anew for each line.
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.
    """

    count: int | tuple = (6, 9)
    thickness: int | tuple = (4, 5)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, thickness=1)

    def _draw(self, hole, rng):
        height, width = hole.shape
        ends = rng.integers((0, 0), (width, height), (2, 2))
        cv2.line(hole, ends[0].tolist(), ends[1].tolist(), 1, _draw_int(rng, self.thickness))


@dataclass(frozen=True)
class Rectangles(Holes):
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

    def _draw(self, hole, rng):
        rows, columns = (min(_draw_int(rng, self.size), side) for side in hole.shape)
        top = rng.integers(0, hole.shape[0] - rows, endpoint=True)
        left = rng.integers(0, hole.shape[1] - columns, endpoint=True)
        hole[top : top + rows, left : left + columns] = 1


@dataclass(frozen=True)
class Strokes(Holes):
    """Free-form brush strokes: a zigzag of round-jointed segments, as a hand wipes.

    Args:
        count: strokes a mask, a number or (low, high).
        vertices: joints a stroke, a number or (low, high).
        width: of the brush in pixels, a number or (low, high).
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.

    Source: Yu et al. 2019, algorithm 1: headings to either side of the stroke's own by 2π/5 ± 2π/15,
    segments of about a quarter of the picture's mean side. Where we differ: a stroke's direction is
    random, and at the frame it folds back.
    """

    count: int | tuple = (1, 4)
    vertices: int | tuple = (4, 12)
    width: int | tuple = (4, 10)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, vertices=1, width=1)

    def _draw(self, hole, rng):
        height, width = hole.shape
        joints = _draw_int(rng, self.vertices)
        turn = 2 * np.pi / 5 + rng.uniform(-1, 1, joints) * 2 * np.pi / 15
        angle = rng.uniform(0, 2 * np.pi) + np.where(np.arange(joints) % 2, turn, -turn)
        length = np.clip(rng.normal((height + width) / 8, (height + width) / 16, joints), 1, None)
        walk = np.cumsum(length[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), axis=0)
        path = np.vstack([np.zeros(2), walk]) + rng.uniform((0, 0), (width, height))
        last = np.array((width - 1, height - 1))
        path = last - np.abs(path % (2 * last) - last)  # folded back at the frame, not heaped along it
        path = path.round().astype("int32")
        cv2.polylines(hole, [path[:, None]], False, 1, _draw_int(rng, self.width))  # its joints are round


def parse(text):
    """Builds a kind from its name or from what it prints: the way back from `repr`.

    Example: `parse("lines")` is `Lines()`, and `parse("Lines(count=7, thickness=(1, 11))")` is itself.

    Raises:
        ValueError: an unknown kind or argument, or anything but names and numbers.
    """
    kinds = {kind.__name__.lower(): kind for kind in (Lines, Rectangles, Strokes)}
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        call = tree if isinstance(tree, ast.Call) else ast.Call(tree, [], [])
        kind = kinds[call.func.id.lower()]
        settings = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        if call.args or not settings.keys() <= kind.__dataclass_fields__.keys():
            raise ValueError("settings have names, those that the kind prints")
    except (SyntaxError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(
            f"masks {text!r}: expected one of {', '.join(kinds)}, or one with its settings, "
            "such as 'Lines(count=7, thickness=(1, 11))'"
        ) from error
    return kind(**settings)


def _pair(value):
    """A number as itself twice, (low, high) as it is; (nan, nan), which no range holds, for anything else."""
    try:
        low, high = value if np.ndim(value) else (value, value)
        return float(low), float(high)
    except (TypeError, ValueError, OverflowError):
        return np.nan, np.nan


def _draw_int(rng, value):
    """A whole number from (low, high), both included; a plain number is itself."""
    return int(rng.integers(*value, endpoint=True)) if np.ndim(value) else int(value)


def _cut(hole, before, keep, rng):
    """Of the pixels that `hole` has beyond `before`, keeps `keep`: those first met by a sweeping line."""
    rows, columns = np.nonzero(hole & ~before & 1)
    angle = rng.uniform(0, 2 * np.pi)
    drop = np.argsort(rows * np.sin(angle) + columns * np.cos(angle), kind="stable")[keep:]
    hole[rows[drop], columns[drop]] = 0
