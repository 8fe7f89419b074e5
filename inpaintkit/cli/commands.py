"""The commands `inpaintkit demo`, `train`, `compare`, `inpaint`, `export` and `app`.

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
from inpaintkit.cli.preparation import (
    load_networks,
    mask_generator,
    new_folder,
    onnx_conventions,
    parse_size,
    resumed_settings,
)
from inpaintkit.cli.presets import prepare_preset, preset_settings
from inpaintkit.cli.training import (
    check_can_resume,
    compare_command,
    on_devices,
    prepare_training,
    print_training,
    runs_of_first_process,
    share_batches,
    train_and_save,
)

SHIPPED = "photos"  # weights: `inpaint` fills with them, and `demo` shows them beside a network of minutes
# What `compare` can be told and the demo cannot.
DEMO_COMPARISON = {"classical": "quick", "metrics": "tf", "perceptual": None, "weights": None, "count": None}
MAY_CHANGE = ("source", "start", "epochs", "minutes", "devices")  # of a training that continues


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
        training = prepare_training(settings)
        print_training(training, source)
        networks = {model: training.inpainter, **load_networks([SHIPPED])}
        comparison = Comparison(training.holes, networks, settings | DEMO_COMPARISON)
        folder = new_folder(runs, "demo", training.holes, settings)
    train_and_save(folder, training, to_resume=None)
    to_compare = f"the network is saved. {compare_command(training, source, folder, seed)}"
    with stops_are_explained(lambda: to_compare):
        comparison.run(folder)


@app.command()
def train(
    context: typer.Context,
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
    devices: options.Devices = "1",
    runs: options.Runs = Path("runs"),
    preset: options.Preset = None,
    start: options.Start = None,
    resume: options.ResumeTraining = None,
):
    """Trains a network with EarlyStopping on validation images, or by a preset, and saves it.

    An interrupted training continues after its last complete epoch with --resume and its folder.
    """
    settings = {name: value for name, value in locals().items() if name not in ("context", "resume")}
    with bad_input_ends():
        if resume:
            settings = resumed_settings(resume, context, settings, MAY_CHANGE)
            check_can_resume(resume)
        else:
            settings = preset_settings(context, settings)
        count = context.with_resource(on_devices(settings["devices"]))
        runs = context.with_resource(runs_of_first_process(settings, resume))
        training = prepare_preset(settings) if settings["preset"] else prepare_training(settings)
        share_batches(training, count)
        print_training(training, settings["source"])
        folder = resume or new_folder(runs, "train", training.holes, settings)
    to_resume = f"inpaintkit train --resume {shlex.quote(str(folder))}"
    train_and_save(folder, training, to_resume)
    print(f"\n{compare_command(training, settings['source'], folder)}")


@app.command()
def compare(
    context: typer.Context,
    source: options.Source = "photos",
    image_size: options.ImageSize = "64",
    masks: options.Masks = "lines",
    mask_ratio: options.MaskRatio = None,
    model: options.TrainedNetworks = None,
    hole_value: options.HoleValue = None,
    image_range: options.ImageRange = None,
    output_range: options.OutputRange = None,
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
        networks = load_networks(settings["model"] or [], onnx=onnx_conventions(settings))
        comparison = Comparison(holes, networks, settings)
        folder = resume or new_folder(runs, "compare", holes, settings)
    from inpaintkit.evaluation import AnotherComparison

    command = f"inpaintkit compare --resume {shlex.quote(str(folder))}"
    to_resume = f"finished scores are kept. To continue:  {command}"
    with stops_are_explained(lambda: to_resume), bad_input_ends(AnotherComparison):
        comparison.run(folder)


@app.command()
def export(
    network: options.ExportedNetwork,
    format: options.ExportFormat = "onnx",
    output: options.ExportTarget = None,
    image_size: options.FixedSize = None,
):
    """Saves a network for other programs, and checks that it computes the same there."""
    with bad_input_ends():
        from inpaintkit.export import SUFFIXES, export_model

        (loaded,) = load_networks([network], "export").values()
        output = output or Path(f"{loaded.name}{SUFFIXES.get(format, '')}")
        result = export_model(loaded, output, format, parse_size(image_size) if image_size else None)
    sizes = ", ".join(f"{height}×{width}" for height, width in result["sizes"])
    print(f"{output}: the same as the network up to {result['difference']:.1g}, on photographs of {sizes}")


@app.command(name="app")
def serve_app(
    model: options.ServedFiles = None,
    host: options.Host = "127.0.0.1",
    port: options.Port = 7860,
    workers: options.Workers = 2,
    seconds: options.Seconds = 120,
):
    """Opens inpainting in the browser, with a brush, and over HTTP. Runs until Ctrl-C."""
    with bad_input_ends(needs_keras=False):
        from inpaintkit.serving import serve

        serve([str(path) for path in model or []], host, port, workers, seconds)


@app.command()
def inpaint(
    output: options.Output,
    files: options.Files = None,
    mask: options.MaskFiles = None,
    hole: options.Hole = "white",
    fit_mask: options.FitMask = False,
    scratches: options.Scratches = False,
    scratch_polarity: options.ScratchPolarity = "both",
    outpaint: options.Outpaint = None,
    video: options.Video = None,
    method: options.Method = SHIPPED,
    hole_value: options.HoleValue = None,
    image_range: options.ImageRange = None,
    output_range: options.OutputRange = None,
    blend: options.Blend = "feather",
    seed: options.Seed = 0,
    note: options.Note = False,
    overwrite: options.Overwrite = False,
):
    """Fills the holes of your own images, of any size, or of a video.

    Known pixels, bits, transparency, EXIF data and colour profile stay as they are.
    """
    onnx = onnx_conventions(locals())
    with bad_input_ends(needs_keras=needs_keras(method)):
        polarity = scratches and scratch_polarity
        filler = Filler(method, blend, seed, hole, fit_mask, polarity, outpaint, note, onnx)
        if video:
            filler.check_video(files, video, mask, output, overwrite)
        else:
            jobs = list_jobs(files or [], mask, output, overwrite, filler)
    kept = "files that are finished are kept"
    with stops_are_explained(lambda: kept), bad_input_ends(needs_keras=False):
        code = fill_video(filler, video, mask, output) if video else fill_files(filler, jobs)
    if code:
        raise typer.Exit(code)


def main():
    """Runs the command line."""
    sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show σ still shows the table
    try:
        app()
    except OSError as error:  # a file that cannot be read or written, such as on a full disk
        print(f"inpaintkit: {error}", file=sys.stderr)
        sys.exit(1)
