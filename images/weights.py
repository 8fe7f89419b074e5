"""Draws images/weights.png, what the shipped weights fill on photographs: `python images/weights.py`.

Crops of the embedded test photographs, which no training has seen, with strokes; sorted by how far `photos`
is from the best of heat and biharmonic: the best, the median and the worst of 40.
"""

from pathlib import Path

import numpy as np
from keras.ops import convert_to_numpy as to_numpy

import inpaintkit as ik

COUNT, SIDE = 40, 160


def main():
    images = ik.data.images("photos", "test", SIDE, count=COUNT).as_float()
    masks = ik.masks.Strokes(hole_ratio=(0.1, 0.3)).sample(COUNT, SIDE, SIDE, seed=0)
    methods = {"heat": ik.baselines.heat, "biharmonic": ik.baselines.biharmonic}
    methods["photos"] = ik.as_method(ik.load("photos"))
    fills = {name: method(images * masks, masks) for name, method in methods.items()}
    fills = {name: ik.images.composite(fill, images, masks) for name, fill in fills.items()}
    psnr = {name: to_numpy(ik.metrics.psnr(images, fill, 1 - masks)) for name, fill in fills.items()}
    gain = psnr["photos"] - np.maximum(psnr["heat"], psnr["biharmonic"])
    order = np.argsort(-gain)
    chosen = order[[0, 1, COUNT // 2, COUNT // 2 + 1, -2, -1]]
    figure = ik.plots.gallery(
        images[chosen], masks[chosen], {name: fill[chosen] for name, fill in fills.items()}
    )
    figure.savefig(Path(__file__).parent / "weights.png", dpi=110)
    print(f"gain over the better of heat and biharmonic: mean {gain.mean():.2f} dB, {gain[chosen].round(2)}")


if __name__ == "__main__":
    main()
