"""Every number against another, trusted library, or against the formula by hand."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inpaintkit import losses, metrics, models
from inpaintkit.evaluation import METRIC_DEFINITIONS
from inpaintkit.features import Features
from inpaintkit.training import Inpainter


def value(function, *args, **settings):
    """Values an image as a NumPy array, from any back end."""
    return convert_to_numpy(function(*args, **settings))


@pytest.fixture
def images(batch):
    images, masks = batch
    noisy = np.clip(images + np.random.default_rng(1).normal(0, 0.1, images.shape), 0, 1)
    return images.astype("float64"), noisy, masks.astype("float64")


def test_psnr_equals_scikit_image(images):
    truth, noisy, _ = images
    expected = [peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(truth, noisy, strict=True)]
    np.testing.assert_allclose(value(metrics.psnr, truth, noisy), expected, rtol=1e-6)


def test_ssim_equals_scikit_image_in_float64(images):
    truth, noisy, _ = images
    for a, b, ours in zip(truth, noisy, value(metrics.ssim, truth, noisy), strict=True):
        _, full = structural_similarity(
            *(a, b), data_range=1, channel_axis=-1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, full=True,
        )  # fmt: skip
        assert ours == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-5)


def test_ssim_needs_no_float32_from_the_convolution(images, monkeypatch):
    """Some GPUs convolve float32 with 10 bits of mantissa (TF32), by default in JAX and PyTorch."""
    truth, noisy, _ = (x.astype("float32") for x in images)
    exact = value(metrics.ssim, truth, noisy)

    def rounded(x):
        bits = np.asarray(convert_to_numpy(x), "float32").view("int32")
        return ((bits + 0x0FFF + ((bits >> 13) & 1)) & ~0x1FFF).view("float32")

    convolution = keras.ops.depthwise_conv
    monkeypatch.setattr(keras.ops, "depthwise_conv", lambda x, k: convolution(rounded(x), rounded(k)))
    shifted = value(metrics.ssim, truth, noisy)
    assert (shifted != exact).any()
    np.testing.assert_allclose(shifted, exact, atol=0.002)


def test_psnr_and_ssim_equal_tensorflow(images):
    tf = pytest.importorskip("tensorflow", reason="parity with tf.image needs TensorFlow")
    truth, noisy, _ = (x.astype("float32") for x in images)
    np.testing.assert_allclose(value(metrics.psnr, truth, noisy), tf.image.psnr(truth, noisy, 1.0), rtol=1e-5)
    np.testing.assert_allclose(value(metrics.ssim, truth, noisy), tf.image.ssim(truth, noisy, 1.0), atol=1e-4)


def test_a_region_is_measured_alone(images):
    truth, noisy, masks = images
    hole = 1 - masks
    outside = np.where(hole > 0, noisy, 0)  # what lies outside the region must not count
    for metric in (metrics.mae, metrics.mse, metrics.psnr):
        np.testing.assert_allclose(
            value(metric, truth, noisy, hole), value(metric, truth, outside, hole), rtol=1e-6
        )
    error = np.abs(truth - noisy)[np.broadcast_to(hole > 0, truth.shape)]
    counts = 3 * hole.sum((1, 2, 3))
    assert np.average(value(metrics.mae, truth, noisy, hole), weights=counts) == pytest.approx(error.mean())
    whole = np.ones_like(hole)
    same = value(metrics.ssim, truth, noisy)
    np.testing.assert_allclose(value(metrics.ssim, truth, noisy, whole), same, rtol=1e-5)
    assert np.isnan(value(metrics.ssim, truth, noisy, np.zeros_like(hole))).all()


def test_a_perfect_image_has_a_finite_psnr(images):
    truth, *_ = images
    for dtype in ("float32", "float64"):
        x = truth.astype(dtype)
        np.testing.assert_array_equal(value(metrics.psnr, x, x), 100)
        np.testing.assert_array_equal(value(metrics.psnr, x, x, np.ones_like(x[..., :1])), 100)
        np.testing.assert_array_equal(value(losses.psnr_loss, x, x), -100)
        np.testing.assert_array_equal(METRIC_DEFINITIONS["tf"].measure(x, x)["image"]["psnr"], 100)
        np.testing.assert_array_equal(value(metrics.ssim, x, x), 1)
    state = metrics.PSNR()
    for _ in range(3):
        state.update_state(truth, truth)
        state.update_state(truth, truth, sample_weight=np.ones_like(truth[..., 0]))
    assert float(state.result()) == 100
    np.testing.assert_allclose(value(metrics.psnr, truth, truth + 1e-4), 80, atol=0.01)  # uncapped


def test_the_studied_works_overlaps_and_how_they_are_fooled(images):
    """Soft Dice scores an image burnt to black and white above the truth; the squared form does not."""
    truth, *_ = images
    white = np.ones_like(truth)
    expected = 2 * (truth * truth).sum((1, 2, 3)) / (truth + truth).sum((1, 2, 3))
    np.testing.assert_allclose(value(metrics.dice, truth, truth), expected)
    burnt = (truth > expected[:, None, None, None] / 2).astype("float64")
    assert (value(metrics.dice, truth, burnt) > expected).all()
    np.testing.assert_allclose(value(metrics.dice, truth, truth, squared=True), 1)
    assert (value(metrics.dice, truth, burnt, squared=True) < 1).all()

    both, total = (truth * white).sum((1, 2, 3)), (truth + white).sum((1, 2, 3))
    expected = (1 - (both + 100) / (total - both + 100)) * 100
    np.testing.assert_allclose(value(metrics.jaccard_distance, truth, white), expected)
    np.testing.assert_allclose(value(metrics.cosine_similarity, truth, 0.5 * truth), 1)  # blind to brightness
    assert (value(metrics.cosine_similarity, truth, white) < 1).all()


def test_keras_metrics_average_over_images_and_regions(images):
    truth, noisy, masks = images
    hole = 1 - masks[..., 0]
    for metric, function in (
        (metrics.PSNR, metrics.psnr),
        (metrics.SSIM, metrics.ssim),
        (metrics.MAE, metrics.mae),
        (metrics.Dice, metrics.dice),
        (metrics.JaccardDistance, metrics.jaccard_distance),
        (metrics.CosineSimilarity, metrics.cosine_similarity),
    ):
        state = metric()
        for k in (slice(0, 1), slice(1, 4)):
            state.update_state(truth[k], noisy[k], sample_weight=hole[k])
        assert float(state.result()) == pytest.approx(np.mean(value(function, truth, noisy, hole)), rel=1e-5)
    again = keras.metrics.deserialize(keras.metrics.serialize(metrics.PSNR("hole_psnr")))
    assert isinstance(again, metrics.PSNR) and again.name == "hole_psnr"
    squared = keras.metrics.deserialize(keras.metrics.serialize(metrics.Dice(squared=True)))
    squared.update_state(truth, truth)
    assert squared.name == "dice_squared" and float(squared.result()) == pytest.approx(1)


def test_overlaps_of_a_region_see_nothing_else(images):
    truth, noisy, masks = images
    hole = 1 - masks
    for metric in (metrics.dice, metrics.jaccard_distance, metrics.cosine_similarity):
        np.testing.assert_allclose(
            value(metric, truth, noisy, hole), value(metric, truth * hole, noisy * hole), rtol=1e-6
        )


def test_an_empty_region_spoils_no_average(images):
    truth, noisy, masks = images
    hole = 1 - masks[..., 0]
    hole[0] = 0
    state = metrics.PSNR()
    state.update_state(truth, noisy, sample_weight=hole)
    assert float(state.result()) == pytest.approx(
        np.mean(value(metrics.psnr, truth[1:], noisy[1:], hole[1:])), rel=1e-5
    )


FUNCTIONS = {
    metrics.PSNR: metrics.psnr,
    metrics.SSIM: metrics.ssim,
    metrics.MAE: metrics.mae,
    metrics.Dice: metrics.dice,
    metrics.JaccardDistance: metrics.jaccard_distance,
    metrics.CosineSimilarity: metrics.cosine_similarity,
}
every_metric = pytest.mark.parametrize("metric", FUNCTIONS, ids=lambda metric: metric.__name__)


@every_metric
def test_where_no_image_has_a_hole_there_is_no_mean(metric, images):
    truth, noisy, masks = images
    hole, none = 1 - masks[..., 0], np.zeros_like(masks[..., 0])
    assert np.isnan(value(FUNCTIONS[metric], truth, noisy, none)).all()
    state = metric()
    assert np.isnan(float(state.result()))
    state.update_state(truth, noisy, sample_weight=none)
    assert np.isnan(float(state.result()))
    state.update_state(truth, noisy, sample_weight=hole)
    expected = value(FUNCTIONS[metric], truth, noisy, hole).mean()
    assert float(state.result()) == pytest.approx(expected, rel=1e-5)
    state.reset_state()
    assert np.isnan(float(state.result()))


@pytest.mark.parametrize("metric", [metrics.PSNR, metrics.SSIM, metrics.MAE])
def test_fit_says_nan_where_nothing_is_missing(metric, images):
    """Per batch and per epoch, in training and validation; and the mean over those with a hole, if any."""
    truth, _, masks = (x.astype("float32") for x in images)
    network = models.pconv_unet(filters=(4, 4))
    model = Inpainter(network)
    model.compile("sgd", "mae", weighted_metrics=[metric("hole")])
    batches = []
    look = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: batches.append(logs["hole"]))
    whole = np.ones_like(masks)
    settings = {"batch_size": 2, "shuffle": False, "verbose": 0, "callbacks": [look]}
    logs = model.fit([truth, whole], truth, validation_data=([truth, whole], truth), **settings).history
    assert np.isnan([*logs["hole"], *logs["val_hole"], *batches]).all() and len(batches) == 2
    assert np.isfinite(logs["loss"]).all()
    mixed = np.concatenate([masks[:1], whole[:1], whole[:2]])  # the second batch has no hole
    score = model.evaluate([truth, mixed], truth, batch_size=2, verbose=0, return_dict=True)["hole"]
    filled = model.predict([truth[:1], mixed[:1]], verbose=0)
    expected = value(FUNCTIONS[metric], truth[:1], filled, 1 - mixed[:1])[0]
    assert score == pytest.approx(expected, rel=1e-3)


@every_metric
@pytest.mark.parametrize(
    "shape", [(4, 32, 32, 3), (1, 32, 32, 1), (4, 32), (4,), (4, 1), (4, 1, 1, 1), (32, 32), (2, 32, 32)]
)
def test_a_region_is_one_value_a_pixel(metric, shape, images):
    """Whatever else NumPy would broadcast reads otherwise: three channels put PSNR 4.77 dB too high."""
    truth, noisy, _ = images
    region = np.ones(shape)
    for measure in (FUNCTIONS[metric], lambda x, y, r: metric().update_state(x, y, sample_weight=r)):
        with pytest.raises(ValueError) as error:
            measure(truth, noisy, region)
        assert str(shape) in str(error.value) and str((4, 32, 32, 1)) in str(error.value)
    np.testing.assert_array_equal(
        value(FUNCTIONS[metric], truth, noisy, region=np.ones((4, 32, 32), bool)),
        value(FUNCTIONS[metric], truth, noisy, region=np.ones((4, 32, 32, 1))),
    )


@pytest.mark.parametrize(
    "shape", [(4, 32, 32, 1), (1, 32, 32, 3), (4, 32, 1, 3), (32, 32, 3), (4, 32, 32, 4)]
)
def test_two_images_have_one_shape(shape, images):
    truth, _, masks = images
    other, target = np.full(shape, 0.5), np.concatenate([truth, masks], -1)
    for measure in (
        *FUNCTIONS.values(),
        metrics.mse,
        metrics.ssim_map,
        losses.psnr_loss,
        losses.ssim_loss,
        *(lambda x, y, metric=metric: metric().update_state(x, y) for metric in FUNCTIONS),
    ):
        for pair in ((truth, other), (other, truth)):
            with pytest.raises(ValueError) as error:
                measure(*pair)
            assert str(shape) in str(error.value) and str(truth.shape) in str(error.value)
    for loss in (
        losses.HoleValidLoss(),
        losses.BoundaryLoss(),
        losses.TotalVariationLoss(),
        losses.PConvLoss(perceptual=0, style_out=0, style_comp=0),
        losses.WeightedSum({"l1": (1, "mae")}),
    ):
        with pytest.raises(ValueError) as error:
            loss(target, other)
        assert str(shape) in str(error.value) and str(truth.shape) in str(error.value)


def test_a_nan_image_is_not_passed_over(images):
    truth, noisy, masks = images
    noisy[0] = np.nan
    for state in (metrics.PSNR(), metrics.SSIM()):
        state.update_state(truth, noisy, sample_weight=1 - masks[..., 0])
        assert np.isnan(float(state.result()))


def test_hole_valid_loss_is_the_papers(images):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1)
    error = np.abs(truth - noisy)
    expected = np.mean(6 * error * (1 - masks) + error * masks, axis=(1, 2, 3))
    loss = losses.HoleValidLoss()
    each = losses.HoleValidLoss(reduction=None)
    np.testing.assert_allclose(value(each, target, noisy), expected, rtol=1e-6)
    assert float(loss(target, noisy)) == pytest.approx(expected.mean(), rel=1e-6)
    even = np.zeros((1, 8, 8, 4))
    even[:, 2:, :, 3] = 1  # a quarter missing
    assert float(loss(even, np.full((1, 8, 8, 3), 0.1))) == pytest.approx(0.225)
    with pytest.raises(ValueError, match="fourth"):
        loss(truth, noisy)


def test_boundary_loss_is_the_error_in_the_band(images):
    from scipy.ndimage import maximum_filter

    truth, noisy, masks = images
    expected = []
    for a, b, mask in zip(truth, noisy, masks[..., 0], strict=True):
        band = maximum_filter(mask, 5) * maximum_filter(1 - mask, 5) > 0
        expected.append(np.abs(a - b)[band].mean())
    loss = losses.BoundaryLoss(width=2, reduction=None)
    np.testing.assert_allclose(value(loss, np.concatenate([truth, masks], -1), noisy), expected, rtol=1e-5)
    whole = np.concatenate([truth, np.ones_like(masks)], -1)
    np.testing.assert_array_equal(value(loss, whole, noisy), 0)
    with pytest.raises(ValueError, match="width=0"):
        losses.BoundaryLoss(width=0)


def test_total_variation_is_the_papers_pixel_by_pixel(images):
    truth, noisy, masks = (x[:1, :16, :16] for x in images)
    masks = masks.copy()
    masks[:, 4:7, 3:9] = 0
    mixed = np.where(masks > 0, truth, noisy)[0]
    hole = np.pad(masks[0, ..., 0] == 0, 1)
    region = {(i, j) for i, j in np.ndindex(16, 16) if hole[i : i + 3, j : j + 3].any()}
    total = 0.0
    for i, j in region:
        for other in ((i + 1, j), (i, j + 1)):
            if other in region:
                total += np.abs(mixed[other] - mixed[i, j]).sum()
    loss = losses.TotalVariationLoss()
    assert float(loss(np.concatenate([truth, masks], -1), noisy)) == pytest.approx(
        total / mixed.size, rel=1e-5
    )


@pytest.mark.parametrize(
    "loss", [losses.BoundaryLoss(3), losses.TotalVariationLoss(), losses.HoleValidLoss(2, 3)]
)
def test_mask_losses_are_saved_with_their_settings(loss, images):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert float(again(target, noisy)) == float(loss(target, noisy))


def test_losses_fall_as_images_get_better(images):
    truth, noisy, _ = images
    better = (truth + noisy) / 2
    for loss in (losses.mae, losses.mse, losses.ssim_loss, losses.psnr_loss):
        assert (value(loss, truth, better) < value(loss, truth, noisy)).all()


@pytest.mark.parametrize("loss", [losses.ssim_loss, losses.psnr_loss], ids=["ssim", "psnr"])
def test_gradients_are_finite_on_flat_patches(loss):
    """The NaN that ended 5 of the 12 published trials."""
    flat = np.full((1, 16, 16, 3), 0.5, "float32")
    layer = keras.layers.Conv2D(
        3, 1, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(0.5)
    )
    model = keras.Sequential([layer])
    model.build(flat.shape)
    model.compile("sgd", loss)
    model.train_on_batch(flat, flat)
    assert all(np.isfinite(convert_to_numpy(v)).all() for v in model.weights)


class Ssim(keras.layers.Layer):
    def call(self, pair):
        return metrics.ssim(*pair)

    def compute_output_shape(self, shapes):  # JAX cannot compare a size that it does not know
        return shapes[0][:1]


def test_ssim_takes_images_of_a_size_not_yet_known(images):
    """As `fit` on a data set of any size traces it."""
    pair = [keras.Input((None, None, 3)), keras.Input((None, None, 3))]
    model = keras.Model(pair, Ssim()(pair))
    truth, noisy, _ = (x.astype("float32") for x in images)
    np.testing.assert_allclose(
        model.predict([truth, noisy], verbose=0), value(metrics.ssim, truth, noisy), rtol=1e-5
    )


def test_ssim_says_what_is_too_small():
    with pytest.raises(ValueError, match="11×11"):
        value(metrics.ssim, np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 3)))


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """VGG19 up to relu3_1 with random weights, of which any number can be computed."""
    rng, channels, arrays = np.random.default_rng(0), 3, {}
    blocks = {"block1_conv1": 64, "block1_conv2": 64, "block2_conv1": 128, "block2_conv2": 128}
    for name, filters in {**blocks, "block3_conv1": 256}.items():
        shape = (3, 3, channels, filters)
        arrays[f"{name}/kernel"] = rng.normal(0, np.sqrt(2 / (9 * channels)), shape).astype("float32")
        arrays[f"{name}/bias"], channels = np.zeros(filters, "float32"), filters
    path = tmp_path_factory.mktemp("weights") / "random.npz"
    np.savez(path, **arrays)
    return Features("vgg19", path)


def feature_oracle(features, truth, output, mask):
    """The three feature terms of the paper, eq. 3–5, in float64, from the feature maps."""
    composite = truth * mask + output * (1 - mask)
    truth, output, composite = (
        [convert_to_numpy(x).astype("float64") for x in features(x)] for x in (truth, output, composite)
    )

    def gram(x):
        return np.einsum("bhwc,bhwd->bcd", x, x) / np.prod(x.shape[1:])

    def distances(other):
        yield sum(np.abs(a - b).mean((1, 2, 3)) for a, b in zip(truth, other, strict=True))
        yield sum(
            np.abs(gram(a) - gram(b)).sum((1, 2)) / a.shape[-1] ** 2
            for a, b in zip(truth, other, strict=True)
        )

    (perceptual_out, style_out), (perceptual_comp, style_comp) = distances(output), distances(composite)
    return {"perceptual": perceptual_out + perceptual_comp, "style_out": style_out, "style_comp": style_comp}


def test_pconv_loss_is_the_papers_term_by_term(images, features):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1)
    error = np.abs(truth - noisy)
    expected = {
        "valid": (error * masks).mean((1, 2, 3)),
        "hole": (error * (1 - masks)).mean((1, 2, 3)),
        "total_variation": value(losses.TotalVariationLoss(reduction=None), target, noisy),
        **feature_oracle(features, truth, noisy, masks),
    }
    loss = losses.PConvLoss(features=features)
    terms = loss.terms(*(keras.ops.convert_to_tensor(x, "float32") for x in (target, noisy)))
    for name, numbers in expected.items():
        np.testing.assert_allclose(convert_to_numpy(terms[name]), numbers, rtol=1e-5)
    paper = {"valid": 1, "hole": 6, "perceptual": 0.05, "style_out": 120, "style_comp": 120}
    weights = paper | {"total_variation": 0.1}
    assert loss.weights == weights
    total = sum(weight * expected[name].mean() for name, weight in weights.items())
    assert float(loss(target, noisy)) == pytest.approx(total, rel=1e-5)
    assert {n: float(t.result()) for n, t in loss.trackers.items()} == pytest.approx(
        {n: x.mean() for n, x in expected.items()}, rel=1e-5
    )
    for each, name in (
        (losses.PerceptualLoss(features), ["perceptual"]),
        (losses.StyleLoss(features), ["style_out", "style_comp"]),
    ):
        assert float(each(target, noisy)) == pytest.approx(sum(expected[n].mean() for n in name), rel=1e-4)


def test_a_term_of_weight_0_is_left_out_and_needs_no_features(images):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1)
    loss = losses.PConvLoss(perceptual=0, style_out=0, style_comp=0, total_variation=0)
    assert loss.features is None and set(loss.trackers) == {"valid", "hole"}
    assert float(loss(target, noisy)) == pytest.approx(float(losses.HoleValidLoss()(target, noisy)), rel=1e-6)
    with pytest.raises(ValueError, match="none under 0"):
        losses.PConvLoss(hole=-1, perceptual=0, style_out=0, style_comp=0)
    with pytest.raises(ValueError, match=r"name: \(weight, loss\)"):
        losses.WeightedSum({"mae": 1})
    with pytest.raises(ValueError, match="one above"):
        losses.WeightedSum({"l1": (0, "mae")})


def test_a_sum_adds_losses_of_every_kind(images, features):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1)
    parts = {
        "l2": (1, "mse"),
        "l1": (0.5, keras.losses.MeanAbsoluteError()),
        "look": (0.05, losses.PerceptualLoss(features)),
        "seam": (2, losses.BoundaryLoss()),
        "ssim": (1, losses.ssim_loss),
    }
    seen = {"l2": truth, "l1": truth, "look": target, "seam": target, "ssim": truth}
    expected = sum(
        weight * np.mean(value(keras.losses.get(loss), seen[name], noisy))
        for name, (weight, loss) in parts.items()
    )
    assert float(losses.WeightedSum(parts)(target, noisy)) == pytest.approx(expected, rel=1e-4)


def test_feature_losses_stay_finite_in_float16(images, features):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1).astype("float32")
    keras.config.set_dtype_policy("mixed_float16")
    try:
        low = float(losses.PConvLoss(features=features)(target, noisy.astype("float16")))
    finally:
        keras.config.set_dtype_policy("float32")
    assert low == pytest.approx(float(losses.PConvLoss(features=features)(target, noisy)), rel=1e-2)


def test_term_losses_are_saved_with_their_settings(images, features):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1)
    for loss in (
        losses.PConvLoss(hole=3, style_comp=0, features=features),
        losses.PConvLoss(perceptual=0, style_out=0, style_comp=0),
        losses.StyleLoss(features),
        losses.WeightedSum(
            {"l2": (1, "mse"), "smooth": (0.1, losses.TotalVariationLoss()), "s": (1, losses.ssim_loss)}
        ),
    ):
        again = keras.losses.deserialize(keras.losses.serialize(loss))
        assert type(again) is type(loss) and float(again(target, noisy)) == float(loss(target, noisy))


def test_the_adversarial_games_by_hand(rng):
    real, fake = rng.normal(size=(2, 4, 4, 1)), rng.normal(size=(2, 4, 4, 1))

    def cross_entropy(logits, label):
        p = 1 / (1 + np.exp(-logits))
        return -np.mean(label * np.log(p) + (1 - label) * np.log(1 - p))

    adversarial_loss = losses.NonSaturatingGANLoss(real_label=0.9)
    assert float(adversarial_loss.generator(fake)) == pytest.approx(cross_entropy(fake, 1))
    assert float(adversarial_loss.discriminator(real, fake)) == pytest.approx(
        cross_entropy(real, 0.9) + cross_entropy(fake, 0)
    )
    hinge = losses.HingeGANLoss()
    expected = np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean()
    assert float(hinge.discriminator(real, fake)) == pytest.approx(expected)
    assert float(hinge.generator(fake)) == pytest.approx(-fake.mean())
    with pytest.raises(ValueError, match=r"real_label=0\.1"):
        losses.NonSaturatingGANLoss(0.1)
