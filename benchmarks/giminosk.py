"""The published images of Giminosk's "Image-inpainting" (coursework, 2023), measured again.

    python benchmarks/giminosk.py FOLDER        # prints docs/giminosk.md

FOLDER holds the project's own files: result strips `results_<network>/<k>.png`, each masked image, original
and output side by side, 96 pixels wide. They show CelebA and are not part of this kit. Every network and
every classical method is measured by `ik.compare`, on the same ten images and the same holes.
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
    """The published images. The hole is where a masked image differs from its original.

    Returns:
        (originals (10, 112, 96, 3), masks (10, 112, 96, 1), {name: fills (10, 112, 96, 3)}).

    Raises:
        ValueError: a folder or strip is missing, or another size; strips of networks that disagree.
    """
    outputs, given = {}, None
    for name, place in NETWORKS.items():
        paths = sorted((Path(folder) / place).glob("*.png"))
        if not paths:
            raise ValueError(f"{folder}/{place}: no strips there; expected the files 0.png, 1.png, …")
        strips = np.stack([ik.images.read_image(path) for path in paths])
        if strips.shape[2] != 3 * WIDTH:
            raise ValueError(f"{folder}/{place}: strips {strips.shape[2]} pixels wide, expected {3 * WIDTH}")
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
    """The comparison: `ik.compare` of the classical methods that are quick and the four networks."""
    originals, masks, outputs = read(folder)
    return ik.compare({**ik.baselines.CLASSICAL, **outputs}, originals, masks)


def published_form(table):
    """PSNR and SSIM, raw and composite, and hole PSNR, a row a method, best classical first."""
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


INTRODUCTION = """# The published images of a CelebA study, measured again

Made by `python benchmarks/giminosk.py FOLDER > docs/giminosk.md` from the ten test images that the
coursework published with the output of each of its networks (see that script). Hole: where a masked image
differs from its original. The networks were trained for hours on 10,000 faces; nothing else was trained.
"""
READING = """Ten images, so the intervals are wide; the last column compares image by image. *Raw* is
what a network painted, known pixels included, as the study reported; *composite* is what a user would keep.
"""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where results_autoencoder, results_gan, … lie")
    table = measure(parser.parse_args().folder)
    intervals = (
        ik.evaluation.summary(table).drop(columns="ms").to_markdown(index=False, disable_numparse=True)
    )
    words = ik.evaluation.verdict(table), ik.evaluation.describe(table)
    print(INTRODUCTION, published_form(table), READING, intervals, *words, sep="\n\n")
