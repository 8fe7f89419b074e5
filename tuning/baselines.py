"""What the networks of a search should beat: simple fills of the same validation images and holes.

`python -m tuning.baselines FOLDER …` writes `baselines.csv` of these searches, from their `search.json`.
"""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import inpaintkit as ik
from tuning import runs

FILE = "baselines.csv"


def grey(images, masks):
    """One uniform grey over the whole image, 0.5."""
    return np.full_like(images, 0.5)


METHODS = {"grey": grey, **ik.baselines.CLASSICAL}


def scores(search):
    """Measures each method as the networks of a search are measured: a mean over the validation images.

    Args:
        search: `tuning.tuner.Search`.

    Returns:
        DataFrame, one row per method of `METHODS`, the best last: "val_ssim" of the whole image, and
        "val_hole_psnr" in dB, of the hole.
    """
    pairs, rows = search.validation(), []
    for (masked, mask), image in (pairs[k] for k in range(len(pairs))):
        for name, method in METHODS.items():
            filled = method(masked, mask)
            ssim, psnr = ik.metrics.ssim(image, filled), ik.metrics.psnr(image, filled, 1 - mask)
            rows += [(name, *values) for values in zip(np.array(ssim), np.array(psnr), strict=True)]
    table = pd.DataFrame(rows, columns=["method", "val_ssim", "val_hole_psnr"])
    return table.groupby("method").mean().sort_values("val_ssim")


def load(folder):
    """The saved `scores` of the search in this folder."""
    return pd.read_csv(Path(folder, FILE), index_col="method")


def lines(folder, metric="val_ssim"):
    """{method: value} for the lines in a plot: the masked input, the mean colour and the best method."""
    values = load(folder)[metric]
    return values[list(dict.fromkeys(["masked input", "mean colour", values.idxmax()]))].to_dict()


def write(folder):
    """Measures the methods on the images of the search in this folder, and saves `folder/baselines.csv`."""
    from tuning.tuner import Search  # loads Keras, which a reader of the file does not need

    settings = json.loads(Path(folder, "search.json").read_text("utf-8"))["settings"]
    search = Search(**{field.name: settings[field.name] for field in dataclasses.fields(Search)})
    runs.write(Path(folder, FILE), scores(search).round(6).to_csv())


if __name__ == "__main__":
    for search_folder in sys.argv[1:]:
        write(search_folder)
