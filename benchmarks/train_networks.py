"""Every network with the same budget of processor time: what `networks.py` trains and measures.

Each network is trained from random weights, with the kit's best loss and with the loss of its study. The
budget is processor time of a process with one thread, since wall time depends on what else the machine does.
Making the batches counts, compiling the training step does not.
"""

import gc
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

import inpaintkit as ik
from inpaintkit.files import hash_arrays, replacing

SIZE, BATCH, SEEDS, TEST_IMAGES, TEST_SEED = 64, 16, (0, 1), 200, 7
LINES, STROKES = ik.masks.Lines(thickness=(1, 5)), ik.masks.Strokes(width=(3, 8))
HOLES = ik.masks.Mixture((LINES, STROKES), hole_ratio=(0.01, 0.6))
LOSSES = {
    "log": "The same loss for all: 0.05 · log(MSE in the hole) + L1 in the hole",
    "own": "Each with the loss of its study",
}


@dataclass(frozen=True)
class Network:
    """A network, and how its study trains it."""

    build: Callable
    rate: float  # Adam's, at the start
    loss: Callable  # makes the loss of the study
    loss_name: str
    losses: tuple = tuple(LOSSES)
    model: Callable = ik.Inpainter  # what trains it
    prefilled: bool = False  # starts from a classical fill


def gan(generator):
    """The CelebA study's generator against its discriminator."""
    return ik.InpaintingGAN(generator, ik.models.discriminator((SIZE, SIZE, 3)))


def album_loss():
    return ik.losses.WeightedSum({"l1": (1, "mae"), "smooth": (0.1, ik.losses.TotalVariationLoss())})


def pconv_loss():
    return ik.losses.PConvLoss(perceptual=0, style_out=0, style_comp=0)


def skip_autoencoder():
    return ik.models.skip_autoencoder((SIZE, SIZE, 3))


SSIM = (1e-3, lambda: ik.losses.ssim_loss, "1 − SSIM")
HOLE_VALID = (2e-3, ik.losses.HoleValidLoss, "6 · L1 in the hole + L1 elsewhere")
NETWORKS = {
    "autoencoder": Network(lambda: ik.models.autoencoder((SIZE, SIZE, 3)), *SSIM),
    "skip_autoencoder": Network(skip_autoencoder, *SSIM),
    "GAN": Network(skip_autoencoder, *SSIM[:2], "1 − SSIM + 0.01 · adversarial", ("own",), gan),
    "unet": Network(ik.models.unet, 2e-3, album_loss, "L1 + 0.1 · total variation"),
    "prefilled_unet": Network(ik.models.prefilled_unet, *HOLE_VALID, prefilled=True),
    "pconv_unet": Network(
        ik.models.pconv_unet, 2e-3, pconv_loss, "L1 elsewhere + 6 · in the hole + 0.1 · TV"
    ),
    "coarse_to_fine": Network(ik.models.coarse_to_fine, 1e-3, lambda: "mae", "L1 of both stages"),
    "residual_unet": Network(ik.models.residual_unet, *HOLE_VALID, prefilled=True),
}


def plan(networks=NETWORKS, seeds=SEEDS):
    """All runs, (network, loss, seed), one seed after the other, so that a part of them is useful, too."""
    every = itertools.product(seeds, LOSSES, networks)
    return [(name, loss, seed) for seed, loss, name in every if loss in NETWORKS[name].losses]


def train(name, loss, seed, images, seconds):
    """Trains a network for `seconds` of processor time; returns it, its steps and the seconds."""
    keras.utils.set_random_seed(seed)
    about = NETWORKS[name]
    network = about.build()
    model = about.model(network)
    adam = keras.optimizers.Adam(about.rate, clipnorm=1.0)
    model.compile(adam, about.loss() if loss == "own" else ik.losses.LogHoleLoss(), jit_compile=False)
    adam.build(model.trainable_variables)
    batches = ik.data.pairs(images, HOLES, BATCH, seed=seed)
    variables = [*model.variables, *adam.variables]
    start = [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
    model.train_on_batch(*batches[0])  # compiles
    for variable, value in zip(variables, start, strict=True):
        variable.assign(value)
    steps, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        adam.learning_rate = about.rate * (0.505 + 0.495 * np.cos(np.pi * spent / seconds))
        batches.epoch, k = divmod(steps, len(batches))
        model.train_on_batch(*batches[k])
        steps += 1
    return network, steps, spent


def fixed_holes(count):
    """The holes of the test images, which need no data."""
    return ik.evaluation.evaluation_masks(HOLES, TEST_SEED, count, SIZE)


def measure(method, test):
    """Scores per image of the composite, rounded: hole PSNR in dB, and SSIM of the whole image."""
    masks = fixed_holes(len(test))
    scores = ik.evaluation.score_images({"method": method}, test, masks, 40, untrained=False)
    scores = scores[scores.output == "composite"].sort_values("image").set_index("region")
    psnr, ssim = scores.psnr["hole"].round(2).tolist(), scores.ssim["image"].round(4).tolist()
    return {"holes": hash_arrays(masks)[:16], "psnr": psnr, "ssim": ssim}


def write(file, text):
    """Writes a text, all of it or nothing."""
    with replacing(file) as part:
        part.write_text(text, "utf-8")


def run_all(data, folder, seconds, networks=NETWORKS, seeds=SEEDS, count=TEST_IMAGES):
    """Trains and measures what the folder does not hold yet."""
    folder.mkdir(parents=True, exist_ok=True)
    test, train_images = ik.data.images(data, "test", SIZE, count=count), None
    untrained = {f"{name}, untrained": NETWORKS[name] for name in networks if NETWORKS[name].prefilled}
    for number, (name, method) in enumerate((ik.baselines.CLASSICAL | untrained).items()):
        file = folder / f"reference-{number}.json"
        if not file.exists():
            scores = measure(method.build() if name in untrained else method, test)
            record = {"method": name, "classical": name not in untrained, **scores}
            write(file, json.dumps(record, ensure_ascii=False))
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
        write(file, json.dumps(record))
        print(f"{file.stem}: {steps} steps, {np.mean(record['psnr']):.2f} dB in the hole", flush=True)
        keras.backend.clear_session()
        gc.collect()
