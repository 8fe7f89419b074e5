"""What watches over `fit`. The kill is a real one: SIGKILL amid an epoch, in a process of its own."""

import copy
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import inpaintkit as ik
from inpaintkit import fingerprint, losses, metrics, training


def small_model():
    """The smallest network that paints: one convolution over image and mask."""
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid")(keras.layers.Concatenate()(inputs))
    model = ik.Inpainter(inputs, x)
    model.compile(keras.optimizers.Adam(0.02), losses.HoleValidLoss())
    return model


def holes(shuffle, kind=None):
    images = ik.data.images("photos", "val", 16, count=12)
    return ik.data.pairs(images, kind or ik.masks.Lines(thickness=2), 4, shuffle=shuffle)


class KillAmid(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            os.kill(os.getpid(), signal.SIGKILL)


def train_in(run_dir, kill_amid=None, epochs=8, **options):
    """The code that is run again: nothing in it knows whether it was killed before."""
    keras.utils.set_random_seed(3)
    model, train = small_model(), holes(True)
    watchers = training.standard_callbacks(run_dir, patience=3, train=train, **options)
    watchers += [] if kill_amid is None else [KillAmid(kill_amid)]
    fit = model.fit(train, validation_data=holes(False), epochs=epochs, verbose=0, callbacks=watchers)
    return model, fit.history, watchers


def killed(run_dir, epoch):
    code = f"from test_callbacks import train_in; train_in({str(run_dir)!r}, kill_amid={epoch})"
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    assert run.returncode == -signal.SIGKILL, run.stderr


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C at the beginning of an epoch: what a kill leaves, without a process."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def close(watchers):
    """What Keras leaves open when `fit` is broken off."""
    next(w for w in watchers if isinstance(w, keras.callbacks.CSVLogger)).csv_file.close()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run folder whose run was stopped after two epochs."""
    run = tmp_path_factory.mktemp("stopped") / "run"
    watchers = [*training.standard_callbacks(run), Interrupt(2)]
    with pytest.raises(KeyboardInterrupt):
        small_model().fit(holes(True), validation_data=holes(False), epochs=5, verbose=0, callbacks=watchers)
    close(watchers)
    return run


@pytest.fixture
def interrupted(stopped, tmp_path):
    """A copy of it, to go on in."""
    return shutil.copytree(stopped, tmp_path / "run")


def test_a_killed_run_ends_like_an_unbroken_one(tmp_path, capsys):
    whole_model, whole, _ = train_in(tmp_path / "whole")
    killed(tmp_path / "run", epoch=4)
    assert len(pd.read_csv(tmp_path / "run" / "history.csv")) == 4
    capsys.readouterr()
    model, history, _ = train_in(tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tmp_path / 'run'}: resuming after epoch 4" and lines[1].startswith("epoch   5/8")
    rows = {run: pd.read_csv(tmp_path / run / "history.csv") for run in ("whole", "run")}
    assert list(rows["run"].epoch) == list(rows["whole"].epoch) == list(range(len(whole["loss"])))
    for name, values in whole.items():  # the learning rate among them: CosineAnnealing's place
        np.testing.assert_allclose(history[name], values, rtol=1e-4, err_msg=name)
        np.testing.assert_allclose(rows["run"][name], values, rtol=1e-4, err_msg=name)
    for ours, theirs in zip(model.get_weights(), whole_model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
    assert {p.name for p in (tmp_path / "run").iterdir()} == {"best.keras", "history.csv", "tensorboard"}


def unlearn(y_true, y_pred):
    return -100 * metrics.mae(y_true, y_pred)  # more than the momentum of before the stop


def test_patience_and_the_best_weights_outlive_a_stop(interrupted):
    """After the stop it unlearns: nothing gets better, so patience ends, and the best are of before."""
    (state,) = interrupted.glob("backup/*/state.json")
    memory = json.loads(state.read_text())
    first = memory["history"]["val_hole_psnr"]
    memory["callbacks"]["EarlyStopping"] |= {"best": max(first), "wait": 3}
    memory["callbacks"]["CosineAnnealing"]["elapsed"] = 1000.0
    for setting in ("loss", "learning rate", "optimizer"):  # else it is refused: another experiment
        del memory["experiment"][setting]
    state.write_text(json.dumps(memory))
    model, train, val = small_model(), holes(True), holes(False)
    model.compile(keras.optimizers.Adam(), unlearn)
    watchers = training.standard_callbacks(interrupted, patience=5, train=train)
    fit = model.fit(train, validation_data=val, epochs=20, verbose=0, callbacks=watchers)
    assert len(fit.history["loss"]) == 2 + 2 and train.epoch == 4  # 3 of 5 epochs of patience were gone
    assert fit.history["val_hole_psnr"][:2] == first and max(fit.history["val_hole_psnr"]) == max(first)
    kept = model.evaluate(val, verbose=0, return_dict=True)["hole_psnr"]
    assert kept == pytest.approx(max(first), abs=1e-3)
    model.load_weights(interrupted / "best.keras")
    assert model.evaluate(val, verbose=0, return_dict=True)["hole_psnr"] == pytest.approx(kept, abs=1e-3)
    anneal = next(c for c in watchers if isinstance(c, training.CosineAnnealing))
    assert anneal.elapsed > 1000  # seconds before the stop count against the minutes
    assert len(model.fit(train, epochs=1, verbose=0).epoch) == 1  # and a later fit begins at its beginning


def test_half_a_backup_does_not_count(interrupted):
    half = interrupted / "backup" / "000003"
    half.mkdir()
    (half / "latest.weights.h5").write_bytes(b"half")
    (half / "state.new").write_text('{"memory": ')
    (interrupted / "best.keras").write_bytes(b"half")
    _, history, _ = train_in(interrupted, epochs=4)
    assert len(history["loss"]) == 4 and len(pd.read_csv(interrupted / "history.csv")) == 4
    keras.saving.load_model(interrupted / "best.keras")


def test_a_backup_of_another_network_or_a_broken_one_is_explained(interrupted):
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Conv2D(3, 5, padding="same")(keras.layers.Concatenate()(inputs))
    other = ik.Inpainter(inputs, x)
    other.compile("adam", "mae")
    message = "backup of an unfinished run cannot be read .* remove .*backup"
    with pytest.raises(ValueError, match=r"network: .*; loss: .*remove the folder .*backup"):
        other.fit(
            holes(True),
            validation_data=holes(False),
            verbose=0,
            callbacks=training.standard_callbacks(interrupted),
        )
    (weights,) = interrupted.glob("backup/*/latest.weights.h5")
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ValueError, match=message):
        train_in(interrupted)


def test_a_run_that_ended_begins_anew(tmp_path):
    _, first, _ = train_in(tmp_path, epochs=2)
    _, again, watchers = train_in(tmp_path, epochs=1)
    assert len(first["loss"]) == 2 and len(again["loss"]) == 1
    assert list(pd.read_csv(tmp_path / "history.csv").epoch) == [0]
    small_model().fit(holes(True), validation_data=holes(False), epochs=2, verbose=0, callbacks=watchers)
    assert list(pd.read_csv(tmp_path / "history.csv").epoch) == [0, 1]


def test_a_tuner_may_copy_them(tmp_path):
    """Keras Tuner trains every trial with a deep copy of the list."""
    resume, *others = copy.deepcopy(training.standard_callbacks(tmp_path, images=holes(False)))
    assert all(kept is other for kept, other in zip(resume.callbacks, others, strict=True))


def sheets(folder):
    """The images that TensorBoard would show: [(step, uint8 image)]."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(folder / "tensorboard" / "images")).Reload()
    for event in events.Tensors("images"):
        width, height, *pngs = event.tensor_proto.string_val
        image = keras.utils.img_to_array(keras.utils.load_img(io.BytesIO(pngs[0])))
        assert image.shape == (int(height), int(width), 3) and len(pngs) == 1
        yield event.step, image / 255


@pytest.mark.parametrize("as_batch", [False, True])
def test_tensorboard_shows_the_same_images_each_epoch(tmp_path, as_batch):
    pytest.importorskip("tensorflow")
    val = holes(False)
    (holed, mask), image = val[0]
    train_in(tmp_path, epochs=3, images=val[0] if as_batch else val)
    shown = list(sheets(tmp_path))
    assert [step for step, _ in shown] == [0, 1, 2]
    for _, sheet in shown:
        assert sheet.shape == (4 * 16, 4 * 16, 3)
        marked, raw, composite, truth = np.split(sheet.reshape(4, 16, 64, 3), 4, axis=2)
        np.testing.assert_allclose(truth, image, atol=3e-3)
        np.testing.assert_allclose(marked * mask, holed, atol=3e-3)
        np.testing.assert_allclose(composite, image * mask + raw * (1 - mask), atol=3e-3)
    assert (shown[0][1] != shown[2][1]).any()  # the network has learnt between


def test_the_whole_training_loop_leaves_what_it_promises(tmp_path, capsys):
    model, val = small_model(), holes(False)
    watchers = training.standard_callbacks(tmp_path / "run")
    fit = model.fit(holes(True), validation_data=val, epochs=3, verbose=0, callbacks=watchers)
    history = fit.history
    assert len(history["val_hole_psnr"]) == 3
    rates = history["learning_rate"]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.3 * rates[0]
    assert {p.name for p in (tmp_path / "run").iterdir()} == {"best.keras", "history.csv", "tensorboard"}
    best = keras.saving.load_model(tmp_path / "run" / "best.keras")
    assert best.evaluate(val, verbose=0)[1] == pytest.approx(max(history["val_hole_psnr"]), abs=1e-3)
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 3 and all(word in lines[-1] for word in ("epoch   3/3", "loss", "hole", "0:00 left"))


def test_early_stopping_brings_back_the_best_weights(tmp_path):
    """A rate that ruins the network: the first epoch stays the best."""
    model, train = small_model(), holes(False)
    model.optimizer.learning_rate = 30.0
    watchers = training.standard_callbacks(tmp_path, patience=2)
    fit = model.fit(train, validation_data=train, epochs=20, verbose=0, callbacks=watchers)
    scores = fit.history["val_hole_psnr"]
    assert len(scores) < 20
    kept = model.evaluate(train, verbose=0, return_dict=True)["hole_psnr"]
    assert kept == pytest.approx(max(scores), abs=1e-3)


def test_a_resumed_run_goes_on_at_the_rate_it_had():
    """As a checkpoint leaves it: half way down the cosine, at half the rate."""
    model, train, seen = small_model(), holes(False), []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: seen.append(float(model.optimizer.learning_rate))
    )
    model.fit(train, epochs=10, verbose=0, callbacks=[training.CosineAnnealing(), watch])
    whole, seen[:] = list(seen), []
    model.optimizer.learning_rate = whole[5]
    model.fit(train, epochs=10, initial_epoch=5, verbose=0, callbacks=[training.CosineAnnealing(), watch])
    np.testing.assert_allclose(seen, whole[5:], rtol=1e-5)


def test_the_minutes_are_kept():
    model = small_model()
    start = time.monotonic()
    fit = model.fit(holes(True), epochs=10_000, verbose=0, callbacks=[training.CosineAnnealing(minutes=0.03)])
    assert 1 <= len(fit.epoch) < 10_000
    assert time.monotonic() - start < 60  # 2 seconds, and a compilation
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02, rel=1e-4)  # fresh for the next fit
    with pytest.raises(ValueError, match="minutes=0"):
        training.CosineAnnealing(minutes=0)


def test_learning_rates_by_steps():
    watchers = [training.step_schedule({0: 1e-3, 2: 1e-4})]
    fit = small_model().fit(holes(False), epochs=4, verbose=0, callbacks=watchers)
    np.testing.assert_allclose(fit.history["learning_rate"], [1e-3, 1e-3, 1e-4, 1e-4], rtol=1e-6)
    model = small_model()
    model.fit(holes(False), epochs=3, verbose=0, callbacks=[training.CosineAnnealing(), *watchers])
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)  # the schedule has the last word
    for bad in ({}, {1: 1e-3}, {0: 1e-3, 1.5: 1e-4}, {0: 1e-3, -1: 1e-4}):
        with pytest.raises(ValueError, match="0 among them"):
            training.step_schedule(bad)
    with pytest.raises(ValueError, match="more than 0"):
        training.step_schedule({0: 1e-3, 8: 0})


def resume_in(run_dir, model=None, train=None, val=None, epochs=4, **options):
    """`fit` in a folder that may hold a backup, with settings that may have changed."""
    watchers = training.standard_callbacks(run_dir, **options)
    model = model or small_model()
    val = holes(False) if val is None else val
    train = holes(True) if train is None else train
    return model.fit(train, validation_data=val, epochs=epochs, verbose=0, callbacks=watchers)


def compiled(loss=None, optimizer=None):
    model = small_model()
    loss, optimizer = loss or losses.HoleValidLoss(), optimizer or keras.optimizers.Adam(0.02)
    model.compile(optimizer, loss)
    return model


def wider():
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Conv2D(3, 5, padding="same", activation="sigmoid")(keras.layers.Concatenate()(inputs))
    model = ik.Inpainter(inputs, x)
    model.compile(keras.optimizers.Adam(0.02), losses.HoleValidLoss())
    return model


def other_pairs(shuffle=True, count=12, split="val", batch_size=4, **settings):
    images = ik.data.images("photos", split, 16, count=count)
    return ik.data.pairs(images, ik.masks.Lines(thickness=2), batch_size, shuffle=shuffle, **settings)


def fading(strength):
    return lambda images, rng: (images * strength).astype("uint8")


def test_settings_within_functions_and_losses_are_part_of_the_experiment():
    def scaled(weight):
        return lambda y, x: weight * keras.ops.mean(keras.ops.abs(y - x), axis=(1, 2, 3))

    class Own(keras.losses.Loss):
        def __init__(self, weights):
            super().__init__()
            self.weights = weights

        def fade(self, images, rng):
            return images

    for make in (
        fading,
        scaled,
        lambda w: losses.WeightedSum({"a": (1, scaled(w))}),
        lambda w: Own([w]),
        lambda w: Own([w]).fade,
        lambda w: functools.partial(scaled, weight=w),
    ):
        assert fingerprint.entry(make(1)) == fingerprint.entry(make(1))
        assert fingerprint.entry(make(1))[1] != fingerprint.entry(make(2))[1]


def test_the_same_code_is_the_same_in_every_process_and_on_every_line():
    words = [compile(f"x in {w}", "", "eval") for w in ("{'a', 'b', 'c'}", "{'c', 'b', 'a'}")]
    assert fingerprint.code_hash(words[0]) == fingerprint.code_hash(words[1])
    below = [eval("\n" * lines + "lambda y, x: y - x") for lines in (0, 5)]
    one, two = (fingerprint.entry(losses.WeightedSum({"a": (1, f)})) for f in below)
    assert one == two


def test_a_metric_function_can_be_monitored(tmp_path):
    model = small_model()
    model.compile("adam", "mae", metrics=[metrics.ssim])
    assert "val_ssim" in resume_in(tmp_path, model, epochs=1, monitor="val_ssim").history


CHANGES = {
    "network": lambda: {"model": wider()},
    "loss": lambda: {"model": compiled(losses.HoleValidLoss(hole=5))},
    "loss (a function)": lambda: {"model": compiled("mse")},
    "learning rate": lambda: {"model": compiled(optimizer=keras.optimizers.Adam(0.01))},
    "optimizer": lambda: {"model": compiled(optimizer=keras.optimizers.Adam(0.02, beta_1=0.5))},
    "training masks": lambda: {"train": holes(True, ik.masks.Lines(thickness=3))},
    "training images": lambda: {"train": other_pairs(split="test")},
    "training batch size": lambda: {"train": other_pairs(batch_size=3)},
    "training augmentation": lambda: {"train": other_pairs(augment=ik.data.Augment(flip=True))},
    "training seed": lambda: {"train": other_pairs(seed=1)},
    "validation masks": lambda: {"val": holes(False, ik.masks.Lines(thickness=3))},
    "validation images": lambda: {"val": other_pairs(False, split="test")},
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


def test_a_changed_experiment_begins_anew_where_it_is_told_to(interrupted, capsys):
    """The old run's best is better than all that comes: it must not be found as the new one's."""
    (state,) = interrupted.glob("backup/*/state.json")
    memory = json.loads(state.read_text())
    memory["callbacks"]["EarlyStopping"]["best"] = memory["callbacks"]["ModelCheckpoint"]["best"] = 99.0
    state.write_text(json.dumps(memory))
    model = compiled(optimizer=keras.optimizers.SGD(1e-6))
    fit = resume_in(interrupted, model, epochs=2, on_change="restart")
    line = capsys.readouterr().out.splitlines()[0]
    assert "settings have changed" in line and "Adam" in line and "SGD" in line and "starts over" in line
    assert len(fit.history["loss"]) == 2 and len(pd.read_csv(interrupted / "history.csv")) == 2
    best = keras.saving.load_model(interrupted / "best.keras").evaluate(holes(False), verbose=0)[1]
    assert best == pytest.approx(max(fit.history["val_hole_psnr"]), abs=1e-3)


def test_a_backup_without_a_fingerprint_is_explained(interrupted, capsys):
    (state,) = interrupted.glob("backup/*/state.json")
    memory = json.loads(state.read_text())
    del memory["experiment"]
    state.write_text(json.dumps(memory))
    with pytest.raises(ValueError, match=r"older inpaintkit.*remove the folder"):
        resume_in(interrupted)
    fit = resume_in(interrupted, epochs=1, on_change="restart")
    assert len(fit.history["loss"]) == 1 and "older inpaintkit" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"on_change='ask'.*'refuse' or 'restart'"):
        training.standard_callbacks(interrupted, on_change="ask")


def test_a_fit_that_was_interrupted_goes_on_with_the_same_model(tmp_path, capsys):
    """In a notebook the model lives on: its rate is where the callbacks left it, its layers have numbers."""
    model, run = small_model(), tmp_path / "run"
    for epoch in (1, 2):
        watchers = [*training.standard_callbacks(run, patience=3), Interrupt(epoch)]
        with pytest.raises(KeyboardInterrupt):
            model.fit(holes(True), validation_data=holes(False), epochs=4, verbose=0, callbacks=watchers)
        close(watchers)
    fit = resume_in(run, model)
    rates = fit.history["learning_rate"]
    assert len(rates) == 4 and "resuming after epoch 2" in capsys.readouterr().out
    np.testing.assert_allclose(rates, 0.02 * 0.5 * (1 + np.cos(np.pi * np.arange(4) / 4)), rtol=1e-3)
    watchers = [*training.standard_callbacks(tmp_path / "other"), Interrupt(3)]
    with pytest.raises(KeyboardInterrupt):
        model.fit(holes(True), validation_data=holes(False), epochs=4, verbose=0, callbacks=watchers)
    close(watchers)
    fit = resume_in(tmp_path / "anew", model, epochs=1)
    np.testing.assert_allclose(fit.history["learning_rate"], 0.02, rtol=1e-3)  # not where it was left


def test_the_best_of_a_run_that_ended_is_not_left_to_the_next(tmp_path):
    train, val = holes(True), holes(False)
    watchers = training.standard_callbacks(tmp_path)
    small_model().fit(train, validation_data=val, epochs=3, verbose=0, callbacks=watchers)
    with pytest.raises(KeyboardInterrupt):
        small_model().fit(train, validation_data=val, verbose=0, callbacks=[*watchers, Interrupt(0)])
    assert not (tmp_path / "best.keras").exists()
    close(watchers)
    worse = compiled(optimizer=keras.optimizers.SGD(1e-6))  # with the same callbacks, it never gets so good
    fit = worse.fit(train, validation_data=val, epochs=1, verbose=0, callbacks=watchers)
    best = keras.saving.load_model(tmp_path / "best.keras").evaluate(val, verbose=0)[1]
    assert best == pytest.approx(fit.history["val_hole_psnr"][0], abs=1e-3)


def test_what_the_callbacks_monitor_must_be_measured(tmp_path):
    model, train, val = small_model(), holes(True), holes(False)
    (tmp_path / "best.keras").write_bytes(b"of a run before")
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"without validation_data.*add validation_data="):
        model.fit(train, verbose=0, callbacks=training.standard_callbacks(tmp_path))
    model.compile("adam", "mae", metrics=["mse", metrics.SSIM("ssim")], weighted_metrics=[])
    line = r'only .*ssim.*weighted_metrics=\[ik.metrics.PSNR\("hole_psnr"\)\]'
    with pytest.raises(ValueError, match=line):
        model.fit(train, validation_data=val, verbose=0, callbacks=training.standard_callbacks(tmp_path))
    for weights, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, old)  # before the first step
    assert (tmp_path / "best.keras").exists()
    watchers = training.standard_callbacks(tmp_path, monitor="val_ssim")
    fit = model.fit(train, validation_data=val, verbose=0, callbacks=watchers)  # the model is still usable
    assert "val_ssim" in fit.history
    plain = keras.Model(model.inputs, model.outputs)
    plain.compile("adam", "mae")
    with pytest.raises(ValueError, match="hole_psnr"):
        watchers = training.standard_callbacks(tmp_path / "plain")
        plain.fit(train, validation_data=val, epochs=3, verbose=0, callbacks=watchers)
    close(watchers)


def test_a_monitor_that_is_nan_is_told(tmp_path):
    """As hole PSNR is where validation has no hole."""
    model = small_model()

    def hole_psnr(y_true, y_pred):
        return keras.ops.mean(y_pred, axis=(1, 2, 3)) * float("nan")

    model.compile("adam", "mae", metrics=[hole_psnr], weighted_metrics=[])
    with pytest.warns(UserWarning, match="val_hole_psnr is NaN.*hole"):
        resume_in(tmp_path, model, epochs=1)
    assert not (tmp_path / "best.keras").exists()


def test_a_learning_rate_schedule_is_left_alone(tmp_path):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3, 6], [0.02, 0.01, 0.005])
    model = compiled(unlearn, keras.optimizers.Adam(schedule))  # it unlearns: plateaus are met
    watchers = training.standard_callbacks(tmp_path, patience=3)
    fit = model.fit(holes(True), validation_data=holes(False), epochs=3, verbose=0, callbacks=watchers)
    np.testing.assert_allclose(fit.history["learning_rate"], [0.02, 0.01, 0.005], rtol=1e-5)
    assert model.optimizer.get_config()["learning_rate"]["class_name"] == "PiecewiseConstantDecay"
    with pytest.raises(ValueError, match="learning-rate schedule already"):
        model.fit(holes(True), verbose=0, callbacks=[training.step_schedule({0: 1e-3})])


@pytest.mark.parametrize("with_callbacks", [False, True])
def test_masks_by_epoch_follow_keras_count_in_every_fit(with_callbacks, tmp_path):
    served = []

    class Noted(ik.masks.Lines):
        def sample(self, *args, **settings):
            served.append(self.thickness)
            return super().sample(*args, **settings)

    train = holes(True, {0: Noted(thickness=1), 2: Noted(thickness=3)})
    model, val = small_model(), holes(False)

    def stages(**settings):
        served.clear()
        callbacks = training.standard_callbacks(tmp_path) if with_callbacks else None
        model.fit(train, validation_data=val, verbose=0, callbacks=callbacks, **settings)
        batches = 3 * (settings["epochs"] - settings.get("initial_epoch", 0))
        return served[-batches:]  # Keras looks at a batch or two before the first epoch

    assert stages(epochs=3) == [1] * 6 + [3] * 3
    assert stages(epochs=3) == [1] * 6 + [3] * 3
    assert stages(epochs=4, initial_epoch=1) == [1] * 3 + [3] * 6
