"""Trainings of the command line that are interrupted: nothing that is finished is lost, and they continue."""

import errno
import functools
import re
import signal
import sys

import keras
import pandas as pd
import pytest
from in_the_middle import InTheMiddle
from typer.testing import CliRunner

from inpaintkit import cli, data, models, training
from inpaintkit.images import write_image

EPOCHS = 4


def run(*words, code=0):
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def tiny(input_shape):
    inputs = [keras.Input(input_shape), keras.Input((*input_shape[:2], 1))]
    x = keras.layers.Concatenate()(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid")(x))


@pytest.fixture(autouse=True)
def interruptible():
    """SIGINT raises KeyboardInterrupt, also in tests that a shell has started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of images; and `autoencoder` is one convolution, which is not compiled."""
    compile_eagerly = functools.partialmethod(training.Inpainter.compile, run_eagerly=True)
    monkeypatch.setattr(training.Inpainter, "compile", compile_eagerly)
    monkeypatch.setattr(models, "autoencoder", tiny)
    for split, count in (("train", 8), ("val", 4)):
        (tmp_path / "images" / split).mkdir(parents=True)
        for i, image in enumerate(data.images("photos", split, 16, count=count).as_float()):
            write_image(tmp_path / "images" / split / f"{i}.png", image)
    return tmp_path / "images"


def no_space(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


STOPS = {  # what happens: what is said, the exit code, the epoch after which it continues
    "Ctrl-C": (r"Stopped; the best network so far is .*best.keras\. To continue", 130, 2),
    "the folder vanishes": (r"was removed during training.*\n.*is in that folder\. To continue", 1, 2),
    "no space for a backup": (r"No space left.*\n.*best.keras\. To continue", 1, 2),
    "no space for model.keras": (r"No space left.*\n.*best.keras\. To continue", 1, 3),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_training_that_is_stopped_says_how_to_continue_and_does(stop, folder, tmp_path, monkeypatch):
    message, code, epoch = STOPS[stop]
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    words = ["train", "--source", folder, "--image-size", 16, "--model", "autoencoder", "--batch-size", 4]
    words += ["--epochs", EPOCHS, "--runs", runs]
    actions = {
        "Ctrl-C": lambda: signal.raise_signal(signal.SIGINT),
        "the folder vanishes": lambda: runs.rename(elsewhere),
        "no space for a backup": lambda: patched.setattr(keras.Model, "save_weights", no_space),
        "no space for model.keras": lambda: None,
    }
    usual = training.standard_callbacks
    with monkeypatch.context() as patched:
        added = lambda *given, **more: [*usual(*given, **more), InTheMiddle(2, actions[stop])]  # noqa: E731
        patched.setattr(training, "standard_callbacks", added)
        if stop == "no space for model.keras":
            patched.setattr(cli.training, "_save_network", no_space)
        result = run(*words, code=code)
    if stop == "the folder vanishes":
        assert not runs.exists()
        elsewhere.rename(runs)
    (made,) = runs.iterdir()
    said = result.output.strip()
    assert re.search(message, said) and said.endswith(f"inpaintkit train --resume {made}")
    assert keras.saving.load_model(made / "best.keras") and not list(made.rglob("*.part*"))
    assert f"resuming after epoch {epoch}" in run("train", "--resume", made).output
    assert list(pd.read_csv(made / "history.csv").epoch) == list(range(EPOCHS))
    names = {"curves.png", "history.csv", "model.keras", "settings.json", "tensorboard"}
    assert {path.name for path in made.iterdir()} == names
    assert "has ended" in run("train", "--resume", made, code=2).stderr


def test_a_training_that_is_stopped_in_its_first_epoch_starts_again(folder, tmp_path, monkeypatch):
    """Here after best.keras, and before the first backup."""

    def stop(self, epoch):
        raise KeyboardInterrupt

    words = ["train", "--source", folder, "--image-size", 16, "--model", "autoencoder", "--epochs", 2]
    with monkeypatch.context() as patched:
        patched.setattr(training.Resume, "_save", stop)
        result = run(*words, "--runs", tmp_path / "runs", code=130)
    (made,) = (tmp_path / "runs").iterdir()
    assert (
        made / "best.keras"
    ).exists() and f"To start again:  inpaintkit train --resume {made}" in result.output
    run("train", "--resume", made)
    assert list(pd.read_csv(made / "history.csv").epoch) == [0, 1] and (made / "model.keras").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_file_that_cannot_be_written_is_one_line_in_every_command(number, tmp_path, monkeypatch, capsys):
    def refuse(*_, **__):
        raise OSError(number, "cannot be written", "x.png")

    monkeypatch.setattr(cli.commands, "load_networks", refuse)
    monkeypatch.setattr(sys, "argv", ["inpaintkit", "export", "photos"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"inpaintkit: [Errno {number}] cannot be written: 'x.png'\n"
