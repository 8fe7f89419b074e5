"""Trains the weights that ship with the kit: `python benchmarks/train_weights.py NAME DATA MINUTES [START]`.

NAME is one of `PLANS`. DATA is a folder of folders, each with sub-folders `train` and `val` of images; every
image keeps its own size. START is the name of shipped weights to begin with, if not from random ones. The
run is resumable: started again after a kill, it goes on from `runs/weights-NAME/checkpoint.npz`; the learning
rate falls along a cosine over MINUTES of wall time. At the end (and after every quarter of an hour) the
averaged weights are written to `runs/weights-NAME` in the form that `ik.load` reads.

All plans: `residual_unet`; flips; some crops shrunk from a larger part of the image; the loss 0.05 · log(MSE
in the hole) + L1 in the hole; AdamW, gradients clipped at norm 1, weights averaged over the steps.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import keras
import numpy as np
from keras import ops

import inpaintkit as ik
from inpaintkit import pretrained
from inpaintkit.checks import check_choice
from inpaintkit.images import files_below, read_uint8

SMALL_SHAPES = (
    ik.masks.Rectangles(hole_ratio=(0.03, 0.3)),
    ik.masks.Ellipses(hole_ratio=(0.03, 0.3)),
    ik.masks.Scratches(hole_ratio=(0.01, 0.1)),
)
SHAPES = ik.masks.Mixture([*SMALL_SHAPES, ik.masks.Text(hole_ratio=(0.03, 0.2))])
STROKES = ((ik.masks.Strokes(hole_ratio=(0.03, 0.4)), 2), (ik.masks.Strokes(hole_ratio=(0.05, 0.6)), 2))
WIDE = ik.masks.Strokes(hole_ratio=(0.02, 0.6), width=(6, 36))  # about as wide as NVIDIA's masks
LINES = ik.masks.Lines(count=7, thickness=(1, 11))
DENSE_LINES = ik.masks.Lines(hole_ratio=(0.02, 0.35), thickness=(1, 11))
THIN = (
    (ik.masks.Lines(count=(1, 9), thickness=(1, 2)), 9),
    (ik.masks.Lines(hole_ratio=(0.02, 0.4), thickness=(1, 3)), 2),
)


@dataclass(frozen=True)
class Plan:
    """How one set of weights is trained."""

    masks: tuple  # (mask generator, its part of a batch), …
    validation: dict  # name to mask generator
    side: int  # of the validation images; smaller images are left out
    crops: tuple  # (share of the time that has passed at its end, images per batch, side of the crops), …
    shrunk: float  # share of the crops that are shrunk from a larger part of the image
    rate: float = 1.6e-3  # learning rate at the start; half of it for a run that begins with shipped weights
    filters: tuple = (40, 64, 96, 128)


LARGE_HOLES = {
    "lines of 1 to 11 pixels": ik.masks.Lines(count=7, thickness=(1, 11)),
    "strokes, 10 to 30 %": ik.masks.Strokes(hole_ratio=(0.1, 0.3)),
    "strokes, 30 to 50 %": ik.masks.Strokes(hole_ratio=(0.3, 0.5)),
    "wide strokes, 30 to 50 %": ik.masks.Strokes(hole_ratio=(0.3, 0.5), width=(6, 36)),
}
THIN_LINES = {"lines of 1 to 2 pixels": ik.masks.Lines(count=(1, 9), thickness=(1, 2))}
CROPS = ((0.7, 8, 144), (1, 5, 176))
PLANS = {
    "faces": Plan(
        ((LINES, 5), (DENSE_LINES, 4), *STROKES, (WIDE, 4), (SHAPES, 1)), LARGE_HOLES, 178, CROPS, shrunk=0.25
    ),
    "photos": Plan(
        ((LINES, 3), (DENSE_LINES, 2), *STROKES, (WIDE, 7), (SHAPES, 2)), LARGE_HOLES, 178, CROPS, shrunk=0.6
    ),
    "cifar10": Plan(
        (*THIN, *STROKES, (ik.masks.Mixture(SMALL_SHAPES), 1)),
        THIN_LINES,
        side=32,
        crops=((1, 64, 32),),
        shrunk=1.0,  # of the larger images beside CIFAR-10's
        rate=2e-3,
        filters=(48, 96, 128),
    ),
}


def read(folder, split, side):
    """The images of one split of every folder in a folder, uint8 (H, W, 3), of at least `side` pixels."""
    files = sorted(file for part in sorted(folder.glob(f"*/{split}")) for file in files_below(part))
    images = [read_uint8(file) for file in files]
    return [image for image in images if min(image.shape[:2]) >= side]


def centre(image, side):
    """The central square of an image, uint8 (side, side, 3)."""
    top, left = ((length - side) // 2 for length in image.shape[:2])
    return image[top : top + side, left : left + side]


def batch(images, number, size, side, plan):
    """Batch `number`: images float32 (size, side, side, 3) in [0, 1], and masks."""
    rng, crops = np.random.default_rng((1, number)), np.empty((size, side, side, 3), "float32")
    for crop in crops:
        image = images[rng.integers(len(images))]
        longest, cut = min(image.shape[:2]), side
        if rng.random() < plan.shrunk:
            cut = round(side * (longest / side) ** rng.random())
        top, left = (rng.integers(0, length - cut + 1) for length in image.shape[:2])
        part = image[top : top + cut, left : left + cut]
        part = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA) if cut != side else part
        crop[:] = part[:, ::-1] if rng.random() < 0.5 else part
    generators, parts = zip(*plan.masks, strict=True)
    counts = rng.multinomial(size, np.array(parts) / sum(parts))
    masks = [
        generator.sample(count, side, side, seed=10 * number + i)
        for i, (generator, count) in enumerate(zip(generators, counts, strict=True))
        if count
    ]
    return crops / 255, np.concatenate(masks)


@keras.saving.register_keras_serializable("inpaintkit")
class HoleLoss(ik.losses.MaskLoss):
    """0.05 · log(MSE in the hole + 1e-4) per image, plus the mean absolute error in the batch's holes."""

    def call(self, y_true, y_pred):
        image, hole = y_true[..., :3], 1 - y_true[..., 3:]
        error = (y_pred - image) * hole
        pixels = 3 * ops.sum(hole, axis=(1, 2, 3))
        log_mse = ops.log(ops.sum(ops.square(error), axis=(1, 2, 3)) / (pixels + 1) + 1e-4)
        return 0.05 * log_mse + ops.sum(ops.abs(error)) / (ops.sum(pixels) + 1)


def hole_psnr(network, images, generators):
    """Mean hole PSNR in dB for each of the mask generators."""
    results = {}
    for seed, (name, generator) in enumerate(generators.items(), 5):
        masks = generator.sample(len(images), *images.shape[1:3], seed)
        fills = ik.as_method(network, 10)(images * masks, masks)
        values = ik.metrics.psnr(images, fills, 1 - masks)
        results[name] = round(float(np.mean(ops.convert_to_numpy(values))), 3)
    return results


class Average:
    """Weights averaged over the steps: each moves by the share `rate` towards its present value."""

    def __init__(self, variables):
        self.values = [ops.convert_to_numpy(v) for v in variables]

    def update(self, variables, rate):
        for value, variable in zip(self.values, variables, strict=True):
            value += (ops.convert_to_numpy(variable) - value) * rate


def main(name, data, minutes, start=None):
    plan, folder = PLANS[check_choice("NAME", name, PLANS)], Path("runs", f"weights-{name}")
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(0)
    train, val = (read(Path(data), split, plan.side) for split in ("train", "val"))
    val = np.stack([centre(image, plan.side) for image in val[:: max(1, len(val) // 60)]])
    val = val.astype("float32") / 255
    print(f"{len(train)} training images, {len(val)} for validation")
    network = ik.load(start) if start else ik.models.residual_unet(filters=plan.filters, name=name)
    peak = plan.rate / 2 if start else plan.rate
    model = ik.Inpainter(network)
    model.compile(
        keras.optimizers.AdamW(peak, weight_decay=1e-4, clipnorm=1.0), HoleLoss(), jit_compile=False
    )
    model.optimizer.build(model.trainable_variables)
    average, step, spent = Average(network.trainable_variables), 0, 0.0
    variables = [*network.trainable_variables, *model.optimizer.variables]
    checkpoint = folder / "checkpoint.npz"
    if checkpoint.exists():
        with np.load(checkpoint, allow_pickle=False) as saved:
            step, spent = int(saved["step"]), float(saved["seconds"])
            for i, variable in enumerate(variables):
                variable.assign(saved[f"variable{i}"])
            average.values = [saved[f"average{i}"] for i in range(len(average.values))]
        print(f"going on after step {step}")
    else:
        print("before training", hole_psnr(network, val, plan.validation))
    begun = saved_at = shown_at = time.monotonic()
    done = False
    while not done:
        share = (spent + time.monotonic() - begun) / (60 * minutes)
        done = share >= 1
        warm_up, cosine = min(1, (step + 1) / 200), 0.5 * (1 + np.cos(np.pi * min(share, 1)))
        model.optimizer.learning_rate = peak * warm_up * (0.99 * cosine + 0.01)
        size, side = next(crop[1:] for crop in plan.crops if share < crop[0] or crop is plan.crops[-1])
        images, masks = batch(train, step, size, side, plan)
        model.train_on_batch([images * masks, masks], images)
        step += 1
        average.update(network.trainable_variables, 0.01 if step < 600 else 0.004 if step < 2500 else 0.002)
        now = time.monotonic()
        if done or now - saved_at > 180:
            arrays = {f"variable{i}": ops.convert_to_numpy(v) for i, v in enumerate(variables)}
            arrays |= {f"average{i}": value for i, value in enumerate(average.values)}
            np.savez(folder / "part.npz", step=step, seconds=spent + now - begun, **arrays)
            (folder / "part.npz").replace(checkpoint)
            saved_at = now
        if done or now - shown_at > 900:
            averaged = ik.models.residual_unet(filters=plan.filters, name=name)
            for variable, value in zip(averaged.trainable_variables, average.values, strict=True):
                variable.assign(value)
            scores = hole_psnr(averaged, val, plan.validation)
            about = {
                "network": "residual_unet",
                "arguments": {"filters": plan.filters},
                "steps": step,
                "validation": scores,
            }
            pretrained.save(folder, name, averaged, about)
            print(
                json.dumps({"step": step, "minutes": round((spent + now - begun) / 60, 1), **scores}),
                flush=True,
            )
            shown_at = now


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), *sys.argv[4:])
