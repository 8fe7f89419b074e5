"""The command line: `inpaintkit demo`, `train` and `compare`, with one vocabulary.

Everything asked for is checked, loaded and built before anything is written; a mistake ends with exit
code 2 and one line that helps. Results go to a new folder `runs/<command>-<date>-<time>`.
"""

import shlex
import sys
import types
from pathlib import Path

import typer

from inpaintkit.cli.errors import bad_input_ends, stops_are_explained
from inpaintkit.cli.options import (
    BatchSize,
    Classical,
    Count,
    Epochs,
    ImageSize,
    LearningRate,
    MaskRatio,
    Masks,
    MetricDefinition,
    Minutes,
    Model,
    Networks,
    Patience,
    PerceptualMetrics,
    Resume,
    Runs,
    Seed,
    Source,
    Weights,
)
from inpaintkit.cli.preparation import _inpainter, _kind, _load, _new_folder, _resumed, _training_data
from inpaintkit.cli.steps import _Test, _train

SHIPPED = Path("photos")  # the weights that the demo shows beside a network trained in minutes


app = typer.Typer(
    help="Image inpainting: train networks, and compare them honestly with the classical methods.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def demo(
    source: Source = "photos",
    image_size: ImageSize = "64",
    masks: Masks = "lines",
    mask_ratio: MaskRatio = None,
    model: Model = "prefilled_unet",
    epochs: Epochs = 200,
    minutes: Minutes = 2.5,
    batch_size: BatchSize = 16,
    learning_rate: LearningRate = 2e-3,
    patience: Patience = 10,
    seed: Seed = 0,
    runs: Runs = Path("runs"),
):
    """Compares a network trained here, one that ships trained, and the classical methods.

    Each network is compared with itself before training, too. About four minutes on two CPU cores.
    """
    settings = dict(locals())
    with bad_input_ends():
        train, val, kind = _training_data(source, image_size, masks, mask_ratio, batch_size, seed)
        inpainter = _inpainter(model, learning_rate, seed)
        networks = {model: inpainter, **_load([SHIPPED])}
        test = _Test(source, image_size, kind, None, seed, networks, "quick", "tf", None, None)
        folder = _new_folder(runs, "demo", kind, settings)
    _train(folder, inpainter, train, val, epochs, minutes, patience)
    words = f"the network is saved. {_compare_words(source, image_size, kind, folder)} --seed {seed}"
    with stops_are_explained(lambda: words):
        test.compare(folder)


@app.command()
def train(
    source: Source = "photos",
    image_size: ImageSize = "64",
    masks: Masks = "lines",
    mask_ratio: MaskRatio = None,
    model: Model = "prefilled_unet",
    epochs: Epochs = 50,
    minutes: Minutes = None,
    batch_size: BatchSize = 16,
    learning_rate: LearningRate = 2e-3,
    patience: Patience = 10,
    seed: Seed = 0,
    runs: Runs = Path("runs"),
):
    """Trains a network, with EarlyStopping on validation images, and saves it."""
    settings = dict(locals())
    with bad_input_ends():
        train_pairs, val_pairs, kind = _training_data(source, image_size, masks, mask_ratio, batch_size, seed)
        print(f"holes: {kind}")
        inpainter = _inpainter(model, learning_rate, seed)
        folder = _new_folder(runs, "train", kind, settings)
    _train(folder, inpainter, train_pairs, val_pairs, epochs, minutes, patience)
    print(f"\n{_compare_words(source, image_size, kind, folder)}")


@app.command()
def compare(
    context: typer.Context,
    source: Source = "photos",
    image_size: ImageSize = "64",
    masks: Masks = "lines",
    mask_ratio: MaskRatio = None,
    model: Networks = None,
    classical: Classical = "quick",
    recipe: MetricDefinition = "tf",
    perceptual: PerceptualMetrics = None,
    weights: Weights = None,
    count: Count = None,
    seed: Seed = 0,
    runs: Runs = Path("runs"),
    resume: Resume = None,
):
    """Compares classical methods, trained networks, and these before training, on a source's test images."""
    settings = {name: value for name, value in locals().items() if name not in ("context", "resume")}
    with bad_input_ends():
        settings = _resumed(resume, context, settings) if resume else settings
        asked = types.SimpleNamespace(**settings)
        kind = _kind(asked.masks, asked.mask_ratio)
        networks = _load([Path(path) for path in asked.model or []])
        test = _Test(
            *(asked.source, asked.image_size, kind, asked.count, asked.seed, networks),
            *(asked.classical, asked.recipe, asked.perceptual, asked.weights),
        )
        folder = resume or _new_folder(runs, "compare", kind, settings)
    from inpaintkit.evaluation import AnotherComparison

    words = f"what is measured is kept. To go on:  inpaintkit compare --resume {shlex.quote(str(folder))}"
    with stops_are_explained(lambda: words), bad_input_ends(AnotherComparison):
        test.compare(folder)


def main():
    """The console script."""
    sys.stdout.reconfigure(errors="replace")  # a terminal that knows no σ still gets its table
    app()


def _compare_words(source, image_size, kind, folder):
    words = {"source": source, "image-size": image_size, "masks": kind, "model": folder / "model.keras"}
    options = " ".join(f"--{name} {shlex.quote(str(value))}" for name, value in words.items())
    return f"Compare it:  inpaintkit compare {options}"
