import os
import re

import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit.inpainting import METHOD_NAMES, find_method


def test_classical_methods_are_found_by_both_of_their_names():
    for shown, method in ik.baselines.ALL.items():
        assert find_method(shown) is find_method(method.__name__) is method
        assert method.__name__ in METHOD_NAMES


def test_a_function_stays_what_it_is_and_a_network_becomes_a_method(batch):
    images, masks = batch
    assert find_method(ik.baselines.telea) is ik.baselines.telea
    network = ik.models.residual_unet(filters=(4, 8))
    np.testing.assert_array_equal(find_method(network)(images, masks), ik.as_method(network)(images, masks))


def test_shipped_weights_are_loaded_once():
    method = find_method("cifar10")
    assert method.network.name == "cifar10" and find_method("cifar10") is method


def test_a_file_is_loaded_once_and_again_when_it_changed(tmp_path):
    path = tmp_path / "network.keras"
    ik.models.residual_unet(filters=(4, 8)).save(path)
    method = find_method(path)
    assert find_method(str(path)) is method
    os.utime(path, ns=(1, 1))
    assert find_method(path) is not method


@pytest.mark.parametrize("size", [(20, 30), (32, 48), (50, 61)])
def test_a_network_of_a_fixed_size_fills_images_of_any_size(size):
    """Before training, a prefilled network is a classical fill: so the truth is known."""
    method = find_method(ik.models.prefilled_unet((32, 48, 3), filters=(4, 8)))
    images = np.linspace(0, 1, size[1])[None, None, :, None] * np.ones((1, *size, 3))
    masks = np.ones((1, *size, 1))
    masks[:, 9:14, 9:15] = 0
    filled = method(images, masks)
    assert filled.shape == images.shape
    np.testing.assert_allclose(filled, images, atol=0.06)
    assert np.abs(filled - images)[masks[..., 0] > 0].max() < 1e-6  # this network keeps the known pixels


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("tela", "method='tela': expected one of masked_input, mean_color, telea"),
        ("photo.png", "or the path of a .keras or .onnx file"),
        ("no.keras", "method='no.keras': there is no such file"),
        (3, "method=3: expected a name"),
    ],
)
def test_what_is_no_method_is_refused(method, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        find_method(method)


def test_a_broken_file_is_refused(tmp_path):
    path = tmp_path / "network.keras"
    path.write_text("no network")
    with pytest.raises(ValueError, match=r"network\.keras: cannot be loaded"):
        find_method(path)
