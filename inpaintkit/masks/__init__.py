"""Mask generators: random holes to fill, and masks from files.

Mask generators are frozen dataclasses whose `repr` rebuilds them. Each has a method `sample(count, height,
width, seed)`, which returns float32 masks (count, H, W, 1), 1 = known and 0 = hole. The same seed gives the
same masks on every machine; for n ≤ m, `sample(m)[:n]` equals `sample(n)`.

With `hole_ratio=(low, high)` each mask gets its own target, drawn evenly from that range. Shapes are added
until it is reached, and the oldest shape is cut by a straight line, so that the ratio is exact. The studied
works draw a fixed number of shapes and accept the ratio that results: leave `hole_ratio` out for that. Sizes
are in pixels, except for `Thin`, `Medium` and `Thick`, which grow with the image.

Sources: lines, Giminosk's CelebA study (6–9 lines of 4–5 px on 112×96) and the face report (7 lines of
1–11 px on 178×178); rectangles, the album-cover study (four of 32×32 on 256×256, may overlap); strokes,
the free-form masks of Yu et al. 2019 (DeepFill v2), algorithm 1; the centre, Pathak et al. 2016 (Context
Encoders); grids, Lugmayr et al. 2022 (RePaint); thin, medium and thick, Suvorov et al. 2022 (LaMa);
folders, the irregular masks of Liu et al. 2018.
"""

from inpaintkit.masks.base import MaskGenerator, ShapeMasks, hole_ratio
from inpaintkit.masks.combine import MaskBank, Mixture
from inpaintkit.masks.folders import FromFolder
from inpaintkit.masks.moving import move_hole
from inpaintkit.masks.parsing import GENERATORS, parse
from inpaintkit.masks.regular import Border, Center, Grid
from inpaintkit.masks.shapes import Ellipses, Lines, Polygons, Rectangles, Scratches
from inpaintkit.masks.strokes import Medium, Strokes, Thick, Thin
from inpaintkit.masks.text import Text

__all__ = [
    "GENERATORS", "Border", "Center", "Ellipses", "FromFolder", "Grid", "Lines", "MaskBank", "MaskGenerator",
    "Medium", "Mixture", "Polygons", "Rectangles", "Scratches", "ShapeMasks", "Strokes", "Text", "Thick",
    "Thin", "hole_ratio", "move_hole", "parse",
]  # fmt: skip
