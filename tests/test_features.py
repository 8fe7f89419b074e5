"""The frozen networks of the perceptual and style losses: right layers, right scale, right weights."""

import re
from pathlib import Path
from urllib.error import URLError

import h5py
import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

import inpaintkit as ik
from inpaintkit.features import FEATURE_LAYERS, IMAGENET_STD, Features

SHARED = Path(__file__).parents[2] / "shared" / "data" / "weights"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the weight files of ../shared/data")
VGG19 = SHARED / "vgg19_normalised_to_block3_conv1.npz"
SQUEEZENET = SHARED / "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"
VGG_CONVOLUTIONS = {"block1_conv1": 64, "block1_conv2": 64, "block2_conv1": 128, "block2_conv2": 128,
                    "block3_conv1": 256, "block3_conv2": 256, "block3_conv3": 256}  # fmt: skip


def seen(features, images):
    """The features before they are scaled down."""
    return [convert_to_numpy(x) * features.scale for x in features(images)]


def convolve(x, kernel, bias):
    """Relu of a 3×3 convolution with zero padding, in NumPy."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.maximum(np.einsum("bhwcij,ijcd->bhwd", windows, kernel, optimize=True) + bias, 0)


def pool(x):
    batch, height, width, channels = x.shape
    return x.reshape(batch, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))


def by_hand(images, arrays, convolutions=VGG_CONVOLUTIONS):
    """The outputs of a VGG's convolutions and pools, by name, in NumPy."""
    x = 255.0 * images[..., ::-1] - (103.939, 116.779, 123.68)
    outputs = {}
    for name in convolutions:
        if name in ("block2_conv1", "block3_conv1"):
            x = outputs[f"block{int(name[5]) - 1}_pool"] = pool(x)
        x = outputs[name] = convolve(x, arrays[f"{name}/kernel"], arrays[f"{name}/bias"])
    outputs["block3_pool"] = pool(x)
    return outputs


@pytest.fixture(scope="module")
def arrays():
    """Random weights of VGG up to block3_conv3, which VGG16 and VGG19 share."""
    rng, channels, out = np.random.default_rng(0), 3, {}
    for name, filters in VGG_CONVOLUTIONS.items():
        scale = np.sqrt(2 / (9 * channels))
        out[f"{name}/kernel"] = rng.normal(0, scale, (3, 3, channels, filters)).astype("float32")
        out[f"{name}/bias"] = rng.normal(0, 0.1, filters).astype("float32")
        channels = filters
    return out


@pytest.fixture
def random_npz(arrays, tmp_path):
    np.savez(tmp_path / "vgg.npz", **arrays)
    return tmp_path / "vgg.npz"


@pytest.fixture
def squeezenet_npz(tmp_path):
    """Random weights of SqueezeNet up to fire5."""
    rng, out = np.random.default_rng(0), {}

    def convolution(name, size, channels, filters):
        scale = np.sqrt(2 / (size * size * channels))
        out[f"{name}/kernel"] = rng.normal(0, scale, (size, size, channels, filters))
        out[f"{name}/bias"] = np.zeros(filters)

    convolution("conv1", 3, 3, 64)
    for fire, channels, width in ((2, 64, 16), (3, 128, 16), (4, 128, 32), (5, 256, 32)):
        convolution(f"fire{fire}_squeeze", 1, channels, width)
        convolution(f"fire{fire}_expand1", 1, width, 4 * width)
        convolution(f"fire{fire}_expand3", 3, width, 4 * width)
    np.savez(tmp_path / "squeezenet.npz", **out)
    return tmp_path / "squeezenet.npz"


def save_legacy(model, path):
    """The HDF5 layout of the files that Keras 1 and 2 published."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{v.name}:0".encode() for v in layer.weights]
            group.attrs["weight_names"] = names
            for name, values in zip(names, layer.get_weights(), strict=True):
                group[name.decode()] = values


@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_vgg_equals_numpy(network, random_npz, arrays, batch):
    images = batch[0][:2, :16, :16]
    expected = by_hand(images, arrays)
    for name, x in zip(FEATURE_LAYERS[network], seen(Features(network, random_npz), images), strict=True):
        assert x.dtype == "float32"
        np.testing.assert_allclose(x, expected[name], rtol=1e-3, atol=1e-3 * expected[name].max())


@needs_shared
def test_the_normalised_vgg19_equals_numpy_and_its_filters_average_one(batch):
    with np.load(VGG19) as file:
        arrays = dict(file)
    expected = by_hand(batch[0], arrays, list(VGG_CONVOLUTIONS)[:5])
    ours = seen(Features("vgg19", VGG19), batch[0])
    for name, x in zip(FEATURE_LAYERS["vgg19"], ours, strict=True):
        np.testing.assert_allclose(x, expected[name], rtol=1e-3, atol=1e-4)
    assert 0.5 < ours[2].mean() < 2  # 1 over ImageNet, which is what Gatys normalised
    # And the scaling that is stored in this file is the one that we apply.
    scaled = batch[0] @ arrays["conv0_1x1/kernel"][0, 0] + arrays["conv0_1x1/bias"]
    np.testing.assert_allclose(scaled, keras.applications.vgg19.preprocess_input(255 * batch[0]), atol=1e-3)


def test_images_are_scaled_as_keras_scales_them(squeezenet_npz, batch):
    features = Features("squeezenet", squeezenet_npz)
    scaled = keras.applications.vgg16.preprocess_input(255 * batch[0])
    for ours, keras_ in zip(seen(features, batch[0]), features.model(scaled), strict=True):
        np.testing.assert_allclose(ours, convert_to_numpy(keras_), rtol=1e-3, atol=1e-2)


def test_the_scale_divides(squeezenet_npz, batch):
    half, whole = (Features("squeezenet", squeezenet_npz, scale=scale)(batch[0])[0] for scale in (2, 1))
    np.testing.assert_allclose(convert_to_numpy(half) * 2, convert_to_numpy(whole), rtol=1e-6)
    with pytest.raises(ValueError, match="scale=0"):
        Features("squeezenet", squeezenet_npz, scale=0)


@pytest.mark.slow
def test_every_file_format_gives_the_same_features(tmp_path, batch):
    whole = keras.applications.VGG16(include_top=False, weights=None)
    arrays = {
        f"{x.name}/{v.name}": w for x in whole.layers for v, w in zip(x.weights, x.get_weights(), strict=True)
    }
    np.savez(tmp_path / "a.npz", **arrays)
    whole.save_weights(tmp_path / "a.weights.h5")
    whole.save(tmp_path / "a.keras")
    save_legacy(whole, tmp_path / "a.h5")
    expected = seen(Features("vgg16", tmp_path / "a.npz"), batch[0])
    assert [x.shape for x in expected] == [(4, 16, 16, 64), (4, 8, 8, 128), (4, 4, 4, 256)]
    for name in ("a.weights.h5", "a.keras", "a.h5"):
        features = Features("vgg16", tmp_path / name)
        assert features.model.count_params() == 1_735_488  # of 14,714,688: up to pool3
        for a, b in zip(seen(features, batch[0]), expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_squeezenets_maps_have_vggs_widths(squeezenet_npz):
    features = Features("squeezenet", squeezenet_npz)
    assert features.model.count_params() == 120_416
    shapes = [x.shape for x in seen(features, np.zeros((2, 40, 64, 3)))]
    assert shapes == [(2, 19, 31, 64), (2, 9, 15, 128), (2, 4, 7, 256)]
    assert [x.shape[1] for x in seen(features, np.zeros((1, 16, 16, 3)))] == [7, 3, 1]


@needs_shared
def test_squeezenet_loads_the_layers_of_a_keras_1_file():
    features = Features("squeezenet", SQUEEZENET)
    names = {"squeeze": "squeeze1x1", "expand1": "expand1x1", "expand3": "expand3x3"}
    with h5py.File(SQUEEZENET) as file:
        for layer in features.model.layers:
            if layer.weights:
                fire, _, part = layer.name.partition("_")
                group = file[f"{fire}/{names[part]}" if part else fire]
                for ours, name in zip(layer.get_weights(), group.attrs["weight_names"], strict=True):
                    np.testing.assert_array_equal(ours, group[name])


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize(("network", "weights"), [("vgg19", VGG19), ("squeezenet", SQUEEZENET)])
def test_real_weights_recognise_a_photograph_by_its_texture(network, weights):
    """In grey, the nearest of 139 other crops is usually of the same photograph; by pixels, in one of three.

    The control has the same weights, shuffled within each layer: the architecture itself explains a part.
    """
    crops = ik.data.images("photos", "train", 48, count=140)
    grey = np.repeat(crops.as_float().mean(-1, keepdims=True), 3, axis=-1)

    def hits(x):
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        nearest = (x @ x.T - 2 * np.eye(len(x))).argmax(axis=1)
        return np.mean([crops.names[i] == name for i, name in zip(nearest, crops.names, strict=True)])

    features = Features(network, weights)
    trained = hits(seen(features, grey)[-1].mean(axis=(1, 2)))
    rng = np.random.default_rng(0)
    features.model.set_weights(
        [rng.permutation(w.ravel()).reshape(w.shape) for w in features.model.get_weights()]
    )
    shuffled = hits(seen(features, grey)[-1].mean(axis=(1, 2)))
    assert trained > 0.85 and trained > shuffled + 0.1 and hits(grey.reshape(140, -1)) < 0.5


def perceptual(features):
    def loss(y_true, y_pred):
        return sum(
            keras.ops.mean(keras.ops.abs(a - b))
            for a, b in zip(features(y_true), features(y_pred), strict=True)
        )

    return loss


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_features_give_every_pixel_a_gradient_and_are_not_trained(policy, squeezenet_npz, batch):
    """One weight per pixel and plain SGD: a weight that moves has a gradient. SqueezeNet omits the border."""
    keras.config.set_dtype_policy(policy)
    try:
        features = Features("squeezenet", squeezenet_npz)
        assert keras.config.dtype_policy().name == policy
        image = keras.Input((32, 32, 3))
        shown = keras.layers.EinsumDense("bhwc,hwc->bhwc", (32, 32, 3), kernel_initializer="ones")
        model = keras.Model(image, shown(image))
    finally:
        keras.config.set_dtype_policy("float32")
    before = [w.copy() for w in features.model.get_weights()]
    model.compile(keras.optimizers.SGD(1e-3 * IMAGENET_STD), perceptual(features))
    truth = 1 - batch[0]
    first = model.train_on_batch(batch[0], truth)
    change = convert_to_numpy(shown.kernel) - 1
    assert np.isfinite(change).all() and (change[:31, :31] != 0).mean() > 0.99
    for _ in range(5):
        last = model.train_on_batch(batch[0], truth)
    assert last < first
    assert not features.model.trainable_variables and len(model.weights) == 1
    for a, b in zip(before, features.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    half = batch[0].astype("float16")  # the output of a model under mixed_float16
    for a, b in zip(seen(features, half), seen(features, half.astype("float32")), strict=True):
        assert a.dtype == "float32"
        np.testing.assert_array_equal(a, b)


def test_features_are_saved_by_name_and_path(squeezenet_npz, batch, monkeypatch):
    monkeypatch.setenv("HOME", str(squeezenet_npz.parent))
    features = Features("squeezenet", "~/squeezenet.npz")
    config = keras.saving.serialize_keras_object(features)
    assert config["config"] == {"network": "squeezenet", "weights": "~/squeezenet.npz", "scale": IMAGENET_STD}
    again = keras.saving.deserialize_keras_object(config)
    for a, b in zip(seen(features, batch[0]), seen(again, batch[0]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_offline_the_error_names_the_file_and_its_place(monkeypatch):
    def offline(include_top, weights):
        assert weights == "imagenet" and not include_top
        raise Exception("URL fetch failure on https://…/vgg16/vgg16_notop.h5: None -- no network")

    monkeypatch.setattr(keras.applications, "VGG16", offline)
    with pytest.raises(ValueError, match=r"(?s)vgg16_notop\.h5.*~/\.keras/models/.*weights") as caught:
        Features()
    assert "URL fetch" in str(caught.value.__cause__)

    def broken(**_):
        raise ZeroDivisionError("not a network error")

    monkeypatch.setattr(keras.applications, "VGG16", broken)
    with pytest.raises(ZeroDivisionError):
        Features()
    with pytest.raises(ValueError, match=r"_kernels_notop\.h5.*https://github"):
        Features("squeezenet")
    with pytest.raises(ValueError, match=r"alexnet.*vgg16.*vgg19.*squeezenet"):
        Features("alexnet")


@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_a_failed_download_by_keras_names_the_address(network, monkeypatch):
    file = f"{network}_weights_tf_dim_ordering_tf_kernels_notop.h5"
    if (Path.home() / ".keras" / "models" / file).exists():
        pytest.skip("the weights are in Keras's cache: nothing to download")

    def no_network(*_):
        raise URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", no_network)  # deep below keras.utils.get_file
    with pytest.raises(ValueError, match=rf"https://\S+/{re.escape(file)}"):
        Features(network)


@pytest.mark.parametrize("ending", [".npz", ".h5", ".weights.h5", ".keras", ".pth"])
def test_files_that_do_not_fit_are_named(ending, tmp_path):
    path = tmp_path / f"x{ending}"
    for content in (None, b"", b"no weights at all"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"x{ending}.*squeezenet(?s:.*)fire5"):
            Features("squeezenet", path)


@pytest.mark.slow
def test_weights_of_another_network_are_refused(squeezenet_npz, random_npz, arrays, tmp_path):
    with pytest.raises(ValueError, match="block1_conv1/kernel is not a file"):
        Features("vgg16", squeezenet_npz)
    np.savez(random_npz, **{**arrays, "block2_conv1/kernel": arrays["block2_conv2/kernel"]})
    with pytest.raises(ValueError, match=r"\(3, 3, 128, 128\)"):
        Features("vgg16", random_npz)
    whole = keras.applications.VGG19(include_top=False, weights=None)
    save_legacy(whole, tmp_path / "vgg19.h5")
    with pytest.raises(ValueError, match="expected 13 layers, found 16"):
        Features("vgg16", tmp_path / "vgg19.h5")


@pytest.mark.parametrize("shape", [(32, 32, 3), (1, 32, 32, 1), (1, 3, 32, 32), (1, 15, 32, 3)])
def test_anything_but_a_batch_of_images_is_refused(shape, squeezenet_npz):
    with pytest.raises(ValueError, match=rf"{re.escape(str(shape))}.*\(B, H, W, 3\).*16"):
        Features("squeezenet", squeezenet_npz)(np.zeros(shape))
