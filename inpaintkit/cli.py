"""The command line: `inpaintkit demo`, `train` and `compare`, with one vocabulary.

Everything asked for is checked, loaded and built before anything is written; a mistake ends with exit
code 2 and one line that helps. Results go to a new folder `runs/<command>-<date>-<time>`.
"""

import itertools
import json
import shlex
import shutil
import sys
import time
import types
import zipfile
from pathlib import Path

import typer

from inpaintkit.console import bad_input_ends, stops_are_explained
from inpaintkit.options import (
    BatchSize,
    Classical,
    Count,
    Epochs,
    ImageSize,
    LearningRate,
    MaskRatio,
    Masks,
    Minutes,
    Model,
    Networks,
    Patience,
    Perceptual,
    Recipe,
    Resume,
    Runs,
    Seed,
    Source,
    Weights,
)

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
    model: Model = "unet",
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
        teacher = _teacher(model, learning_rate, seed)
        networks = {model: teacher, **_load([SHIPPED])}
        test = _Test(source, image_size, kind, None, seed, networks, "quick", "tf", None, None)
        folder = _new_folder(runs, "demo", kind, settings)
    _train(folder, teacher, train, val, epochs, minutes, patience)
    words = f"the network is saved. {_compare_words(source, image_size, kind, folder)} --seed {seed}"
    with stops_are_explained(lambda: words):
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
    with bad_input_ends():
        train_pairs, val_pairs, kind = _training_data(source, image_size, masks, mask_ratio, batch_size, seed)
        print(f"holes: {kind}")
        teacher = _teacher(model, learning_rate, seed)
        folder = _new_folder(runs, "train", kind, settings)
    _train(folder, teacher, train_pairs, val_pairs, epochs, minutes, patience)
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
    recipe: Recipe = "tf",
    perceptual: Perceptual = None,
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
    from inpaintkit.manifests import AnotherComparison

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
    from inpaintkit import pretrained, training

    networks = {}
    for path in paths:
        if str(path) in pretrained.NAMES:
            networks[str(path)] = pretrained.load(str(path))
            continue
        if not path.is_file() or path.suffix != ".keras":
            raise ValueError(
                f"--model {path}: expected a trained network, a .keras file such as train "
                f"saves, or one that ships: {', '.join(pretrained.NAMES)}"
            )
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

    best_so_far = folder / "best.keras"

    def so_far():
        shutil.rmtree(folder / "backup", ignore_errors=True)  # every run here has a folder of its own
        return f"the best network so far is {best_so_far}" if best_so_far.exists() else "nothing was saved"

    with stops_are_explained(so_far):
        bar, before = (evaluation.hole_psnr(method, val) for method in (baselines.biharmonic, teacher))
        print(
            f"\nIn the hole, on validation: biharmonic {bar:.2f} dB, "
            f"this network before training {before:.2f} dB"
        )
        callbacks = training.standard_callbacks(
            folder, patience=patience, minutes=minutes, train=train, pictures=val
        )
        history = teacher.fit(
            train, validation_data=val, epochs=epochs, verbose=0, callbacks=callbacks
        ).history
        if not numpy.isfinite(history["val_hole_psnr"]).any():
            print("inpaintkit: training went to NaN at once; lower --learning-rate", file=sys.stderr)
            raise typer.Exit(1)
        teacher.save(folder / "model.keras")
        best_so_far.unlink(missing_ok=True)  # EarlyStopping has just brought it back: model.keras is the same
    bars = {"biharmonic, validation": bar, "before training, validation": before}
    figure = plots.curves(history, {"hole_psnr": bars})
    figure.savefig(folder / "curves.png", dpi=120)
    best = numpy.nanmax(history["val_hole_psnr"])
    print(f"\nBest on validation: {best:.2f} dB in the hole; biharmonic there: {bar:.2f} dB.")
    print(f"Before training it was {before:.2f} dB: training added {best - before:+.2f} dB on validation.")
    print(f"Saved: {folder / 'model.keras'}")


def _resumed(folder, context, settings):
    """The settings of a comparison that was cut off, as its folder has them."""
    given = [name for name in settings if context.get_parameter_source(name).name != "DEFAULT"]
    if given:
        words = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ValueError(f"--resume takes all settings from its folder: leave out {words}")
    try:
        kept = json.loads((folder / "settings.json").read_text("utf-8"))
        if kept["command"] != "compare":
            raise ValueError(f"this is one of {kept['command']}")
        return {name: kept[name] for name in settings}
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"--resume {folder}: expected the folder of a comparison ({error})") from error


def _classical(words):
    from inpaintkit import baselines

    if words in ("quick", "all"):
        return baselines.CLASSICAL if words == "quick" else baselines.ALL
    named = {method.__name__: (title, method) for title, method in baselines.ALL.items()}
    unknown = [word for word in words.split(",") if word not in named]
    if unknown:
        raise ValueError(f"--classical {words!r}: expected quick, all, or some of {','.join(named)}")
    return dict(named[word] for word in words.split(","))


def _perceptual(words, weights):
    if words is None:
        return None
    from inpaintkit import distances

    pairs = [word.partition("=") for word in weights or []]
    if not all(path for _, _, path in pairs):
        raise ValueError(f"--weights {weights}: expected NAME=FILE, such as inception=inception_v3.h5")
    names = distances.NAMES if words == "all" else words.split(",")
    return distances.Perceptual(names, {name: path for name, _, path in pairs} or None)


class _Test:
    """The test pictures of a source, their holes and the methods to compare, checked before any work."""

    def __init__(
        self, source, image_size, kind, count, seed, networks, classical, recipe, perceptual, weights
    ):
        from inpaintkit import data, evaluation

        size = _size(image_size)
        pictures = data.images(source, "test", size, count)
        methods = {**_classical(classical), **networks}
        print(f" test: {len(pictures):,} pictures of {size[0]}×{size[1]} from {source}\nholes: {kind}")
        evaluation.check(methods, pictures, kind, recipe, seed)
        self.given = {"methods": methods, "images": pictures, "masks": kind, "seed": seed}
        self.measures = {"recipe": recipe, "perceptual": _perceptual(perceptual, weights)}

    def compare(self, folder):
        """Prints the table, and leaves it in the folder with galleries and plots."""
        from inpaintkit import evaluation

        methods, _ = evaluation.with_untrained(self.given["methods"])
        self.given, count = {**self.given, "methods": methods}, len(self.given["images"])
        print(f"\nComparing {len(methods)} methods on {count} held-out pictures …")
        with typer.progressbar(length=len(methods) * count, show_pos=True, file=sys.stderr) as bar:

            def progress(name, done, _):
                bar.label = name
                bar.update(list(methods).index(name) * count + done - bar.pos)

            scores = evaluation.score(**self.given, **self.measures, folder=folder, progress=progress)
        text = evaluation.write(folder, scores, **self.given)
        print(f"\n{text}\n\nSaved in {folder}:")
        print("  " + "  ".join(sorted(path.name for path in folder.iterdir())))
