import subprocess
import sys

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

import inpaintkit as ik
from inpaintkit import losses, metrics, training


def inpainter_of(network, loss="mae", **metrics_):
    model = ik.Inpainter(network)
    model.compile(keras.optimizers.Adam(1e-3), loss, **metrics_)
    return model


def loss_of(network, loss, x, y):
    return inpainter_of(network, loss).evaluate(x, y, verbose=0, return_dict=True)["loss"]


@pytest.fixture
def network():
    """The smallest network that paints: one convolution over image and mask."""
    keras.utils.set_random_seed(1)
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid")(keras.layers.Concatenate()(inputs))
    return keras.Model(inputs, x)


def test_a_mask_loss_gets_the_mask_and_a_plain_one_the_image(network, batch):
    images, masks = batch
    x = [images * masks, masks]
    output = network.predict(x, verbose=0)
    error = np.abs(images - output)
    plain = loss_of(network, "mae", x, images)
    assert plain == pytest.approx(error.mean(), rel=1e-5)
    masked = loss_of(network, losses.HoleValidLoss(hole=5, valid=0), x, images)
    assert masked == pytest.approx((5 * error * (1 - masks)).mean(), rel=1e-5)
    function = loss_of(network, losses.ssim_loss, x, images)
    assert function == pytest.approx(1 - np.mean(to_numpy(metrics.ssim(images, output))), rel=1e-4)


def test_metrics_measure_the_image_and_weighted_metrics_the_hole(network, batch):
    images, masks = batch
    x = [images * masks, masks]
    model = inpainter_of(
        network,
        losses.HoleValidLoss(),
        metrics=["mae", metrics.PSNR()],
        weighted_metrics=[metrics.PSNR("hole_psnr"), keras.metrics.MeanAbsoluteError("hole_mae")],
    )
    got = model.evaluate(x, images, verbose=0, return_dict=True)
    output = model.predict(x, verbose=0)
    error = np.abs(images - output)
    assert got["mae"] == pytest.approx(error.mean(), rel=1e-5)
    assert got["psnr"] == pytest.approx(np.mean(to_numpy(metrics.psnr(images, output))), rel=1e-5)
    assert got["hole_psnr"] == pytest.approx(
        np.mean(to_numpy(metrics.psnr(images, output, 1 - masks))), rel=1e-5
    )
    hole = np.broadcast_to(masks == 0, error.shape)
    assert got["hole_mae"] == pytest.approx(error[hole].mean(), rel=1e-5)


def test_an_inpainter_finds_the_stages_of_its_network_and_measures_the_hole(network, batch, tmp_path):
    images, masks = batch
    x = [images * masks, masks]
    model = ik.Inpainter(network)
    assert model.name == network.name and ik.Inpainter(network, name="mine").name == "mine"
    long_form = ik.Inpainter(network.inputs, network.output)
    for same in (model, long_form):
        same.compile("sgd", "mae")
    got = model.evaluate(x, images, verbose=0, return_dict=True)
    output = network.predict(x, verbose=0)
    expected = np.mean(to_numpy(metrics.psnr(images, output, 1 - masks)))
    assert set(got) == {"loss", "hole_psnr"} and got["hole_psnr"] == pytest.approx(expected, rel=1e-5)
    assert long_form.evaluate(x, images, verbose=0, return_dict=True) == pytest.approx(got)
    model.save(tmp_path / "model.keras")
    again = ik.load_model(tmp_path / "model.keras")
    assert type(again) is ik.Inpainter and again.name == model.name
    assert again.evaluate(x, images, verbose=0, return_dict=True) == pytest.approx(got)
    for weighted, names in (([], {"loss"}), ([metrics.SSIM("hole_ssim")], {"loss", "hole_ssim"})):
        model.compile("sgd", "mae", weighted_metrics=weighted)
        assert set(model.evaluate(x, images, verbose=0, return_dict=True)) == names
    for no_network in (keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 1)]), "unet"):
        with pytest.raises(ValueError, match=r"\[image, mask\]"):
            ik.Inpainter(no_network)


def test_fit_draws_new_holes_each_epoch(network):
    images = ik.data.images("photos", "val", 32, count=8)
    train = ik.data.pairs(images, ik.masks.Lines(), 4)
    served = []
    train_getitem = type(train).__getitem__

    class Watched(type(train)):
        def __getitem__(self, k):
            served.append((self.epoch, k))
            return train_getitem(self, k)

    train.__class__ = Watched
    inpainter_of(network).fit(train, epochs=3, verbose=0)
    assert {(e, k) for e in range(3) for k in range(2)} == set(served)


def test_the_range_test_finds_a_rate_that_learns_and_leaves_no_trace(network):
    images = ik.data.images("photos", "val", 32, count=8)
    pairs = ik.data.pairs(images, ik.masks.Lines(), 4, shuffle=False)
    model = inpainter_of(network)
    model.fit(pairs, epochs=1, verbose=0)  # so that the optimizer has a past to keep
    variables = [*model.variables, *model.optimizer.variables]
    before = [np.array(v) for v in variables]
    curve = training.find_learning_rate(model, pairs, 1e-5, 100, steps=60)
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    assert len(curve["rates"]) == len(curve["losses"]) <= 60
    assert curve["losses"].min() < curve["losses"][10] and 1e-4 < curve["suggestion"] < 10
    model.optimizer.learning_rate = curve["suggestion"]
    history = model.fit(pairs, epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    with pytest.raises(ValueError, match="low=1"):
        training.find_learning_rate(model, pairs, 1, 0.1)


def test_one_batch_is_learnt_by_heart_or_a_warning_says_so(network):
    flat = np.full((2, 16, 16, 3), 0.2, "float32")
    batch = ((flat, np.ones((2, 16, 16, 1), "float32")), flat)
    model = inpainter_of(network)
    model.optimizer.learning_rate = 0.03
    losses = training.overfit_one_batch(model, batch, steps=150)
    assert losses.shape == (150,) and losses[-1] < losses[0] / 10
    model.optimizer.learning_rate = 1e-9
    with pytest.warns(UserWarning, match="not to a tenth"):
        training.overfit_one_batch(model, batch, steps=3)


def normalized(name="encoder1_norm"):
    """A convolution with batch normalisation on the way in, and one on the way out."""
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Concatenate()(inputs)
    x = keras.layers.BatchNormalization(name=name)(keras.layers.Conv2D(4, 3, padding="same")(x))
    x = keras.layers.BatchNormalization(name="decoder1_norm")(keras.layers.Conv2D(3, 3, padding="same")(x))
    return keras.Model(inputs, x)


@pytest.mark.parametrize("nested", [False, True])
def test_the_second_phase_freezes_the_statistics_of_the_encoder_alone(batch, nested):
    images, masks = batch
    x, network = [images * masks, masks], normalized()
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    outer = keras.Model(inputs, network(inputs)) if nested else network
    model = ik.Inpainter(outer)
    optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
    model.compile(optimizer, losses.HoleValidLoss(), metrics=["mae"])
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


def test_the_second_phase_wants_a_first_one(network):
    with pytest.raises(ValueError, match="not compiled"):
        training.freeze_encoder_batchnorm(normalized())
    with pytest.raises(ValueError, match="'encoder': none at all"):
        training.freeze_encoder_batchnorm(inpainter_of(network))
    with pytest.raises(ValueError, match="'encoder': norm1, decoder1_norm"):
        training.freeze_encoder_batchnorm(inpainter_of(normalized("norm1")))


def test_the_terms_of_a_loss_are_in_the_history(network, batch):
    images, masks = batch
    x = [images * masks, masks]
    loss = losses.PConvLoss(valid=2, hole=6, perceptual=0, style_out=0, style_comp=0, total_variation=0.1)
    model = inpainter_of(network, loss)
    history = model.fit(x, images, validation_data=(x, images), epochs=2, verbose=0).history
    for prefix in ("", "val_"):
        terms = {name: np.array(history[prefix + name]) for name in loss.weights}
        total = sum(weight * terms[name] for name, weight in loss.weights.items())
        np.testing.assert_allclose(history[prefix + "loss"], total, rtol=1e-5)
    output = model.predict(x, verbose=0)
    got = model.evaluate(x, images, verbose=0, return_dict=True)
    assert got["hole"] == pytest.approx((np.abs(images - output) * (1 - masks)).mean(), rel=1e-5)


def test_a_network_of_two_stages_is_taught_at_both_and_measured_at_the_last(batch, tmp_path):
    images, masks = batch[0], np.ones_like(batch[1])
    masks[:, 4:9, 4:9] = 0  # small, so that attention finds known patches
    x = [images * masks, masks]
    network = ik.models.coarse_to_fine(width=4)
    model = ik.Inpainter(network)
    model.compile("sgd", losses.HoleValidLoss())
    got = model.evaluate(x, images, verbose=0, return_dict=True)
    refined, coarse = model.predict(x, verbose=0)
    weight = 6 * (1 - masks) + masks
    expected = sum((np.abs(images - stage) * weight).mean() for stage in (refined, coarse))
    assert got["loss"] == pytest.approx(expected, rel=1e-5)
    psnr = to_numpy(metrics.psnr(images, refined, 1 - masks))
    assert got["hole_psnr"] == pytest.approx(psnr.mean(), rel=1e-5)
    before = [np.array(v) for v in network.trainable_variables]
    model.fit(x, images, epochs=1, verbose=0)
    assert all((to_numpy(v) != b).any() for v, b in zip(network.trainable_variables, before, strict=True))
    model.save(tmp_path / "two.keras")
    method = ik.as_method(keras.saving.load_model(tmp_path / "two.keras"))
    np.testing.assert_allclose(method(images, masks), network.predict(x, verbose=0), atol=1e-6)


def small_judge():
    """Convolutions alone: no state that a step of training would change."""
    layers = [keras.layers.Conv2D(8, 3, strides=2, activation="relu"), keras.layers.Conv2D(1, 3)]
    return keras.Sequential([keras.Input((32, 32, 3)), *layers])


def test_each_player_of_the_gan_gets_its_own_gradient_and_no_other(network, batch):
    """One step of SGD at rate 1 shows the gradient: against players trained the ordinary way."""
    images, masks = batch
    x, discriminator = [images * masks, masks], small_judge()
    start, judge_start = network.get_weights(), discriminator.get_weights()

    def step(model, *data):
        network.set_weights(start)
        discriminator.set_weights(judge_start)
        model.train_on_batch(*data)
        return [
            [after - before for after, before in zip(m.get_weights(), w, strict=True)]
            for m, w in ((network, start), (discriminator, judge_start))
        ]

    def gan(weight):
        gan = ik.InpaintingGAN(network, discriminator, adversarial_weight=weight)
        gan.compile(keras.optimizers.SGD(1.0), "mae")
        return step(gan, x, images)

    (plain_network, plain_judge), (network_change, judge_change) = gan(0), gan(3)
    for a, b in zip(plain_judge, judge_change, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
        assert np.abs(a).max() > 0

    # The generator's adversarial gradient, the ordinary way: through a discriminator that is not trainable.
    truth = keras.Input((32, 32, 3))
    composite = truth * network.inputs[1] + network.output * (1 - network.inputs[1])
    discriminator.trainable = False
    fooled = keras.Model([*network.inputs, truth], discriminator(composite))
    fooled.compile(keras.optimizers.SGD(3.0), lambda _, logits: keras.ops.softplus(-logits))
    expected, _ = step(fooled, [*x, images], np.zeros((4, 13, 13, 1)))
    discriminator.trainable = True
    for total, mae, adversarial in zip(network_change, plain_network, expected, strict=True):
        np.testing.assert_allclose(total - mae, adversarial, atol=2e-5)
        assert np.abs(adversarial).max() > 1e-4

    # The discriminator's gradient, the ordinary way: real and fake images with their labels.
    filled = images * masks + network_output(network, start, x) * (1 - masks)
    discriminator.compile(keras.optimizers.SGD(2.0), keras.losses.BinaryCrossentropy(from_logits=True))
    labels = np.repeat([0.9, 0.0], 4)[:, None, None, None] * np.ones((8, 13, 13, 1))
    _, expected = step(discriminator, np.concatenate([images, filled]), labels)
    for a, b in zip(plain_judge, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def network_output(network, weights, x):
    network.set_weights(weights)
    return network.predict(x, verbose=0)


@pytest.mark.parametrize(
    ("discriminator", "adversarial_loss"),
    [
        (lambda: ik.models.discriminator((32, 32, 3)), losses.NonSaturatingGANLoss(1.0)),
        (lambda: ik.models.patch_discriminator(filters=(8, 16)), losses.HingeGANLoss()),
    ],
    ids=["study", "patch"],
)
def test_the_gan_is_a_keras_model_like_any_other(discriminator, adversarial_loss, network, batch, tmp_path):
    images, masks = batch
    x = [images * masks, masks]
    gan = ik.InpaintingGAN(
        network, discriminator(), adversarial_weight=0.01, adversarial_loss=adversarial_loss
    )
    gan.compile(keras.optimizers.Adam(0.01), losses.HoleValidLoss())
    history = gan.fit(x, images, validation_data=(x, images), epochs=3, verbose=0).history
    assert {"adversarial_loss", "discriminator_loss", "val_reconstruction_loss", "val_hole_psnr"} <= set(
        history
    )
    assert history["hole_psnr"][-1] > history["hole_psnr"][0] and np.isfinite(history["val_loss"]).all()
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), gan.predict(x, verbose=0))
    assert again.adversarial_weight == 0.01 and type(again.adversarial_loss) is type(adversarial_loss)
    assert again.evaluate(x, images, verbose=0) == pytest.approx(gan.evaluate(x, images, verbose=0), rel=1e-5)
    assert ik.as_method(again)(images, masks).shape == images.shape


@pytest.mark.parametrize(
    ("loss", "weights"),
    [
        ([losses.HoleValidLoss()], None),
        (losses.HoleValidLoss, None),
        ([losses.HoleValidLoss(), "mae"], [1.0, 0.5]),
        ([losses.HoleValidLoss(), losses.HoleValidLoss(hole=1)], [1.0, 0.5]),
    ],
    ids=["a list", "a class", "a mask loss and a plain one", "two mask losses"],
)
def test_mask_losses_are_known_however_compile_takes_them(loss, weights, network, batch):
    images, masks = batch
    x, stages = [images * masks, masks], [network.output] * (len(weights) if weights else 1)
    stages = [keras.layers.Identity()(stage) for stage in stages]
    model = ik.Inpainter(network.inputs, stages if weights else stages[0])
    model.compile("sgd", loss, loss_weights=weights)
    got = model.evaluate(x, images, verbose=0, return_dict=True)["loss"]
    error = np.abs(images - network.predict(x, verbose=0))
    ours = (error * (6 * (1 - masks) + masks)).mean()
    second = error.mean()  # which is HoleValidLoss(hole=1), too
    assert got == pytest.approx(ours + (0.5 * second if weights else 0), rel=1e-5)


def test_inputs_may_come_by_name(batch):
    images, masks = batch
    network = ik.models.pconv_unet(filters=(4, 8))
    model = inpainter_of(network, losses.HoleValidLoss())
    by_order = model.evaluate([images, masks], images, verbose=0)
    assert model.evaluate({"image": images, "mask": masks}, images, verbose=0) == pytest.approx(by_order)


@pytest.mark.parametrize("value", [255, 0.5, -1, np.nan])
def test_masks_of_other_values_are_refused(value, network, batch):
    images, masks = batch
    model = inpainter_of(network, losses.HoleValidLoss())
    x = [images, np.where(masks > 0, masks, value)]
    for use in (model.predict, lambda x: model.fit(x, images), lambda x: model.evaluate(x, images)):
        with pytest.raises(ValueError, match=r"a mask holds .*1 \(known\) or 0"):
            use(x)


def test_a_saved_teacher_loads_in_a_process_that_knows_nothing(network, batch, tmp_path):
    images, masks = batch
    x = [images * masks, masks]
    np.savez(tmp_path / "x.npz", images=x[0], masks=masks)
    inpainters = {
        "model": inpainter_of(ik.models.pconv_unet(filters=(4, 8)), losses.HoleValidLoss()),
        "gan": ik.InpaintingGAN(network, small_judge()),
    }
    inpainters["gan"].compile("sgd", losses.HoleValidLoss())
    for name, model in inpainters.items():
        model.save(tmp_path / f"{name}.keras")
    code = (
        "import sys, numpy as np, inpaintkit as ik\n"
        "x = np.load(sys.argv[1] + '/x.npz')\n"
        "for name in ('model', 'gan'):\n"
        "    model = ik.load_model(f'{sys.argv[1]}/{name}.keras')\n"
        "    assert model.compiled, name\n"
        "    filled = model.predict([x['images'], x['masks']], verbose=0)\n"
        "    np.save(f'{sys.argv[1]}/{name}.npy', filled)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    for name, model in inpainters.items():
        expected = model.predict(x, verbose=0)
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), expected, atol=1e-6)


def test_the_tools_ask_for_what_they_need(network, batch):
    images, masks = batch
    data = (([images * masks, masks]), images)
    fresh = ik.Inpainter(network)
    for tool in (training.find_learning_rate, training.overfit_one_batch, training.freeze_encoder_batchnorm):
        with pytest.raises(ValueError, match="is not compiled"):
            tool(fresh, [data]) if tool is not training.freeze_encoder_batchnorm else tool(fresh)
    with pytest.raises(ValueError, match="falls towards 0"):
        training.overfit_one_batch(inpainter_of(network, losses.psnr_loss), data, steps=1)
    gan = ik.InpaintingGAN(network, small_judge())
    gan.compile(keras.optimizers.SGD(0.0), "mae")
    with pytest.warns(UserWarning, match="not to a tenth"):
        curve = training.overfit_one_batch(gan, data, steps=1)
    error = np.abs(images - network.predict(data[0], verbose=0)).mean()
    assert curve[0] == pytest.approx(error, rel=1e-5)  # the reconstruction alone


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


def test_a_prefilled_network_learns_beyond_the_bounds(batch):
    """Where a clip would have no gradient: every residual far over 1."""
    images, masks = batch
    network = ik.models.prefilled_unet()
    residual = network.get_layer("residual")
    residual.bias.assign([3.0, 3.0, 3.0])
    model = inpainter_of(network, losses.HoleValidLoss())
    model.fit([images * masks, masks], images, epochs=1, verbose=0)
    assert (to_numpy(residual.bias) < 3).all()


def test_a_mixed_float16_gan_trains(batch):
    images, masks = batch
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = ik.models.pconv_unet(filters=(4, 8))
        gan = ik.InpaintingGAN(
            network, ik.models.patch_discriminator(filters=(8, 16)), adversarial_loss=losses.HingeGANLoss()
        )
        gan.compile("adam", losses.HoleValidLoss())
        history = gan.fit([images * masks, masks], images, epochs=2, verbose=0).history
    finally:
        keras.config.set_dtype_policy("float32")
    assert all(np.isfinite(values).all() for values in history.values())
    assert all(np.isfinite(to_numpy(v)).all() for v in gan.variables)


def arrays_of(batch, dtype="float32"):
    images, masks = batch[0][:, :16, :16], batch[1][:, :16, :16]
    return [images * masks, masks.astype(dtype)], images


def uses(model, x, y):
    """Every way in which arrays come in, by name."""
    ways = {
        "fit": lambda: model.fit(x, y, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, verbose=0),
        "train_on_batch": lambda: model.train_on_batch(x, y),
        "test_on_batch": lambda: model.test_on_batch(x, y),
    }
    without_target = {
        "predict": lambda: model.predict(x, verbose=0),
        "predict_on_batch": lambda: model.predict_on_batch(x),
    }
    return ways, without_target


def gan_of(network):
    discriminator = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(1, 3, strides=2)])
    gan = ik.InpaintingGAN(network, discriminator)
    gan.compile("adam", losses.HoleValidLoss())
    return gan


@pytest.mark.parametrize("make", ["inpainter", "gan"])
def test_masks_of_any_type_are_masks(make, network, batch):
    x, y = arrays_of(batch)
    model = gan_of(network) if make == "gan" else inpainter_of(network, losses.HoleValidLoss())
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    for dtype in (bool, "uint8", "int64"):
        got = model.evaluate([x[0], x[1].astype(dtype)], y, verbose=0, return_dict=True)
        assert got == pytest.approx(expected, rel=1e-4), dtype
    ways, without_target = uses(model, [x[0], x[1] > 0], y)
    for way in (ways | without_target).values():
        way()
    by_epoch = model.fit([x[0], x[1] > 0], y, validation_data=([x[0], x[1] > 0], y), epochs=2, verbose=0)
    assert np.isfinite(by_epoch.history["val_loss"]).all()


def test_a_target_of_whole_numbers_trains(network, batch):
    x, y = arrays_of(batch)
    black = [np.zeros_like(x[0], "uint8"), x[1] > 0]
    for model in (inpainter_of(network, losses.HoleValidLoss()), gan_of(network)):
        history = model.fit(black, (y > 0.5).astype("uint8"), verbose=0).history
        assert np.isfinite(history["loss"]).all()


WRONG = {  # what is wrong with inputs and target: (x, y) to (x, y), and what the message says
    "8-bit floats": (lambda x, m, y: ([x * 255, m], y * 255), r"known pixels.*\[0, 1\].*divide .* by 255"),
    "8-bit": (
        lambda x, m, y: ([(x * 255).astype("uint8"), m], (y * 255).astype("uint8")),
        r"known pixels.*\[0, 1\].*divide .* by 255",
    ),
    "negative": (lambda x, m, y: ([x * 2 - 1, m], y), r"known pixels.* from -1"),
    "NaN": (lambda x, m, y: ([np.where(m > 0, np.nan, x), m], y), "known pixels.*NaN"),
    "three-channel masks": (lambda x, m, y: ([x, np.repeat(m, 3, -1)], y), r"masks.*16, 3\).*16, 1\)"),
    "masks without channel": (lambda x, m, y: ([x, m[..., 0]], y), r"masks.*16, 16\) .*16, 1\)"),
    "fewer masks": (lambda x, m, y: ([x, m[:2]], y), r"masks.*\(2, .*\(4, 16, 16, 1\)"),
    "grey": (lambda x, m, y: ([x[..., :1], m], y), r"images.*16, 1\).*height, width, 3"),
    "one image": (lambda x, m, y: ([x[0], m[0]], y[0]), r"images.*\(16, 16, 3\).*batch axis"),
    "no mask": (lambda x, m, y: (x, y), r"one array.*\[images, masks\]"),
    "three inputs": (lambda x, m, y: ([x, m, m], y), r"3 inputs.*\[images, masks\]"),
    "other names": (lambda x, m, y: ({"images": x, "mask": m}, y), "'images', 'mask'.*'image' and 'mask'"),
    "by name": (lambda x, m, y: ({"image": x * 255, "mask": m}, y), "known pixels"),
}
WRONG_TARGET = {
    "8-bit": (lambda y: y * 255, r"target.*\[0, 1\].*divide .* by 255"),
    "NaN": (lambda y: np.where(y > 0.3, np.nan, y), "target.*NaN"),
    "infinite": (lambda y: np.where(y > 0.3, np.inf, y), "target.*inf"),
    "missing": (lambda y: None, "no target.*complete images"),
    "fewer": (lambda y: y[:3], r"target.*\(3, .*\(4, 16, 16, 3\)"),
    "grey": (lambda y: y[..., :1], r"target.*16, 1\).*16, 3\)"),
    "two": (lambda y: [y, y], "target of list.*one array"),
}


@pytest.mark.parametrize("make", ["inpainter", "gan"])
def test_wrong_arrays_are_refused_before_keras_sees_them(make, network, batch):
    (holed, masks), y = arrays_of(batch)
    model = gan_of(network) if make == "gan" else inpainter_of(network, losses.HoleValidLoss())
    for name, (spoil, message) in WRONG.items():
        x, spoilt = spoil(holed, masks, y)
        ways, without_target = uses(model, x, spoilt)
        validation = {
            "validation_data": lambda x=x, t=spoilt: model.fit(
                [holed, masks], y, validation_data=(x, t), verbose=0
            )
        }
        for way, use in (ways | without_target | validation).items():
            with pytest.raises(ValueError, match=message) as error:
                use()
            assert way in str(error.value), name
    for spoil, message in WRONG_TARGET.values():
        for use in uses(model, [holed, masks], spoil(y))[0].values():
            with pytest.raises(ValueError, match=message):
                use()
    for use in [*uses(model, [holed, masks], y)[0].values()]:
        use()  # the model is as usable as before


def test_what_lies_under_the_hole_may_be_anything(network, batch):
    (holed, masks), y = arrays_of(batch)
    model = inpainter_of(network)
    model.train_on_batch([np.where(masks > 0, holed, 255), masks], y)


def test_a_range_test_takes_losses_under_0(network):
    pairs = small_pairs(4, shuffle=False)
    for loss in (losses.psnr_loss, losses.WeightedSum({"psnr": (1, losses.psnr_loss), "l1": (1, "mae")})):
        curve = training.find_learning_rate(inpainter_of(network, loss), pairs, 1e-4, 10, steps=50)
        assert len(curve["rates"]) > 20 and curve["suggestion"] > 1e-4
        assert curve["losses"].min() < curve["losses"][0] < 0
    with pytest.warns(UserWarning, match="never fell below"):
        training.find_learning_rate(inpainter_of(network, lambda y, p: p * 0 + 1.0), pairs, steps=10)


def test_the_tools_refuse_a_learning_rate_schedule(batch):
    network = normalized()
    model = inpainter_of(network)
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.5)
    x, y = arrays_of(batch)
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


def stages_of(network):
    """Two outputs, `fine` and `rough`, of which the second is the first, halved."""
    fine = keras.layers.Identity(name="fine")(network.output)
    return ik.Inpainter(network.inputs, [fine, keras.layers.Rescaling(0.5, name="rough")(network.output)])


@pytest.mark.parametrize("as_dict", [False, True])
def test_several_multi_term_losses_keep_all_their_terms(as_dict, network, batch):
    x, y = arrays_of(batch)
    model = stages_of(network)
    fine, rough = (losses.WeightedSum({"l1": (1, "mae"), "l2": (w, "mse")}) for w in (1.0, 2.0))
    model.compile(keras.optimizers.SGD(0.0), {"rough": rough, "fine": fine} if as_dict else [fine, rough])
    history = model.fit(x, y, validation_data=(x, y), epochs=2, verbose=0).history
    output = network.predict(x, verbose=0)
    for prefix in ("", "val_"):
        for stage, filled in (("fine", output), ("rough", output / 2)):
            expected = np.abs(y - filled).mean(), np.square(y - filled).mean()
            for term, value in zip(("l1", "l2"), expected, strict=True):
                np.testing.assert_allclose(history[f"{prefix}{stage}_{term}"], [value] * 2, rtol=1e-4)
    names = [metric.name for metric in model.metrics]
    assert len(names) == len(set(names))
    assert all(float(loss.trackers["l1"].count) == len(y) for loss in (fine, rough))  # reset each epoch


def test_terms_are_never_mistaken_for_other_metrics(network, batch):
    """A term of a metric's name, one called loss, and the terms of a multi-term loss within another."""
    x, y = arrays_of(batch)
    inner = losses.WeightedSum({"l1": (1, "mae"), "l2": (1, "mse")})
    loss = losses.WeightedSum({"mse": (1, "mae"), "loss": (1, "mae"), "inner": (2, inner)}, name="total")
    model = inpainter_of(network, loss, metrics=["mse"], weighted_metrics=[])
    got = model.evaluate(x, y, verbose=0, return_dict=True)
    output = network.predict(x, verbose=0)
    mae, mse = np.abs(y - output).mean(), np.square(y - output).mean()
    expected = {"loss": 4 * mae + 2 * mse, "mse": mse, "total_mse": mae, "total_loss": mae}
    expected |= {"inner": mae + mse, "inner_l1": mae, "inner_l2": mse}
    assert got == pytest.approx(expected, rel=1e-4)
    shared = stages_of(network)
    shared.compile("sgd", [inner, inner])
    assert [m.name for m in shared.metrics].count("l1") == 1  # one loss for both: the mean over them


def small_pairs(count=5, batch_size=4, **settings):
    images = ik.data.images("photos", "val", 16, count=count)
    return ik.data.pairs(images, ik.masks.Lines(thickness=2), batch_size, **settings)


def test_training_batches_have_one_shape():
    train = small_pairs(10)
    assert [len(train[k][1]) for k in range(len(train))] == [4, 4]
    assert [len(pairs) for pairs in (small_pairs(3), small_pairs(4), small_pairs(8))] == [1, 1, 2]
    assert small_pairs(3)[0][1].shape == (3, 16, 16, 3)  # fewer than one batch
    for whole in (small_pairs(10, shuffle=False), small_pairs(10, drop_last=False)):
        assert [len(whole[k][1]) for k in range(len(whole))] == [4, 4, 2]
    seen = set()
    for epoch in range(8):
        train.epoch = epoch
        seen |= {image.tobytes() for k in range(2) for image in train[k][1]}
    assert len(seen) == 10  # what is left out is another each time


def test_a_shuffled_pairs_is_no_test(network):
    model, shuffled, val = inpainter_of(network), small_pairs(), small_pairs(shuffle=False)
    for use in (
        lambda: model.evaluate(shuffled, verbose=0),
        lambda: model.predict(shuffled, verbose=0),
        lambda: model.fit(shuffled, validation_data=shuffled, verbose=0),
    ):
        with pytest.warns(UserWarning, match="shuffle=True.*expected shuffle=False") as warned:
            use()
        assert sum("shuffle=True" in str(warning.message) for warning in warned) == 1
    model.fit(shuffled, validation_data=val, verbose=0)  # warnings are errors here
    model.evaluate(val, verbose=0)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="XLA compiles for TensorFlow and JAX")
@pytest.mark.parametrize(
    "make",
    [
        lambda: ik.models.prefilled_unet(filters=(4, 8)),
        lambda: ik.models.pconv_unet(filters=(4, 8)),
    ],
    ids=["unet", "pconv_unet"],
)
def test_a_step_compiled_by_xla_is_the_same_step(make, monkeypatch):
    """Keras's default on a GPU. Narrow networks and few steps of the prefill: the compiler is slow."""
    module = sys.modules[ik.models.unet.__module__]
    monkeypatch.setattr(
        module,
        "PushPull",
        lambda biharmonic_steps, **settings: ik.layers.PushPull(biharmonic_steps=2, **settings),
    )
    batch, outcomes = small_pairs(4, shuffle=False)[0], []
    for jit in (False, True):
        keras.utils.set_random_seed(0)
        network = make()
        model = ik.Inpainter(network)
        model.compile(keras.optimizers.SGD(1e-4), losses.HoleValidLoss(), jit_compile=jit)
        outcomes.append([model.train_on_batch(*batch, return_dict=True) for _ in range(2)])
    for plain, compiled in zip(*outcomes, strict=True):
        assert compiled == pytest.approx(plain, rel=1e-3)
    assert outcomes[1][1]["loss"] < outcomes[1][0]["loss"]


FAILING = [False]


def fails_when_told(y_true, y_pred):
    if FAILING[0]:
        raise ValueError("not this time")
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=(1, 2, 3))


@pytest.mark.parametrize(
    "compiled", [{"loss": fails_when_told}, {"loss": "mae", "metrics": [fails_when_told]}]
)
@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch"])
def test_a_call_that_failed_within_keras_leaves_the_model_usable(call, compiled, network, batch):
    image, mask = batch[0], batch[1]
    holed = image * mask
    model = ik.Inpainter(network)
    model.compile("adam", **compiled)
    FAILING[:] = [True]
    try:
        with pytest.raises(ValueError, match="not this time"):
            getattr(model, call)([holed, mask], image)
    finally:
        FAILING[:] = [False]
    history = model.fit([holed, mask], image, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"][-1])


def test_a_network_of_one_size_names_it_and_stays_usable(batch):
    image, mask = batch[0], batch[1]
    holed = image * mask
    network = ik.models.pconv_unet((64, 64, 3), filters=(4, 4))
    model = ik.Inpainter(network)
    model.compile("adam", "mae")
    for call in (lambda: model.fit([holed, mask], image), lambda: model.predict([holed, mask])):
        with pytest.raises(ValueError, match=r"32×32.*64×64"):
            call()
    large = [np.tile(x, (1, 2, 2, 1)) for x in (holed, mask, image)]
    assert np.isfinite(model.fit(large[:2], large[2], verbose=0).history["loss"][0])
