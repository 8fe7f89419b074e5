import time

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

import inpaintkit as ik
from inpaintkit import losses, metrics, training


def teacher_of(network, loss="mae", **metrics_):
    teacher = ik.Inpainter(network.inputs, network.output)
    teacher.compile(keras.optimizers.Adam(1e-3), loss, **metrics_)
    return teacher


@pytest.fixture
def network():
    """The smallest network that paints: one convolution over picture and mask."""
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid")(keras.layers.Concatenate()(inputs))
    return keras.Model(inputs, x)


def test_a_mask_loss_gets_the_mask_and_a_plain_one_the_picture(network, batch):
    images, masks = batch
    x = [images * masks, masks]
    output = network.predict(x, verbose=0)
    error = np.abs(images - output)
    plain = teacher_of(network, "mae").evaluate(x, images, verbose=0)
    assert plain == pytest.approx(error.mean(), rel=1e-5)
    masked = teacher_of(network, losses.HoleValidLoss(hole=5, valid=0)).evaluate(x, images, verbose=0)
    assert masked == pytest.approx((5 * error * (1 - masks)).mean(), rel=1e-5)
    function = teacher_of(network, losses.ssim_loss).evaluate(x, images, verbose=0)
    assert function == pytest.approx(1 - np.mean(to_numpy(metrics.ssim(images, output))), rel=1e-4)


def test_metrics_measure_the_picture_and_weighted_metrics_the_hole(network, batch):
    images, masks = batch
    x = [images * masks, masks]
    teacher = teacher_of(
        network,
        losses.HoleValidLoss(),
        metrics=["mae", metrics.PSNR()],
        weighted_metrics=[metrics.PSNR("hole_psnr"), keras.metrics.MeanAbsoluteError("hole_mae")],
    )
    got = teacher.evaluate(x, images, verbose=0, return_dict=True)
    output = teacher.predict(x, verbose=0)
    error = np.abs(images - output)
    assert got["mae"] == pytest.approx(error.mean(), rel=1e-5)
    assert got["psnr"] == pytest.approx(np.mean(to_numpy(metrics.psnr(images, output))), rel=1e-5)
    assert got["hole_psnr"] == pytest.approx(
        np.mean(to_numpy(metrics.psnr(images, output, 1 - masks))), rel=1e-5
    )
    hole = np.broadcast_to(masks == 0, error.shape)
    assert got["hole_mae"] == pytest.approx(error[hole].mean(), rel=1e-5)


def test_the_whole_training_loop_leaves_what_it_promises(network, tmp_path, capsys):
    pictures = ik.data.images("photos", "val", 32, count=8)
    train = ik.data.pairs(pictures, ik.masks.Lines(hole_ratio=(0.1, 0.3)), 4)
    val = ik.data.pairs(pictures, ik.masks.Lines(hole_ratio=(0.1, 0.3)), 4, shuffle=False)
    teacher = teacher_of(network, losses.HoleValidLoss(), weighted_metrics=[metrics.PSNR("hole_psnr")])
    callbacks = training.standard_callbacks(tmp_path / "run")
    history = teacher.fit(train, validation_data=val, epochs=3, verbose=0, callbacks=callbacks).history
    assert len(history["val_hole_psnr"]) == 3
    rates = history["learning_rate"]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.3 * rates[0]
    assert {p.name for p in (tmp_path / "run").iterdir()} == {"best.keras", "history.csv", "tensorboard"}
    best = keras.saving.load_model(tmp_path / "run" / "best.keras")
    assert best.evaluate(val, verbose=0)[1] == pytest.approx(max(history["val_hole_psnr"]), abs=1e-3)
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 3 and all(word in lines[-1] for word in ("epoch   3/3", "loss", "hole", "0:00 left"))


def test_early_stopping_brings_back_the_best_weights(network, batch, tmp_path):
    """A rate that ruins the network: the first epoch stays the best."""
    images, masks = batch
    teacher = teacher_of(network, "mae", weighted_metrics=[metrics.PSNR("hole_psnr")])
    teacher.optimizer.learning_rate = 30.0
    x = [images * masks, masks]
    callbacks = training.standard_callbacks(tmp_path, patience=2)
    fit = teacher.fit(x, images, validation_data=(x, images), epochs=20, verbose=0, callbacks=callbacks)
    scores = fit.history["val_hole_psnr"]
    assert len(scores) < 20
    kept = teacher.evaluate(x, images, verbose=0, return_dict=True)["hole_psnr"]
    assert kept == pytest.approx(max(scores), abs=1e-3)


def test_a_resumed_run_goes_on_at_the_rate_it_had(network, batch):
    """As a checkpoint leaves it: half way down the cosine, at half the rate."""
    images, masks = batch
    x, seen = [images * masks, masks], []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: seen.append(float(teacher.optimizer.learning_rate))
    )
    teacher = teacher_of(network)
    teacher.fit(x, images, epochs=10, verbose=0, callbacks=[training.Anneal(), watch])
    whole, seen[:] = list(seen), []
    teacher.optimizer.learning_rate = whole[5]
    teacher.fit(x, images, epochs=10, initial_epoch=5, verbose=0, callbacks=[training.Anneal(), watch])
    np.testing.assert_allclose(seen, whole[5:], rtol=1e-5)


def test_fit_draws_new_holes_each_epoch(network):
    pictures = ik.data.images("photos", "val", 32, count=8)
    train = ik.data.pairs(pictures, ik.masks.Lines(), 4)
    served = []
    train_getitem = type(train).__getitem__

    class Watched(type(train)):
        def __getitem__(self, k):
            served.append((self.epoch, k))
            return train_getitem(self, k)

    train.__class__ = Watched
    teacher_of(network).fit(train, epochs=3, verbose=0)
    assert {(e, k) for e in range(3) for k in range(2)} == set(served) and train.epoch == 2


def test_the_range_test_finds_a_rate_that_learns_and_leaves_no_trace(network):
    pictures = ik.data.images("photos", "val", 32, count=8)
    pairs = ik.data.pairs(pictures, ik.masks.Lines(), 4, shuffle=False)
    teacher = teacher_of(network)
    teacher.fit(pairs, epochs=1, verbose=0)  # so that the optimizer has a past to keep
    variables = [*teacher.variables, *teacher.optimizer.variables]
    before = [np.array(v) for v in variables]
    curve = training.find_learning_rate(teacher, pairs, 1e-5, 100, steps=60)
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    assert len(curve["rates"]) == len(curve["losses"]) <= 60
    assert curve["losses"].min() < curve["losses"][0] and 1e-4 < curve["suggestion"] < 10
    teacher.optimizer.learning_rate = curve["suggestion"]
    history = teacher.fit(pairs, epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    with pytest.raises(ValueError, match="low=1"):
        training.find_learning_rate(teacher, pairs, 1, 0.1)


def test_one_batch_is_learnt_by_heart_or_a_warning_says_so(network):
    flat = np.full((2, 16, 16, 3), 0.2, "float32")
    batch = ((flat, np.ones((2, 16, 16, 1), "float32")), flat)
    teacher = teacher_of(network)
    teacher.optimizer.learning_rate = 0.03
    losses = training.overfit_one_batch(teacher, batch, steps=150)
    assert losses.shape == (150,) and losses[-1] < losses[0] / 10
    teacher.optimizer.learning_rate = 1e-9
    with pytest.warns(UserWarning, match="not to a tenth"):
        training.overfit_one_batch(teacher, batch, steps=3)


def test_the_minutes_are_kept(network, tmp_path):
    pictures = ik.data.images("photos", "val", 32, count=8)
    train = ik.data.pairs(pictures, ik.masks.Lines(), 4)
    teacher = teacher_of(network)
    start = time.monotonic()
    history = teacher.fit(train, epochs=10_000, verbose=0, callbacks=[training.Anneal(minutes=0.03)])
    assert 1 <= len(history.epoch) < 10_000
    assert time.monotonic() - start < 60  # 2 seconds, and a compilation
    assert float(teacher.optimizer.learning_rate) == pytest.approx(1e-3)  # fresh for the next fit
    with pytest.raises(ValueError, match="minutes=0"):
        training.Anneal(minutes=0)
