"""The training that `demo` and `train` run."""

import shutil
import sys

import typer

from inpaintkit.checks import check_choice
from inpaintkit.cli.errors import stops_are_explained
from inpaintkit.cli.options import NETWORKS
from inpaintkit.cli.preparation import parse_size


def training_pairs(source, image_size, holes, batch_size, seed):
    """The training and the validation `Pairs` of a source."""
    from inpaintkit import data

    height, width = parse_size(image_size)
    holes.sample(1, height, width, seed)  # shows now if this ratio is not possible at this size
    train = data.images(source, "train", (height, width))
    val = data.images(source, "val", (height, width))
    for split, images in (("train", train), ("val", val)):
        print(f"{split:>5}: {len(images):,} images of {height}×{width} from {source}")
    # There are few photographs; turned and mirrored ones add 0.24 dB on the test crops of the demo.
    augment = data.symmetries if source == "photos" and height == width else None
    return (
        data.pairs(train, holes, batch_size, augment=augment, seed=seed),
        data.pairs(val, holes, batch_size, shuffle=False, seed=seed),
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
    print(f"model: {model}, {inpainter.count_params():,} parameters")
    return inpainter


def train_and_save(folder, inpainter, train, val, epochs, minutes, patience):
    """Trains, and saves the best network as `model.keras` and the curves as `curves.png`."""
    import numpy

    from inpaintkit import baselines, evaluation, plots, training

    best_so_far = folder / "best.keras"

    def what_is_kept():
        shutil.rmtree(folder / "backup", ignore_errors=True)  # the next run has another folder
        return f"the best network so far is {best_so_far}" if best_so_far.exists() else "nothing was saved"

    with stops_are_explained(what_is_kept):
        baseline = evaluation.hole_psnr(baselines.biharmonic, val)
        before = evaluation.hole_psnr(inpainter, val)
        print(
            f"\nIn the hole, on validation: biharmonic {baseline:.2f} dB, "
            f"this network before training {before:.2f} dB"
        )
        callbacks = training.standard_callbacks(folder, patience=patience, minutes=minutes, images=val)
        fit = inpainter.fit(train, validation_data=val, epochs=epochs, verbose=0, callbacks=callbacks)
        scores = fit.history["val_hole_psnr"]
        if not numpy.isfinite(scores).any():
            print("inpaintkit: training went to NaN at once; lower --learning-rate", file=sys.stderr)
            raise typer.Exit(1)
        inpainter.save(folder / "model.keras")  # with the best weights, which EarlyStopping restored
        best_so_far.unlink(missing_ok=True)
    lines = {"biharmonic, validation": baseline, "before training, validation": before}
    plots.curves(fit.history, {"hole_psnr": lines}).savefig(folder / "curves.png", dpi=120)
    best = numpy.nanmax(scores)
    print(f"\nBest on validation: {best:.2f} dB in the hole; biharmonic there: {baseline:.2f} dB.")
    print(f"Before training it was {before:.2f} dB: training added {best - before:+.2f} dB on validation.")
    print(f"Saved: {folder / 'model.keras'}")
