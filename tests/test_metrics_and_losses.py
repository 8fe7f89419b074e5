"""Every number against another, trusted library, or against the formula by hand."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from inpaintkit import losses, metrics


def value(function, *args, **settings):
    """Values a picture as a NumPy array, from any back end."""
    return convert_to_numpy(function(*args, **settings))


@pytest.fixture
def pictures(batch):
    images, masks = batch
    noisy = np.clip(images + np.random.default_rng(1).normal(0, 0.1, images.shape), 0, 1)
    return images.astype("float64"), noisy, masks.astype("float64")


def test_psnr_equals_scikit_image(pictures):
    truth, noisy, _ = pictures
    expected = [peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(truth, noisy, strict=True)]
    np.testing.assert_allclose(value(metrics.psnr, truth, noisy), expected, rtol=1e-6)


def test_ssim_equals_scikit_image_in_float64(pictures):
    truth, noisy, _ = pictures
    for a, b, ours in zip(truth, noisy, value(metrics.ssim, truth, noisy), strict=True):
        _, full = structural_similarity(
            *(a, b), data_range=1, channel_axis=-1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, full=True,
        )  # fmt: skip
        assert ours == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-5)


def test_psnr_and_ssim_equal_tensorflow(pictures):
    tf = pytest.importorskip("tensorflow", reason="parity with tf.image needs TensorFlow")
    truth, noisy, _ = (x.astype("float32") for x in pictures)
    np.testing.assert_allclose(value(metrics.psnr, truth, noisy), tf.image.psnr(truth, noisy, 1.0), rtol=1e-5)
    np.testing.assert_allclose(value(metrics.ssim, truth, noisy), tf.image.ssim(truth, noisy, 1.0), atol=1e-4)


def test_a_region_is_measured_alone(pictures):
    truth, noisy, masks = pictures
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


def test_a_perfect_picture_has_a_finite_psnr(pictures):
    truth, *_ = pictures
    np.testing.assert_allclose(value(metrics.psnr, truth, truth), metrics.MOST_PSNR)


def test_the_studied_works_overlaps_and_how_they_are_fooled(pictures):
    """Soft Dice scores a picture burnt to black and white above the truth; the squared form does not."""
    truth, *_ = pictures
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


def test_keras_metrics_average_over_pictures_and_regions(pictures):
    truth, noisy, masks = pictures
    hole = 1 - masks[..., 0]
    for metric, function in (
        (metrics.PSNR, metrics.psnr),
        (metrics.SSIM, metrics.ssim),
        (metrics.MAE, metrics.mae),
    ):
        state = metric()
        for k in (slice(0, 1), slice(1, 4)):
            state.update_state(truth[k], noisy[k], sample_weight=hole[k])
        assert float(state.result()) == pytest.approx(np.mean(value(function, truth, noisy, hole)), rel=1e-5)
    again = keras.metrics.deserialize(keras.metrics.serialize(metrics.PSNR("hole_psnr")))
    assert isinstance(again, metrics.PSNR) and again.name == "hole_psnr"


def test_an_empty_region_spoils_no_average(pictures):
    truth, noisy, masks = pictures
    hole = 1 - masks[..., 0]
    hole[0] = 0
    state = metrics.PSNR()
    state.update_state(truth, noisy, sample_weight=hole)
    assert float(state.result()) == pytest.approx(
        np.mean(value(metrics.psnr, truth[1:], noisy[1:], hole[1:])), rel=1e-5
    )


def test_a_nan_picture_is_not_passed_over(pictures):
    truth, noisy, masks = pictures
    noisy[0] = np.nan
    for state in (metrics.PSNR(), metrics.SSIM()):
        state.update_state(truth, noisy, sample_weight=1 - masks[..., 0])
        assert np.isnan(float(state.result()))


def test_hole_valid_loss_is_the_papers(pictures):
    truth, noisy, masks = pictures
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


def test_boundary_loss_is_the_error_in_the_band(pictures):
    from scipy.ndimage import maximum_filter

    truth, noisy, masks = pictures
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


def test_total_variation_is_the_papers_pixel_by_pixel(pictures):
    truth, noisy, masks = (x[:1, :16, :16] for x in pictures)
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
def test_mask_losses_are_saved_with_their_settings(loss, pictures):
    truth, noisy, masks = pictures
    target = np.concatenate([truth, masks], -1)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert float(again(target, noisy)) == float(loss(target, noisy))


def test_losses_fall_as_pictures_get_better(pictures):
    truth, noisy, _ = pictures
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


def test_ssim_says_what_is_too_small():
    with pytest.raises(ValueError, match="11×11"):
        value(metrics.ssim, np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 3)))
