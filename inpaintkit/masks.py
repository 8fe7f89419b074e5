"""Kinds of holes, as small frozen recipes that print themselves.

Every kind has one method, `sample(count, height, width, seed)`, which returns float32 masks
(count, H, W, 1), 1 = known and 0 = hole. The same seed gives the same masks, on every machine, and the
first n of `sample(m, …)` are those of `sample(n, …)`.

With `hole_ratio=(low, high)` each mask gets its own target, drawn evenly from that range, and shapes
are added until it is met; the oldest is cut by a straight line so that the ratio is exact. The
studied works draw a fixed number of shapes and take whatever ratio comes out: leave `hole_ratio` away
for that. Sizes are in pixels, but for `Thin`, `Medium` and `Thick`, which grow with the picture.

Sources: lines, Giminosk's CelebA study (6–9 lines of 4–5 px on 112×96) and the face report (7 lines of
1–11 px on 178×178); rectangles, the album-cover study (four of 32×32 on 256×256, may overlap);
strokes, the free-form masks of Yu et al. 2019 (DeepFill v2), algorithm 1; the centre, Pathak et al. 2016
(Context Encoders); grids, Lugmayr et al. 2022 (RePaint); thin, medium and thick, Suvorov et al. 2022
(LaMa); folders, the irregular masks of Liu et al. 2018. Shapes are drawn in `mask_shapes`.
"""

import ast
import functools
import itertools
import os
import re
from dataclasses import dataclass

import cv2
import numpy as np

from inpaintkit.mask_folders import FromFolder, MaskBank
from inpaintkit.mask_shapes import (
    Ellipses,
    Holes,
    Lines,
    Polygons,
    Rectangles,
    Scratches,
    Shapes,
    Strokes,
    integers,
    lowest,
    stream,
)
from inpaintkit.mask_shapes import hole_ratio as hole_ratio

# Pen strokes on a grid of 5 × 7 points: "06 20 46" goes from the lower left to the top and the lower right.
_ALPHABET = {
    "A": "06 20 46, 14 34", "B": "00 30 41 42 33 03, 33 44 45 36 06 00", "C": "41 30 10 01 05 16 36 45",
    "D": "00 20 42 44 26 06 00", "E": "40 00 06 46, 03 33", "F": "40 00 06, 03 33",
    "G": "41 30 10 01 05 16 36 45 43 23", "H": "00 06, 40 46, 03 43", "I": "10 30, 20 26, 16 36",
    "J": "40 45 36 16 05", "K": "00 06, 40 03 46", "L": "00 06 46", "M": "06 00 23 40 46", "N": "06 00 46 40",
    "O": "10 30 41 45 36 16 05 01 10", "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10, 24 46", "R": "06 00 30 41 42 33 03, 23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05", "T": "00 40, 20 26", "U": "00 05 16 36 45 40",
    "V": "00 26 40", "W": "00 16 23 36 40", "X": "00 46, 40 06", "Y": "00 23 40, 23 26", "Z": "00 40 06 46",
    "0": "10 30 41 45 36 16 05 01 10, 41 05", "1": "11 20 26, 16 36", "2": "01 10 30 41 42 06 46",
    "3": "00 40 23 33 44 45 36 16 05", "4": "36 30 04 44", "5": "40 00 03 33 44 45 36 06",
    "6": "30 10 01 05 16 36 45 44 33 03", "7": "00 40 16",
    "8": "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33", "9": "16 36 45 41 30 10 01 02 13 43",
}  # fmt: skip


@dataclass(frozen=True)
class Text(Shapes):
    """Watermark-like lettering, slanted by up to 30 degrees, always wholly inside the picture.

    `cv2.putText` would write other letters in OpenCV 5 than in 4, and only upright ones: hence the alphabet.

    Args:
        text: what is written, in letters A–Z, digits and blanks.
        count: how often, a number or (low, high).
        size: height of the letters in pixels, a number or (low, high); smaller where the text is too long.
        hole_ratio: None, or (low, high) in (0, 1); then `count` gives way to the ratio.
    """

    text: str = "SAMPLE"
    count: int | tuple = (2, 4)
    size: int | tuple = (16, 32)
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check(count=1, size=1)
        text = self.text if isinstance(self.text, str) else ""
        if not text.strip() or not set(text.upper()) <= {" ", *_ALPHABET}:
            raise ValueError(f"text={self.text!r}: expected letters A–Z, digits and blanks")

    def _shapes(self, rng, n, height, width):
        strokes = [
            np.array([(int(x) + 6 * place, int(y)) for x, y in stroke.split()])
            for place, letter in enumerate(self.text.upper())
            if letter != " "
            for stroke in _ALPHABET[letter].split(",")
        ]
        size, angle = integers(rng, self.size, n) / 6, rng.uniform(-np.pi / 6, np.pi / 6, n)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        paths = size[:, None, None] * np.concatenate(strokes) @ turn.transpose(2, 0, 1)
        paths -= paths.min(1, keepdims=True)
        extent, last = paths.max(1, keepdims=True), (width - 1, height - 1)
        fit = (last / extent).min(-1, keepdims=True).clip(max=1)
        paths = (paths * fit + rng.random((n, 1, 2)) * (last - extent * fit)).round().astype("int32")
        pens = (size * fit[:, 0, 0]).round().astype(int).clip(1).tolist()
        ends = np.cumsum([0, *map(len, strokes)]).tolist()
        parts = [slice(*pair) for pair in itertools.pairwise(ends)]
        return [([path[part] for part in parts], pen) for path, pen in zip(paths, pens, strict=True)]

    def _draw(self, drawing, number, strokes, pen):
        cv2.polylines(drawing, strokes, False, number, pen)


@dataclass(frozen=True)
class Center(Holes):
    """One block in the middle, of the picture's own shape: a quarter of it, as in Context Encoders.

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
class Border(Holes):
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
class Grid(Holes):
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


@dataclass(frozen=True)
class Mixture(Holes):
    """Each mask of one of several kinds.

    Args:
        kinds: the kinds.
        weights: how often each, a number a kind; None is evenly.
        hole_ratio: None, or (low, high) in (0, 1), for every kind in place of its own.
    """

    kinds: tuple
    weights: tuple | None = None
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check()
        kinds = tuple(self.kinds) if np.iterable(self.kinds) else ()
        if not kinds or not all(isinstance(kind, Holes) for kind in kinds):
            raise ValueError(f"kinds={self.kinds!r}: expected kinds of holes, such as [Lines(), Strokes()]")
        weights = None if self.weights is None else tuple(self.weights)
        if weights and (len(weights) != len(kinds) or min(weights) < 0 or sum(weights) == 0):
            raise ValueError(f"weights={weights!r}: expected {len(kinds)}, one a kind, not all of them 0")
        if self.hole_ratio is not None:
            kinds = tuple(kind.with_ratio(self.hole_ratio) for kind in kinds)
        object.__setattr__(self, "kinds", kinds)  # tuples, so that a mixture can stand in a MaskBank
        object.__setattr__(self, "weights", weights)

    def _drawings(self, rng, height, width):
        shares = np.array(self.weights or [1] * len(self.kinds), float)
        drawings = [kind._drawings(rng, height, width) for kind in self.kinds]
        for chosen in stream(lambda n: rng.choice(len(drawings), n, p=shares / shares.sum()).tolist()):
            yield next(drawings[chosen])


class _LaMa(Holes):
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
    and `Thick`. Where all three differ: they grow with the picture, a stroke keeps one width, its zigzag is
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


KINDS = (
    Lines, Rectangles, Strokes, Ellipses, Polygons, Scratches, Text, Center, Border, Grid,
    Thin, Medium, Thick, Mixture, FromFolder, MaskBank,
)  # fmt: skip


def parse(text):
    """Builds a kind from its name or from what it prints: the way back from `repr`.

    Example: `parse("lines")` is `Lines()`, `parse("Lines(count=7, thickness=(1, 11))")` is itself, and
    `parse("Mixture([lines, text], (3, 1))")` holds two. Paths of Windows are taken as they are:
    `parse(r'FromFolder("C:\\new\\masks")')`; doubled backslashes, as `repr` prints them, are single ones.

    Raises:
        ValueError: an unknown kind or setting, or anything but kinds, numbers and words.
    """
    try:
        if not isinstance(text, str):
            raise TypeError(f"a text, not {type(text).__name__}")
        kind = _build(ast.parse(_STRING.sub(_literal, text.strip()), mode="eval").body)
        if isinstance(kind, Holes):
            return kind
        reason = "this is none"
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        reason = error
    if isinstance(text, str) and os.path.isdir(text.strip()):
        reason = f"for this folder of mask files, say {f'FromFolder({text.strip()!r})'!r}"
    raise ValueError(
        f"masks {text!r}: expected one of {', '.join(kind.__name__.lower() for kind in KINDS)}, or one with "
        f"its settings, such as 'Lines(count=7, thickness=(1, 11))' ({reason})"
    )


# A string ends at the quote after which its argument ends: the last backslash of "C:\masks\" escapes nothing.
_STRING = re.compile(r"""(\b[rR])?(['"])(.*?)\2(?=\s*(?:[,)\]]|$))""", re.DOTALL)


def _literal(match):
    """A string whose backslashes are what they look like: doubled ones, as `repr` prints them, are single."""
    raw, quote, text = match.groups()
    text = text.replace("\\" + quote, quote)
    if not raw and all(len(run) % 2 == 0 for run in re.findall(r"\\+", text)):
        text = text.replace("\\\\", "\\")
    return repr(text)


def _build(node):
    """What a branch of the syntax tree stands for; nothing in it is ever run."""
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(map(_build, node.elts))
    if not isinstance(node, ast.Call | ast.Name):
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise TypeError(f"{ast.unparse(node)} is no kind of hole, number or text in quotes") from None
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    name = ast.unparse(call.func)
    kinds = {kind.__name__.lower(): kind for kind in KINDS}
    if name.lower() not in kinds:
        raise TypeError(f"{name} is no kind of hole; a path stands in quotes")
    return kinds[name.lower()](
        *map(_build, call.args), **{word.arg: _build(word.value) for word in call.keywords}
    )
