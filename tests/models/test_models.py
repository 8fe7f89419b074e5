"""One contract for every network: `keras.Model` as a Keras user expects it, over `[image, mask]`."""

import contextlib

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import losses, metrics, models
from inpaintkit.layers import PConv2D, PushPull
from inpaintkit.models import _inputs
from inpaintkit.models.pconv_unets import PAPER
from inpaintkit.training import Inpainter, load_model

BUILDERS = {
    "autoencoder": lambda shape=(None, None, 3): models.autoencoder(shape, dropout=0.0),
    "skip_autoencoder": lambda shape=(None, None, 3): models.skip_autoencoder(shape, dropout=0.0),
    "unet": models.unet,
    "prefilled_unet": models.prefilled_unet,
    "unet_dilated": lambda shape=(None, None, 3): models.unet(shape, bottleneck="dilated"),
    "pconv_unet": lambda shape=(None, None, 3): models.pconv_unet(shape, filters=(8, 16, 16)),
    "pconv_unet_paired": lambda shape=(None, None, 3): models.pconv_unet(shape, (8, 16), convolutions=2),
    "pconv_unet_double": lambda shape=(None, None, 3): models.pconv_unet_double(shape, (8, 16, 16)),
    "unet_double": lambda shape=(None, None, 3): models.pconv_unet_double(shape, (8, 16, 16), partial=False),
    "coarse_to_fine": lambda shape=(None, None, 3): models.coarse_to_fine(shape, width=4),
    "residual_unet": lambda shape=(None, None, 3): models.residual_unet(shape, (4, 8, 8)),
}
every_network = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())


def test_the_studied_works_parameters():
    """REFERENCE, S0, at 112×96."""
    assert models.autoencoder().count_params() == 2_942_019
    generator, discriminator = models.skip_autoencoder().count_params(), models.discriminator().count_params()
    assert (generator, discriminator, generator + discriminator) == (7_053_123, 3_147_105, 10_200_228)


def test_the_face_reports_parameters():
    """REFERENCE, S3: PyTorch's count, which leaves out the running means and variances."""
    for partial in (True, False):
        network = models.pconv_unet_double((178, 178, 3), partial=partial)
        assert sum(np.prod(v.shape) for v in network.trainable_variables) == 31_037_763
        assert network.output_shape == (None, 178, 178, 3)


def test_the_partial_unets_have_the_layers_of_the_papers():
    """Eight down and eight up at the paper's width; sixteen at four levels, for 32×32 (REFERENCE, S2)."""

    def partial_layers(network):
        return [layer for layer in network.layers if isinstance(layer, PConv2D)]

    paper = partial_layers(models.pconv_unet((512, 512, 3), filters=PAPER))
    kernels = [layer.kernel_size[0] for layer in paper]
    assert kernels == [7, 5, 5] + 13 * [3]
    assert [layer.filters for layer in paper] == [*PAPER, 512, 512, 512, 512, 256, 128, 64, 3]
    small = partial_layers(models.pconv_unet((32, 32, 3), filters=(32, 64, 128, 256), convolutions=2))
    assert len(small) == 16 and {layer.kernel_size for layer in small} == {(3, 3)}
    assert [layer.strides[0] for layer in small] == 4 * [1, 2] + 8 * [1]


def test_the_coarse_image_can_be_reached(batch):
    images, masks = batch
    network = models.coarse_to_fine(width=4)
    both = keras.Model(network.inputs, [network.output, network.get_layer("coarse").output])
    refined, coarse = both([images * masks, masks])
    assert refined.shape == coarse.shape == images.shape
    assert models.coarse_to_fine(width=24).count_params() > 4e6  # DeepFill v2 has 4.1 million


def test_the_patch_discriminator_judges_patch_by_patch(batch):
    images, _ = batch
    keras.utils.set_random_seed(0)
    discriminator = models.patch_discriminator(filters=(8, 16))
    changed = images.copy()
    changed[:, :4, :4] = 0
    before, after = (to_numpy(discriminator(x)) for x in (images, changed))
    assert before.shape == (4, 8, 8, 1)
    assert (before[:, 0, 0] != after[:, 0, 0]).all()
    np.testing.assert_array_equal(before[:, -2:, -2:], after[:, -2:, -2:])
    kernel = discriminator.layers[2].layer.kernel
    for _ in range(50):  # each a step of the power iteration, slow where two singular values are alike
        discriminator(images[:1], training=True)
    norm = np.linalg.norm(to_numpy(kernel).reshape(-1, kernel.shape[-1]), 2)
    assert norm == pytest.approx(1, abs=0.05)  # spectrally normalised


@pytest.mark.parametrize(
    "build", [lambda: models.discriminator((32, 32, 3)), lambda: models.patch_discriminator(filters=(8, 16))]
)
def test_discriminators_are_saved_and_stay_finite(build, batch, tmp_path):
    images, _ = batch
    discriminator = build()
    discriminator.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    discriminator.fit(images, np.ones(discriminator(images).shape, "float32"), verbose=0)
    discriminator.save(tmp_path / "discriminator.keras")
    again = keras.saving.load_model(tmp_path / "discriminator.keras")
    np.testing.assert_array_equal(again.predict(images, verbose=0), discriminator.predict(images, verbose=0))
    keras.config.set_dtype_policy("mixed_float16")
    try:
        logits = to_numpy(build()(images, training=True))
    finally:
        keras.config.set_dtype_policy("float32")
    assert logits.dtype == np.float32 and np.isfinite(logits).all()


def test_the_discriminator_gives_one_logit_a_image(batch):
    images, _ = batch
    discriminator = models.discriminator((32, 32, 3))
    assert discriminator(images).shape == (4, 1)
    with pytest.raises(ValueError, match="both sides fixed"):
        models.discriminator((None, None, 3))


@every_network
@pytest.mark.parametrize("size", [(32, 32), (33, 31), (89, 109), (178, 178)])
def test_any_size_goes_in_and_comes_out(build, rng, size):
    image, mask = rng.random((1, *size, 3)), np.ones((1, *size, 1))
    mask[:, 5:20, 5:20] = 0
    output = to_numpy(build()([image.astype("float32"), mask.astype("float32")]))
    assert output.shape == image.shape and output.min() >= 0 and output.max() <= 1


@every_network
def test_a_image_of_one_pixel_is_a_image(build):
    image = np.full((2, 1, 1, 3), 0.5, "float32")
    output = to_numpy(build()([image, np.array([1, 0], "float32").reshape(2, 1, 1, 1)]))
    assert output.shape == image.shape and np.isfinite(output).all()


@every_network
def test_a_mask_of_255_is_no_louder_than_one_of_1(build, batch):
    images, masks = batch
    model = build()
    np.testing.assert_array_equal(to_numpy(model([images, 255 * masks])), to_numpy(model([images, masks])))


def test_pooling_sees_known_pixels_alone(batch):
    """After batch norm a hole is not 0: here it is 5, and would win."""
    images, masks = batch
    network = models.pconv_unet_double(filters=(4, 8))
    network.get_layer("encoder1b_norm").beta.assign([5.0] * 4)
    names = [layer.name for layer in network.layers]
    pool = next(layer for layer in network.layers if isinstance(layer, keras.layers.MaxPooling2D))
    relu = network.layers[names.index("encoder1b_norm") + 1]
    look = keras.Model(network.inputs, [relu.output, network.get_layer("encoder1b").output[1], pool.output])
    x, known, pooled = (to_numpy(y) for y in look([images, masks]))
    cells = np.where(known > 0, x, 0).reshape(4, 16, 2, 16, 2, 4).max((2, 4))
    np.testing.assert_array_equal(pooled, cells)
    assert (x[np.broadcast_to(known == 0, x.shape)] > 4).all()  # or the test would show nothing


@every_network
def test_shapes_are_known_before_any_data(build):
    assert build((48, 40, 3)).output_shape == (None, 48, 40, 3)
    assert build().output_shape == (None, None, None, 3)


@every_network
def test_content_under_the_hole_never_matters_nan_included(build, batch):
    images, masks = batch
    model = build()
    poisoned = np.where(masks > 0, images, np.nan).astype("float32")
    expected = to_numpy(model([images * masks, masks]))
    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(to_numpy(model([poisoned, masks])), expected)


@every_network
def test_a_step_of_fit_lowers_the_loss_and_all_is_saved(build, batch, tmp_path):
    images, masks = batch
    keras.utils.set_random_seed(0)
    network = build()
    model = Inpainter(network)
    model.compile(keras.optimizers.Adam(1e-3), losses.HoleValidLoss(), weighted_metrics=[metrics.PSNR()])
    x = [images * masks, masks]
    history = model.fit(x, images, epochs=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again, Inpainter) and isinstance(again.loss, losses.HoleValidLoss)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.evaluate(x, images, verbose=0) == pytest.approx(model.evaluate(x, images, verbose=0))
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = build()
    fresh.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(fresh.predict(x, verbose=0), model.predict(x, verbose=0))


@every_network
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a SavedModel is TensorFlow's")
def test_an_exported_network_gives_the_same_image(build, batch, tmp_path):
    import tensorflow as tf

    images, masks = batch
    model = build()
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "saved"))  # keep it: its signatures die with it
    for size in (32, 27):
        x = [np.ascontiguousarray(a[:, :size, :size]) for a in (images * masks, masks)]
        np.testing.assert_allclose(served.serve(x), to_numpy(model(x)), atol=1e-4)
    for x in odd_sizes():
        np.testing.assert_allclose(served.serve(x), to_numpy(model(x)), atol=1e-4)


def odd_sizes():
    """[image, mask] of sizes that are multiples of no stride, and one that is."""
    rng = np.random.default_rng(0)
    for size in ((65, 77), (17, 31), (64, 64), (1, 3)):
        mask = (rng.random((2, *size, 1)) < 0.8).astype("float32")
        yield [rng.random((2, *size, 3)).astype("float32") * mask, mask]


def short_prefill():
    """The prefilled U-Net's way in and out; the whole one passes too, but tf2onnx takes a minute for it."""
    inputs, image, mask = _inputs.enter((None, None, 3), stride=8)
    return _inputs.build(
        inputs, PushPull(levels=3, smoothing_steps=1, biharmonic_steps=1)([image, mask]), "short_prefill"
    )


@pytest.mark.filterwarnings("ignore::FutureWarning:keras", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "build",
    [short_prefill, BUILDERS["pconv_unet"], BUILDERS["coarse_to_fine"]],
    ids=["prefill", "pconv", "fine"],
)
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf2onnx converts TensorFlow's graphs")
def test_a_network_in_onnx_keeps_every_size(build, tmp_path):
    """There, a remainder may be negative. None of these was called yet, and one comes from a file."""
    pytest.importorskip("tf2onnx", reason='pip install -e ".[onnx]"')
    runtime = pytest.importorskip("onnxruntime", reason='pip install -e ".[onnx]"')
    model = build()
    if model.name == "pconv_unet":
        model.save(tmp_path / "model.keras")
        model = load_model(tmp_path / "model.keras")
    model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = runtime.InferenceSession(tmp_path / "model.onnx")
    for image, mask in odd_sizes():
        (output,) = session.run(None, {"image": image, "mask": mask})
        np.testing.assert_allclose(output, to_numpy(model([image, mask])), atol=1e-4)


@contextlib.contextmanager
def policy(name):
    """Layers made within compute under this policy."""
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


mixed = pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])


@every_network
@mixed
def test_mixed_precision_stays_finite(build, precision, batch):
    images, masks = batch
    masks = np.concatenate([np.zeros_like(masks[:1]), masks[1:]])  # one image with nothing known
    with policy(precision):
        output = to_numpy(build()([images * masks, masks]))
    assert output.dtype == np.float32 and np.isfinite(output).all()


@every_network
@mixed
def test_mixed_precision_rounds_no_input(build, precision, batch):
    """What a network composes with is the image as it came, the hole empty, to the last bit."""
    images, masks = batch
    poisoned = np.where(masks > 0, images, np.nan).astype("float32")
    with policy(precision):
        model = build()
        entry = keras.Model(model.inputs, [model.get_layer(name).output for name in ("empty_hole", "pad")])
        for entered in map(to_numpy, entry([poisoned, 255 * masks])):
            np.testing.assert_array_equal(entered, images * masks)
        output = to_numpy(model([poisoned, 255 * masks]))
        np.testing.assert_array_equal(output, to_numpy(model([images * masks, masks])))


@pytest.mark.parametrize("precision", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_the_prefilled_unet_keeps_known_pixels_in_any_precision(precision, batch, tmp_path):
    """Whatever its residual is, and after loading, too."""
    images, masks = batch
    with policy(precision):
        network = models.prefilled_unet()
        residual = network.get_layer("residual")
        residual.kernel.assign(np.full(residual.kernel.shape, 0.1))
        network.save(tmp_path / "model.keras")
    for model in (network, keras.saving.load_model(tmp_path / "model.keras")):
        output = to_numpy(model([images, masks]))
        np.testing.assert_array_equal(output * masks, images * masks)
        assert (output != images).any()


@mixed
def test_the_coarse_stage_keeps_known_pixels_for_the_refining_one(precision, batch):
    images, masks = batch
    with policy(precision):
        network = models.coarse_to_fine(width=4)
        names = ("coarse", "coarse_in_hole")
        look = keras.Model(network.inputs, [network.get_layer(name).output for name in names])
        coarse, in_hole = map(to_numpy, look([images * masks, masks]))
    np.testing.assert_array_equal(in_hole, coarse * (1 - masks))


def test_the_prefilled_unet_starts_as_its_prefill(batch):
    images, masks = batch
    start = to_numpy(PushPull(biharmonic_steps=16)([images * masks, masks]))
    output = to_numpy(models.unet(prefill=True)([images * masks, masks]))
    np.testing.assert_allclose(output, start, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: models.unet(filters="huge"), "filters='huge'"),
        (lambda: models.unet(normalization="layer"), "normalization"),
        (lambda: models.unet(bottleneck="wide"), "bottleneck"),
        (lambda: models.unet((64, 64)), "input_shape"),
        (lambda: models.autoencoder((64, 64, 1)), "input_shape"),
        (lambda: models.pconv_unet(filters=(8, 0)), "filters"),
        (lambda: models.pconv_unet(filters=()), "filters"),
        (lambda: models.pconv_unet(filters=0), "filters=0"),
        (lambda: models.pconv_unet(filters=(8.0, 16.0)), "filters"),
        (lambda: models.unet(64), "input_shape=64"),
        (lambda: models.unet(("64", "64", 3)), "input_shape"),
        (lambda: models.prefilled_unet(filters=(4, 0)), "filters="),
        (lambda: models.discriminator((32, 32, 1)), "input_shape"),
        (lambda: models.discriminator((-32, 32, 3)), "input_shape"),
        (lambda: models.pconv_unet(convolutions=3), "convolutions=3"),
        (lambda: models.pconv_unet_double(filters=(8, 0)), "filters"),
        (lambda: models.coarse_to_fine(width=3), "width=3"),
        (lambda: models.coarse_to_fine(width=0), "width=0"),
        (lambda: models.coarse_to_fine(width="16"), "width='16'"),
        (lambda: models.patch_discriminator(filters=(0,)), "filters"),
        (lambda: models.patch_discriminator((64, 64, 1)), "input_shape"),
    ],
)
def test_bad_arguments_are_explained(build, words):
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize(
    "shapes",
    [
        [(1, 32, 32, 3), (1, 32, 32, 3)],
        [(1, 32, 32, 1), (1, 32, 32, 1)],
        [(1, 32, 32, 3), (32, 32)],
        [(1, 32, 32, 3), (1, 16, 32, 32, 1)],
    ],
    ids=["three mask channels", "grey image", "mask of rank 2", "mask of rank 5"],
)
def test_inputs_of_the_wrong_shape_are_explained(shapes):
    with pytest.raises(
        ValueError, match=r"(?s)(one mask channel|Expected shape).*\(32, 32\)|one mask channel"
    ):
        models.unet()([np.zeros(shape, "float32") for shape in shapes])
