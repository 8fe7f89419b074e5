"""A run that was stopped resumes. The kill is a real one: SIGKILL during an epoch, in another process."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from resumable import Interrupt, interrupt_in, learn_backwards, resume_in, train_in
from small_training import fit_small, small_model, small_pairs

import inpaintkit as ik
from inpaintkit import losses, training


def killed(run_dir, epoch):
    code = "import sys; sys.path.append('..'); from resumable import train_in; "
    code += f"train_in({str(run_dir)!r}, kill_in={epoch})"
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert run.returncode == -signal.SIGKILL, run.stderr


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run folder whose run was stopped after two epochs."""
    run = tmp_path_factory.mktemp("stopped") / "run"
    interrupt_in(run, epoch=2, epochs=5)
    return run


@pytest.fixture
def interrupted(stopped, tmp_path):
    """A copy of it, to resume in."""
    return shutil.copytree(stopped, tmp_path / "run")


@pytest.mark.slow
def test_a_killed_run_ends_like_an_uninterrupted_one(tmp_path, capsys):
    whole_model, whole, _ = train_in(tmp_path / "whole")
    killed(tmp_path / "run", epoch=4)
    assert len(pd.read_csv(tmp_path / "run" / "history.csv")) == 4
    capsys.readouterr()
    model, history, _ = train_in(tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tmp_path / 'run'}: resuming after epoch 4" and lines[1].startswith("epoch   5/8")
    rows = {run: pd.read_csv(tmp_path / run / "history.csv") for run in ("whole", "run")}
    assert list(rows["run"].epoch) == list(rows["whole"].epoch) == list(range(len(whole["loss"])))
    for name, values in whole.items():  # among them the learning rate: the place in the cosine
        np.testing.assert_allclose(history[name], values, rtol=1e-4, err_msg=name)
        np.testing.assert_allclose(rows["run"][name], values, rtol=1e-4, err_msg=name)
    for resumed, uninterrupted in zip(model.get_weights(), whole_model.get_weights(), strict=True):
        np.testing.assert_allclose(resumed, uninterrupted, rtol=1e-3, atol=1e-5)
    assert {p.name for p in (tmp_path / "run").iterdir()} == {"best.keras", "history.csv", "tensorboard"}


def newest_state(run):
    return max(run.glob("backup/*/state.json"))


def test_patience_and_the_best_weights_survive_a_stop(interrupted):
    """After the stop the model gets worse: patience ends, and the best weights are those of before."""
    state = newest_state(interrupted)
    saved = json.loads(state.read_text())
    first = saved["history"]["val_hole_psnr"]
    saved["callbacks"]["EarlyStopping"] |= {"best": max(first), "wait": 3}
    saved["callbacks"]["CosineAnnealing"]["elapsed"] = 1000.0
    for setting in ("loss", "learning rate", "optimizer"):  # else it is refused: another experiment
        del saved["experiment"][setting]
    state.write_text(json.dumps(saved))
    model, train, val = small_model(learn_backwards), small_pairs(), small_pairs(shuffle=False)
    callbacks = training.standard_callbacks(interrupted, patience=5, train=train)
    fit = fit_small(model, train, val, epochs=20, callbacks=callbacks)
    assert len(fit.history["loss"]) == 2 + 2 and train.epoch == 4  # 3 of 5 epochs of patience were gone
    assert fit.history["val_hole_psnr"][:2] == first and max(fit.history["val_hole_psnr"]) == max(first)
    kept = model.evaluate(val, verbose=0, return_dict=True)["hole_psnr"]
    assert kept == pytest.approx(max(first), abs=1e-3)
    model.load_weights(interrupted / "best.keras")
    assert model.evaluate(val, verbose=0, return_dict=True)["hole_psnr"] == pytest.approx(kept, abs=1e-3)
    annealing = next(c for c in callbacks if isinstance(c, training.CosineAnnealing))
    assert annealing.elapsed > 1000  # seconds before the stop count against the minutes
    assert len(model.fit(train, epochs=1, verbose=0).epoch) == 1  # and a later fit begins at its beginning


def test_half_a_backup_does_not_count(interrupted):
    half = interrupted / "backup" / "000003"
    half.mkdir()
    (half / "latest.weights.h5").write_bytes(b"half")
    (half / "state.part1.json").write_text('{"callbacks": ')
    (interrupted / "best.keras").write_bytes(b"half")
    _, history, _ = train_in(interrupted, epochs=4)
    assert len(history["loss"]) == 4 and len(pd.read_csv(interrupted / "history.csv")) == 4
    keras.saving.load_model(interrupted / "best.keras")


def test_a_backup_of_another_network_or_a_broken_one_is_explained(interrupted):
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Conv2D(3, 5, padding="same")(keras.layers.Concatenate()(inputs))
    other = ik.Inpainter(inputs, x)
    other.compile("adam", "mae")
    with pytest.raises(ValueError, match=r"network: .*; loss: .*remove the folder .*backup"):
        resume_in(interrupted, other)
    state = newest_state(interrupted)
    saved = json.loads(state.read_text())
    del saved["sha256"]  # as in a backup of an older inpaintkit
    state.write_text(json.dumps(saved))
    weights = state.with_name("latest.weights.h5")
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"cannot be read .* remove .*backup"):
        train_in(interrupted)


def test_a_finished_run_starts_over(tmp_path):
    _, first, _ = train_in(tmp_path, epochs=2)
    _, again, callbacks = train_in(tmp_path, epochs=1)
    assert len(first["loss"]) == 2 and len(again["loss"]) == 1
    assert list(pd.read_csv(tmp_path / "history.csv").epoch) == [0]
    fit_small(epochs=2, callbacks=callbacks)
    assert list(pd.read_csv(tmp_path / "history.csv").epoch) == [0, 1]


CHANGES = {
    "network": lambda: {"model": small_model(kernel_size=5)},
    "loss": lambda: {"model": small_model(losses.HoleValidLoss(hole=5))},
    "loss (a function)": lambda: {"model": small_model("mse")},
    "learning rate": lambda: {"model": small_model(optimizer=keras.optimizers.Adam(0.01))},
    "optimizer": lambda: {"model": small_model(optimizer=keras.optimizers.Adam(0.02, beta_1=0.5))},
    "training masks": lambda: {"train": small_pairs(masks=ik.masks.Lines(thickness=3))},
    "training images": lambda: {"train": small_pairs(split="test")},
    "training batch size": lambda: {"train": small_pairs(batch_size=3)},
    "training augmentation": lambda: {"train": small_pairs(augment=ik.data.Augment(flip=True))},
    "training seed": lambda: {"train": small_pairs(seed=1)},
    "validation masks": lambda: {"val": small_pairs(masks=ik.masks.Lines(thickness=3), shuffle=False)},
    "validation images": lambda: {"val": small_pairs(shuffle=False, split="test")},
    "monitor": lambda: {"monitor": "val_loss"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_experiment_is_refused_in_the_folder_of_a_run(name, interrupted):
    before = sorted(interrupted.rglob("*.keras")) + sorted(interrupted.rglob("state.json"))
    setting = name.split(" (")[0]
    with pytest.raises(ValueError, match=rf"{setting}: .* before, .* now.*remove the folder .*backup"):
        resume_in(interrupted, **CHANGES[name]())
    assert before == sorted(interrupted.rglob("*.keras")) + sorted(interrupted.rglob("state.json"))


def test_more_epochs_minutes_and_patience_are_the_same_experiment(interrupted, capsys):
    fit = resume_in(interrupted, epochs=3, minutes=50, patience=7, on_change="restart")
    assert len(fit.history["loss"]) == 3 and "resuming after epoch 2" in capsys.readouterr().out


def test_a_changed_experiment_starts_over_if_asked_to(interrupted, capsys):
    """The best score of the old run is higher than any that comes: the new run must not keep it."""
    state = newest_state(interrupted)
    saved = json.loads(state.read_text())
    for name in ("EarlyStopping", "ModelCheckpoint"):
        saved["callbacks"][name]["best"] = 99.0
    state.write_text(json.dumps(saved))
    model = small_model(optimizer=keras.optimizers.SGD(1e-6))
    fit = resume_in(interrupted, model, epochs=2, on_change="restart")
    line = capsys.readouterr().out.splitlines()[0]
    assert "settings have changed" in line and "Adam" in line and "SGD" in line and "starts over" in line
    assert len(fit.history["loss"]) == 2 and len(pd.read_csv(interrupted / "history.csv")) == 2
    best = keras.saving.load_model(interrupted / "best.keras")
    score = best.evaluate(small_pairs(shuffle=False), verbose=0, return_dict=True)["hole_psnr"]
    assert score == pytest.approx(max(fit.history["val_hole_psnr"]), abs=1e-3)


def test_a_backup_without_a_fingerprint_is_explained(interrupted, capsys):
    state = newest_state(interrupted)
    saved = json.loads(state.read_text())
    del saved["experiment"]
    state.write_text(json.dumps(saved))
    with pytest.raises(ValueError, match=r"older inpaintkit.*remove the folder"):
        resume_in(interrupted)
    fit = resume_in(interrupted, epochs=1, on_change="restart")
    assert len(fit.history["loss"]) == 1 and "older inpaintkit" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"on_change='ask'.*'refuse', 'restart'"):
        training.standard_callbacks(interrupted, on_change="ask")


def test_an_interrupted_fit_resumes_with_the_same_model(tmp_path, capsys):
    """As in a notebook, where the model still exists: its rate is annealed, its layers are numbered."""
    model, run = small_model(), tmp_path / "run"
    for epoch in (1, 2):
        interrupt_in(run, epoch, model)
    fit = resume_in(run, model)
    rates = fit.history["learning_rate"]
    assert len(rates) == 4 and "resuming after epoch 2" in capsys.readouterr().out
    np.testing.assert_allclose(rates, 0.02 * 0.5 * (1 + np.cos(np.pi * np.arange(4) / 4)), rtol=1e-3)
    interrupt_in(tmp_path / "other", 3, model)
    fit = resume_in(tmp_path / "new", model, epochs=1)
    np.testing.assert_allclose(fit.history["learning_rate"], 0.02, rtol=1e-3)  # not the annealed rate


def test_the_best_weights_of_a_finished_run_do_not_pass_to_the_next(tmp_path):
    callbacks = training.standard_callbacks(tmp_path)
    fit_small(epochs=3, callbacks=callbacks)
    with pytest.raises(KeyboardInterrupt):
        fit_small(callbacks=[*callbacks, Interrupt(0)])
    assert not (tmp_path / "best.keras").exists()
    worse = small_model(optimizer=keras.optimizers.SGD(1e-6))  # with the same callbacks
    fit = fit_small(worse, epochs=1, callbacks=callbacks)
    best = keras.saving.load_model(tmp_path / "best.keras")
    score = best.evaluate(small_pairs(shuffle=False), verbose=0, return_dict=True)["hole_psnr"]
    assert score == pytest.approx(fit.history["val_hole_psnr"][0], abs=1e-3)
