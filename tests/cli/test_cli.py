"""The commands as a user types them, mistakes included."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaintkit import baselines
from inpaintkit.cli import app

SMALL = ["--image-size", "32", "--epochs", "1", "--batch-size", "4"]


@pytest.fixture
def folder(tmp_path):
    """A folder of a user: 16 photographs in three splits, made from those that come with the kit."""
    from inpaintkit import data

    for split, count in (("train", 8), ("val", 4), ("test", 4)):
        (tmp_path / "images" / split).mkdir(parents=True)
        for i, image in enumerate(data.images("photos", split, 48, count=count)):
            Image.fromarray(image).save(tmp_path / "images" / split / f"{i}.jpg")
    return tmp_path / "images"


def run(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.mark.slow
@pytest.mark.parametrize("model", ["pconv_unet", "coarse_to_fine"])  # with one stage and with two
def test_train_then_compare_on_a_folder(model, folder, tmp_path):
    runs = tmp_path / "runs"
    words = ["--source", folder, "--mask-ratio", "0.1", "0.3", "--runs", runs]
    result = run("train", *words, *SMALL, "--model", model)
    (trained,) = runs.glob("train-*")
    assert {p.name for p in trained.iterdir()} == {
        *("curves.png", "history.csv", "model.keras", "settings.json", "tensorboard"),
    }
    assert "this network before training" in result.output and "training added" in result.output
    assert "Best on validation" in result.output and str(trained / "model.keras") in result.output
    settings = json.loads((trained / "settings.json").read_text())
    assert (
        settings["model"] == model
        and settings["mask_ratio"] == [0.1, 0.3]
        and "keras" in settings["versions"]
    )

    # In another process, as a user does it: without what training has imported.
    command = [*words, "--image-size", "32x40", "--model", trained / "model.keras", "--count", 3]
    result = subprocess.run(
        [sys.executable, "-m", "inpaintkit", "compare", *map(str, command)],
        capture_output=True,
        text=True,
        check=True,
    )
    (compared,) = runs.glob("compare-*")
    made = {"gallery.png", "worst.png", "buckets.png", "time.png", "scores"}
    made |= {"manifest.json", "images.csv", "settings.json", "table.csv", "table.md"}
    assert {p.name for p in compared.iterdir()} == made
    table = pd.read_csv(compared / "table.csv")
    every = table[table.bucket == "all"]
    assert (every.n == 3).all() and set(every.method) == {
        *baselines.CLASSICAL,
        *(model, f"{model}, untrained"),
    }
    text = (compared / "table.md").read_text()
    assert text.startswith("| method") and "Protocol: Images(3 of 32×40" in text
    assert "hole_ratio=(0.1, 0.3)" in text and "too few images to tell" in text
    assert result.stdout.index("biharmonic") < result.stdout.index("masked input")


@pytest.mark.slow
def test_demo_makes_every_file_that_it_names(tmp_path):
    result = run("demo", *SMALL, "--batch-size", "64", "--runs", tmp_path / "runs", "--model", "autoencoder")
    (made,) = (tmp_path / "runs").iterdir()
    assert made.name.startswith("demo-")
    for name in (
        "curves.png",
        "gallery.png",
        "history.csv",
        "model.keras",
        "settings.json",
        "manifest.json",
        "table.csv",
        "table.md",
    ):
        assert (made / name).is_file() and name in result.output
    assert "autoencoder, untrained" in result.output and "Training added" in result.output
    assert "photos, untrained" in result.output  # the shipped weights, and the same network before training
    assert "epoch   1/1" in result.output and "raw" in result.output and "composite" in result.output


@pytest.mark.parametrize("command", ["demo", "train", "compare"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--source", "nowhere"], "nowhere"),
        (["--source", "{empty}"], "empty"),
        (["--source", "{corrupt}"], "corrupt.jpg"),
        (["--mask-ratio", "0.3", "1.2"], "1.2"),
        (["--mask-ratio", "0", "0.2"], "0.2"),
        (["--image-size", "8"], "16"),
        (["--image-size", "wide"], "wide"),
        (["--masks", "blobs"], "rectangles"),
        (["--model", "resnet"], "resnet"),
        (["--masks", "Lines(count=None)"], "count=None"),
    ],
)
def test_a_mistake_is_one_helpful_line_and_exit_code_2(tmp_path, command, words, message):
    for split in ("train", "val", "test"):
        (tmp_path / "corrupt" / split).mkdir(parents=True)
        (tmp_path / "corrupt" / split / "corrupt.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    (tmp_path / "empty").mkdir()
    words = [word.format(empty=tmp_path / "empty", corrupt=tmp_path / "corrupt") for word in words]
    result = run(command, *words, "--runs", tmp_path / "runs", code=2)
    assert len(result.stderr.strip().splitlines()) == 1 and message in result.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", ["demo", "compare"])
def test_masks_without_a_known_pixel_are_refused_before_any_work(tmp_path, command):
    words = ["--masks", "Rectangles(size=64)", "--image-size", "32", "--runs", tmp_path / "runs"]
    assert "known pixel" in run(command, *words, code=2).stderr
    assert not (tmp_path / "runs").exists()


def test_networks_that_cannot_be_compared_are_refused_before_any_work(tmp_path):
    import keras

    from inpaintkit import models

    single = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Identity()])
    single.save(tmp_path / "single.keras")
    models.unet((48, 48, 3)).save(tmp_path / "fixed.keras")
    (tmp_path / "garbage.keras").write_bytes(b"no network")
    for name, message in (
        ("single", "[image, mask]"),
        ("fixed", "48×48"),
        ("no", ".keras"),
        ("garbage", "garbage.keras"),
    ):
        words = ["--image-size", "32", "--model", tmp_path / f"{name}.keras", "--runs", tmp_path / "runs"]
        result = run("compare", *words, code=2)
        assert message in result.stderr and not (tmp_path / "runs").exists()


def test_a_network_with_an_unknown_loss_can_be_compared(tmp_path):
    import keras

    from inpaintkit import models, training
    from inpaintkit.cli import preparation

    network = models.autoencoder((None, None, 3))
    model = training.Inpainter(network, name="strange")
    model.compile(loss=loss_of_a_notebook)
    model.save(tmp_path / "strange.keras")
    with pytest.raises(TypeError, match="loss_of_a_notebook"):
        keras.saving.load_model(tmp_path / "strange.keras")
    assert set(preparation.load_networks([tmp_path / "strange.keras"])) == {"strange"}


def test_weights_that_ship_are_compared_by_name(tmp_path, monkeypatch):
    from inpaintkit.cli import preparation

    (tmp_path / "photos").mkdir()  # a folder with this name makes no difference
    monkeypatch.chdir(tmp_path)
    assert list(preparation.load_networks([Path("photos"), Path("faces")])) == ["photos", "faces"]
    assert "faces, photos" in run("compare", "--model", "cats", code=2).stderr


def loss_of_a_notebook(y_true, y_pred):
    return (y_true - y_pred) ** 2


def test_two_runs_in_one_second_get_a_folder_each(tmp_path):
    from inpaintkit import masks
    from inpaintkit.cli import preparation

    folders = {preparation.new_folder(tmp_path, "demo", masks.Lines(), {}) for _ in range(3)}
    assert len(folders) == 3 and all((folder / "settings.json").is_file() for folder in folders)


@pytest.mark.slow
def test_a_loss_that_becomes_nan_ends_training_and_the_best_epoch_is_kept(folder, tmp_path, monkeypatch):
    import keras

    from inpaintkit import training

    class Damage(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.weights[0].assign(self.model.weights[0] * float("nan"))

    usual = training.standard_callbacks
    damaged = lambda *arguments, **settings: [*usual(*arguments, **settings), Damage()]  # noqa: E731
    monkeypatch.setattr(training, "standard_callbacks", damaged)
    words = ["--source", folder, "--runs", tmp_path / "runs", "--model", "unet", "--image-size", "32"]
    result = run("train", *words, "--epochs", "5", "--batch-size", "4")
    assert "NaN in epoch 3" in result.stdout
    (saved,) = (tmp_path / "runs").rglob("model.keras")
    assert all(np.isfinite(weight).all() for weight in training.load_model(saved).get_weights())


@pytest.mark.slow
def test_a_training_that_ends_in_nan_saves_no_model(folder, tmp_path):
    words = [
        "--source",
        folder,
        "--learning-rate",
        "1e30",
        "--runs",
        tmp_path / "runs",
        "--model",
        "autoencoder",
    ]
    result = run("train", *words, "--image-size", "32", "--epochs", "4", "--batch-size", "4", code=1)
    assert "--learning-rate" in result.stderr and not list((tmp_path / "runs").rglob("model.keras"))


def test_the_console_script_starts_quickly_and_helps():
    result = subprocess.run(
        [sys.executable, "-m", "inpaintkit", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(word in result.stdout for word in ("demo", "train", "compare")) and result.stderr == ""


def test_help_imports_nothing_heavy():
    """Keras and what tables and plots need take seconds to import; help needs none of it."""
    code = (
        "import contextlib, io, sys\n"
        "from inpaintkit.cli import app\n"
        "for words in ([], ['demo'], ['train'], ['compare'], ['inpaint'], ['export'], ['app']):\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as shown:\n"
        "        app([*words, '--help'], standalone_mode=False)\n"
        "    assert 'Usage' in shown.getvalue(), words\n"
        "heavy = ('keras', 'tensorflow', 'jax', 'torch', 'pandas', 'scipy', 'skimage', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_help_lists_every_name_that_an_option_takes():
    """Importing Keras takes too long for --help, so its texts repeat some lists; here they are compared."""
    from inpaintkit import evaluation, masks, metrics, models, pretrained
    from inpaintkit.cli.options import NETWORKS

    fill_holes = {name for name in models.__all__ if name.islower() and not name.endswith("discriminator")}
    assert set(NETWORKS) == fill_holes
    help_of = {command: "".join(run(command, "--help").output.split()) for command in ("train", "compare")}
    generators = [generator.__name__.lower() for generator in masks.GENERATORS]
    for name in (*NETWORKS, *generators[:-3]):
        assert name in help_of["train"]
    for name in (*evaluation.METRIC_DEFINITIONS, *metrics.NAMES, *pretrained.NAMES):
        assert name in help_of["compare"]
    assert {"mixture", "fromfolder", "maskbank"} == set(generators[-3:])  # these need settings


def test_an_interrupted_comparison_resumes(folder, tmp_path, monkeypatch):
    from inpaintkit import evaluation

    words = ["--source", folder, "--image-size", "32", "--seed", 4, "--metrics", "mmagic"]
    write = evaluation.save_comparison

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation, "save_comparison", stop)
    result = run("compare", *words, "--classical", "telea,mean_color", "--runs", tmp_path / "runs", code=130)
    assert "inpaintkit compare --resume" in result.output
    (cut,) = (tmp_path / "runs").iterdir()
    assert not (cut / "table.csv").exists() and len(list((cut / "scores").iterdir())) == 2
    monkeypatch.setattr(evaluation, "save_comparison", write)
    result = run("compare", "--resume", cut)
    assert "as mmagic" in result.output and "seed 4" in result.output
    assert set(pd.read_csv(cut / "table.csv").method) == {"Telea", "mean colour"}
    assert "--seed" in run("compare", "--resume", cut, "--seed", 5, code=2).stderr
    assert "expected" in run("compare", "--resume", tmp_path, code=2).stderr
    about = json.loads((cut / "manifest.json").read_text())
    (cut / "manifest.json").write_text(json.dumps(about | {"versions": {}}))
    assert "versions" in run("compare", "--resume", cut, code=2).stderr
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--metrics", "ours"], "edgeconnect"),
        (["--metrics", "edgeconnect"], "51×51"),
        (["--classical", "telea,photoshop"], "quick, all, or some of masked_input,"),
        (["--perceptual", "beauty"], "feature_distance"),
        (["--perceptual", "fid", "--weights", "inception"], "NAME=FILE"),
    ],
)
def test_wrong_options_of_a_comparison(tmp_path, words, message):
    result = run("compare", *words, "--image-size", 32, "--count", 2, "--runs", tmp_path / "runs", code=2)
    assert message in result.stderr and not (tmp_path / "runs").exists()


def disk_is_full(*_, **__):
    raise OSError("no space left")


def method_returns_nan(*_, **__):
    raise ValueError("method 'heat' returned NaN")


class ResourceExhaustedError(Exception):
    """As TensorFlow's."""


def memory_is_full(*_, **__):
    raise ResourceExhaustedError("failed to allocate 2.1GiB")


def disk_of_tensorboard_is_full(*_, **__):
    raise ResourceExhaustedError("events.out.tfevents.1; No space left on device")


def jax_memory_is_full(*_, **__):
    raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")


faults = pytest.mark.parametrize(
    ("fault", "message"),
    [
        (disk_is_full, "no space left"),
        (method_returns_nan, "returned NaN"),
        (memory_is_full, "smaller --batch-size"),
        (jax_memory_is_full, "smaller --batch-size"),
        (disk_of_tensorboard_is_full, "no space left on the disk"),
    ],
)


@faults
def test_an_error_while_comparing_is_not_a_wrong_option(folder, tmp_path, monkeypatch, fault, message):
    from inpaintkit import evaluation

    monkeypatch.setattr(evaluation, "save_comparison", fault)
    words = ["--source", folder, "--image-size", "32", "--runs", tmp_path / "runs"]
    result = run("compare", *words, "--classical", "telea,mean_color", code=1)
    (made,) = (tmp_path / "runs").iterdir()
    assert len(list((made / "scores").iterdir())) == 2  # these are kept
    assert message in result.stderr and f"compare --resume {made}" in result.stderr


@faults
def test_an_error_while_training_is_not_a_wrong_option(folder, tmp_path, monkeypatch, fault, message):
    from inpaintkit import training

    monkeypatch.setattr(training.Inpainter, "fit", fault)
    words = ["--source", folder, "--runs", tmp_path / "runs", "--model", "autoencoder"]
    result = run("train", *words, *SMALL, code=1)
    assert message in result.stderr and "nothing was saved" in result.stderr


@pytest.mark.slow
def test_after_an_error_the_demo_keeps_its_network(folder, tmp_path, monkeypatch):
    from inpaintkit import evaluation

    monkeypatch.setattr(evaluation, "save_comparison", disk_is_full)
    words = ["--source", folder, "--runs", tmp_path / "runs", "--model", "autoencoder"]
    result = run("demo", *words, *SMALL, code=1)
    (made,) = (tmp_path / "runs").iterdir()
    assert "inpaintkit compare --source" in result.stderr and str(made / "model.keras") in result.stderr
    assert (made / "model.keras").is_file()
