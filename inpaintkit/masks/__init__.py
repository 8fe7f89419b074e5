"""Holes to fill: mask generators, and masks from files. 1 = known, 0 = hole."""

from inpaintkit.masks.base import Holes, Shapes, hole_ratio
from inpaintkit.masks.combine import MaskBank, Mixture
from inpaintkit.masks.folders import FromFolder
from inpaintkit.masks.parsing import KINDS, parse
from inpaintkit.masks.regular import Border, Center, Grid
from inpaintkit.masks.shapes import Ellipses, Lines, Polygons, Rectangles, Scratches
from inpaintkit.masks.strokes import Medium, Strokes, Thick, Thin
from inpaintkit.masks.text import Text

__all__ = [
    "KINDS",
    "Border",
    "Center",
    "Ellipses",
    "FromFolder",
    "Grid",
    "Holes",
    "Lines",
    "MaskBank",
    "Medium",
    "Mixture",
    "Polygons",
    "Rectangles",
    "Scratches",
    "Shapes",
    "Strokes",
    "Text",
    "Thick",
    "Thin",
    "hole_ratio",
    "parse",
]
