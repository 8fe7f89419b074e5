"""Networks: the contract with Keras (`contract.py`), and what each promises of its numbers."""

import keras
import numpy as np
import pytest
from contract import POLICIES, check_model, dtype_policy, with_and_without_jit
from keras.ops import convert_to_numpy as to_numpy
from small_networks import every_network

from inpaintkit import losses, models
from inpaintkit.layers import PConv2D, PushPull
from inpaintkit.training import Inpainter

mixed = pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])


@every_network
@with_and_without_jit
def test_network_keeps_the_contract(build, jit, batch, tmp_path):
    """Trained as `Inpainter`, saved as a whole, and by weights only into the network itself."""
    images, masks = (x[:2, :16, :16] for x in batch)
    x = [images * masks, masks]

    def inpainter():
        network = build()
        return Inpainter(network.inputs, network.output)

    model = check_model(inpainter, x, images, losses.HoleValidLoss(), tmp_path, jit, epochs=8)
    model.save_weights(tmp_path / "model.weights.h5")
    network = build()
    network.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(to_numpy(network(x)), to_numpy(model(x)))


@pytest.mark.parametrize(
    "build",
    [
        lambda: models.discriminator((16, 16, 3), dropout=0.0, filters=(4, 8)),
        lambda: models.patch_discriminator(filters=(4, 8)),
    ],
    ids=["whole", "patches"],
)
@with_and_without_jit
def test_discriminator_keeps_the_contract(build, jit, batch, tmp_path):
    images = batch[0][:2, :16, :16]
    target = np.ones(build()(images).shape, "float32")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    check_model(build, images, target, loss, tmp_path, jit)
    with dtype_policy("mixed_float16"):
        assert to_numpy(build()(images)).dtype == np.float32


@every_network
def test_any_size_goes_in_and_comes_out(build, rng):
    network = build()
    assert network.output_shape == (None, None, None, 3)
    assert build((48, 40, 3)).output_shape == (None, 48, 40, 3)
    for size in ((32, 32), (33, 31), (89, 109), (1, 1)):
        image, mask = rng.random((2, *size, 3)), np.ones((2, *size, 1))
        mask[1, :20, :20] = 0
        output = to_numpy(network([image.astype("float32"), mask.astype("float32")]))
        assert output.shape == image.shape and output.min() >= 0 and output.max() <= 1


@every_network
@pytest.mark.parametrize(
    "precision", ["float32", "mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)]
)
def test_no_precision_rounds_the_input(build, precision, batch):
    """After input the image is as it came, to the last bit, its hole 0; a mask of 255 counts as 1."""
    images, masks = batch
    masks = np.concatenate([np.zeros_like(masks[:1]), masks[1:]])  # one image with nothing known
    poisoned = np.where(masks > 0, images, np.nan).astype("float32")
    with dtype_policy(precision):
        model = build()
        entry = keras.Model(model.inputs, [model.get_layer(name).output for name in ("empty_hole", "pad")])
        for entered in map(to_numpy, entry([poisoned, 255 * masks])):
            np.testing.assert_array_equal(entered, images * masks)
        output = to_numpy(model([poisoned, 255 * masks]))
        np.testing.assert_array_equal(output, to_numpy(model([images * masks, masks])))
    assert output.dtype == np.float32 and np.isfinite(output).all()


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

    paper = partial_layers(models.pconv_unet((512, 512, 3), filters=models.PCONV_UNET_PAPER))
    kernels = [layer.kernel_size[0] for layer in paper]
    assert kernels == [7, 5, 5] + 13 * [3]
    assert [layer.filters for layer in paper] == [
        *models.PCONV_UNET_PAPER,
        512,
        512,
        512,
        512,
        256,
        128,
        64,
        3,
    ]
    small = partial_layers(models.pconv_unet16((32, 32, 3)))
    assert len(small) == 16 and {layer.kernel_size for layer in small} == {(3, 3)}
    assert [layer.strides[0] for layer in small] == 4 * [1, 2] + 8 * [1]


def test_the_coarse_image_can_be_reached(batch):
    images, masks = batch
    network = models.coarse_to_fine(filters=(4, 8, 16))
    both = keras.Model(network.inputs, [network.output, network.get_layer("coarse").output])
    refined, coarse = both([images * masks, masks])
    assert refined.shape == coarse.shape == images.shape
    assert models.coarse_to_fine(filters=(24, 48, 96)).count_params() > 4e6  # DeepFill v2 has 4.1 million


def test_the_patch_discriminator_answers_patch_by_patch(batch):
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
    for _ in range(50):  # one step of the power iteration each: slow if two singular values are close
        discriminator(images[:1], training=True)
    norm = np.linalg.norm(to_numpy(kernel).reshape(-1, kernel.shape[-1]), 2)
    assert norm == pytest.approx(1, abs=0.05)  # spectrally normalised


def test_the_discriminator_gives_one_logit_per_image(batch):
    images, _ = batch
    discriminator = models.discriminator((32, 32, 3), filters=(4, 8))
    assert discriminator(images).shape == (4, 1)
    with pytest.raises(ValueError, match="both sides fixed"):
        models.discriminator((None, None, 3))


def test_pooling_reads_known_pixels_only(batch):
    """After batch normalisation a hole is not 0: here it is 5, and would be the largest of its cell."""
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


@pytest.mark.parametrize("precision", POLICIES)
def test_the_prefilled_unet_keeps_known_pixels_in_any_precision(precision, batch, tmp_path):
    """For any residual, and after loading, too."""
    images, masks = batch
    with dtype_policy(precision):
        network = models.prefilled_unet(filters=(4, 8))
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
    with dtype_policy(precision):
        network = models.coarse_to_fine(filters=(4, 8, 16))
        names = ("coarse", "coarse_in_hole")
        look = keras.Model(network.inputs, [network.get_layer(name).output for name in names])
        coarse, in_hole = map(to_numpy, look([images * masks, masks]))
    np.testing.assert_array_equal(in_hole, coarse * (1 - masks))


def test_the_prefilled_unet_starts_as_its_prefill(batch):
    images, masks = batch
    start = to_numpy(PushPull(biharmonic_steps=16)([images * masks, masks]))
    output = to_numpy(models.prefilled_unet(filters=(4, 8))([images * masks, masks]))
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
        (lambda: models.pconv_unet_double(filters=(8, 0)), "filters"),
        (lambda: models.coarse_to_fine(filters=(3, 4, 8)), r"filters=\(3, 4, 8\)"),
        (lambda: models.coarse_to_fine(filters=(4, 8)), r"filters=\(4, 8\)"),
        (lambda: models.coarse_to_fine(filters=16), "filters=16"),
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
        models.unet(filters=(4, 8))([np.zeros(shape, "float32") for shape in shapes])
