"""The commands as a user types them, mistakes included."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from inpaintkit import baselines
from inpaintkit.cli import app

SMALL = ["--image-size", "32", "--epochs", "1", "--batch-size", "4"]


@pytest.fixture
def folder(tmp_path):
    """A user's folder: eight photographs in the three splits, made from the embedded ones."""
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


@pytest.mark.parametrize("model", ["pconv_unet", "coarse_to_fine"])  # of one stage, and of two
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

    # In a process of its own, as a user would: nothing that training has loaded is there.
    command = [*words, "--image-size", "32x40", "--model", trained / "model.keras", "--count", 3]
    code = "from inpaintkit.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "compare", *map(str, command)],
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


def test_demo_makes_everything_it_names(tmp_path):
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
    assert "photos, untrained" in result.output  # the shipped weights, beside what they start from
    assert "epoch   1/1" in result.output and "raw" in result.output and "composite" in result.output


@pytest.mark.parametrize("command", ["demo", "train", "compare"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--source", "nowhere"], "no such folder"),
        (["--source", "{empty}"], "no image"),
        (["--source", "{corrupt}"], "corrupt.jpg"),
        (["--mask-ratio", "0.3", "1.2"], "0 < low"),
        (["--mask-ratio", "0", "0.2"], "0 < low"),
        (["--image-size", "8"], "at least 16"),
        (["--image-size", "wide"], "HEIGHTxWIDTH"),
        (["--masks", "blobs"], "lines, rectangles, strokes"),
        (["--model", "resnet"], "expected"),
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
def test_holes_that_leave_nothing_known_are_refused_before_any_work(tmp_path, command):
    words = ["--masks", "Rectangles(size=64)", "--image-size", "32", "--runs", tmp_path / "runs"]
    assert "without a known pixel" in run(command, *words, code=2).stderr
    assert not (tmp_path / "runs").exists()


def test_networks_that_do_not_fit_are_refused_before_any_work(tmp_path):
    import keras

    from inpaintkit import models

    single = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Identity()])
    single.save(tmp_path / "single.keras")
    models.unet((48, 48, 3)).save(tmp_path / "fixed.keras")
    (tmp_path / "garbage.keras").write_bytes(b"no network")
    for name, message in (
        ("single", "expected [image, mask]"),
        ("fixed", "takes images of 48×48"),
        ("no", ".keras file"),
        ("garbage", "can load"),
    ):
        words = ["--image-size", "32", "--model", tmp_path / f"{name}.keras", "--runs", tmp_path / "runs"]
        result = run("compare", *words, code=2)
        assert message in result.stderr and not (tmp_path / "runs").exists()


def test_a_network_whose_loss_nobody_knows_is_compared_all_the_same(tmp_path):
    import keras

    from inpaintkit import models, training
    from inpaintkit.cli import preparation

    network = models.autoencoder((None, None, 3))
    model = training.Inpainter(network, name="strange")
    model.compile(loss=loss_of_a_notebook)
    model.save(tmp_path / "strange.keras")
    with pytest.raises(TypeError, match="loss_of_a_notebook"):
        keras.saving.load_model(tmp_path / "strange.keras")
    assert set(preparation._load([tmp_path / "strange.keras"])) == {"strange"}


def test_weights_that_ship_are_compared_by_name(tmp_path, monkeypatch):
    from inpaintkit.cli import preparation

    (tmp_path / "photos").mkdir()  # a folder of that name changes nothing
    monkeypatch.chdir(tmp_path)
    assert list(preparation._load([Path("photos"), Path("faces")])) == ["photos", "faces"]
    assert "faces, photos" in run("compare", "--model", "cats", code=2).stderr


def loss_of_a_notebook(y_true, y_pred):
    return (y_true - y_pred) ** 2


def test_two_runs_in_one_second_get_a_folder_each(tmp_path):
    from inpaintkit import masks
    from inpaintkit.cli import preparation

    folders = {preparation._new_folder(tmp_path, "demo", masks.Lines(), {}) for _ in range(3)}
    assert len(folders) == 3 and all((folder / "settings.json").is_file() for folder in folders)


def test_a_training_that_ends_in_nan_claims_nothing(folder, tmp_path):
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
    assert "lower --learning-rate" in result.stderr and not list((tmp_path / "runs").rglob("model.keras"))


def test_the_console_script_starts_quickly_and_helps():
    result = subprocess.run(
        [sys.executable, "-c", "from inpaintkit.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(word in result.stdout for word in ("demo", "train", "compare")) and result.stderr == ""


def test_a_comparison_that_was_cut_off_goes_on(folder, tmp_path, monkeypatch):
    from inpaintkit import evaluation

    words = ["--source", folder, "--image-size", "32", "--seed", 4, "--metrics", "mmagic"]
    write = evaluation.save_comparison

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation, "save_comparison", stop)
    result = run("compare", *words, "--classical", "telea,mean_color", "--runs", tmp_path / "runs", code=130)
    assert "To go on:  inpaintkit compare --resume" in result.output
    (cut,) = (tmp_path / "runs").iterdir()
    assert not (cut / "table.csv").exists() and len(list((cut / "scores").iterdir())) == 2
    monkeypatch.setattr(evaluation, "save_comparison", write)
    result = run("compare", "--resume", cut)
    assert "as mmagic" in result.output and "seed 4" in result.output
    assert set(pd.read_csv(cut / "table.csv").method) == {"Telea", "mean colour"}
    assert "leave out --seed" in run("compare", "--resume", cut, "--seed", 5, code=2).stderr
    assert "expected the folder" in run("compare", "--resume", tmp_path, code=2).stderr
    about = json.loads((cut / "manifest.json").read_text())
    (cut / "manifest.json").write_text(json.dumps(about | {"versions": {}}))
    assert "its versions differ" in run("compare", "--resume", cut, code=2).stderr
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--metrics", "ours"], "expected one of tf"),
        (["--metrics", "edgeconnect"], "51×51"),
        (["--classical", "telea,photoshop"], "expected quick, all, or some of"),
        (["--perceptual", "beauty"], "feature_distance"),
        (["--perceptual", "fid", "--weights", "inception"], "NAME=FILE"),
    ],
)
def test_mistakes_of_a_comparison(tmp_path, words, message):
    result = run("compare", *words, "--image-size", 32, "--count", 2, "--runs", tmp_path / "runs", code=2)
    assert message in result.stderr and not (tmp_path / "runs").exists()


def no_more_room(*_, **__):
    raise OSError("no space left")


def spoilt(*_, **__):
    raise ValueError("method 'heat' returned NaN")


@pytest.mark.parametrize("fault", [no_more_room, spoilt])
def test_a_fault_after_work_has_begun_is_no_wrong_option(folder, tmp_path, monkeypatch, fault):
    from inpaintkit import evaluation, training

    words = ["--source", folder, "--image-size", "32", "--runs", tmp_path / "runs"]
    monkeypatch.setattr(evaluation, "save_comparison", fault)
    result = run("compare", *words, "--classical", "telea,mean_color", code=1)
    (made,) = (tmp_path / "runs").iterdir()
    assert len(list((made / "scores").iterdir())) == 2  # kept
    for word in ("no space left", "returned NaN")[fault is spoilt :][:1] + (f"compare --resume {made}",):
        assert word in result.stderr, word
    small = [*words, *SMALL[2:], "--model", "autoencoder"]
    result = run("demo", *small, code=1)
    (made,) = (tmp_path / "runs").glob("demo-*")
    assert "inpaintkit compare --source" in result.stderr and str(made / "model.keras") in result.stderr
    assert (made / "model.keras").is_file()
    monkeypatch.setattr(training.Inpainter, "fit", fault)
    result = run("train", *small, code=1)
    assert "nothing was saved" in result.stderr
