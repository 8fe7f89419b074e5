"""Mask generators that draw shapes: lines, rectangles, ellipses, polygons, scratches.

Every corner of a thick line lies inside the image. Then OpenCV 4 and 5 draw identical pixels; for lines
that leave the image they differ.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from inpaintkit.masks.base import ShapeMasks, integers


@dataclass(frozen=True)
class Lines(ShapeMasks):
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
class Rectangles(ShapeMasks):
    """Upright rectangles that may overlap: the dropped blocks of the album-cover study.

    Args:
        count: rectangles a mask, a number or (low, high).
        size: side lengths in pixels, a number or (low, high), drawn for height and width apart; a side
            longer than the image is cut to it.
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
class Ellipses(ShapeMasks):
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
class Polygons(ShapeMasks):
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
class Scratches(ShapeMasks):
    """Thin, long, slightly bent lines, as on old photographs.

    Args:
        count: scratches a mask, a number or (low, high).
        width: in pixels, a number or (low, high).
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.

    A scratch is 0.4 to 1 times as long as the image's longer side, unless it meets the frame, and bends by
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
