"""The command line: `inpaintkit demo`, `train` and `compare`, with one vocabulary.

Everything asked for is checked, loaded and built before anything is written; a mistake ends with exit
code 2 and one line that helps. Results go to a new folder `runs/<command>-<date>-<time>`.
"""

import contextlib
import itertools
import json
import logging
import os
import shlex
import shutil
import sys
import time
import zipfile
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Image inpainting: train networks, and compare them honestly with the classical methods.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Source = Annotated[
    str,
    typer.Option(
        help="'photos' (built in), cifar10, celeb_a, tfds:<name>, or a folder, zip or .npz of pictures."
    ),
]
ImageSize = Annotated[str, typer.Option(help="Pixels, or HEIGHTxWIDTH, such as 112x96; at least 16.")]
Masks = Annotated[
    str,
    typer.Option(
        help="lines, rectangles, strokes, ellipses, polygons, scratches, text, center, border, grid, thin, "
        "medium or thick; or with settings: 'Lines(count=7, thickness=(1, 11))', 'Mixture([lines, text])'."
    ),
]
MaskRatio = Annotated[
    tuple[float, float] | None,
    typer.Option(
        help="Least and most share of the picture missing [default: 0.1 0.3, unless --masks has settings].",
        show_default=False,
    ),
]
Model = Annotated[
    str,
    typer.Option(
        help="unet (prefilled), pconv_unet, pconv_unet_double, autoencoder, skip_autoencoder, coarse_to_fine."
    ),
]
Epochs = Annotated[int, typer.Option(help="Most passes over the training pictures.", min=1)]
Minutes = Annotated[float | None, typer.Option(help="Most minutes to train for.", min=0.01)]
BatchSize = Annotated[int, typer.Option(help="Pictures a training step.", min=1)]
LearningRate = Annotated[float, typer.Option(help="Of Adam, at the start.", min=1e-7)]
Patience = Annotated[int, typer.Option(help="Epochs without improvement before training stops.", min=1)]
Seed = Annotated[int, typer.Option(help="Of weights, order, holes and intervals.", min=0)]
Count = Annotated[int | None, typer.Option(help="Compare on at most this many pictures.", min=1)]
Runs = Annotated[Path, typer.Option(help="Where the folder of results is made.")]


@app.command()
def demo(
    source: Source = "photos",
    image_size: ImageSize = "64",
    masks: Masks = "lines",
    mask_ratio: MaskRatio = None,
    model: Model = "unet",
    epochs: Epochs = 200,
    minutes: Minutes = 2.5,
    batch_size: BatchSize = 16,
    learning_rate: LearningRate = 2e-3,
    patience: Patience = 10,
    seed: Seed = 0,
    runs: Runs = Path("runs"),
):
    """Trains a small network on photographs, then compares it with classical methods: under four minutes."""
    settings = dict(locals())
    with _bad_input_ends():
        train, val, kind = _training_data(source, image_size, masks, mask_ratio, batch_size, seed)
        teacher = _teacher(model, learning_rate, seed)
        test = _Test(source, image_size, kind, None, seed, {model: teacher})
        folder = _new_folder(runs, "demo", kind, settings)
    _train(folder, teacher, train, val, epochs, minutes, patience)
    test.compare(folder)


@app.command()
def train(
    source: Source = "photos",
    image_size: ImageSize = "64",
    masks: Masks = "lines",
    mask_ratio: MaskRatio = None,
    model: Model = "unet",
    epochs: Epochs = 50,
    minutes: Minutes = None,
    batch_size: BatchSize = 16,
    learning_rate: LearningRate = 2e-3,
    patience: Patience = 10,
    seed: Seed = 0,
    runs: Runs = Path("runs"),
):
    """Trains a network, with EarlyStopping on validation pictures, and saves it."""
    settings = dict(locals())
    with _bad_input_ends():
        train_pairs, val_pairs, kind = _training_data(source, image_size, masks, mask_ratio, batch_size, seed)
        print(f"holes: {kind}")
        teacher = _teacher(model, learning_rate, seed)
        folder = _new_folder(runs, "train", kind, settings)
    _train(folder, teacher, train_pairs, val_pairs, epochs, minutes, patience)
    words = {"source": source, "image-size": image_size, "masks": kind, "model": folder / "model.keras"}
    options = " ".join(f"--{name} {shlex.quote(str(value))}" for name, value in words.items())
    print(f"\nCompare it:  inpaintkit compare {options}")


@app.command()
def compare(
    source: Source = "photos",
    image_size: ImageSize = "64",
    masks: Masks = "lines",
    mask_ratio: MaskRatio = None,
    model: Annotated[
        list[Path] | None, typer.Option(help="A trained network, .keras; more than once for more.")
    ] = None,
    count: Count = None,
    seed: Seed = 0,
    runs: Runs = Path("runs"),
):
    """Compares the classical methods, and trained networks, on the test pictures of a source."""
    settings = dict(locals())
    with _bad_input_ends():
        kind = _kind(masks, mask_ratio)
        networks = _load(model or [])
        test = _Test(source, image_size, kind, count, seed, networks)
        folder = _new_folder(runs, "compare", kind, settings)
    test.compare(folder)


def main():
    """The console script."""
    sys.stdout.reconfigure(errors="replace")  # a terminal that knows no σ still gets its table
    app()


@contextlib.contextmanager
def _quiet_start():
    """Holds back what TensorFlow's C++ side prints at start; TF_CPP_MIN_LOG_LEVEL=0 shows it."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def _start_keras():
    """Imports Keras and wakes its back end, so that both can be quiet, and a missing one is explained."""
    try:
        with _quiet_start():
            import keras

            keras.ops.zeros(1)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"Keras needs a back end, and {error.name!r} is not installed: "
            "pip install tensorflow, or set KERAS_BACKEND to jax or torch"
        ) from error


@contextlib.contextmanager
def _bad_input_ends():
    """A mistake of the user's, met before any work has begun: one line, exit code 2."""
    try:
        _start_keras()
        yield
    except ValueError as error:
        print(f"inpaintkit: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


def _kind(masks, mask_ratio):
    from inpaintkit.masks import parse

    kind = parse(masks)
    if mask_ratio is None and "(" not in masks and "hole_ratio" in kind.__dataclass_fields__:
        mask_ratio = (0.1, 0.3)
    return kind if mask_ratio is None else kind.with_ratio(mask_ratio)


def _size(text):
    from inpaintkit.images import size_pair

    sides = text.lower().split("x")
    if not all(side.isdecimal() for side in sides):
        raise ValueError(f"--image-size {text!r}: expected pixels or HEIGHTxWIDTH, such as 64 or 112x96")
    return size_pair([int(side) for side in sides] if len(sides) > 1 else int(text))


def _training_data(source, image_size, masks, mask_ratio, batch_size, seed):
    from inpaintkit import augment, data

    size, kind = _size(image_size), _kind(masks, mask_ratio)
    # Few photographs, seen from all sides: 0.24 dB on the test crops after the demo's minutes.
    views = augment.symmetries if source == "photos" and size[0] == size[1] else None
    kind.sample(1, *size, seed)  # a ratio that these pixels cannot give shows now
    pictures = {split: data.images(source, split, size) for split in ("train", "val")}
    for split, all_pictures in pictures.items():
        print(f"{split:>5}: {len(all_pictures):,} pictures of {size[0]}×{size[1]} from {source}")
    return (
        data.pairs(pictures["train"], kind, batch_size, augment=views, seed=seed),
        data.pairs(pictures["val"], kind, batch_size, shuffle=False, seed=seed),
        kind,
    )


def _teacher(model, learning_rate, seed):
    import keras

    from inpaintkit import losses, metrics, models, training

    networks = {
        "unet": lambda: models.unet(normalization=None, prefill=True),
        "pconv_unet": models.pconv_unet,
        "autoencoder": lambda: models.autoencoder((None, None, 3)),
        "skip_autoencoder": lambda: models.skip_autoencoder((None, None, 3)),
        "pconv_unet_double": models.pconv_unet_double,
        "coarse_to_fine": models.coarse_to_fine,
    }
    if model not in networks:
        raise ValueError(f"--model {model!r}: expected one of {', '.join(networks)}")
    keras.utils.set_random_seed(seed)
    network = networks[model]()
    stages = [layer.output for layer in network.layers if layer.name == "coarse"]
    outputs = [network.output, *stages] if stages else network.output
    teacher = training.Inpainter(network.inputs, outputs, name=model)
    teacher.compile(
        keras.optimizers.Adam(learning_rate),
        losses.HoleValidLoss(),
        weighted_metrics=[metrics.PSNR("hole_psnr")],
    )
    print(f"model: {model}, {teacher.count_params():,} parameters")
    return teacher


def _load(paths):
    """Trained networks by their names; where two share one, by file as well."""
    from inpaintkit import training

    networks = {}
    for path in paths:
        if not path.is_file() or path.suffix != ".keras":
            raise ValueError(f"--model {path}: expected a trained network, a .keras file such as train saves")
        try:
            network = training.load_model(path, compile=False)  # to fill holes, it needs no loss
        except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(f"--model {path}: not a network that this kit can load ({reason})") from error
        networks[f"{network.name} ({path})" if network.name in networks else network.name] = network
    return networks


def _new_folder(runs, command, kind, settings):
    """Makes runs/<command>-<date>-<time>, and writes down in it what was asked for."""
    import keras
    import numpy

    import inpaintkit

    name = f"{command}-{time.strftime('%Y%m%d-%H%M%S')}"
    for attempt in itertools.count(1):  # two runs may start in one second
        folder = runs / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            continue
        except OSError as error:
            raise ValueError(
                f"{folder}: cannot be made ({error}); choose another place with --runs"
            ) from error
    versions = {"inpaintkit": inpaintkit.__version__, "keras": keras.__version__, "numpy": numpy.__version__}
    record = {"command": command, **settings, "masks": repr(kind), "backend": keras.backend.backend()}
    text = json.dumps({**record, "versions": versions}, indent=2, default=str)
    (folder / "settings.json").write_text(text + "\n", "utf-8")
    return folder


def _train(folder, teacher, train, val, epochs, minutes, patience):
    """Trains, and leaves the best network and the curves in the folder."""
    import numpy

    from inpaintkit import baselines, evaluation, plots, training

    print()
    callbacks = training.standard_callbacks(
        folder, patience=patience, minutes=minutes, train=train, pictures=val
    )
    best_so_far = folder / "best.keras"
    try:
        history = teacher.fit(
            train, validation_data=val, epochs=epochs, verbose=0, callbacks=callbacks
        ).history
    except KeyboardInterrupt as error:
        where = f"the best network so far is {best_so_far}" if best_so_far.exists() else "nothing was saved"
        print(f"\nStopped; {where}.")
        shutil.rmtree(folder / "backup", ignore_errors=True)  # every run here has a folder of its own
        raise typer.Exit(130) from error
    if not numpy.isfinite(history["val_hole_psnr"]).any():
        print("inpaintkit: training went to NaN at once; lower --learning-rate", file=sys.stderr)
        raise typer.Exit(1)
    teacher.save(folder / "model.keras")
    best_so_far.unlink(missing_ok=True)  # EarlyStopping has just brought it back: model.keras is the same
    bar = evaluation.hole_psnr(baselines.biharmonic, val)
    figure = plots.curves(history, {"hole_psnr": {"biharmonic, validation": bar}})
    figure.savefig(folder / "curves.png", dpi=120)
    best = numpy.nanmax(history["val_hole_psnr"])
    print(f"\nBest on validation: {best:.2f} dB in the hole; biharmonic there: {bar:.2f} dB.")
    print(f"Saved: {folder / 'model.keras'}")


class _Test:
    """The test pictures of a source, their holes and the methods to compare, checked before any work."""

    def __init__(self, source, image_size, kind, count, seed, networks):
        from inpaintkit import baselines, data, evaluation

        size = _size(image_size)
        self.pictures = data.images(source, "test", size, count)
        self.kind, self.seed = kind, seed
        self.masks = kind.sample(len(self.pictures), *size, seed)
        self.methods = {**baselines.CLASSICAL, **networks}
        print(f" test: {len(self.pictures):,} pictures of {size[0]}×{size[1]} from {source}\nholes: {kind}")
        evaluation.check(self.methods, self.pictures.as_float(), self.masks)

    def compare(self, folder):
        """Prints the table, and leaves it in the folder with the gallery."""
        from inpaintkit import evaluation, plots
        from inpaintkit.inpainting import as_method, composite

        images = self.pictures.as_float()
        print(f"\nComparing {len(self.methods)} methods on {len(images)} held-out pictures …")
        live = _show_progress if sys.stdout.isatty() else None
        table = evaluation.compare(self.methods, images, self.masks, seed=self.seed, progress=live)
        images, masks = images[:4], self.masks[:4]  # the first, not the best
        fills = {
            name: composite(as_method(m)(images, masks), images, masks) for name, m in self.methods.items()
        }
        del fills["masked input"]  # the gallery shows it anyway
        plots.gallery(images, masks, fills).savefig(folder / "gallery.png", dpi=120)
        table.to_csv(folder / "table.csv", index=False)
        readable = evaluation.summary(table)
        recipe = evaluation.recipe(self.pictures, self.kind, self.masks, self.seed)
        notes = f"{evaluation.verdict(table)}\n\n{recipe}"
        markdown, plain = (
            readable.to_markdown(index=False, tablefmt=form, disable_numparse=True)
            for form in ("pipe", "simple")
        )
        (folder / "table.md").write_text(f"{markdown}\n\n{notes}\n", "utf-8")
        print(f"\n{plain}\n\n{notes}\n\nSaved in {folder}:")
        print("  " + "  ".join(sorted(path.name for path in folder.iterdir())))


def _show_progress(name, done, count):
    """One line on a terminal, written over; blank when the method is done."""
    line = f"  {name}: {done}/{count}"
    print(f"\r{' ' * len(line) if done == count else line}", end="\r", flush=True)
