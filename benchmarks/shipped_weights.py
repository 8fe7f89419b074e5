"""Measures the shipped weights: `python benchmarks/shipped_weights.py DATA`.

It writes the tables of docs/weights.md and the results of the cards. DATA is a folder with the sources that
`COMPARISONS` names: `celeba` and `photographs` (folders of images with a sub-folder `test`), `nvidia_masks`
(NVIDIA's irregular test masks) and `cifar10.npz`. An interrupted run goes on from `runs/shipped-weights`.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import inpaintkit as ik
from inpaintkit import evaluation, pretrained
from inpaintkit.files import replacing

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "weights.md"
BEGIN, END = "<!-- tables: benchmarks/shipped_weights.py writes them -->\n", "<!-- end of the tables -->\n"


@dataclass(frozen=True)
class Comparison:
    """One protocol: which weights are measured, on which images and holes."""

    title: str
    weights: str
    source: str
    side: int
    masks: str
    count: int | None = None
    columns: tuple = ("SSIM", "hole PSNR dB")

    def command(self):
        """The command that makes the same table."""
        count = f" --count {self.count}" if self.count else ""
        return (
            f"inpaintkit compare --source {self.source} --image-size {self.side} --masks '{self.masks}' "
            f"--model {self.weights}{count}"
        )


LINES, THICK_LINES = "Lines(count=7, thickness=(1, 11))", "Lines(count=7, thickness=(7, 11))"
NVIDIA = 'FromFolder("nvidia_masks")'
COMPARISONS = {
    "faces-lines": Comparison(
        "Faces, seven lines of 1–11 pixels (the face report's holes)", "faces", "celeba", 178, LINES, 200
    ),
    "faces-thick": Comparison("Faces, seven lines of 7–11 pixels", "faces", "celeba", 178, THICK_LINES, 100),
    "faces-nvidia": Comparison("Faces, NVIDIA's irregular test masks", "faces", "celeba", 178, NVIDIA, 120),
    "photos-nvidia": Comparison(
        "Photographs and textures, NVIDIA's irregular test masks", "photos", "photographs", 178, NVIDIA
    ),
    "photos-lines": Comparison(
        "Photographs and textures, seven lines of 1–11 pixels", "photos", "photographs", 178, LINES
    ),
    "cifar10": Comparison(
        "CIFAR-10 at 32×32, one to nine lines of 1–2 pixels",
        "cifar10",
        "cifar10.npz",
        32,
        "Lines(count=(1, 9), thickness=(1, 2))",
        columns=("PSNR dB", "SSIM", "MAE", "hole PSNR dB"),
    ),
}


def measure(comparison, folder):
    """The table of `ik.compare`."""
    images = ik.data.images(comparison.source, "test", comparison.side, comparison.count)
    masks = ik.masks.parse(comparison.masks)
    methods = {**ik.baselines.CLASSICAL, comparison.weights: ik.load(comparison.weights)}
    return ik.compare(methods, images, masks, folder=folder)


def interval(row, value, form):
    """A mean and its interval: "+1.03 [+0.80, +1.31]"."""
    low, high = (getattr(row, f"{value.removesuffix('_psnr')}_{end}") for end in ("low", "high"))
    ends = "" if pd.isna(low) else f" [{low:{form}}, {high:{form}}]"
    return f"{getattr(row, value):{form}}{ends}"


def buckets(table, weights):
    """Hole PSNR by how much is missing; the last row is the difference to the best classical method."""
    text = evaluation.by_bucket(table)
    text = text[[column for column in text if not column.endswith("n = 0")]]
    hole = table[(table.region == "hole") & (table.output == "composite") & (table.method == weights)]
    differences = {row.bucket: interval(row, "delta_psnr", "+.2f") for row in hole.itertuples()}
    row = [
        f"{weights}, against the best classical",
        *(differences[c.split(", n =")[0]] for c in text.columns[1:]),
    ]
    return pd.concat([text, pd.DataFrame([row], columns=text.columns)], ignore_index=True)


def results(table, weights):
    """What the card says: per bucket, each method's hole PSNR, and the paired difference, with intervals."""
    by_bucket = {}
    hole = table[(table.region == "hole") & (table.output == "composite") & (table.n > 0)]
    for bucket, rows in hole.groupby("bucket", sort=False):
        own = next(rows[rows.method == weights].itertuples())
        by_bucket[bucket] = {
            "images": int(own.n),
            "hole PSNR dB": {row.method: interval(row, "psnr", ".2f") for row in rows.itertuples()},
            f"against {own.against}": interval(own, "delta_psnr", "+.2f"),
        }
    return by_bucket


def section(comparison, table):
    """The part of docs/weights.md about one comparison."""
    summary = evaluation.summary(table)
    summary = summary[summary.output == "composite"]
    differences = [column for column in summary if column.startswith("hole, against")]
    summary = summary[["method", *comparison.columns, *differences, "training added"]]
    tables = (summary, buckets(table, comparison.weights))
    markdown = "\n\n".join(part.to_markdown(index=False, disable_numparse=True) for part in tables)
    protocol = evaluation.describe(table).split("; ms per image")[0]
    return (
        f"### {comparison.title}\n\n```bash\n{comparison.command()}\n```\n\n{markdown}\n\n"
        f"{evaluation.verdict(table)}\n\n*{protocol}*\n"
    )


def main(data):
    os.chdir(data)  # so that the page and the cards name the sources without the folder
    sections, cards = [], {}
    for name, comparison in COMPARISONS.items():
        version = pretrained.card(comparison.weights)["sha256"][:8]
        table = measure(comparison, ROOT / "runs" / "shipped-weights" / f"{name}-{version}")
        sections.append(section(comparison, table))
        print(sections[-1], flush=True)
        about = {"command": comparison.command(), **results(table, comparison.weights)}
        cards.setdefault(comparison.weights, {})[comparison.title] = about
    head, rest = PAGE.read_text("utf-8").split(BEGIN)
    with replacing(PAGE) as file:
        file.write_text(head + BEGIN + "\n" + "\n".join(sections) + "\n" + END + rest.split(END)[1], "utf-8")
    for weights, test in cards.items():
        about = pretrained.card(weights)
        about["results"]["test"] = test
        with replacing(ROOT / "inpaintkit" / "pretrained" / f"{weights}.json") as file:
            file.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
