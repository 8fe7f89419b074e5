"""Every loss against the formula of its paper, in float64 NumPy."""

import keras
import numpy as np
import pytest
from contract import check_loss, dtype_policy, value, with_and_without_jit
from keras.ops import convert_to_numpy

from inpaintkit import losses
from inpaintkit.features import Features


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


def test_log_hole_loss_is_its_formula(images):
    truth, noisy, masks = images
    masks[3] = 1  # an image without a hole: no error, and no 0/0
    error, values = (noisy - truth) * (1 - masks), 3 * (1 - masks).sum(axis=(1, 2, 3))
    mse = np.square(error).sum(axis=(1, 2, 3)) / (values + 1)
    expected = 0.2 * np.log(mse + 1e-3) + np.abs(error).sum(axis=(1, 2, 3)) / (values.mean() + 1)
    loss = losses.LogHoleLoss(0.2, 1e-3, reduction=None)
    target = np.concatenate([truth, masks], -1)
    np.testing.assert_allclose(value(loss, target, noisy), expected, rtol=1e-5)
    elsewhere = noisy + 0.5 * masks  # what is known does not count
    np.testing.assert_allclose(value(loss, target, elsewhere), expected, rtol=1e-5)
    for wrong in ({"weight": -1}, {"epsilon": 0}):
        with pytest.raises(ValueError, match="expected at least 0"):
            losses.LogHoleLoss(**wrong)


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


def test_losses_fall_as_images_get_better(images):
    truth, noisy, _ = images
    better = (truth + noisy) / 2
    for loss in (losses.mae, losses.mse, losses.ssim_loss, losses.psnr_loss):
        assert (value(loss, truth, better) < value(loss, truth, noisy)).all()


def test_ssim_and_psnr_of_a_perfect_image(images):
    truth, *_ = images
    for dtype in ("float32", "float64"):
        x = truth.astype(dtype)
        np.testing.assert_array_equal(value(losses.psnr_loss, x, x), -100)
        np.testing.assert_allclose(value(losses.ssim_loss, x, x), 0, atol=1e-6)


@pytest.mark.parametrize(
    "shape", [(4, 32, 32, 1), (1, 32, 32, 3), (4, 32, 1, 3), (32, 32, 3), (4, 32, 32, 4)]
)
def test_truth_and_output_have_one_shape(shape, images):
    truth, _, masks = images
    other, target = np.full(shape, 0.5), np.concatenate([truth, masks], -1)
    pairs = [
        (loss, pair)
        for loss in (losses.psnr_loss, losses.ssim_loss)
        for pair in ((truth, other), (other, truth))
    ]
    for loss in (
        losses.HoleValidLoss(),
        losses.LogHoleLoss(),
        losses.BoundaryLoss(),
        losses.TotalVariationLoss(),
        losses.PConvLoss(perceptual=0, style_out=0, style_comp=0),
        losses.WeightedSum({"l1": (1, "mae")}),
    ):
        pairs.append((loss, (target, other)))
    for loss, pair in pairs:
        with pytest.raises(ValueError) as error:
            loss(*pair)
        assert str(shape) in str(error.value) and str(truth.shape) in str(error.value)


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


LOSSES = {
    "hole_valid": lambda features: losses.HoleValidLoss(2, 3),
    "log_hole": lambda features: losses.LogHoleLoss(0.1, 1e-3),
    "boundary": lambda features: losses.BoundaryLoss(3),
    "total_variation": lambda features: losses.TotalVariationLoss(),
    "style": lambda features: losses.StyleLoss(features),
    "perceptual": lambda features: losses.PerceptualLoss(features),
    "pconv": lambda features: losses.PConvLoss(hole=3, style_comp=0, features=features),
    "pconv without features": lambda features: losses.PConvLoss(perceptual=0, style_out=0, style_comp=0),
    "weighted sum": lambda features: losses.WeightedSum(
        {"l2": (1, "mse"), "smooth": (0.1, losses.TotalVariationLoss()), "ssim": (1, losses.ssim_loss)}
    ),
}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name, marks=[pytest.mark.slow] if name in ("style", "perceptual") else [])
        for name, make in LOSSES.items()  # those two are terms of "pconv"
    ],
)
@with_and_without_jit
def test_loss_keeps_the_contract(make, jit, images, features, tmp_path):
    truth, noisy, masks = (x[:2, :16, :16] for x in images)
    check_loss(make(features), np.concatenate([truth, masks], -1), noisy, tmp_path, jit)


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
    with pytest.raises(ValueError, match=r"hole.*-1"):
        losses.PConvLoss(hole=-1, perceptual=0, style_out=0, style_comp=0)
    with pytest.raises(ValueError, match=r"name: \(weight, loss\)"):
        losses.WeightedSum({"mae": 1})
    with pytest.raises(ValueError, match=r"l1.*0"):
        losses.WeightedSum({"l1": (0, "mae")})


def test_a_weighted_sum_takes_any_loss(images, features):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1)
    parts = {
        "l2": (1, "mse"),
        "l1": (0.5, keras.losses.MeanAbsoluteError()),
        "perceptual": (0.05, losses.PerceptualLoss(features)),
        "boundary": (2, losses.BoundaryLoss()),
        "ssim": (1, losses.ssim_loss),
    }
    truths = {"l2": truth, "l1": truth, "perceptual": target, "boundary": target, "ssim": truth}
    expected = sum(
        weight * np.mean(value(keras.losses.get(loss), truths[name], noisy))
        for name, (weight, loss) in parts.items()
    )
    assert float(losses.WeightedSum(parts)(target, noisy)) == pytest.approx(expected, rel=1e-4)


def test_feature_losses_stay_finite_in_float16(images, features):
    truth, noisy, masks = images
    target = np.concatenate([truth, masks], -1).astype("float32")
    with dtype_policy("mixed_float16"):
        low = float(losses.PConvLoss(features=features)(target, noisy.astype("float16")))
    assert low == pytest.approx(float(losses.PConvLoss(features=features)(target, noisy)), rel=1e-2)


def test_adversarial_losses_by_hand(rng):
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
