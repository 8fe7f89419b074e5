"""Every number is checked against another, trusted library, or against the formula by hand."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inpaintkit import metrics
from inpaintkit.evaluation import METRIC_DEFINITIONS
from inpaintkit.training import Inpainter


def value(function, *args, **settings):
    """What a metric returns for tensors of any back end, as a NumPy array: the same as for NumPy arrays."""
    of_arrays = function(*args, **settings)
    of_tensors = convert_to_numpy(function(*map(keras.ops.convert_to_tensor, args), **settings))
    assert isinstance(of_arrays, np.ndarray)
    np.testing.assert_allclose(of_arrays, of_tensors, rtol=1e-4, atol=1e-5)
    return of_tensors


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


def test_ssim_is_accurate_when_convolutions_have_low_precision(images, monkeypatch):
    """Some GPUs convolve float32 with 10 bits of mantissa (TF32), by default in JAX and PyTorch."""
    truth, noisy, _ = (keras.ops.convert_to_tensor(x, "float32") for x in images)
    exact = convert_to_numpy(metrics.ssim(truth, noisy))

    def rounded(x):
        bits = np.asarray(convert_to_numpy(x), "float32").view("int32")
        return ((bits + 0x0FFF + ((bits >> 13) & 1)) & ~0x1FFF).view("float32")

    convolution = keras.ops.depthwise_conv
    monkeypatch.setattr(keras.ops, "depthwise_conv", lambda x, k: convolution(rounded(x), rounded(k)))
    shifted = convert_to_numpy(metrics.ssim(truth, noisy))
    assert (shifted != exact).any()
    np.testing.assert_allclose(shifted, exact, atol=0.002)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="only JAX is told the precision")
def test_ssim_and_its_gradient_ask_jax_for_exact_products(images):
    """By default JAX lets a GPU round to 10 bits (TF32). A CPU never does, so we read what is asked for."""
    import jax

    truth, noisy, _ = (x.astype("float32") for x in images)

    def mean_ssim(y):
        return keras.ops.mean(metrics.ssim(keras.ops.convert_to_tensor(truth), y))

    step = jax.jit(jax.value_and_grad(mean_ssim)).lower(noisy).as_text().splitlines()
    convolutions = [line for line in step if "stablehlo.convolution" in line]
    assert convolutions and all(line.count("HIGHEST") == 2 for line in convolutions)


def test_psnr_and_ssim_equal_tensorflow(images):
    tf = pytest.importorskip("tensorflow", reason="parity with tf.image needs TensorFlow")
    truth, noisy, _ = (x.astype("float32") for x in images)
    np.testing.assert_allclose(value(metrics.psnr, truth, noisy), tf.image.psnr(truth, noisy, 1.0), rtol=1e-5)
    np.testing.assert_allclose(value(metrics.ssim, truth, noisy), tf.image.ssim(truth, noisy, 1.0), atol=1e-4)


def test_only_the_region_is_measured(images):
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
        np.testing.assert_array_equal(METRIC_DEFINITIONS["tf"].measure(x, x)["image"]["psnr"], 100)
        np.testing.assert_array_equal(value(metrics.ssim, x, x), 1)
    state = metrics.PSNR()
    for _ in range(3):
        state.update_state(truth, truth)
        state.update_state(truth, truth, sample_weight=np.ones_like(truth[..., 0]))
    assert float(state.result()) == 100
    np.testing.assert_allclose(value(metrics.psnr, truth, truth + 1e-4), 80, atol=0.01)  # uncapped


def test_overlap_scores_are_those_of_the_studied_works_and_soft_dice_prefers_a_wrong_image(images):
    """Soft Dice scores an image of only black and white above the truth; the squared form does not."""
    truth, *_ = images
    white = np.ones_like(truth)
    expected = 2 * (truth * truth).sum((1, 2, 3)) / (truth + truth).sum((1, 2, 3))
    np.testing.assert_allclose(value(metrics.dice, truth, truth), expected)
    extreme = (truth > expected[:, None, None, None] / 2).astype("float64")
    assert (value(metrics.dice, truth, extreme) > expected).all()
    np.testing.assert_allclose(value(metrics.dice, truth, truth, squared=True), 1)
    assert (value(metrics.dice, truth, extreme, squared=True) < 1).all()

    both, total = (truth * white).sum((1, 2, 3)), (truth + white).sum((1, 2, 3))
    expected = (1 - (both + 100) / (total - both + 100)) * 100
    np.testing.assert_allclose(value(metrics.jaccard_distance, truth, white), expected)
    np.testing.assert_allclose(
        value(metrics.cosine_similarity, truth, 0.5 * truth), 1
    )  # brightness does not matter
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


def test_overlap_scores_of_a_region_ignore_the_rest(images):
    truth, noisy, masks = images
    hole = 1 - masks
    for metric in (metrics.dice, metrics.jaccard_distance, metrics.cosine_similarity):
        np.testing.assert_allclose(
            value(metric, truth, noisy, hole), value(metric, truth * hole, noisy * hole), rtol=1e-6
        )


def test_an_empty_region_is_left_out_of_the_average(images):
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


def test_fit_reports_nan_where_nothing_is_missing(images):
    """Per batch and per epoch, in training and validation; else the mean over the images with a hole."""
    truth, _, masks = (x.astype("float32") for x in images)
    inputs = [keras.Input((32, 32, 3)), keras.Input((32, 32, 1))]
    model = Inpainter(keras.Model(inputs, keras.layers.Conv2D(3, 3, padding="same")(inputs[0] * inputs[1])))
    measured = [metrics.PSNR("a"), metrics.SSIM("b"), metrics.MAE("c")]
    model.compile("sgd", "mae", weighted_metrics=measured)
    batches = []
    record = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: batches.append(dict(logs)))
    whole = np.ones_like(masks)
    settings = {"batch_size": 2, "shuffle": False, "verbose": 0, "callbacks": [record]}
    logs = model.fit([truth, whole], truth, validation_data=([truth, whole], truth), **settings).history
    mixed = np.concatenate([masks[:1], whole[:1], whole[:2]])  # the second batch has no hole
    scores = model.evaluate([truth, mixed], truth, batch_size=2, verbose=0, return_dict=True)
    filled = model.predict([truth[:1], mixed[:1]], verbose=0)
    assert np.isfinite(logs["loss"]).all() and len(batches) == 2
    for metric in measured:
        name = metric.name
        assert np.isnan([*logs[name], *logs[f"val_{name}"], *(batch[name] for batch in batches)]).all()
        expected = value(FUNCTIONS[type(metric)], truth[:1], filled, 1 - mixed[:1])[0]
        assert scores[name] == pytest.approx(expected, rel=1e-3)


@every_metric
@pytest.mark.parametrize(
    "shape", [(4, 32, 32, 3), (1, 32, 32, 1), (4, 32), (4,), (4, 1), (4, 1, 1, 1), (32, 32), (2, 32, 32)]
)
def test_a_region_has_one_value_per_pixel(metric, shape, images):
    """NumPy would broadcast other shapes to a wrong number: three channels put PSNR 4.77 dB too high."""
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
    truth, *_ = images
    other = np.full(shape, 0.5)
    for measure in (
        *FUNCTIONS.values(),
        metrics.mse,
        metrics.ssim_map,
        *(lambda x, y, metric=metric: metric().update_state(x, y) for metric in FUNCTIONS),
    ):
        for pair in ((truth, other), (other, truth)):
            with pytest.raises(ValueError) as error:
                measure(*pair)
            assert str(shape) in str(error.value) and str(truth.shape) in str(error.value)


def test_an_image_of_nan_makes_the_mean_nan(images):
    truth, noisy, masks = images
    noisy[0] = np.nan
    for state in (metrics.PSNR(), metrics.SSIM()):
        state.update_state(truth, noisy, sample_weight=1 - masks[..., 0])
        assert np.isnan(float(state.result()))


class SSIMLayer(keras.layers.Layer):
    def call(self, pair):
        return metrics.ssim(*pair)

    def compute_output_shape(self, shapes):  # JAX cannot compare a size that it does not know
        return shapes[0][:1]


def test_ssim_takes_images_of_unknown_size(images):
    """As when `fit` traces a data set of images of any size."""
    pair = [keras.Input((None, None, 3)), keras.Input((None, None, 3))]
    model = keras.Model(pair, SSIMLayer()(pair))
    truth, noisy, _ = (x.astype("float32") for x in images)
    np.testing.assert_allclose(
        model.predict([truth, noisy], verbose=0), value(metrics.ssim, truth, noisy), rtol=1e-5
    )


def test_the_message_for_too_small_images_names_the_smallest_size():
    with pytest.raises(ValueError, match=r"\(1, 8, 8, 3\).*11×11"):
        value(metrics.ssim, np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 3)))
