"""The callbacks of a run: TensorBoard, learning rates, the time limit, the monitor."""

import copy
import io
import time

import keras
import numpy as np
import pytest
from resumable import learn_backwards, resume_in, train_in
from small_training import fit_small, small_model, small_pairs

import inpaintkit as ik
from inpaintkit import metrics, training


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
    val = small_pairs(shuffle=False)
    (masked, mask), image = val[0]
    train_in(tmp_path, epochs=3, images=val[0] if as_batch else val)
    shown = list(sheets(tmp_path))
    assert [step for step, _ in shown] == [0, 1, 2]
    for _, sheet in shown:
        assert sheet.shape == (4 * 16, 4 * 16, 3)
        marked, raw, composite, truth = np.split(sheet.reshape(4, 16, 64, 3), 4, axis=2)
        np.testing.assert_allclose(truth, image, atol=3e-3)
        np.testing.assert_allclose(marked * mask, masked, atol=3e-3)
        np.testing.assert_allclose(composite, image * mask + raw * (1 - mask), atol=3e-3)
    assert (shown[0][1] != shown[2][1]).any()  # the network has learnt something


def test_the_whole_training_loop_leaves_what_it_promises(tmp_path, capsys):
    """In graph mode, Keras's default."""
    model, val = small_model(run_eagerly=False), small_pairs(shuffle=False)
    callbacks = training.standard_callbacks(tmp_path / "run")
    history = fit_small(model, val=val, epochs=3, callbacks=callbacks).history
    assert len(history["val_hole_psnr"]) == 3
    rates = history["learning_rate"]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.3 * rates[0]
    assert {p.name for p in (tmp_path / "run").iterdir()} == {"best.keras", "history.csv", "tensorboard"}
    best = keras.saving.load_model(tmp_path / "run" / "best.keras")
    score = best.evaluate(val, verbose=0, return_dict=True)["hole_psnr"]
    assert score == pytest.approx(max(history["val_hole_psnr"]), abs=1e-3)
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 3 and all(word in lines[-1] for word in ("epoch   3/3", "loss", "hole", "0:00 left"))


def test_early_stopping_restores_the_best_weights(tmp_path):
    """A rate that ruins the network: the first epoch stays the best."""
    model, train = small_model(), small_pairs(shuffle=False)
    model.optimizer.learning_rate = 1000.0
    callbacks = training.standard_callbacks(tmp_path, patience=2)
    scores = fit_small(model, train, train, epochs=20, callbacks=callbacks).history["val_hole_psnr"]
    assert len(scores) < 20
    kept = model.evaluate(train, verbose=0, return_dict=True)["hole_psnr"]
    assert kept == pytest.approx(max(scores), abs=1e-3)


def test_the_callbacks_can_be_copied_as_keras_tuner_does(tmp_path):
    """Keras Tuner trains every trial with a deep copy of the list."""
    resume, *others = copy.deepcopy(training.standard_callbacks(tmp_path, images=small_pairs(shuffle=False)))
    assert all(kept is other for kept, other in zip(resume.callbacks, others, strict=True))


def test_the_cosine_continues_at_the_rate_of_the_initial_epoch():
    """As a checkpoint leaves it: half way down the cosine, at half the rate."""
    model, train, seen = small_model(), small_pairs(4, shuffle=False), []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: seen.append(float(model.optimizer.learning_rate))
    )
    model.fit(train, epochs=6, verbose=0, callbacks=[training.CosineAnnealing(), watch])
    whole, seen[:] = list(seen), []
    model.optimizer.learning_rate = whole[3]
    model.fit(train, epochs=6, initial_epoch=3, verbose=0, callbacks=[training.CosineAnnealing(), watch])
    np.testing.assert_allclose(seen, whole[3:], rtol=1e-5)


def test_minutes_that_pass_before_the_first_epoch_count():
    """Compiling takes time, too: the first rate is lower, and the one after training is that of before."""
    model, annealing = small_model(), training.CosineAnnealing(minutes=1)
    annealing.set_model(model)
    annealing.set_params({"epochs": 10, "steps": 3})
    annealing.on_train_begin()
    annealing.elapsed = 12.0
    annealing.on_epoch_begin(0)
    rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    assert rate == pytest.approx(0.02 * annealing.factor_at(0.2), rel=1e-3)
    annealing.on_train_end()
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == pytest.approx(0.02)


def test_training_ends_after_the_minutes():
    model = small_model()
    start = time.monotonic()
    fit = fit_small(model, epochs=10_000, callbacks=[training.CosineAnnealing(minutes=0.01)])
    assert 1 <= len(fit.epoch) < 10_000
    assert time.monotonic() - start < 60  # 0.6 seconds, and an epoch
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02, rel=1e-4)  # fresh for the next fit
    with pytest.raises(ValueError, match="minutes=0"):
        training.CosineAnnealing(minutes=0)


def test_a_step_schedule_overrides_the_cosine():
    callbacks = [training.step_schedule({0: 1e-3, 2: 1e-4})]
    fit = fit_small(callbacks=callbacks)
    np.testing.assert_allclose(fit.history["learning_rate"], [1e-3, 1e-3, 1e-4, 1e-4], rtol=1e-6)
    model = small_model()
    fit_small(model, epochs=3, callbacks=[training.CosineAnnealing(), *callbacks])
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)
    for bad in ({}, {1: 1e-3}, {0: 1e-3, 1.5: 1e-4}, {0: 1e-3, -1: 1e-4}):
        with pytest.raises(ValueError, match="0 among them"):
            training.step_schedule(bad)
    with pytest.raises(ValueError, match="more than 0"):
        training.step_schedule({0: 1e-3, 8: 0})


def test_a_learning_rate_schedule_is_left_alone(tmp_path):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3, 6], [0.02, 0.01, 0.005])
    model = small_model(learn_backwards, keras.optimizers.Adam(schedule))  # gets worse, so plateaus are met
    callbacks = training.standard_callbacks(tmp_path, patience=3)
    fit = model.fit(
        small_pairs(), validation_data=small_pairs(shuffle=False), epochs=3, verbose=0, callbacks=callbacks
    )
    np.testing.assert_allclose(fit.history["learning_rate"], [0.02, 0.01, 0.005], rtol=1e-5)
    assert model.optimizer.get_config()["learning_rate"]["class_name"] == "PiecewiseConstantDecay"
    with pytest.raises(ValueError, match="learning-rate schedule already"):
        model.fit(small_pairs(), verbose=0, callbacks=[training.step_schedule({0: 1e-3})])


def test_what_the_callbacks_monitor_must_be_measured(tmp_path):
    model, train, val = small_model(), small_pairs(), small_pairs(shuffle=False)
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
    callbacks = training.standard_callbacks(tmp_path, monitor="val_ssim")
    fit = model.fit(train, validation_data=val, verbose=0, callbacks=callbacks)  # the model is still usable
    assert "val_ssim" in fit.history
    plain = keras.Model(model.inputs, model.outputs)
    plain.compile("adam", "mae")
    with pytest.raises(ValueError, match="hole_psnr"):
        callbacks = training.standard_callbacks(tmp_path / "plain")
        plain.fit(train, validation_data=val, epochs=3, verbose=0, callbacks=callbacks)


def test_a_monitor_that_is_nan_is_reported(tmp_path):
    """As hole PSNR is where validation has no hole."""
    model = small_model()

    def hole_psnr(y_true, y_pred):
        return keras.ops.mean(y_pred, axis=(1, 2, 3)) * float("nan")

    model.compile("adam", "mae", metrics=[hole_psnr], weighted_metrics=[])
    with pytest.warns(UserWarning, match="val_hole_psnr is NaN.*hole"):
        resume_in(tmp_path, model, epochs=1)
    assert not (tmp_path / "best.keras").exists()


def test_a_metric_function_can_be_monitored(tmp_path):
    model = small_model()
    model.compile("adam", "mae", metrics=[metrics.ssim])
    assert "val_ssim" in resume_in(tmp_path, model, epochs=1, monitor="val_ssim").history


@pytest.mark.parametrize("with_callbacks", [False, True])
def test_masks_by_epoch_follow_keras_count_in_every_fit(with_callbacks, tmp_path):
    served = []

    class Noted(ik.masks.Lines):
        def sample(self, *args, **settings):
            served.append(self.thickness)
            return super().sample(*args, **settings)

    train = small_pairs(masks={0: Noted(thickness=1), 2: Noted(thickness=3)})
    model, val = small_model(), small_pairs(shuffle=False)

    def stages(**settings):
        served.clear()
        callbacks = training.standard_callbacks(tmp_path) if with_callbacks else None
        model.fit(train, validation_data=val, verbose=0, callbacks=callbacks, **settings)
        batches = 3 * (settings["epochs"] - settings.get("initial_epoch", 0))
        return served[-batches:]  # Keras looks at a batch or two before the first epoch

    assert stages(epochs=3) == [1] * 6 + [3] * 3
    assert stages(epochs=3) == [1] * 6 + [3] * 3
    assert stages(epochs=4, initial_epoch=1) == [1] * 3 + [3] * 6
