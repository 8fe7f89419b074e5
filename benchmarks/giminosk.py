"""Measures the published images of Giminosk's "Image-inpainting" (coursework, 2023) again.

    python benchmarks/giminosk.py FOLDER        # prints docs/giminosk.md

FOLDER holds the project's own files, `results_<network>/<k>.png`: masked image, original and output side by
side, each 96 pixels wide. They show CelebA and are not part of this kit. `ik.compare` measures every network
and every classical method on the same ten images and the same holes.
"""

import argparse
from pathlib import Path

import numpy as np

import inpaintkit as ik

NETWORKS = {
    "GAN": "results_gan",
    "autoencoder": "results_autoencoder",
    "skip autoencoder": "results_autoencoder_skip",
    "PConv (500 training images; may have seen the test)": "results_pconv",
}
WIDTH = 96


def read(folder):
    """Reads the published images. The hole is where a masked image differs from its original.

    Returns:
        (originals (10, 112, 96, 3), masks (10, 112, 96, 1), {name: fills (10, 112, 96, 3)}).

    Raises:
        ValueError: a missing folder or file, another size, or networks with different originals.
    """
    outputs, given = {}, None
    for name, place in NETWORKS.items():
        paths = sorted((Path(folder) / place).glob("*.png"))
        if not paths:
            raise ValueError(f"{folder}/{place}: no images there; expected the files 0.png, 1.png, …")
        strips = np.stack([ik.images.read_image(path) for path in paths])
        if strips.shape[2] != 3 * WIDTH:
            raise ValueError(f"{folder}/{place}: images {strips.shape[2]} pixels wide, expected {3 * WIDTH}")
        masked, originals, outputs[name] = np.split(strips, 3, axis=2)
        if given is not None and not (
            np.array_equal(given[0], masked) and np.array_equal(given[1], originals)
        ):
            raise ValueError(f"{folder}/{place}: other images than those of the network before")
        given = masked, originals
    masked, originals = given
    masks = (masked == originals).all(axis=-1, keepdims=True).astype("float32")
    return originals, masks, {**outputs, "masked input, as published": masked}


def measure(folder):
    """Compares the quick classical methods and the four networks."""
    originals, masks, outputs = read(folder)
    return ik.compare({**ik.baselines.CLASSICAL, **outputs}, originals, masks)


def short_table(table):
    """PSNR and SSIM, raw and composite, and hole PSNR: one row per method, best classical first."""
    table = table[table.bucket == "all"].set_index(["method", "output", "region"])
    lines = ["| | raw PSNR / SSIM | composite PSNR / SSIM | hole PSNR |", "|---|---|---|---|"]
    for method in dict.fromkeys(table.index.get_level_values(0)):
        cells = []
        for output in ("raw", "composite"):
            there = (method, output, "image") in table.index
            row = table.loc[(method, output, "image")] if there else None
            cells.append(f"{row.psnr:.2f} / {row.ssim:.3f}" if there else "–")
        cells.append(f"{table.psnr[(method, 'composite', 'hole')]:.2f}")
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def skip_gain(folder):
    """What skip connections add to the autoencoder in the hole, image by image: one sentence."""
    originals, masks, outputs = read(folder)
    with_skip, without = (
        np.asarray(ik.metrics.psnr(originals, outputs[name], 1 - masks))
        for name in ("skip autoencoder", "autoencoder")
    )
    gain = (with_skip - without)[:, None]
    low, high = ik.evaluation.tables.intervals(gain, seed=0)[:, 0]
    return (
        f"Skip autoencoder against autoencoder, in the hole: {gain.mean():+.2f} [{low:+.2f}, {high:+.2f}] dB."
    )


INTRODUCTION = """# The published images of a CelebA study, measured again

Made by `python benchmarks/giminosk.py FOLDER > docs/giminosk.md` from the ten test images that
[the CelebA study](studies.md#the-celeba-study) published with the output of each of its networks (see that
script). The hole is where a masked image differs from its original. The networks were trained for hours on
10,000 faces; the other methods need no training.
"""
READING = """There are only ten images, so the intervals are wide; the last column compares image by image.
*Raw* is the output of a network, with its repainted known pixels, as the study reported. *Composite* is what
a user would keep.
"""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="with results_autoencoder, results_gan, …")
    folder = parser.parse_args().folder
    table = measure(folder)
    intervals = (
        ik.evaluation.summary(table).drop(columns="ms").to_markdown(index=False, disable_numparse=True)
    )
    words = ik.evaluation.verdict(table), skip_gain(folder), ik.evaluation.describe(table)
    print(INTRODUCTION, short_table(table), READING, intervals, *words, sep="\n\n")
