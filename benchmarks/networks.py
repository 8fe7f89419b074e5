"""Which network is worth its cost? `python benchmarks/networks.py DATA [--seconds 45]`.

Trains every network with the same budget of processor time on the same images of 64×64 (`train_networks.py`),
from two seeds each, and measures all on the same test images with the same holes. DATA is a folder with
sub-folders `train` and `test`, such as CelebA's. Finished runs are kept in `runs/networks` and not repeated,
so the command can be stopped and started again. At the end it copies the results to
`benchmarks/results/networks`, draws `images/networks.png` and writes the tables into `docs/networks.md`.
Without DATA it only writes the tables, from the results that are there.
"""

import os

if __name__ == "__main__":  # before TensorFlow is imported
    os.environ |= dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")

import argparse
import itertools
import json
import shutil
import time
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import skimage.data
from train_networks import (
    BATCH,
    LINES,
    LOSSES,
    NETWORKS,
    SIZE,
    STROKES,
    TEST_SEED,
    fixed_holes,
    run_all,
    write,
)

import inpaintkit as ik
from inpaintkit.files import hash_arrays

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "benchmarks/results/networks", ROOT / "docs/networks.md"


def costs(networks=NETWORKS, rounds=5):
    """Parameters and milliseconds of processor time per image, one by one and in a batch, in one run."""
    built = {name: NETWORKS[name].build() for name in networks}
    methods = ik.baselines.CLASSICAL | {name: ik.as_method(network, BATCH) for name, network in built.items()}
    result = {name: {"parameters": built[name].count_params() if name in built else 0} for name in methods}
    masks = fixed_holes(BATCH)
    images = faces().repeat(BATCH // 2, axis=0) * masks
    for size in (1, BATCH):
        spent = {name: [] for name in methods}
        for _, (name, method) in itertools.product(range(1 + rounds), methods.items()):
            begun = time.process_time()
            for i in range(0, BATCH, size):
                method(images[i : i + size], masks[i : i + size].copy())
            spent[name].append(time.process_time() - begun)
        for name, seconds in spent.items():  # the first round compiles
            result[name][f"batch {size}"] = round(1000 * float(np.median(seconds[1:])) / BATCH, 3)
    return result


def read(folder):
    """The records of all runs in a folder, measured on the same holes."""
    files = [file for file in sorted(folder.glob("*.json")) if file.stem != "costs"]
    records = [json.loads(file.read_text("utf-8")) for file in files]
    holes = hash_arrays(fixed_holes(len(records[0]["psnr"])))[:16]
    for file, record in zip(files, records, strict=True):
        if record["holes"] != holes:
            raise ValueError(f"{file}: measured on other holes than today's; remove it and run it again")
    return records


def compared(records, loss):
    """The table of `ik.compare` for one loss; the score of a network on an image is the mean of its seeds."""
    methods, parts = {}, []
    for record in records:
        if record.get("loss", loss) == loss:
            methods.setdefault(record.get("method") or record["network"], []).append(record)
    ratios = ik.masks.hole_ratio(fixed_holes(len(records[0]["psnr"]))).round(9)
    for name, same in methods.items():
        columns = {"method": name, "classical": same[0].get("classical", False), "output": "composite"}
        columns |= {"image": range(len(ratios)), "hole_ratio": ratios}
        for region, metric in (("hole", "psnr"), ("image", "ssim")):
            values = np.mean([record[metric] for record in same], axis=0)
            parts.append(pd.DataFrame({**columns, "region": region, metric: values}))
    missing = ("mae", "mse", "dice", "dice_squared", "jaccard", "cosine", "ms")
    return ik.evaluation.tabulate(
        pd.concat(parts, ignore_index=True).assign(**dict.fromkeys(missing, np.nan))
    )


def markdown(rows):
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)


def loss_table(records, table, loss):
    """One row per method: training steps, hole PSNR by seed, SSIM, differences with their intervals."""
    every, rows = table[table.bucket == "all"], []
    ssim = every[every.region == "image"].set_index("method").ssim
    for row in every[every.region == "hole"].itertuples():
        runs = [r for r in records if r.get("network") == row.method and r["loss"] == loss]
        cells = {"method": row.method, "steps": " / ".join(str(r["steps"]) for r in runs) or "–"}
        cells["hole PSNR dB, by seed"] = " / ".join(f"{np.mean(r['psnr']):.2f}" for r in runs) or "–"
        cells |= {"mean": f"{row.psnr:.2f}", "SSIM": f"{ssim[row.method]:.3f}"}
        difference = f"{row.delta_psnr:+.2f} [{row.delta_low:+.2f}, {row.delta_high:+.2f}]"
        cells[f"hole, against {row.against}"] = "–" if row.method == row.against else difference
        added = f"{row.added_psnr:+.2f} [{row.added_low:+.2f}, {row.added_high:+.2f}]"
        cells["training added"] = "–" if np.isnan(row.added_psnr) else added
        rows.append(cells)
    return markdown(rows)


def cost_table(times):
    """One row per method: parameters, the loss of its study, rate, times and their ratio to biharmonic's."""
    rows = []
    for name, cost in sorted(times.items(), key=lambda item: item[1][f"batch {BATCH}"]):
        about, row = NETWORKS.get(name), {"method": name}
        row["parameters"] = f"{cost['parameters']:,}" if about else "–"
        row["loss of its study"] = about.loss_name if about else "–"
        row["rate"] = f"{about.rate:g}" if about else "–"
        for size in ("batch 1", f"batch {BATCH}"):
            row[f"ms per image, {size}"] = f"{cost[size]:.1f}"
            row[f"× biharmonic, {size}"] = f"{cost[size] / times['biharmonic'][size]:.2f}"
        rows.append(row)
    return markdown(rows)


def tables(folder):
    """All tables of the page."""
    records = read(folder)
    text = ["### What a network costs", cost_table(json.loads((folder / "costs.json").read_text("utf-8")))]
    for loss, title in LOSSES.items():
        table = compared(records, loss)
        buckets = ik.evaluation.by_bucket(table).to_markdown(index=False, disable_numparse=True)
        text += [f"### {title}", loss_table(records, table, loss), buckets]
    return "\n\n".join(text)


def faces():
    """Two faces in the public domain, not trained on, cut about as CelebA's are: (2, H, W, 3) in [0, 1]."""
    hopper = ik.images.read_uint8(Path(matplotlib.get_data_path(), "sample_data/grace_hopper.jpg"))
    crops = skimage.data.astronaut()[:219, 114:333], hopper[:379, 74:453]
    return np.stack([ik.images.read_uint8(crop, SIZE) for crop in crops]).astype("float32") / 255


def draw(folder, file):
    """The gallery: each face with lines and with strokes, filled by every network of seed 0."""
    images = faces().repeat(2, axis=0)
    holes = [mask.with_ratio((0.25, 0.25)).sample(2, SIZE, SIZE, TEST_SEED) for mask in (LINES, STROKES)]
    masks = np.stack(holes, axis=1).reshape(-1, SIZE, SIZE, 1)  # lines, strokes, lines, strokes
    methods = {"biharmonic": ik.baselines.biharmonic, "heat": ik.baselines.heat}
    for name, about in NETWORKS.items():
        saved = ik.load_model(folder / f"{name}-{about.losses[0]}-0.keras", compile=False)
        methods[name.replace("_", "\n")] = ik.as_method(saved)
    fills = {name: np.asarray(method(images * masks, masks)) for name, method in methods.items()}
    fills = {name: ik.images.composite(fill, images, masks) for name, fill in fills.items()}
    ik.plots.gallery(images, masks, fills, tile=1.2).savefig(file, dpi=100)


def main(data, folder, seconds):
    if data:
        run_all(data, folder, seconds)
        if not (folder / "costs.json").exists():
            write(folder / "costs.json", json.dumps(costs(), indent=1, ensure_ascii=False))
        RESULTS.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.json"):
            shutil.copy(file, RESULTS)
        draw(folder, ROOT / "images/networks.png")
    before, rest = PAGE.read_text("utf-8").split("<!-- tables -->\n")
    after = rest.split("<!-- end of the tables -->")[1]
    write(PAGE, f"{before}<!-- tables -->\n\n{tables(RESULTS)}\n\n<!-- end of the tables -->{after}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", metavar="DATA", type=Path, nargs="?", help="with sub-folders train and test")
    parser.add_argument("--seconds", type=float, default=180, help="of processor time for each run")
    parser.add_argument("--folder", type=Path, default=Path("runs/networks"), help="of the finished runs")
    main(**vars(parser.parse_args()))
