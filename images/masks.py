"""Draws images/masks.png, every mask generator at three hole ratios: `python images/masks.py`."""

from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import inpaintkit as ik
from inpaintkit.masks import GENERATORS, FromFolder, Grid, Lines, MaskBank, Mixture, Text

RATIOS = (0.05, 0.2, 0.45)
SIZE, COLUMNS = 128, 3


def rows():
    """Yields one row per generator: its name, and three masks."""
    generators = [each() for each in GENERATORS if each not in (Grid, Mixture, FromFolder, MaskBank)]
    for i, generator in enumerate([*generators, Mixture([Lines(), Text()])]):
        name = type(generator).__name__
        masks = []
        for j, ratio in enumerate(RATIOS):
            exact = generator.with_ratio((ratio, ratio + 1e-4))  # 5 % of 128² is not a whole number
            masks.append(exact.sample(1, SIZE, SIZE, (i, j))[0])
        yield ("Mixture\nLines, Text" if name == "Mixture" else name), masks
    yield "Grid\n(2, 1), 2, 4", [Grid(step).sample(1, SIZE, SIZE)[0] for step in ((2, 1), 2, 4)]


if __name__ == "__main__":
    table = list(rows())
    photo = ik.data.images("photos", "test", SIZE, count=1).as_float()
    down = -(-len(table) // COLUMNS)
    figure, axes = plt.subplots(down, COLUMNS, figsize=(14, 1.65 * down), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    gap = np.ones((SIZE, 6, 3))
    for axis, (name, masks) in zip(axes.T.flat, table, strict=False):
        tiles = [ik.plots.mark(photo, mask[None])[0] for mask in masks]
        axis.imshow(np.hstack([tiles[0], gap, tiles[1], gap, tiles[2]]))
        axis.text(-8, SIZE / 2, name, ha="right", va="center", fontsize=11)
    ratios = ", ".join(f"{100 * ratio:.0f} %" for ratio in RATIOS)
    figure.suptitle(f"Every mask generator, with {ratios} of the image missing")
    file = Path(__file__).with_suffix(".png")
    figure.savefig(file, dpi=90)
    Image.open(file).convert("RGB").quantize(64).save(file, optimize=True)  # a third of the bytes
