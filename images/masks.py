"""Draws images/masks.png, every kind of hole at three ratios on a photograph: `python images/masks.py`."""

from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import inpaintkit as ik
from inpaintkit.masks import GENERATORS, FromFolder, Grid, Lines, MaskBank, Mixture, Text

RATIOS = (0.05, 0.2, 0.45)
SIZE, ACROSS = 128, 3


def rows():
    """A kind a row: what is written beside it, and three masks."""
    drawn = [kind() for kind in GENERATORS if kind not in (Grid, Mixture, FromFolder, MaskBank)]
    for i, kind in enumerate([*drawn, Mixture([Lines(), Text()])]):
        exact = [
            kind.with_ratio((r, r + 1e-4)) for r in RATIOS
        ]  # a range, since 5 % of 128² is no whole number
        three = [k.sample(1, SIZE, SIZE, (i, j))[0] for j, k in enumerate(exact)]
        name = type(kind).__name__
        yield ("Mixture\nLines, Text" if name == "Mixture" else name), three
    yield "Grid\n(2, 1), 2, 4", [Grid(step).sample(1, SIZE, SIZE)[0] for step in ((2, 1), 2, 4)]


if __name__ == "__main__":
    table = list(rows())
    photo = ik.data.images("photos", "test", SIZE, count=1).as_float()
    down = -(-len(table) // ACROSS)
    figure, axes = plt.subplots(down, ACROSS, figsize=(14, 1.65 * down), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    gap = np.ones((SIZE, 6, 3))
    for axis, (name, three) in zip(axes.T.flat, table, strict=False):
        tiles = [ik.plots.mark(photo, mask[None])[0] for mask in three]
        axis.imshow(np.hstack([tiles[0], gap, tiles[1], gap, tiles[2]]))
        axis.text(-8, SIZE / 2, name, ha="right", va="center", fontsize=11)
    figure.suptitle(f"Every kind of hole, {', '.join(f'{100 * r:.0f} %' for r in RATIOS)} missing")
    file = Path(__file__).with_suffix(".png")
    figure.savefig(file, dpi=90)
    Image.open(file).convert("RGB").quantize(64).save(file, optimize=True)  # a third of the bytes
