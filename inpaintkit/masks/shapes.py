"""Mask generators that draw shapes: lines, rectangles, ellipses, polygons, scratches.

Both ends of every thick line lie inside the image. Then OpenCV 4 and 5 draw identical pixels; for lines that
leave the image they differ.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from inpaintkit.masks.base import ShapeMasks


@dataclass(frozen=True)
class Lines(ShapeMasks):
    """Straight lines between random pixels, as the studied face works draw them.

    Args:
        count: lines per mask, a number or (low, high).
        thickness: in pixels, a number or (low, high), drawn for each line. As in the studied works it is
            OpenCV's: thicknesses 1, 2, 3, … 8 are drawn 1, 3, 5, 5, 7, 7, 9, 9 pixels wide.
        hole_ratio: None, or (low, high) in (0, 1); then lines are added until it is met, and `count` is not
            used.

    Example:
        >>> import inpaintkit as ik
        >>> masks = ik.masks.Lines(count=7, thickness=(1, 11)).sample(2, 64, 64, seed=0)
        >>> masks.shape, masks.min().item(), masks.max().item()
        ((2, 64, 64, 1), 0.0, 1.0)
    """

    count: int | tuple = (6, 9)
    thickness: int | tuple = (4, 5)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, thickness=1)

    def _draw(self, label_map, label, rng):
        start, end = rng.pixel(label_map.shape), rng.pixel(label_map.shape)
        cv2.line(label_map, start, end, label, rng.integer(self.thickness))


@dataclass(frozen=True)
class Rectangles(ShapeMasks):
    """Upright rectangles that may overlap: the lost blocks of the album-cover study.

    Args:
        count: rectangles per mask, a number or (low, high).
        size: side lengths in pixels, a number or (low, high); height and width are drawn separately. A side
            longer than the image is cut to it.
        hole_ratio: None, or (low, high) in (0, 1); then rectangles are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> mask = ik.masks.Rectangles(count=1, size=8).sample(1, 32, 32)
        >>> int((mask == 0).sum())
        64
    """

    count: int | tuple = 4
    size: int | tuple = 32
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, size=1)

    def _draw(self, label_map, label, rng):
        height, width = label_map.shape
        rows, columns = min(rng.integer(self.size), height), min(rng.integer(self.size), width)
        top, left = rng.integer((0, height - rows)), rng.integer((0, width - columns))
        label_map[top : top + rows, left : left + columns] = label


@dataclass(frozen=True)
class Ellipses(ShapeMasks):
    """Filled ellipses in any direction around random pixels.

    Args:
        count: ellipses per mask, a number or (low, high).
        size: length of each axis in pixels, a number or (low, high).
        hole_ratio: None, or (low, high) in (0, 1); then ellipses are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Ellipses(hole_ratio=(0.5, 0.5)).sample(1, 64, 64).mean().item()
        0.5
    """

    count: int | tuple = (2, 5)
    size: int | tuple = (16, 64)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, size=1)

    def _draw(self, label_map, label, rng):
        centre = rng.pixel(label_map.shape)
        half_axes = rng.integer(self.size) // 2, rng.integer(self.size) // 2
        angle = rng.integer((0, 179))
        cv2.ellipse(label_map, centre, half_axes, angle, 0, 360, label, thickness=cv2.FILLED)


@dataclass(frozen=True)
class Polygons(ShapeMasks):
    """Filled polygons whose corners lie in all directions, at different distances from the middle.

    Args:
        count: polygons per mask, a number or (low, high).
        vertices: corners per polygon, a number or (low, high).
        size: the largest possible width in pixels, a number or (low, high).
        hole_ratio: None, or (low, high) in (0, 1); then polygons are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Polygons(vertices=3, hole_ratio=(0.125, 0.125)).sample(1, 64, 64).mean().item()
        0.875
    """

    count: int | tuple = (2, 5)
    vertices: int | tuple = (3, 8)
    size: int | tuple = (32, 80)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, vertices=3, size=1)

    def _draw(self, label_map, label, rng):
        corners, size = rng.integer(self.vertices), rng.integer(self.size)
        path = []
        for i in range(corners):
            angle = 2 * math.pi * (i + rng.random()) / corners
            radius = rng.uniform(0.4, 1) * size / 2
            path.append((radius * math.cos(angle), radius * math.sin(angle)))
        height, width = label_map.shape
        first = rng.uniform(0, width), rng.uniform(0, height)  # the first corner is inside the image
        path = np.floor(np.array(path) - path[0] + first).astype("int32")  # (corners, 2), x and y
        cv2.fillPoly(label_map, [path], label)


_T = np.linspace(0, 1, 9)[:, None]
_BEZIER = np.hstack([(1 - _T) ** 2, 2 * _T * (1 - _T), _T**2])  # (9, 3): weights of start, middle and end


@dataclass(frozen=True)
class Scratches(ShapeMasks):
    """Thin, long, slightly bent lines, as on old photographs.

    A scratch is 0.4 to 1 times as long as the longer side of the image, unless it reaches the image border,
    and bends by up to a tenth of its length.

    Args:
        count: scratches per mask, a number or (low, high).
        width: in pixels, a number or (low, high).
        hole_ratio: None, or (low, high) in (0, 1); then scratches are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Scratches(hole_ratio=(0.0625, 0.0625)).sample(1, 64, 64).mean().item()
        0.9375
    """

    count: int | tuple = (4, 12)
    width: int | tuple = (1, 3)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, width=1)

    def _draw(self, label_map, label, rng):
        bottom, right = (side - 1 for side in label_map.shape)
        length, angle = rng.uniform(0.4, 1) * max(label_map.shape), rng.uniform(0, 2 * math.pi)
        x1, y1 = rng.uniform(0, right), rng.uniform(0, bottom)
        x2 = min(max(x1 + length * math.cos(angle), 0), right)
        y2 = min(max(y1 + length * math.sin(angle), 0), bottom)
        bend = rng.uniform(-0.2, 0.2)
        middle_x = min(max((x1 + x2) / 2 - bend * (y2 - y1), 0), right)
        middle_y = min(max((y1 + y2) / 2 + bend * (x2 - x1), 0), bottom)
        path = _BEZIER @ [(x1, y1), (middle_x, middle_y), (x2, y2)]  # a Bézier curve: (9, 2)
        cv2.polylines(label_map, [path.round().astype("int32")], False, label, rng.integer(self.width))
