"""Letters as holes."""

import itertools
from dataclasses import dataclass

import cv2
import numpy as np

from inpaintkit.masks.base import ShapeMasks, integers

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
class Text(ShapeMasks):
    """Watermark-like lettering, slanted by up to 30 degrees, always wholly inside the image.

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
