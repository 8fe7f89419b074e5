"""The range test of learning rates, overfitting one batch, freezing batch normalisation."""

import keras
import numpy as np
import pytest
from small_training import gan_of, inpainter_of, masked, small_pairs

import inpaintkit as ik
from inpaintkit import losses, training


def test_the_range_test_finds_a_rate_that_learns_and_leaves_no_trace(network):
    pairs = small_pairs(8, shuffle=False)
    model = inpainter_of(network)
    model.fit(pairs, epochs=1, verbose=0)  # so that the optimizer has a state to keep
    variables = [*model.variables, *model.optimizer.variables]
    before = [np.array(v) for v in variables]
    curve = training.find_learning_rate(model, pairs, 1e-5, 100, steps=40)
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    assert len(curve["rates"]) == len(curve["losses"]) <= 40
    assert curve["losses"].min() < curve["losses"][7] and 1e-4 < curve["suggestion"] < 10
    model.optimizer.learning_rate = curve["suggestion"]
    history = model.fit(pairs, epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    with pytest.raises(ValueError, match="low=1"):
        training.find_learning_rate(model, pairs, 1, 0.1)
    for wrong in (np.uint8(255), np.array(0.5), {3}):
        with pytest.raises(ValueError, match=f"pairs of type {type(wrong).__name__}: expected"):
            training.find_learning_rate(model, wrong)


def test_an_interrupted_range_test_leaves_no_trace_either(network, batch):
    images, masks = batch
    model = inpainter_of(network)
    rate = float(model.optimizer.learning_rate)
    before = network.get_weights()

    class Broken:
        def __len__(self):
            return 100

        def __getitem__(self, k):
            if k == 8:
                raise KeyboardInterrupt
            return [images * masks, masks], images

    with pytest.raises(KeyboardInterrupt):
        training.find_learning_rate(model, Broken())
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert float(model.optimizer.learning_rate) == pytest.approx(rate)


def test_a_range_test_takes_losses_under_0(network):
    pairs = small_pairs(4, shuffle=False)
    for loss in (losses.psnr_loss, losses.WeightedSum({"psnr": (1, losses.psnr_loss), "l1": (1, "mae")})):
        curve = training.find_learning_rate(inpainter_of(network, loss), pairs, 1e-4, 10, steps=30)
        assert len(curve["rates"]) > 12 and curve["suggestion"] > 1e-4
        assert curve["losses"].min() < curve["losses"][0] < 0
    with pytest.warns(UserWarning, match="never fell below"):
        training.find_learning_rate(inpainter_of(network, lambda y, p: p * 0 + 1.0), pairs, steps=10)


def test_one_batch_is_memorised_or_a_warning_says_so(network):
    flat = np.full((2, 16, 16, 3), 0.2, "float32")
    batch = ((flat, np.ones((2, 16, 16, 1), "float32")), flat)
    model = inpainter_of(network)
    model.optimizer.learning_rate = 0.05
    losses = training.overfit_one_batch(model, batch, steps=80)
    assert losses.shape == (80,) and losses[-1] < losses[0] / 10
    model.optimizer.learning_rate = 1e-9
    with pytest.warns(UserWarning, match="not to a tenth"):
        training.overfit_one_batch(model, batch, steps=3)


def normalized(name="encoder1_norm"):
    """Two convolutions with batch normalisation: of the encoder and of the decoder."""
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Concatenate()(inputs)
    x = keras.layers.BatchNormalization(name=name)(keras.layers.Conv2D(4, 3, padding="same")(x))
    x = keras.layers.BatchNormalization(name="decoder1_norm")(keras.layers.Conv2D(3, 3, padding="same")(x))
    return keras.Model(inputs, x)


@pytest.mark.parametrize("nested", [False, True])
def test_the_second_phase_freezes_only_the_statistics_of_the_encoder(batch, nested):
    images, masks = batch
    x, network = [images * masks, masks], normalized()
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    outer = keras.Model(inputs, network(inputs)) if nested else network
    model = ik.Inpainter(outer)
    optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
    model.compile(optimizer, losses.HoleValidLoss(), metrics=["mae"], run_eagerly=True)
    names = model.fit(x, images, verbose=0).history.keys()
    training.freeze_encoder_batchnorm(model)
    assert float(model.optimizer.learning_rate) == pytest.approx(5e-5)
    assert model.optimizer is not optimizer and model.optimizer.beta_1 == 0.5
    assert int(model.optimizer.iterations) == 0 and isinstance(model.loss, losses.HoleValidLoss)
    norms = [network.get_layer(name) for name in ("encoder1_norm", "decoder1_norm")]
    before = [[np.array(v) for v in norm.variables] for norm in norms]
    assert model.fit(x, images, verbose=0).history.keys() == names
    moved = [
        [bool((np.array(v) != old).any()) for v, old in zip(norm.variables, olds, strict=True)]
        for norm, olds in zip(norms, before, strict=True)
    ]
    assert moved == [[False] * 4, [True] * 4]


def test_the_second_phase_needs_a_compiled_model_with_encoder_norms(network):
    with pytest.raises(ValueError, match="not compiled"):
        training.freeze_encoder_batchnorm(normalized())
    with pytest.raises(ValueError, match="'encoder': none at all"):
        training.freeze_encoder_batchnorm(inpainter_of(network))
    with pytest.raises(ValueError, match="'encoder': norm1, decoder1_norm"):
        training.freeze_encoder_batchnorm(inpainter_of(normalized("norm1")))


def test_the_tools_need_a_compiled_model_and_a_positive_loss(network, batch):
    data = x, images = masked(batch)
    fresh = ik.Inpainter(network)
    for tool in (training.find_learning_rate, training.overfit_one_batch, training.freeze_encoder_batchnorm):
        with pytest.raises(ValueError, match="is not compiled"):
            tool(fresh, [data]) if tool is not training.freeze_encoder_batchnorm else tool(fresh)
    with pytest.raises(ValueError, match="falls towards 0"):
        training.overfit_one_batch(inpainter_of(network, losses.psnr_loss), data, steps=1)
    gan = gan_of(network, keras.optimizers.SGD(0.0), "mae")
    with pytest.warns(UserWarning, match="not to a tenth"):
        curve = training.overfit_one_batch(gan, data, steps=1)
    error = np.abs(images - network.predict(x, verbose=0)).mean()
    assert curve[0] == pytest.approx(error, rel=1e-5)  # only the reconstruction loss


def test_the_tools_refuse_a_learning_rate_schedule(batch):
    network = normalized()
    model = inpainter_of(network)
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.5)
    x, y = masked(batch)
    for optimizer in (
        keras.optimizers.Adam(schedule),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(schedule)),
    ):
        model.compile(optimizer, "mae")
        before = model.get_weights()
        for tool in (training.freeze_encoder_batchnorm, lambda t: training.find_learning_rate(t, [(x, y)])):
            with pytest.raises(ValueError, match=r"has a learning-rate schedule.*Adam"):
                tool(model)
        assert network.get_layer("encoder1_norm").trainable and model.optimizer is optimizer
        for weights, old in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(weights, old)
