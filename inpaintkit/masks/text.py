"""Mask generator that draws letters."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from inpaintkit.masks.base import ShapeMasks

# Lines of each letter on a grid of 5 × 7 points: "06 20 46" goes from (0, 6), the lower left, to the top and
# to the lower right.
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
    """Letters like those of a watermark, slanted by up to 30 degrees and always completely inside the image.

    The alphabet is our own, since `cv2.putText` draws different letters in OpenCV 4 and 5, and only upright
    ones.

    Args:
        text: what is written: letters A–Z, digits and blanks.
        count: how often, a number or (low, high).
        size: height of the letters in pixels, a number or (low, high); smaller where the text is too long.
        hole_ratio: None, or (low, high) in (0, 1); then texts are added until it is met.

    Example:
        >>> import inpaintkit as ik
        >>> ik.masks.Text("KERAS", hole_ratio=(0.125, 0.125)).sample(1, 64, 64).mean().item()
        0.875
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

    def _draw(self, label_map, label, rng):
        height, width = label_map.shape
        points, ends = _letters(self.text.upper())  # (N, 2)
        unit, angle = rng.integer(self.size) / 6, rng.uniform(-np.pi / 6, np.pi / 6)
        cosine, sine = unit * np.cos(angle), unit * np.sin(angle)
        points = points @ [[cosine, sine], [-sine, cosine]]  # in pixels, and turned
        points -= points.min(0)
        text_width, text_height = points.max(0)
        scale = min(1, (width - 1) / max(text_width, 1e-9), (height - 1) / max(text_height, 1e-9))
        left = rng.uniform(0, width - 1 - scale * text_width)
        top = rng.uniform(0, height - 1 - scale * text_height)
        points = (points * scale + (left, top)).round().astype("int32")
        pen = max(1, round(unit * scale))
        cv2.polylines(label_map, np.split(points, ends), False, label, pen)


@lru_cache(maxsize=16)
def _letters(text):
    """All points of a text, (N, 2) as x and y on the grid, and where each line of the pen ends."""
    lines = []
    for place, letter in enumerate(text):
        for line in _ALPHABET[letter].split(",") if letter != " " else ():
            lines.append([(int(x) + 6 * place, int(y)) for x, y in line.split()])
    return np.concatenate(lines), np.cumsum([len(line) for line in lines])[:-1]
