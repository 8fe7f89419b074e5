"""Weights that ship: offline, checked, without pickle, and better than the fill that they start from."""

import socket

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

import inpaintkit as ik
from inpaintkit import pretrained
from inpaintkit.pretrained import loading

every_name = pytest.mark.parametrize("name", pretrained.NAMES)


def hole_psnr(method, images, masks):
    fills = ik.evaluation.as_method(method)(images * masks, masks)
    return to_numpy(ik.metrics.psnr(images, fills, 1 - masks)).mean()


@every_name
def test_weights_load_without_a_network_and_are_what_their_card_says(name, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it asked for the network"))
    network, card = ik.load(name), pretrained.card(name)
    assert network.name == name and network.count_params() == card["parameters"]
    assert network.input_shape[0] == (None, None, None, 3)
    assert {"data", "terms", "masks", "loss", "steps", "machine", "results"} <= set(card)
    assert {"cpu_minutes", "gpu_minutes"} & set(card)
    assert (loading.FOLDER / f"{name}.npz").stat().st_size <= 8_000_000  # so that the package stays small
    with np.load(loading.FOLDER / f"{name}.npz", allow_pickle=False) as arrays:
        assert {arrays[key].dtype for key in arrays.files} == {np.dtype("float16")}


@pytest.mark.slow
@every_name
def test_training_added_much_on_photographs_that_were_not_in_training(name):
    """The kit's own photographs: one is a portrait, none was in the training folders."""
    images = ik.data.images("photos", "val", 96, count=12).as_float()
    masks = ik.masks.Lines(count=7, thickness=(1, 11)).sample(len(images), 96, 96, seed=3)
    network = ik.load(name)
    before = ik.evaluation.untrained(network)
    gain = hole_psnr(network, images, masks) - hole_psnr(before, images, masks)
    assert gain > 0.3


def test_the_fill_does_not_read_the_hole_and_keeps_known_pixels(batch):
    images, masks = batch
    network = ik.load("photos")
    fill = to_numpy(network([images, masks]))
    np.testing.assert_array_equal(fill, to_numpy(network([images * masks, masks])))
    np.testing.assert_allclose(fill * masks, images * masks, atol=1e-6)
    odd = to_numpy(network([images[:, :31, :17], masks[:, :31, :17]]))
    assert odd.shape == (4, 31, 17, 3) and odd.min() >= 0 and odd.max() <= 1


def test_saved_weights_come_back_rounded_to_float16(tmp_path, monkeypatch, batch):
    images, masks = batch
    keras.utils.set_random_seed(1)
    network = ik.models.residual_unet(filters=(4, 8, 8))
    network.get_layer("residual").kernel.assign(np.random.default_rng(0).normal(0, 0.01, (6, 6, 3, 4)))
    about = {"network": "residual_unet", "arguments": {"filters": [4, 8, 8]}}
    card = pretrained.save(tmp_path, "faces", network, about)
    assert card["parameters"] == network.count_params() and len(card["sha256"]) == 64
    monkeypatch.setattr(loading, "FOLDER", tmp_path)
    again = ik.load("faces")
    np.testing.assert_allclose(
        to_numpy(again([images, masks])), to_numpy(network([images, masks])), atol=2e-3
    )
    with (tmp_path / "faces.npz").open("r+b") as file:
        file.seek(200)
        file.write(b"\0\1\2\3")
    with pytest.raises(ValueError, match=r"faces\.npz.*checksum"):
        ik.load("faces")


def test_what_cannot_be_loaded_or_saved_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"'cats'.*'faces', 'photos'"):
        ik.load("cats")
    network = ik.models.residual_unet(filters=(4, 8))
    network.get_layer("stem").bias.assign([1e6] * 4)
    with pytest.raises(ValueError, match=r"stem/bias.*65,504"):
        pretrained.save(tmp_path, "faces", network, {"network": "residual_unet", "arguments": {}})
    assert not list(tmp_path.iterdir())
    network.get_layer("stem").bias.assign([0] * 4)
    pretrained.save(tmp_path, "faces", network, {"network": "residual_unet", "arguments": {}})
    monkeypatch.setattr(loading, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="differ"):  # the card names the default widths
        ik.load("faces")
