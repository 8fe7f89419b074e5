"""`inpaintkit train --preset`, and trainings that `--resume` continues after a kill."""

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from in_the_middle import InTheMiddle, kill
from typer.testing import CliRunner

from inpaintkit import data, pretrained, training
from inpaintkit.cli import app
from inpaintkit.images import write_image

SMALL = {"filters": (4, 8), "image_size": 24, "crop": 16, "batch_size": 4, "steps": 3}
METHODS = ["biharmonic", "heat", "untrained", "faces"]


def run(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def make_small():
    """Makes the preset for faces a tiny one."""
    training.PRESETS["faces"] = dataclasses.replace(training.PRESETS["faces"], **SMALL)


def run_and_kill(*words):
    """`inpaintkit` with these words in another process, which SIGKILL ends during its third epoch."""
    code = "import sys; sys.path.append('..'); from test_train_preset import *; make_small(); "
    code += f"kill_in_third_epoch(); app({[*map(str, words)]})"
    command = [sys.executable, "-W", "ignore", "-c", code]
    killed = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr


def kill_in_third_epoch():
    fit = training.Inpainter.fit

    def fit_and_die(self, *args, callbacks, **settings):
        return fit(self, *args, callbacks=[*callbacks, InTheMiddle(2, kill)], **settings)

    training.Inpainter.fit = fit_and_die


@pytest.fixture
def folder(tmp_path):
    """A folder of images of a user."""
    for split, count in (("train", 8), ("val", 4), ("test", 2)):
        for i, image in enumerate(data.images("photos", split, 32, count=count).as_float()):
            (tmp_path / "images" / split).mkdir(parents=True, exist_ok=True)
            write_image(tmp_path / "images" / split / f"{i}.png", image)
    return tmp_path / "images"


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setitem(training.PRESETS, "faces", dataclasses.replace(training.PRESETS["faces"], **SMALL))


def assert_same_training(whole, resumed):
    one, other = (pd.read_csv(path / "history.csv") for path in (whole, resumed))
    assert list(one.columns) == list(other.columns) and len(one) == len(other)
    np.testing.assert_allclose(one, other, rtol=1e-4)


@pytest.mark.slow
def test_a_killed_preset_resumes_on_another_machine(folder, tmp_path, small):
    """There, the run and the images lie in other folders. History and weights are those of one whole run."""
    words = ["train", "--preset", "faces", "--source", folder, "--epochs", 4]
    result = run(*words, "--runs", tmp_path / "whole")
    (whole,) = (tmp_path / "whole").iterdir()
    for text in (
        "preset faces, 4 epochs of 3 steps",
        "residual_unet(filters=(4, 8))",
        "8 Lines(count=7",
        "heat",
    ):
        assert text in result.output
    run_and_kill(*words, "--runs", tmp_path / "killed")
    (killed,) = (tmp_path / "killed").iterdir()
    resumed = shutil.copytree(killed, tmp_path / "elsewhere" / "copy")
    shutil.move(folder, tmp_path / "moved")
    assert "nowhere" in run("train", "--resume", resumed, "--source", "nowhere", code=2).stderr
    result = run("train", "--resume", resumed, "--source", tmp_path / "moved")
    assert "resuming after epoch 2" in result.output and list((tmp_path / "killed").iterdir()) == [killed]
    assert_same_training(whole, resumed)
    cards = [json.loads((path / "weights" / "faces.json").read_text()) for path in (whole, resumed)]
    assert cards[0]["results"] == cards[1]["results"] and cards[0]["steps"] == cards[1]["steps"] == 12
    assert {"network", "arguments", "masks", "loss", "schedule", "data", "terms", "machine"} <= set(cards[0])
    (kinds,) = cards[0]["results"].values()
    assert len(kinds) == 4 and all(list(row) == METHODS for row in kinds.values())
    assert "has ended" in run("train", "--resume", resumed, code=2).stderr
    assert "compare" in run("compare", "--resume", resumed, code=2).stderr


@pytest.mark.slow
def test_the_weights_of_a_preset_can_be_shipped_and_started_from(folder, tmp_path, small, monkeypatch):
    words = ["--preset", "faces", "--source", folder, "--epochs", 1, "--runs", tmp_path / "runs"]
    run("train", *words)
    (made,) = (tmp_path / "runs").iterdir()
    monkeypatch.setattr(pretrained.loading, "FOLDER", made / "weights")
    shipped, trained = pretrained.load("faces"), training.load_model(made / "model.keras")
    for one, other in zip(shipped.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)
    for start in ("faces", made / "model.keras"):
        result = run("train", *words, "--start", start)
        assert f"began with the weights of {start}" in result.output
    cards = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/weights/faces.json")]
    assert sorted("began" in card["schedule"] for card in cards) == [False, True, True]


@pytest.mark.slow
def test_a_killed_ordinary_training_resumes(folder, tmp_path):
    words = ["train", "--source", folder, "--model", "prefilled_unet", "--image-size", 32, "--batch-size", 4]
    words += ["--epochs", 4, "--patience", 3, "--mask-ratio", 0.1, 0.2]
    run(*words, "--runs", tmp_path / "whole")
    run_and_kill(*words, "--runs", tmp_path / "killed")
    (whole,), (killed,) = ((tmp_path / name).iterdir() for name in ("whole", "killed"))
    assert "resuming after epoch 2" in run("train", "--resume", killed).output
    assert_same_training(whole, killed)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--preset", "cats"], "'cats'"),
        (["--preset", "photos", "--model", "unet", "--batch-size", "4"], "leave out --model, --batch-size"),
        (["--start", "photos"], "--preset"),
        (["--preset", "photos", "--start", "cats"], "--start cats"),
        (["--preset", "cifar10", "--start", "photos"], "filters=(48, 96, 128)"),
        (["--resume", "nowhere"], "--resume nowhere: expected the folder of a train run"),
        (["--resume", "nowhere", "--seed", "3"], "leave out --seed"),
    ],
)
def test_a_mistake_is_one_helpful_line(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("train", *words, code=2)
    assert message in result.stderr and len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_ctrl_c_says_how_to_continue(folder, tmp_path, monkeypatch):
    """Only what the command says: the callbacks' own tests show that a stopped training continues."""

    def stop(self, *args, callbacks, **settings):
        backup = callbacks[0].folder / "000001"
        backup.mkdir(parents=True)
        (backup / "state.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr(training.Inpainter, "fit", stop)
    words = ["--source", folder, "--image-size", "16", "--model", "autoencoder", "--runs", tmp_path / "runs"]
    result = run("train", *words, code=130)
    (made,) = (tmp_path / "runs").iterdir()
    assert f"inpaintkit train --resume {made}" in result.output and (made / "backup").exists()
    result = run("demo", *words[:-1], tmp_path / "demos", code=130)
    (made,) = (tmp_path / "demos").iterdir()
    assert "--resume" not in result.output and not (made / "backup").exists()
