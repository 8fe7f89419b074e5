"""Each metric definition against the library or the project that it stands for."""

import numpy as np
import pytest
from skimage import metrics as reference
from skimage.color import rgb2gray

import inpaintkit as ik
from inpaintkit.evaluation import definitions
from inpaintkit.images import to_uint8


@pytest.fixture(scope="module")
def pair():
    images = ik.data.images("photos", "test", 64, count=3).as_float()
    noise = np.random.default_rng(0).normal(0, 0.05, images.shape)
    return images, np.clip(images + noise, 0, 1).astype("float32")


def test_scikit_image(pair):
    got = definitions.find_definition("scikit-image").measure(*pair)["image"]
    for i, (x, y) in enumerate(zip(*pair, strict=True)):
        assert got["psnr"][i] == pytest.approx(
            reference.peak_signal_noise_ratio(x, y, data_range=1), abs=1e-4
        )
        expected = reference.structural_similarity(x, y, data_range=1, channel_axis=-1)
        assert got["ssim"][i] == pytest.approx(expected, abs=1e-6)
        assert got["mae"][i] == pytest.approx(np.abs(x - y).mean(), rel=1e-5)


def test_edgeconnect(pair):
    """As its metrics.py does: 8-bit files, grey, window 51, relative L1."""
    got = definitions.find_definition("edgeconnect").measure(*pair)["image"]
    for i, (x, y) in enumerate(zip(*pair, strict=True)):
        x, y = (rgb2gray(to_uint8(z) / 255) for z in (x, y))
        assert got["psnr"][i] == pytest.approx(
            reference.peak_signal_noise_ratio(x, y, data_range=1), abs=1e-3
        )
        expected = reference.structural_similarity(x, y, data_range=1, win_size=51)
        assert got["ssim"][i] == pytest.approx(expected, abs=1e-6)
        assert got["mae"][i] == pytest.approx(np.abs(x - y).sum() / (x + y).sum(), rel=1e-4)


def test_mmagic(pair):
    """Gaussian window cropped to its valid part, L1 of the hole in per cent."""
    hole = np.zeros((3, 64, 64, 1), "float32")
    hole[:, 20:40, 10:50] = 1
    rule = definitions.find_definition("mmagic")
    whole, part = rule.measure(*pair, image=None, hole=hole).values()
    for i, (x, y) in enumerate(zip(*pair, strict=True)):
        x, y = 255 * x.astype(float), 255 * y.astype(float)
        assert whole["psnr"][i] == pytest.approx(
            20 * np.log10(255 / np.sqrt(((x - y) ** 2).mean())), abs=1e-3
        )
        _, full = reference.structural_similarity(
            *(x, y), data_range=255, channel_axis=-1, full=True, **definitions.GAUSSIAN_WINDOW
        )
        assert whole["ssim"][i] == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-6)
        assert part["ssim"][i] == pytest.approx(full[20:40, 10:50].mean(), abs=1e-6)
        assert part["mae"][i] == pytest.approx(100 * np.abs(x - y)[20:40, 10:50].mean() / 255, rel=1e-4)


def test_the_gaussian_definitions_agree_and_the_others_differ(pair):
    ssim = {
        name: rule.measure(*pair)["image"]["ssim"] for name, rule in definitions.METRIC_DEFINITIONS.items()
    }
    np.testing.assert_allclose(ssim["tf"], ssim["mmagic"], atol=1e-5)
    assert (ssim["edgeconnect"] > ssim["tf"] + 0.02).all()  # the same images


def test_a_hole_at_the_border_has_no_ssim_and_small_images_are_refused(pair):
    hole = np.zeros((3, 64, 64, 1), "float32")
    hole[:, :3] = 1
    for rule in definitions.METRIC_DEFINITIONS.values():
        got = rule.measure(*pair, hole=hole)["hole"]
        assert np.isnan(got["ssim"]).all() and np.isfinite(got["psnr"]).all()
    for name, side in (("edgeconnect", 50), ("tf", 10), ("scikit-image", 6)):
        with pytest.raises(ValueError, match=f"{side}, 64"):
            definitions.find_definition(name).measure(pair[0][:, :side], pair[1][:, :side])
    with pytest.raises(ValueError, match=r"'ours'.*'tf', 'scikit-image'"):
        definitions.find_definition("ours")
