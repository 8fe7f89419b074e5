"""A network that is exported computes the same elsewhere, or is not written; an ONNX file says what it is."""

import importlib
import sys

import keras
import numpy as np
import pytest
from keras import layers, ops

import inpaintkit as ik
from inpaintkit import export

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports need TensorFlow")


def network(sides=(None, None)):
    """A small network over [image, mask] that depends on both, with a name."""
    image, mask = keras.Input((*sides, 3), name="image"), keras.Input((*sides, 1), name="mask")
    features = layers.Conv2D(4, 3, padding="same", activation="relu")(ops.concatenate([image, mask], -1))
    model = keras.Model([image, mask], layers.Conv2D(3, 1, activation="sigmoid")(features), name="small")
    model(model.inputs)
    return model


@pytest.fixture(scope="module")
def small():
    return network()


@pytest.fixture(scope="module")
def exported(small, tmp_path_factory):
    """(path, report) of the network as an ONNX file."""
    pytest.importorskip("tf2onnx", reason='pip install -e ".[onnx]"')
    pytest.importorskip("onnxruntime", reason='pip install -e ".[onnx]"')
    path = tmp_path_factory.mktemp("exported") / "small.onnx"
    return path, ik.export_model(small, path, "onnx")


@pytest.fixture
def photograph():
    image = ik.data.images("photos", "test", (57, 43), count=1).as_float()
    return image, ik.masks.Lines(hole_ratio=(0.1, 0.2)).sample(1, 57, 43, seed=3)


@pytest.mark.slow
def test_an_onnx_file_comes_back_as_the_same_network_without_a_trial(
    small, exported, photograph, monkeypatch
):
    path, report = exported
    assert report["path"] == path and report["difference"] <= 1e-5 and (65, 77) in report["sizes"]
    monkeypatch.setattr("inpaintkit.inpainting.onnx_models.try_conventions", None)  # a call would fail
    method = ik.inpainting.OnnxModel(path)
    np.testing.assert_allclose(method(*photograph), ik.as_method(small)(*photograph), atol=1e-4)
    fixed_by_user = ik.inpainting.OnnxModel(path, output_range=1)
    assert fixed_by_user.convention == method.convention
    filled = ik.inpaint(photograph[0][0], photograph[1][0], path)
    np.testing.assert_allclose(filled, ik.inpaint(photograph[0][0], photograph[1][0], small), atol=1e-4)


@pytest.mark.slow
def test_an_onnx_file_says_what_it_is(exported):
    onnx = importlib.import_module("onnx")
    model = onnx.load(exported[0])
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert about.keys() >= {"inpaintkit", "image", "mask", "output"} and "1 = known" in about["mask"]
    shapes = [
        [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim] for value in model.graph.input
    ]
    assert shapes == [["batch", "height", "width", 3], ["batch", "height", "width", 1]]
    onnx.checker.check_model(model)


@pytest.mark.slow
def test_opencv_reads_the_shipped_kind_of_network_at_a_fixed_size(tmp_path):
    """One step of the biharmonic prefill is enough: its operations are the ones that OpenCV used to lack."""
    pytest.importorskip("tf2onnx", reason='pip install -e ".[onnx]"')
    import cv2

    image, mask = keras.Input((None, None, 3), name="image"), keras.Input((None, None, 1), name="mask")
    fill = ik.layers.PushPull(levels=2, smoothing_steps=1, biharmonic_steps=1)([image, mask])
    model = keras.Model([image, mask], fill, name="fill")
    model(model.inputs)
    report = ik.export_model(model, tmp_path / "fill.onnx", "onnx", image_size=32)
    assert report["sizes"] == ((32, 32),)
    photo = ik.data.images("photos", "test", 32, count=1).as_float()
    known = ik.masks.Lines(hole_ratio=(0.1, 0.2)).sample(1, 32, 32, seed=3)
    net = cv2.dnn.readNetFromONNX(str(tmp_path / "fill.onnx"))
    net.setInput(photo * known, "image")
    net.setInput(known, "mask")
    np.testing.assert_allclose(net.forward(), ik.as_method(model)(photo, known), atol=1e-4)


@pytest.mark.slow
def test_a_saved_model_computes_the_same(small, tmp_path, photograph):
    report = ik.export_model(ik.Inpainter(small), tmp_path / "saved", "tf")
    assert report["difference"] <= 1e-5 and len(report["sizes"]) == 4
    served = ik.data.tensorflow().saved_model.load(str(tmp_path / "saved"))
    image, mask = photograph
    expected = ik.as_method(small)(image, mask)
    np.testing.assert_allclose(served.serve([image * mask, mask]), expected, atol=1e-4)
    with pytest.raises(ValueError, match="exists already"):
        ik.export_model(small, tmp_path / "saved", "tf")
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


@pytest.mark.slow
@pytest.mark.skipif(keras.__version__ < "3.13", reason="Keras exports to LiteRT since 3.13")
def test_litert_takes_one_size(small, tmp_path):
    with pytest.raises(ValueError, match=r"images of one size only: say image_size \(--image-size 256\)"):
        ik.export_model(small, tmp_path / "small.tflite", "litert")
    report = ik.export_model(small, tmp_path / "small.tflite", "litert", image_size=(33, 40))
    assert report["sizes"] == ((33, 40),) and report["difference"] <= 1e-4
    assert [path.name for path in tmp_path.iterdir()] == ["small.tflite"]


@pytest.mark.parametrize(("format", "name"), [("onnx", "x.onnx"), ("tf", "x")])
def test_an_export_that_computes_something_else_is_not_kept(small, tmp_path, monkeypatch, format, name):
    def write(network, part, format):
        part.mkdir() if format == "tf" else part.write_bytes(b"")

    monkeypatch.setattr(export, "_write", write)
    monkeypatch.setitem(export._RUN, format, lambda part: lambda image, mask: image)
    monkeypatch.setattr(export, "_PACKAGES", {format: ()})
    with pytest.raises(
        ValueError, match=r"differs from the original by up to 0\.\d+: expected 0.0001 at most"
    ):
        ik.export_model(small, tmp_path / name, format)
    assert list(tmp_path.iterdir()) == []


def test_a_converter_that_fails_is_explained(small, tmp_path, monkeypatch):
    def fail(*args, **settings):
        raise RuntimeError("no such operation")

    monkeypatch.setattr(small, "export", fail)
    with pytest.raises(
        ValueError, match=r"'small' cannot be exported to tf \(RuntimeError: no such operation\)"
    ):
        ik.export_model(small, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "format", "message"),
    [
        ("x.pb", "tensorrt", "format='tensorrt': expected one of 'tf', 'onnx', 'litert'"),
        ("x.keras", "onnx", "expected a name that ends in .onnx"),
        ("x.onnx", "litert", "expected a name that ends in .tflite"),
        ("none/x.onnx", "onnx", "there is no folder"),
        (".", "tf", "exists already"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(small, tmp_path, name, format, message):
    with pytest.raises(ValueError, match=message):
        ik.export_model(small, tmp_path / name, format)


@pytest.mark.parametrize(
    ("format", "name", "package", "advice"),
    [
        ("onnx", "x.onnx", "tf2onnx", r"pip install 'inpaintkit\[onnx\]'"),
        ("onnx", "x.onnx", "onnxruntime", r"pip install 'inpaintkit\[onnx\]'"),
        ("tf", "x", "tensorflow", "pip install 'tensorflow'"),
    ],
)
def test_missing_packages_are_named(small, tmp_path, monkeypatch, format, name, package, advice):
    pytest.importorskip("tf2onnx", reason='pip install -e ".[onnx]"')
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match=f"format='{format}' needs {package}: {advice}"):
        ik.export_model(small, tmp_path / name, format)


def test_another_back_end_is_refused(small, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(
        ValueError, match=r"exporting needs TensorFlow, this is jax: save the network as a .keras"
    ):
        ik.export_model(small, tmp_path / "x")
