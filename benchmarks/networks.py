"""Which network is worth its cost? `python benchmarks/networks.py DATA [--seconds 60]`.

Every network is trained with the same budget of processor time on the same images of 64×64, from random
weights: once with the loss of its study, once with the kit's best loss, from two seeds each. All are measured
on the same test images with the same holes, beside the classical methods. DATA is a folder with sub-folders
`train` and `test`, such as CelebA's.

The budget is processor time of a process with one thread, since wall time depends on what else the machine
does; making the batches counts, compiling the training step does not. A run that is finished is kept in
`runs/networks` and not repeated, so that the command can be stopped and started again. At the end it copies
the results to `benchmarks/results/networks`, draws `images/networks.png` and writes the tables into
`docs/networks.md`; `--tables` writes only these again, from the results.
"""

import os

if __name__ == "__main__":  # before TensorFlow is imported
    os.environ |= dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")

import argparse
import gc
import itertools
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from train_weights import HoleLoss

import inpaintkit as ik
from inpaintkit.files import hash_arrays, replacing

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "benchmarks/results/networks", ROOT / "docs/networks.md"
SIZE, BATCH, TEST_IMAGES, SEEDS, TEST_SEED = 64, 16, 200, (0, 1), 7
HOLES = ik.masks.Mixture(
    (ik.masks.Lines(thickness=(1, 5)), ik.masks.Strokes(width=(3, 8))), hole_ratio=(0.01, 0.6)
)
LOG_LOSS = "0.05 · log(MSE in the hole) + L1 in the hole"


def gan(generator):
    """The CelebA study's generator against its discriminator."""
    return ik.InpaintingGAN(generator, ik.models.discriminator((SIZE, SIZE, 3)))


@dataclass(frozen=True)
class Network:
    """A network and how its study trains it."""

    build: Callable
    rate: float  # of Adam, at the start
    loss: Callable  # makes the loss of its study
    loss_name: str
    losses: tuple = ("own", "log")
    model: Callable = ik.Inpainter  # what trains it
    prefilled: bool = False  # starts from a classical fill


def autoencoder(build, **settings):
    return Network(lambda: build((SIZE, SIZE, 3)), 1e-3, lambda: ik.losses.ssim_loss, "SSIM", **settings)


def album_loss():
    return ik.losses.WeightedSum({"l1": (1, "mae"), "smooth": (0.1, ik.losses.TotalVariationLoss())})


def pconv_loss():
    return ik.losses.PConvLoss(perceptual=0, style_out=0, style_comp=0)


HOLE_VALID = (ik.losses.HoleValidLoss, "6 · L1 in the hole + L1 elsewhere")
NETWORKS = {
    "autoencoder": autoencoder(ik.models.autoencoder),
    "skip_autoencoder": autoencoder(ik.models.skip_autoencoder),
    "GAN": autoencoder(ik.models.skip_autoencoder, losses=("own",), model=gan),
    "unet": Network(ik.models.unet, 2e-3, album_loss, "L1 + 0.1 · total variation"),
    "prefilled_unet": Network(ik.models.prefilled_unet, 2e-3, *HOLE_VALID, prefilled=True),
    "pconv_unet": Network(ik.models.pconv_unet, 2e-3, pconv_loss, "the paper's, without VGG's terms"),
    "coarse_to_fine": Network(ik.models.coarse_to_fine, 1e-3, lambda: "mae", "L1 of both stages"),
    "residual_unet": Network(ik.models.residual_unet, 2e-3, *HOLE_VALID, prefilled=True),
}


def plan(networks=NETWORKS, seeds=SEEDS):
    """All runs, (network, loss, seed), one seed after the other, so that a part of them is useful, too."""
    every = itertools.product(seeds, ("log", "own"), networks)
    return [(name, loss, seed) for seed, loss, name in every if loss in NETWORKS[name].losses]


def train(name, loss, seed, images, seconds):
    """Trains a network for `seconds` of processor time; returns it, its steps and the seconds."""
    keras.utils.set_random_seed(seed)
    about = NETWORKS[name]
    network = about.build()
    model = about.model(network)
    model.compile(
        keras.optimizers.Adam(about.rate, clipnorm=1.0),
        about.loss() if loss == "own" else HoleLoss(),
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    batches = ik.data.pairs(images, HOLES, BATCH, seed=seed)
    variables = [*model.variables, *model.optimizer.variables]
    start = [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
    model.train_on_batch(*batches[0])  # compiles
    for variable, value in zip(variables, start, strict=True):
        variable.assign(value)
    steps, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        model.optimizer.learning_rate = about.rate * (0.505 + 0.495 * np.cos(np.pi * spent / seconds))
        batches.epoch, k = divmod(steps, len(batches))
        model.train_on_batch(*batches[k])
        steps += 1
    return network, steps, spent


def measure(method, test):
    """Scores per image of the composite, rounded: hole PSNR in dB, and SSIM of the whole image."""
    masks = test_masks(len(test))
    scores = ik.evaluation.score_images({"method": method}, test, masks, 40, untrained=False)
    scores = scores[scores.output == "composite"].sort_values("image").set_index("region")
    psnr, ssim = scores.psnr["hole"].round(2).tolist(), scores.ssim["image"].round(4).tolist()
    return {"holes": hash_arrays(masks)[:16], "psnr": psnr, "ssim": ssim}


def test_masks(count):
    """The holes of the test images, which need no data."""
    return ik.evaluation.evaluation_masks(HOLES, TEST_SEED, count, SIZE)


def save(file, record):
    """Writes a record, all of it or nothing."""
    with replacing(file) as part:
        part.write_text(json.dumps(record, ensure_ascii=False), "utf-8")


def run_all(data, folder, seconds, networks=NETWORKS, seeds=SEEDS, count=TEST_IMAGES):
    """Trains and measures what the folder does not hold yet."""
    folder.mkdir(parents=True, exist_ok=True)
    test, train_images = ik.data.images(data, "test", SIZE, count=count), None
    before = [name for name in networks if NETWORKS[name].prefilled]
    references = ik.baselines.CLASSICAL | {f"{name}, untrained": NETWORKS[name].build for name in before}
    for number, (name, method) in enumerate(references.items()):
        file, classical = folder / f"reference-{number}.json", name in ik.baselines.CLASSICAL
        if not file.exists():
            scores = measure(method if classical else method(), test)
            save(file, {"method": name, "classical": classical, **scores})
    for name, loss, seed in plan(networks, seeds):
        file = folder / f"{name}-{loss}-{seed}.json"
        if file.exists():
            found = json.loads(file.read_text("utf-8"))["budget"]
            if found != seconds:
                raise ValueError(f"{file}: trained for {found} s, not {seconds} s; give another --folder")
            continue
        if train_images is None:
            train_images = ik.data.images(data, "train", SIZE)
        network, steps, spent = train(name, loss, seed, train_images, seconds)
        record = {"network": name, "loss": loss, "seed": seed, "budget": seconds}
        record |= {"seconds": round(spent, 1), "steps": steps, **measure(network, test)}
        with replacing(file.with_suffix(".keras")) as part:
            network.save(part)
        save(file, record)
        print(f"{file.stem}: {steps} steps, {np.mean(record['psnr']):.2f} dB in the hole", flush=True)
        del network
        keras.backend.clear_session()
        gc.collect()


def costs(networks=NETWORKS, rounds=9):
    """Parameters and milliseconds of processor time per image, for batches of 1 and 16, in one run."""
    built = {name: NETWORKS[name].build() for name in networks}
    methods = ik.baselines.CLASSICAL | {name: ik.as_method(network, BATCH) for name, network in built.items()}
    result = {name: {"parameters": network.count_params()} for name, network in built.items()}
    for size in (1, BATCH):
        masks, spent = test_masks(size), {name: [] for name in methods}
        images = np.random.default_rng(0).random((size, SIZE, SIZE, 3), "float32") * masks
        for _ in range(1 + rounds):  # of the first, which compiles, no time is used
            for name, method in methods.items():
                begun = time.process_time()
                method(images, masks.copy())
                spent[name].append(time.process_time() - begun)
        for name, seconds in spent.items():
            milliseconds = 1000 * np.median(seconds[1:]) / size
            result.setdefault(name, {})[f"batch {size}"] = round(milliseconds, 3)
    return result


def read(folder):
    """The records of a folder, all measured on the same holes."""
    files = [file for file in sorted(folder.glob("*.json")) if file.stem != "costs"]
    records = [json.loads(file.read_text("utf-8")) for file in files]
    for file, record in zip(files, records, strict=True):
        if record["holes"] != hash_arrays(test_masks(len(record["psnr"])))[:16]:
            raise ValueError(
                f"{file}: measured on other holes than today's; delete the folder and start again"
            )
    return records


def compared(records, loss):
    """The table of `ik.compare` for one loss; a network's score of an image is the mean over its seeds."""
    methods = {}
    for record in records:
        if record.get("loss", loss) == loss:
            methods.setdefault(record.get("method") or record["network"], []).append(record)
    ratios, parts = ik.masks.hole_ratio(test_masks(len(records[0]["psnr"]))).round(9), []
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
    """One row per network and classical method: steps, hole PSNR by seed, SSIM, differences."""
    every, rows = table[table.bucket == "all"], []
    ssim = every[every.region == "image"].set_index("method").ssim
    for row in every[every.region == "hole"].itertuples():
        runs = [r for r in records if r.get("network") == row.method and r["loss"] == loss]
        interval = f"{row.delta_psnr:+.2f} [{row.delta_low:+.2f}, {row.delta_high:+.2f}]"
        added = f"{row.added_psnr:+.2f} [{row.added_low:+.2f}, {row.added_high:+.2f}]"
        rows.append(
            {
                "method": row.method,
                "steps, by seed": " / ".join(f"{r['steps']}" for r in runs) or "–",
                "hole PSNR dB, by seed": " / ".join(f"{np.mean(r['psnr']):.2f}" for r in runs) or "–",
                "mean": f"{row.psnr:.2f}",
                "SSIM": f"{ssim[row.method]:.3f}",
                f"hole, against {row.against}": "–" if row.method == row.against else interval,
                "training added": "–" if np.isnan(row.added_psnr) else added,
            }
        )
    return markdown(rows)


def cost_table(times):
    """One row per method: its parameters, how it is trained, milliseconds and their ratio to biharmonic's."""
    rows = []
    for name, cost in sorted(times.items(), key=lambda item: item[1][f"batch {BATCH}"]):
        about, row = NETWORKS.get(name), {"method": name}
        row["parameters"] = f"{cost['parameters']:,}" if about else "–"
        row["its study's loss"], row["rate"] = (about.loss_name, about.rate) if about else ("–", "–")
        for batch in ("batch 1", f"batch {BATCH}"):
            row[f"ms, {batch}"] = f"{cost[batch]:.1f}"
            row["× biharmonic" + " " * (batch != "batch 1")] = (
                f"{cost[batch] / times['biharmonic'][batch]:.2f}"
            )
        rows.append(row)
    return markdown(rows)


def tables(folder):
    """All tables of the page."""
    records = read(folder)
    seconds = {record["budget"] for record in records if "budget" in record}
    text = [f"Budget of each run: {', '.join(f'{s:g}' for s in sorted(seconds))} seconds of processor time."]
    if (folder / "costs.json").exists():
        text += [
            "### What a network costs",
            cost_table(json.loads((folder / "costs.json").read_text("utf-8"))),
        ]
    for loss, title in (
        ("log", f"The kit's best loss, {LOG_LOSS}"),
        ("own", "Each with the loss of its study"),
    ):
        table = compared(records, loss)
        text += [f"### {title}", loss_table(records, table, loss)]
        text.append(ik.evaluation.by_bucket(table).to_markdown(index=False, disable_numparse=True))
    return "\n\n".join(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", metavar="DATA", type=Path, help="a folder with sub-folders train and test")
    parser.add_argument("--seconds", type=float, default=60, help="of processor time for each run")
    parser.add_argument("--folder", type=Path, default=Path("runs/networks"), help="of the finished runs")
    arguments = parser.parse_args()
    run_all(arguments.data, arguments.folder, arguments.seconds)
