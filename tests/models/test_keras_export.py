"""Networks outside of Keras: a SavedModel and ONNX give the same image, at any size."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy
from small_networks import ANY_SIZE, NETWORKS, every_network

from inpaintkit.layers import PushPull
from inpaintkit.models import _inputs
from inpaintkit.training import load_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="both need TensorFlow's graphs"),
]


def odd_sizes():
    """[image, mask] of sizes that are multiples of no stride, and one that is."""
    rng = np.random.default_rng(0)
    for size in ((65, 77), (17, 31), (64, 64), (1, 3)):
        mask = (rng.random((2, *size, 1)) < 0.8).astype("float32")
        yield [rng.random((2, *size, 3)).astype("float32") * mask, mask]


@every_network
def test_an_exported_network_gives_the_same_image(build, tmp_path):
    import tensorflow as tf

    model = build()
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "saved"))  # keep it: its signatures die with it
    for x in odd_sizes():
        np.testing.assert_allclose(served.serve(x), to_numpy(model(x)), atol=1e-4)


def short_prefill():
    """Input, prefill and output of the prefilled U-Net; all of it passes, too, but takes tf2onnx a minute."""
    inputs, image, mask = _inputs.network_inputs(ANY_SIZE, stride=8)
    filled = PushPull(levels=3, smoothing_steps=1, biharmonic_steps=1)([image, mask])
    return _inputs.build_model(inputs, filled, "short_prefill")


# Those of Keras's export and of tf2onnx concern their authors.
@pytest.mark.filterwarnings("ignore::FutureWarning:keras", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "build",
    [short_prefill, NETWORKS["pconv_unet"], NETWORKS["coarse_to_fine"]],
    ids=["prefill", "pconv_unet", "coarse_to_fine"],
)
def test_a_network_in_onnx_keeps_every_size(build, tmp_path):
    """In ONNX a remainder may be negative. No network was called before, and one comes from a file."""
    pytest.importorskip("tf2onnx", reason='pip install -e ".[onnx]"')
    runtime = pytest.importorskip("onnxruntime", reason='pip install -e ".[onnx]"')
    model = build()
    if model.name == "pconv_unet":
        model.save(tmp_path / "model.keras")
        model = load_model(tmp_path / "model.keras")
    model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = runtime.InferenceSession(tmp_path / "model.onnx")
    for image, mask in odd_sizes():
        (output,) = session.run(None, {"image": image, "mask": mask})
        np.testing.assert_allclose(output, to_numpy(model([image, mask])), atol=1e-4)
