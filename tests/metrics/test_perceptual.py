"""Perceptual metrics: numbers checked against other computations, and a reason where there is no number."""

import importlib.util
import sys
import warnings
from types import SimpleNamespace
from urllib.error import URLError

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy.linalg import sqrtm

from inpaintkit.features import Features, _squeezenet
from inpaintkit.metrics import (
    ALEXNET,
    NAMES,
    PerceptualMetrics,
    feature_distance,
    frechet_distance,
    kernel_distance,
)


@pytest.fixture(autouse=True)
def offline(no_network, monkeypatch, tmp_path):
    """No host answers, no weights lie in a cache, and LPIPS is not installed."""
    monkeypatch.setitem(sys.modules, "lpips", None)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("HOME", str(tmp_path))


def small_inception(path=None):
    """A stand-in for `features.inception`, which takes seconds to build: the mean colours of 16 blocks."""
    return lambda images: np.reshape(images, (-1, 4, 8, 4, 8, 3)).mean(axis=(2, 4)).reshape(-1, 48)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file of random weights: useless features, but all sums can be checked."""
    keras.utils.set_random_seed(0)
    file = tmp_path_factory.mktemp("weights") / "squeezenet.weights.h5"
    _squeezenet("random").save_weights(file)
    return {"squeezenet": file, "inception": "a file that the stand-in does not read"}


@pytest.fixture(scope="module")
def perceptual(weights):
    """Opened under another dtype policy: features are float32 nevertheless."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "lpips", None)
            patch.setattr("inpaintkit.metrics.perceptual.inception", small_inception)
            return PerceptualMetrics(weights=weights)
    finally:
        keras.config.set_dtype_policy("float32")


def embeddings(rng, n, m, dimensions, rank=None):
    """Two sets of correlated embeddings, the second spread wider and shifted."""
    mix = rng.normal(size=(rank or dimensions, dimensions))
    return [
        rng.normal(size=(k, len(mix))) @ (scale * mix) + shift
        for k, scale, shift in ((n, 1, 0), (m, 1.2, 0.5))
    ]


@pytest.mark.parametrize(
    ("n", "m", "dimensions", "rank"),
    [(20, 30, 64, None), (200, 150, 16, None), (12, 300, 32, None), (33, 32, 32, None), (100, 90, 24, 5)],
    ids=["few", "many", "few and many", "barely many", "rank deficient"],
)
def test_frechet_distance_is_that_of_the_matrix_square_root(rng, n, m, dimensions, rank):
    real, fake = embeddings(rng, n, m, dimensions, rank)
    s, t = np.cov(real.T), np.cov(fake.T)
    expected = ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(s + t - 2 * np.real(sqrtm(s @ t)))
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(fake, real) == pytest.approx(expected, rel=1e-5)
    assert 0 <= frechet_distance(real, real[::-1]) < 1e-6 * np.trace(s)


@pytest.mark.parametrize("dimensions", [4, 400])
def test_what_scaling_and_shifting_do_is_known(rng, dimensions):
    real = rng.normal(size=(50, dimensions)).astype("float32")
    shift = rng.normal(size=dimensions)
    spread = np.cov(real.T.astype("float64")).trace()
    assert frechet_distance(real, real + shift) == pytest.approx((shift**2).sum(), rel=1e-6)
    assert frechet_distance(real, 3 * real) == pytest.approx(
        4 * spread + (2 * real.astype("float64").mean(0)) ** 2 @ np.ones(dimensions), rel=1e-6
    )
    kids = [kernel_distance(real, real + k * shift, paired=True)[0] for k in (0, 0.5, 1, 2)]
    assert kids[0] == pytest.approx(0, abs=1e-12) and np.all(np.diff(kids) > 0)


def kernel(x, y):
    return (np.dot(x, y) / len(x) + 1) ** 3


@pytest.mark.parametrize(("n", "m", "paired"), [(7, 5, False), (6, 6, False), (6, 6, True)])
def test_kernel_distance_is_the_loop_of_the_paper(rng, n, m, paired):
    x, y = embeddings(rng, n, m, 10)
    of_x = np.mean([kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j])
    of_y = np.mean([kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j])
    between = np.mean([kernel(x[i], y[j]) for i in range(n) for j in range(m) if not (paired and i == j)])
    assert kernel_distance(x, y, paired)[0] == pytest.approx(of_x + of_y - 2 * between, rel=1e-9)


def test_many_images_are_summed_in_blocks(rng):
    x, y = embeddings(rng, 1001, 1001, 4)
    of_x, of_y, between = ((a @ b.T / 4 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    apart = ~np.eye(1001, dtype=bool)
    expected = of_x[apart].mean() + of_y[apart].mean() - 2 * between[apart].mean()
    assert kernel_distance(x, y, paired=True)[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("paired", [True, False])
def test_kernel_distance_is_unbiased_and_states_its_standard_error(paired):
    """Over many draws: the mean is the same for 10 and for 40 images, and their spread is the stated error.

    Pairs treated as independent sets come out too near, more so the fewer they are.
    """
    rng = np.random.default_rng(0)

    def draws(n, count=400, as_pairs=paired):
        for _ in range(count):
            x = rng.normal(size=(n, 6))
            y = (x if paired else rng.normal(size=x.shape)) + rng.normal(0.4, 0.3, x.shape)
            yield kernel_distance(x, y, as_pairs)

    few, many = np.array(list(draws(10))), np.array(list(draws(40)))
    margin = 4 * np.hypot(few[:, 0].std(), many[:, 0].std()) / np.sqrt(400)
    assert abs(few[:, 0].mean() - many[:, 0].mean()) < margin < many[:, 0].mean()
    assert many[:, 1].mean() == pytest.approx(many[:, 0].std(), rel=0.15)
    if paired:
        assert np.mean([d for d, _ in draws(10, as_pairs=False)]) < many[:, 0].mean() - margin


def test_feature_distance_equals_numpy(rng):
    """On feature maps made by hand; one has a position where all features are 0."""
    x, y = rng.random((2, 3, 8, 8, 3), "float32")
    x[0, 0, 0] = 0

    def taps(images):
        return [images, images[:, ::2, ::4, :2] ** 2]

    expected = np.zeros(3)
    for a, b in zip(taps(x), taps(y), strict=True):
        a, b = (v / np.maximum(np.sqrt((v**2).sum(-1, keepdims=True)), 1e-7) for v in (a, b))
        expected += ((a - b) ** 2).sum(-1).mean((1, 2)) / 2
    np.testing.assert_allclose(convert_to_numpy(feature_distance(x, y, taps)), expected, rtol=1e-4)
    assert not convert_to_numpy(feature_distance(x, x, taps)).any()


def test_what_is_there_is_measured_and_what_is_missing_has_a_reason(perceptual, weights, batch):
    images, masks = batch
    assert perceptual.missing.keys() == {"lpips"} and "pip install lpips" in perceptual.missing["lpips"]
    assert perceptual.descriptions.keys() == {"feature_distance", "fid", "kid"}
    assert "10,000" in perceptual.descriptions["fid"]
    assert "squeezenet conv1" in perceptual.descriptions["feature_distance"]

    values = perceptual.per_image(images, images * masks)
    assert values.keys() == {"feature_distance"} and values["feature_distance"].dtype == "float32"
    expected = feature_distance(images, images * masks, Features("squeezenet", weights["squeezenet"]))
    np.testing.assert_allclose(values["feature_distance"], convert_to_numpy(expected), rtol=1e-5)
    assert values["feature_distance"].shape == (4,) and (values["feature_distance"] > 0).all()

    real, fake = perceptual.embeddings(images), perceptual.embeddings(images * masks)
    sets = perceptual.set_distances(real, fake)
    assert sets == {
        "fid": frechet_distance(real, fake),
        **dict(zip(("kid", "kid_error"), kernel_distance(real, fake, paired=True), strict=True)),
    }
    assert sets["fid"] > 1e3 * perceptual.set_distances(real, real)["fid"]


@pytest.mark.slow
def test_embeddings_are_those_of_keras_applications(tmp_path, batch):
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg")
    network.save_weights(tmp_path / "inception.weights.h5")
    keras.config.set_dtype_policy("mixed_float16")  # embeddings are float32 nevertheless
    try:
        perceptual = PerceptualMetrics(["fid"], {"inception": tmp_path / "inception.weights.h5"})
    finally:
        keras.config.set_dtype_policy("float32")
    images = np.concatenate([batch[0]] * 5)[:18]  # two more than one block of 16
    shown = keras.layers.Resizing(299, 299, antialias=True)(images[:2])
    scaled = keras.applications.inception_v3.preprocess_input(255 * convert_to_numpy(shown))
    expected = convert_to_numpy(network(scaled, training=False))
    ours = perceptual.embeddings(images)
    assert ours.shape == (18, 2048) and ours.dtype == "float32" and expected.max() > 0
    np.testing.assert_allclose(ours[:2], expected, rtol=1e-3, atol=1e-4 * expected.max())
    np.testing.assert_allclose(ours[16:], expected, rtol=1e-3, atol=1e-4 * expected.max())
    with pytest.raises(ValueError, match=r"none\.h5.*InceptionV3"):
        PerceptualMetrics(["kid"], {"inception": tmp_path / "none.h5"})


def test_too_small_or_too_few_images_are_a_reason_too(weights, monkeypatch):
    monkeypatch.setattr("inpaintkit.metrics.perceptual.inception", small_inception)
    perceptual = PerceptualMetrics(weights=weights)
    small = np.full((1, 15, 40, 3), 0.5, "float32")
    assert perceptual.per_image(small, small) == {}
    assert all(number in perceptual.missing["feature_distance"] for number in ("15×40", "16"))
    assert perceptual.set_distances(np.zeros((1, 48)), np.zeros((1, 48))) == {}
    for name in ("fid", "kid"):
        assert "1 images" in perceptual.missing[name] and "3" in perceptual.missing[name]


def assert_nothing_is_measured(perceptual, images):
    assert perceptual.missing.keys() == set(NAMES) and not perceptual.descriptions
    assert not any("\n" in reason for reason in perceptual.missing.values())
    assert perceptual.per_image(images, images) == perceptual.set_distances(images, images) == {}
    assert perceptual.embeddings(images) is None


def test_where_nothing_loads_there_are_four_reasons_and_no_number(monkeypatch, batch):
    def fail(*_):
        raise ValueError("no weights here:\n  put them there")

    monkeypatch.setattr("inpaintkit.metrics.perceptual.inception", fail)
    monkeypatch.setattr("inpaintkit.metrics.perceptual.Features", fail)
    assert_nothing_is_measured(PerceptualMetrics(), batch[0])
    assert "no weights here: put them there" in PerceptualMetrics().missing.values()
    for network in ("vgg19", "inception"):  # a file that the user named is a mistake
        with pytest.raises(ValueError, match="no weights here"):
            PerceptualMetrics(weights={network: "file.h5"})


@pytest.mark.slow
def test_without_weights_the_reasons_name_the_files_that_keras_wants(batch):
    perceptual = PerceptualMetrics()
    assert_nothing_is_measured(perceptual, batch[0])
    for name, file in (
        ("feature_distance", "vgg16_weights"),
        ("fid", "inception_v3_weights"),
        ("kid", "notop.h5"),
    ):
        assert file in perceptual.missing[name] and "~/.keras/models/" in perceptual.missing[name]


def test_only_what_is_asked_for_is_opened(monkeypatch):
    monkeypatch.setattr("inpaintkit.metrics.perceptual.inception", None)
    monkeypatch.setattr("inpaintkit.metrics.perceptual.Features", None)
    perceptual = PerceptualMetrics(["lpips"])
    assert perceptual.missing.keys() == {"lpips"}


@pytest.fixture
def package(monkeypatch):
    """`package(LPIPS)` puts a stand-in for the package lpips, with that class, where it is imported from."""
    pytest.importorskip("torch", reason="LPIPS needs PyTorch")

    def install(network):
        monkeypatch.setitem(sys.modules, "lpips", SimpleNamespace(LPIPS=network))

    return install


def test_lpips_gets_images_in_its_own_layout_and_range(package, batch):
    """The stand-in weighs the channels and scales to −1…1, as the package does."""
    import torch

    class LPIPS:
        def __init__(self, net, verbose):
            assert (net, verbose) == ("alex", False)

        def __call__(self, a, b, normalize):
            assert normalize and a.shape == b.shape == (4, 3, 32, 32) and a.dtype == torch.float32
            return 2 * ((a - b) * torch.tensor([1.0, 2.0, 4.0])[:, None, None]).mean((1, 2, 3), keepdim=True)

    package(LPIPS)
    perceptual = PerceptualMetrics(["lpips"])
    images, masks = batch
    values = perceptual.per_image(images, images * masks)
    expected = 2 * (images * (1 - masks) * [1, 2, 4]).mean((1, 2, 3))
    assert not perceptual.missing
    assert perceptual.descriptions["lpips"] == "package lpips, net alex, version 0.1"
    np.testing.assert_allclose(values["lpips"], expected, rtol=1e-4)
    assert perceptual.per_image(images[:, :30], images[:, :30]) == {}
    assert "30×32" in perceptual.missing["lpips"] and "31" in perceptual.missing["lpips"]


def test_lpips_without_its_weights_says_where_they_belong(package):
    def network(**_):
        raise URLError("Name or service not known")

    package(network)
    why = PerceptualMetrics(["lpips"]).missing["lpips"]
    assert "Name or service" in why and ALEXNET in why and "~/.cache/torch/hub/checkpoints/" in why


def test_lpips_with_a_broken_torchvision_says_so(monkeypatch, tmp_path):
    (tmp_path / "lpips.py").write_text('raise RuntimeError("operator torchvision::nms does not exist")')
    monkeypatch.delitem(sys.modules, "lpips")
    monkeypatch.syspath_prepend(tmp_path)
    why = PerceptualMetrics(["lpips"]).missing["lpips"]
    assert why == "package lpips does not load: operator torchvision::nms does not exist"


@pytest.mark.skipif(importlib.util.find_spec("lpips") is None, reason="needs the package lpips")
def test_lpips_equals_the_package(monkeypatch, tmp_path, batch):
    """With AlexNet's weights at random, in the file that PyTorch would have downloaded."""
    monkeypatch.delitem(sys.modules, "lpips")
    import lpips
    import torch
    import torchvision

    file = tmp_path / "hub" / "checkpoints" / ALEXNET
    file.parent.mkdir(parents=True)
    torch.save(torchvision.models.alexnet().state_dict(), file)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    perceptual = PerceptualMetrics(["lpips"])
    assert not perceptual.missing
    images, masks = batch
    values = perceptual.per_image(images, images * masks)["lpips"]
    with warnings.catch_warnings(action="ignore"):
        network = lpips.LPIPS(verbose=False)
    pair = [torch.tensor(2 * np.moveaxis(x, 3, 1) - 1) for x in (images, images * masks)]
    np.testing.assert_allclose(values, network(*pair).detach().numpy().ravel(), rtol=1e-5)
    assert values.shape == (4,) and values.min() > 0
    assert not perceptual.per_image(images, images)["lpips"].any()


def test_messages_name_the_mistake(perceptual, batch, tmp_path):
    with pytest.raises(ValueError, match=r"names=\['ssim'\].*feature_distance, lpips, fid, kid"):
        PerceptualMetrics(["ssim"])
    with pytest.raises(ValueError, match="names='lpips'"):
        PerceptualMetrics("lpips")
    with pytest.raises(ValueError, match=r"weights=\{'alexnet'.*vgg16, vgg19, squeezenet, inception"):
        PerceptualMetrics(weights={"alexnet": "x"})
    with pytest.raises(ValueError, match=r"none\.h5.*squeezenet"):
        PerceptualMetrics(weights={"squeezenet": tmp_path / "none.h5"})
    with pytest.raises(ValueError, match=r"\(4, 32, 32, 3\).*\(3, 32, 32, 3\)"):
        perceptual.per_image(batch[0], batch[0][1:])


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_embeddings_of_other_shapes_are_refused(distance, rng):
    good = rng.normal(size=(5, 4))
    for bad in (good[:1], good[0], good[:, :3], good[None]):
        for pair in ((good, bad), (bad, good)):
            with pytest.raises(ValueError, match=r"\(N, D\) and \(M, D\).* [23]"):
                distance(*pair)
    with pytest.raises(ValueError, match="NaN"):
        distance(good, good * np.nan)


def test_pairs_need_as_many_of_each(rng):
    with pytest.raises(ValueError, match="5 and 4"):
        kernel_distance(rng.normal(size=(5, 4)), rng.normal(size=(4, 4)), paired=True)
