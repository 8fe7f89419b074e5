"""`Inpainter`: who gets the mask, what is measured, stages and terms, saving and compiling."""

import inspect
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy
from small_training import fit_small, gan_of, inpainter_of, masked, small_model, small_pairs

import inpaintkit as ik
from inpaintkit import losses, metrics


def loss_of(network, loss, x, y):
    return inpainter_of(network, loss).evaluate(x, y, verbose=0, return_dict=True)["loss"]


def test_a_mask_loss_gets_the_mask_and_a_plain_one_the_image(network, batch):
    images, masks = batch
    x = [images * masks, masks]
    output = network.predict(x, verbose=0)
    error = np.abs(images - output)
    plain = loss_of(network, "mae", x, images)
    assert plain == pytest.approx(error.mean(), rel=1e-5)
    hole = loss_of(network, losses.HoleValidLoss(hole=5, valid=0), x, images)
    assert hole == pytest.approx((5 * error * (1 - masks)).mean(), rel=1e-5)
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
        same.compile("sgd", "mae", run_eagerly=True)
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
        model.compile("sgd", "mae", weighted_metrics=weighted, run_eagerly=True)
        assert set(model.evaluate(x, images, verbose=0, return_dict=True)) == names
    for no_network in (keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 1)]), "unet"):
        with pytest.raises(ValueError, match=r"\[image, mask\]"):
            ik.Inpainter(no_network)


def test_a_network_of_two_stages_is_trained_at_both_and_measured_at_the_final_one(tmp_path):
    images = ik.data.images("photos", "val", 32, count=2).as_float()
    masks = np.ones((2, 32, 32, 1), "float32")
    masks[:, 4:9, 4:9] = 0  # small, so that attention finds known patches
    x = [images * masks, masks]
    network = ik.models.coarse_to_fine(filters=(4, 8, 16))
    model = inpainter_of(network, losses.HoleValidLoss(), "sgd")
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
    model.compile("sgd", loss, loss_weights=weights, run_eagerly=True)
    got = model.evaluate(x, images, verbose=0, return_dict=True)["loss"]
    error = np.abs(images - network.predict(x, verbose=0))
    first = (error * (6 * (1 - masks) + masks)).mean()
    second = error.mean()  # "mae" and HoleValidLoss(hole=1) are the same
    assert got == pytest.approx(first + (0.5 * second if weights else 0), rel=1e-5)


def test_inputs_may_come_by_name(batch):
    images, masks = batch
    network = ik.models.pconv_unet(filters=(4, 8))
    model = inpainter_of(network, losses.HoleValidLoss())
    by_order = model.evaluate([images, masks], images, verbose=0)
    assert model.evaluate({"image": images, "mask": masks}, images, verbose=0) == pytest.approx(by_order)


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


def stages_of(network):
    """Two outputs, `fine` and `rough`, of which the second is the first, halved."""
    fine = keras.layers.Identity(name="fine")(network.output)
    return ik.Inpainter(network.inputs, [fine, keras.layers.Rescaling(0.5, name="rough")(network.output)])


@pytest.mark.parametrize("as_dict", [False, True])
def test_several_multi_term_losses_keep_all_their_terms(as_dict, network, batch):
    x, y = masked(batch)
    model = stages_of(network)
    fine, rough = (losses.WeightedSum({"l1": (1, "mae"), "l2": (w, "mse")}) for w in (1.0, 2.0))
    loss = {"rough": rough, "fine": fine} if as_dict else [fine, rough]
    model.compile(keras.optimizers.SGD(0.0), loss, run_eagerly=True)
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


def test_terms_have_names_that_no_other_metric_has(network, batch):
    """A term of a metric's name, one called loss, and the terms of a multi-term loss within another."""
    x, y = masked(batch)
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


def test_fit_draws_new_holes_each_epoch(network):
    drawn = []

    class Noted(ik.masks.Lines):
        def sample(self, *args, **settings):
            drawn.append(super().sample(*args, **settings))
            return drawn[-1]

    inpainter_of(network).fit(small_pairs(4, masks=Noted(thickness=2)), epochs=3, verbose=0)
    assert len({masks.tobytes() for masks in drawn}) == 3


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
    assert len(seen) == 10  # other images are left out each time


def test_a_prefilled_network_learns_beyond_the_bounds(batch):
    """Every residual is far above 1, where a clip would have no gradient."""
    images, masks = batch
    network = ik.models.prefilled_unet(filters=(4, 8))
    residual = network.get_layer("residual")
    residual.bias.assign([3.0, 3.0, 3.0])
    model = inpainter_of(network, losses.HoleValidLoss())
    model.fit([images * masks, masks], images, epochs=1, verbose=0)
    assert (to_numpy(residual.bias) < 3).all()


@pytest.mark.slow
def test_keras_before_3_15_can_save_it_as_a_functional_model():
    """They compare these arguments with those of their own `__init__`, and else save no layers."""
    found = inspect.getfullargspec(ik.Inpainter.__init__)
    assert (found.args[1:], found.varargs, found.varkw) == ([], "args", "kwargs")
    assert list(inspect.signature(ik.Inpainter).parameters) == ["inputs", "outputs", "name", "kwargs"]


def test_a_saved_model_loads_in_a_fresh_process(network, batch, tmp_path):
    images, masks = batch
    x = [images * masks, masks]
    np.savez(tmp_path / "x.npz", images=x[0], masks=masks)
    inpainters = {
        "model": inpainter_of(ik.models.pconv_unet(filters=(4, 8)), losses.HoleValidLoss()),
        "gan": gan_of(network),
    }
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


@pytest.mark.slow
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


def test_the_same_seed_gives_exactly_the_same_curve_and_weights():
    """On a CPU. That masks and batches depend on the seed only is tested in tests/masks and tests/data."""

    def trained(seed):
        keras.utils.set_random_seed(seed)
        model = small_model(run_eagerly=False)
        return fit_small(model, small_pairs(seed=seed), epochs=2).history, model.get_weights()

    (curve, weights), (again, weights_again), (other, _) = map(trained, (3, 3, 4))
    assert again == curve and other["loss"] != curve["loss"]
    for one, two in zip(weights, weights_again, strict=True):
        np.testing.assert_array_equal(two, one)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch runs step by step")
def test_each_step_is_compiled_once_however_many_images_are_left_over(network, monkeypatch):
    """Ten images in batches of four: a batch of the last two would be a second shape to compile."""
    traced, compute_loss = [], ik.Inpainter.compute_loss

    def traced_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        traced.append((training, y.shape[0]))  # None where the size of the batch is left open
        return compute_loss(self, x, y, y_pred, sample_weight, training)

    monkeypatch.setattr(ik.Inpainter, "compute_loss", traced_loss)
    model = inpainter_of(network, run_eagerly=False)
    validation = small_pairs(6, shuffle=False)
    model.fit(small_pairs(10), validation_data=validation, epochs=1, verbose=0)
    steps = [size for training, size in traced if training]
    assert len(steps) == 1
    # JAX compiles for each size, and validation leaves no image out; TensorFlow compiles once for all sizes.
    sizes = {size for training, size in traced if not training}
    assert sizes == ({4, 2} if keras.backend.backend() == "jax" else {None})
    traced.clear()
    model.fit(small_pairs(10), validation_data=validation, epochs=2, verbose=0)
    assert not traced
