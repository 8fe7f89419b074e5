"""The training that `demo` and `train` run."""

import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer

from inpaintkit.checks import check_choice
from inpaintkit.cli.errors import stops_are_explained
from inpaintkit.cli.options import NETWORKS
from inpaintkit.cli.preparation import mask_generator, parse_size
from inpaintkit.files import replacing


@dataclass
class Training:
    """A training, checked and built before anything is written.

    Args:
        inpainter: the network, compiled.
        train, val: `Pairs`.
        holes: the mask generator of training.
        epochs: the maximum.
        callbacks: a function from the run's folder to the callbacks of `fit`.
        finish: what to do with the folder and the trained network at the end.
        image_size, test_holes: what to compare the network on.
    """

    inpainter: Any
    train: Any
    val: Any
    holes: Any
    epochs: int
    callbacks: Callable
    finish: Callable
    image_size: str
    test_holes: Any


def prepare_training(settings):
    """The `Training` of a network of `NETWORKS`, from {name: value} of the options of `demo` or `train`."""
    from inpaintkit import data, training

    source, seed, batch_size = (settings[name] for name in ("source", "seed", "batch_size"))
    holes = mask_generator(settings["masks"], settings["mask_ratio"])
    height, width = parse_size(settings["image_size"])
    holes.sample(1, height, width, seed)  # shows now if this ratio is not possible at this size
    train = data.images(source, "train", (height, width))
    val = data.images(source, "val", (height, width))
    # There are few photographs; turned and mirrored ones add 0.24 dB on the test crops of the demo.
    augment = data.symmetries if source == "photos" and height == width else None
    print(f"holes: {holes}")
    val = data.pairs(val, holes, batch_size, shuffle=False, seed=seed)
    limits = {"patience": settings["patience"], "minutes": settings["minutes"], "images": val}
    return Training(
        build_inpainter(settings["model"], settings["learning_rate"], seed),
        data.pairs(train, holes, batch_size, augment=augment, seed=seed),
        val,
        holes,
        settings["epochs"],
        lambda folder: training.standard_callbacks(folder, **limits),
        lambda folder, inpainter: None,
        settings["image_size"],
        holes,
    )


def build_inpainter(model, learning_rate, seed):
    """A network of `NETWORKS`, compiled with Adam and the hole and valid loss."""
    import keras

    from inpaintkit import losses, models, training

    check_choice("--model", model, NETWORKS)
    keras.utils.set_random_seed(seed)
    network = getattr(models, model)((None, None, 3))
    inpainter = training.Inpainter(network, name=model)
    inpainter.compile(keras.optimizers.Adam(learning_rate), losses.HoleValidLoss())
    return inpainter


def on_devices(text):
    """`data_parallel` for --devices."""
    from inpaintkit import training

    if text != "all" and not (text.isdecimal() and int(text)):
        raise ValueError(f"--devices {text}: expected a number, at least 1, or all")
    return training.data_parallel(None if text == "all" else int(text))


def share_batches(training, devices):
    """Makes sure that each device gets an equal part of every batch."""
    size, images = training.train.batch_size, len(training.val.array)
    if size % devices or (images < size and images % devices):
        raise ValueError(
            f"--batch-size {size} and {images} validation images for {devices} devices: expected a batch "
            f"that can be divided among them, such as {devices * -(-size // devices)}, or --devices 1"
        )
    if images % devices:
        training.val.drop_last = True
    if devices > 1:
        print(f"each batch is shared among {devices} devices")


def print_training(training, source):
    """Says what is trained, and on what."""
    for split, pairs in (("train", training.train), ("val", training.val)):
        count, height, width, _ = pairs.array.shape
        print(f"{split:>5}: {count:,} images of {height}×{width} from {source}")
    print(f"model: {training.inpainter.name}, {training.inpainter.count_params():,} parameters")


def train_and_save(folder, training, to_resume):
    """Trains, and saves the best network as `model.keras` and the curves as `curves.png`.

    Args:
        folder: of the run.
        training: a `Training`.
        to_resume: None, or the command that continues the training if it is stopped.
    """
    from inpaintkit import baselines, evaluation
    from inpaintkit.training import Resume

    inpainter, val = training.inpainter, training.val
    with stops_are_explained(lambda: _what_is_kept(folder, to_resume)):
        baseline = evaluation.hole_psnr(baselines.biharmonic, val)
        before = evaluation.hole_psnr(inpainter, val)
        print(
            f"\nIn the hole, on validation: biharmonic {baseline:.2f} dB, "
            f"this network before training {before:.2f} dB"
        )
        callbacks = training.callbacks(folder)
        (resume,) = [callback for callback in callbacks if isinstance(callback, Resume)]
        resume.keep_backup = True  # until everything is saved
        fit = inpainter.fit(
            training.train, validation_data=val, epochs=training.epochs, verbose=0, callbacks=callbacks
        )
        _save_network(folder, inpainter, fit.history, baseline, before)
        training.finish(folder, inpainter)
        resume.remove_backup()
        (folder / "best.keras").unlink(missing_ok=True)
    print(f"Saved: {folder / 'model.keras'}")


def _what_is_kept(folder, to_resume):
    """A sentence about the files of a training that has stopped early, and how it continues."""
    if not to_resume:
        shutil.rmtree(folder / "backup", ignore_errors=True)
    best = folder / "best.keras"
    kept = f"the best network so far is {best}" if best.exists() else "nothing was saved yet"
    if not folder.exists():
        kept = "what was saved is in that folder"
    again = "To continue" if can_resume(folder) or not folder.exists() else "To start again"
    return f"{kept}. {again}:  {to_resume}" if to_resume else kept


def _save_network(folder, inpainter, history, baseline, before):
    """Saves `model.keras`, with the best weights, which EarlyStopping restored, and `curves.png`."""
    import numpy

    from inpaintkit import plots

    scores, losses = history["val_hole_psnr"], history["loss"]
    if not numpy.isfinite(scores).any():
        print("inpaintkit: training went to NaN at once; lower --learning-rate", file=sys.stderr)
        raise typer.Exit(1)
    lines = {"biharmonic, validation": baseline, "before training, validation": before}
    with replacing(folder / "curves.png") as part:
        plots.curves(history, {"hole_psnr": lines}).savefig(part, dpi=120)
    with replacing(folder / "model.keras") as part:
        inpainter.save(part)
    best = numpy.nanmax(scores)
    if not numpy.isfinite(losses[-1]):
        end = f"The loss was NaN in epoch {len(losses)}, which ended training"
        print(f"\n{end}: the best epoch before it is kept.")
    print(f"\nBest on validation: {best:.2f} dB in the hole; biharmonic there: {baseline:.2f} dB.")
    print(f"Before training it was {before:.2f} dB: training added {best - before:+.2f} dB on validation.")


def can_resume(folder):
    """Whether the folder holds the backup of an unfinished training."""
    return any(folder.glob("backup/*/state.json"))


def check_can_resume(folder):
    """Raises ValueError if the training in a folder has ended."""
    trained = folder / "model.keras"
    if trained.exists() and not can_resume(folder):
        raise ValueError(f"--resume {folder}: this training has ended; its network is {trained}")


def compare_command(training, source, folder, seed=None):
    """A sentence with the command that compares the trained network."""
    values = {"source": source, "image-size": training.image_size, "masks": training.test_holes}
    values |= {"model": folder / "model.keras"} | ({} if seed is None else {"seed": seed})
    words = [f"--{name} {shlex.quote(str(value))}" for name, value in values.items()]
    return f"Compare it:  inpaintkit compare {' '.join(words)}"
