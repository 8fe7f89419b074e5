"""Presets: the recipes of the shipped weights, and the averaged weights that they train with."""

import dataclasses
import math

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from resumable import Interrupt
from small_training import fit_small, small_images, small_model, small_pairs

import inpaintkit as ik
from inpaintkit import pretrained, training
from inpaintkit.cli.presets import validation_results
from inpaintkit.training import PRESETS


def small_preset(name="photos", **settings):
    """A preset that takes seconds: its recipe on tiny crops, with a narrow network."""
    small = {"filters": (4, 8), "image_size": 24, "batch_size": 4, "steps": 5, **settings}
    return dataclasses.replace(PRESETS[name], crop=PRESETS[name].crop and 16, **small)


def averaging(rate=0.02, momentum=0.8, **settings):
    return small_model(optimizer=keras.optimizers.Adam(rate, use_ema=True, ema_momentum=momentum), **settings)


class Record(keras.callbacks.Callback):
    """The weights after every step, and those that others see when an epoch ends."""

    def __init__(self):
        super().__init__()
        self.steps, self.epochs = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(self.model.get_weights())


def assert_equal_weights(these, those, **tolerance):
    for one, other in zip(these, those, strict=True):
        np.testing.assert_allclose(one, other, **({"rtol": 1e-4, "atol": 1e-6} | tolerance))


def test_there_is_a_preset_for_each_of_the_weights_that_ship():
    assert tuple(PRESETS) == pretrained.NAMES
    for name, preset in PRESETS.items():
        network, card = preset.build(), pretrained.card(name)
        assert network.count_params() == card["parameters"]
        assert preset.in_words()["loss"] == card["loss"].replace("1e-4", "0.0001")
        assert preset.learning_rate == pytest.approx(float(network.optimizer.learning_rate))


@pytest.mark.parametrize("name", ["photos", "cifar10"])  # with crops and without
def test_a_preset_trains_on_its_batches(name):
    preset = small_preset(name)
    images = np.concatenate([small_images("val", 12).array] * 10).repeat(2, 1).repeat(2, 2)
    train, val = preset.batches(images, seed=4)
    side = 16 if preset.crop else 24
    assert len(train) == 5 and train[0][1].shape == (4, side, side, 3)
    assert len(val.array) == 12 and val[0][1].shape == (4, 24, 24, 3)
    model = preset.build(name=name)
    model.run_eagerly = True  # for one step, tracing a graph takes longer
    before = model.get_weights()
    loss = model.train_on_batch(*train[0])[0]
    assert model.name == name and np.isfinite(loss)
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_preset_starts_from_trained_weights_at_a_third_of_the_rate():
    preset = small_preset()
    trained = ik.models.residual_unet(filters=(4, 8))
    model = preset.build(trained)
    assert_equal_weights(model.get_weights(), trained.get_weights())
    assert float(model.optimizer.learning_rate) == pytest.approx(1.6e-3 / 3)
    with pytest.raises(ValueError, match=r"'other' with .* weights: expected .*filters=\(4, 8\)"):
        preset.build(ik.models.residual_unet(filters=(4, 6), name="other"))


def test_validation_and_the_best_model_have_the_average_and_training_goes_on_from_its_own(tmp_path):
    """Against the average computed in NumPy, and against the steps of a training without averages."""
    record, alone = Record(), Record()
    keras.utils.set_random_seed(1)
    model, val = averaging(), small_pairs(shuffle=False)
    model.build([(None, None, None, 3), (None, None, None, 1)])
    start = model.get_weights()
    keras.utils.set_random_seed(2)  # `fit` shuffles the batches
    saved = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    fit = fit_small(model, epochs=3, callbacks=[training.AveragedWeights(), record, saved])
    average, averages = record.steps[0], []
    for k, weights in enumerate(record.steps):
        average = [0.8 * a + 0.2 * w for a, w in zip(average, weights, strict=True)]
        if k % 3 == 2:  # three batches per epoch
            averages.append(average)
    for epoch in range(3):
        assert_equal_weights(record.epochs[epoch], averages[epoch])
        loaded = keras.saving.load_model(tmp_path / f"{epoch + 1}.keras")
        score = loaded.evaluate(val, verbose=0, return_dict=True)["hole_psnr"]
        assert score == pytest.approx(fit.history["val_hole_psnr"][epoch], abs=1e-3)
    assert_equal_weights(model.get_weights(), averages[-1])
    plain = small_model()
    plain.set_weights(start)
    keras.utils.set_random_seed(2)
    fit_small(plain, epochs=3, callbacks=[alone])
    for ours, theirs in zip(record.steps, alone.steps, strict=True):
        assert_equal_weights(ours, theirs)


def test_the_average_is_kept_when_training_ends_early_and_needs_an_optimizer_that_has_one():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    record, model = Record(), averaging()
    fit_small(model, epochs=9, callbacks=[training.AveragedWeights(), record, Stop()])
    first, second = record.steps
    assert_equal_weights(model.get_weights(), [0.8 * a + 0.2 * b for a, b in zip(first, second, strict=True)])
    with pytest.raises(ValueError, match="use_ema=True"):
        fit_small(small_model(), callbacks=[training.AveragedWeights()])


def test_the_rate_rises_and_falls_step_by_step():
    class Rates(keras.callbacks.Callback):
        values = ()

        def on_train_batch_end(self, batch, logs=None):
            self.values = *self.values, float(self.model.optimizer.learning_rate)

    rates, model = Rates(), small_model()
    pairs = small_pairs(2, batch_size=2, steps=20)
    model.fit(pairs, epochs=2, verbose=0, callbacks=[training.CosineAnnealing(warm_up=20), rates])
    cosine = [0.5 * (1 + math.cos(math.pi * (k // 10) / 4)) for k in range(40)]
    expected = [0.02 * c * min(1, (k // 10 + 1) / 2) for k, c in enumerate(cosine)]
    np.testing.assert_allclose(rates.values, expected, rtol=1e-4)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)


def test_a_stopped_preset_ends_like_an_uninterrupted_one(tmp_path, capsys):
    preset = small_preset(image_size=16, filters=(4,), steps=3)
    preset = dataclasses.replace(preset, crop=None, shrink=0)

    def fit(folder, *more):
        keras.utils.set_random_seed(3)
        train, val = preset.batches(small_images("val", 12).array)
        model, callbacks = preset.build(), [*preset.callbacks(folder), *more]
        try:
            history = model.fit(train, validation_data=val, epochs=4, verbose=0, callbacks=callbacks).history
        except KeyboardInterrupt:
            return None
        weights = model.get_weights()
        model.evaluate(val, verbose=0)
        model.save(
            folder / "model.keras"
        )  # under JAX, evaluation must not have freed the optimizer's average
        return history, weights

    history, weights = fit(tmp_path / "whole")
    assert fit(tmp_path / "stopped", Interrupt(2)) is None
    resumed, resumed_weights = fit(tmp_path / "stopped")
    assert "resuming after epoch 2" in capsys.readouterr().out
    for name, values in history.items():
        np.testing.assert_allclose(resumed[name], values, rtol=1e-4, err_msg=name)
    assert_equal_weights(resumed_weights, weights, rtol=1e-3, atol=1e-5)
    best = ik.load_model(tmp_path / "stopped" / "best.keras")
    assert_equal_weights([convert_to_numpy(w) for w in best.weights], resumed_weights)


def test_the_numbers_of_a_card_are_those_of_the_preset_s_batches():
    """The holes depend on the size of the batches."""
    preset = small_preset(batch_size=3, validation={"lines": ik.masks.Lines()})
    images = ik.data.images("photos", "val", 32, count=7)
    results = validation_results("own", preset, ik.models.residual_unet(filters=(2, 2)), images)
    pairs = ik.data.pairs(images, preset.validation["lines"], 3, shuffle=False)
    assert results["lines"]["heat"] == round(ik.evaluation.hole_psnr(ik.baselines.heat, pairs), 2)
    assert list(results["lines"]) == ["biharmonic", "heat", "untrained", "own"]
