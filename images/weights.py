"""Draws images/weights.png: photographs filled with the shipped weights. `python images/weights.py`.

40 crops of the embedded test photographs, which no training has used, with strokes as holes. They are sorted
by the gain of `photos` over the better of heat and biharmonic; shown are the best two, the middle two and the
worst two.
"""

from pathlib import Path

import numpy as np
from keras.ops import convert_to_numpy as to_numpy

import inpaintkit as ik

COUNT, SIZE = 40, 160


def main():
    images = ik.data.images("photos", "test", SIZE, count=COUNT).as_float()
    masks = ik.masks.Strokes(hole_ratio=(0.1, 0.3)).sample(COUNT, SIZE, SIZE, seed=0)
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
