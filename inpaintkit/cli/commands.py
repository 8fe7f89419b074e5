"""The commands `inpaintkit demo`, `train`, `compare` and `inpaint`.

Everything is checked, loaded and built before anything is written; a mistake ends with exit code 2 and one
line that helps. Results of the first three go to a new folder `runs/<command>-<date>-<time>`.
"""

import shlex
import sys
from pathlib import Path

import typer

from inpaintkit.cli import options
from inpaintkit.cli.comparing import Comparison
from inpaintkit.cli.errors import bad_input_ends, stops_are_explained
from inpaintkit.cli.inpainting import Filler, fill_files, fill_video, needs_keras
from inpaintkit.cli.jobs import list_jobs
from inpaintkit.cli.preparation import load_networks, mask_generator, new_folder, resumed_settings
from inpaintkit.cli.training import build_inpainter, train_and_save, training_pairs

SHIPPED = "photos"  # weights: `inpaint` fills with them, and `demo` shows them beside a network of minutes
# What `compare` can be told and the demo cannot.
DEMO_COMPARISON = {"classical": "quick", "metrics": "tf", "perceptual": None, "weights": None, "count": None}


app = typer.Typer(
    help="Image inpainting: fill holes, train networks, and compare them with classical methods.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def demo(
    source: options.Source = "photos",
    image_size: options.ImageSize = "64",
    masks: options.Masks = "lines",
    mask_ratio: options.MaskRatio = None,
    model: options.Model = "prefilled_unet",
    epochs: options.Epochs = 200,
    minutes: options.Minutes = 2.5,
    batch_size: options.BatchSize = 16,
    learning_rate: options.LearningRate = 2e-3,
    patience: options.Patience = 10,
    seed: options.Seed = 0,
    runs: options.Runs = Path("runs"),
):
    """Trains a network, and compares it with a network that ships trained and with classical methods.

    Each network is also compared with itself before training. Takes about four minutes on two CPU cores.
    """
    settings = dict(locals())
    with bad_input_ends():
        holes = mask_generator(masks, mask_ratio)
        train, val = training_pairs(source, image_size, holes, batch_size, seed)
        inpainter = build_inpainter(model, learning_rate, seed)
        networks = {model: inpainter, **load_networks([SHIPPED])}
        comparison = Comparison(holes, networks, settings | DEMO_COMPARISON)
        folder = new_folder(runs, "demo", holes, settings)
    train_and_save(folder, inpainter, train, val, epochs, minutes, patience)
    to_compare = f"the network is saved. {_compare_command(source, image_size, holes, folder)} --seed {seed}"
    with stops_are_explained(lambda: to_compare):
        comparison.run(folder)


@app.command()
def train(
    source: options.Source = "photos",
    image_size: options.ImageSize = "64",
    masks: options.Masks = "lines",
    mask_ratio: options.MaskRatio = None,
    model: options.Model = "prefilled_unet",
    epochs: options.Epochs = 50,
    minutes: options.Minutes = None,
    batch_size: options.BatchSize = 16,
    learning_rate: options.LearningRate = 2e-3,
    patience: options.Patience = 10,
    seed: options.Seed = 0,
    runs: options.Runs = Path("runs"),
):
    """Trains a network with EarlyStopping on validation images, and saves it."""
    settings = dict(locals())
    with bad_input_ends():
        holes = mask_generator(masks, mask_ratio)
        train, val = training_pairs(source, image_size, holes, batch_size, seed)
        print(f"holes: {holes}")
        inpainter = build_inpainter(model, learning_rate, seed)
        folder = new_folder(runs, "train", holes, settings)
    train_and_save(folder, inpainter, train, val, epochs, minutes, patience)
    print(f"\n{_compare_command(source, image_size, holes, folder)}")


@app.command()
def compare(
    context: typer.Context,
    source: options.Source = "photos",
    image_size: options.ImageSize = "64",
    masks: options.Masks = "lines",
    mask_ratio: options.MaskRatio = None,
    model: options.TrainedNetworks = None,
    classical: options.Classical = "quick",
    metrics: options.Metrics = "tf",
    perceptual: options.PerceptualMetrics = None,
    weights: options.Weights = None,
    count: options.Count = None,
    seed: options.Seed = 0,
    runs: options.Runs = Path("runs"),
    resume: options.Resume = None,
):
    """Compares classical methods and trained networks on the test images of a source.

    Each network is also compared with itself before training.
    """
    settings = {name: value for name, value in locals().items() if name not in ("context", "resume")}
    with bad_input_ends():
        if resume:
            settings = resumed_settings(resume, context, settings)
        holes = mask_generator(settings["masks"], settings["mask_ratio"])
        comparison = Comparison(holes, load_networks(settings["model"] or []), settings)
        folder = resume or new_folder(runs, "compare", holes, settings)
    from inpaintkit.evaluation import AnotherComparison

    command = f"inpaintkit compare --resume {shlex.quote(str(folder))}"
    to_resume = f"finished scores are kept. To continue:  {command}"
    with stops_are_explained(lambda: to_resume), bad_input_ends(AnotherComparison):
        comparison.run(folder)


@app.command()
def inpaint(
    files: options.Files = None,
    output: options.Output = ...,
    mask: options.MaskFiles = None,
    hole: options.Hole = "white",
    fit_mask: options.FitMask = False,
    scratches: options.Scratches = False,
    outpaint: options.Outpaint = None,
    video: options.Video = None,
    method: options.Method = SHIPPED,
    blend: options.Blend = "feather",
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
):
    """Fills the holes of your own images, of any size, or of a video.

    Known pixels, bits, transparency, EXIF data and colour profile stay as they are.
    """
    with bad_input_ends(needs_keras=needs_keras(method)):
        filler = Filler(method, blend, seed, hole, fit_mask, scratches, outpaint)
        if video:
            filler.check_video(files, video, mask, output, overwrite)
        else:
            jobs = list_jobs(files or [], mask, output, overwrite, filler)
    with stops_are_explained(lambda: "files that are finished are kept"):
        failed = fill_video(filler, video, mask, output) if video else fill_files(filler, jobs)
    if failed:
        raise typer.Exit(1)


def main():
    """Runs the command line."""
    sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show σ still shows the table
    app()


def _compare_command(source, image_size, holes, folder):
    values = {"source": source, "image-size": image_size, "masks": holes, "model": folder / "model.keras"}
    words = [f"--{name} {shlex.quote(str(value))}" for name, value in values.items()]
    return f"Compare it:  inpaintkit compare {' '.join(words)}"
