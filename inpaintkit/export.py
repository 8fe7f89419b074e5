"""Networks for other programs: SavedModel, ONNX and LiteRT, each checked against the network at once."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import warnings
from pathlib import Path

import keras
import numpy as np

from inpaintkit.checks import check_choice, check_type
from inpaintkit.data import images, tensorflow
from inpaintkit.evaluation import as_method
from inpaintkit.files import replacing
from inpaintkit.images import final_output, size_pair
from inpaintkit.masks import Lines

SUFFIXES = {"tf": "", "onnx": ".onnx", "litert": ".tflite"}
TOLERANCE = 1e-4  # largest difference between the network and what was exported, of 1
CONVENTION = {
    "hole_value": 0,
    "image_range": 1,
    "output_range": 1,
    "layout": "NHWC",
    "colors": "RGB",
    "multiple": 1,
}  # as `inpaintkit.inpainting.OnnxModel` reads it
_METADATA = {
    "inpaintkit": json.dumps(CONVENTION),
    "image": "float32, batch × height × width × 3, RGB from 0 to 1",
    "mask": "float32, batch × height × width × 1, 1 = known, 0 = hole",
    "output": "RGB from 0 to 1; raw: the network repaints known pixels, so put the original ones back",
}
_PACKAGES = {"tf": ("tensorflow",), "onnx": ("onnx", "tf2onnx", "onnxruntime"), "litert": ("tensorflow",)}
_SIZES = ((64, 64), (65, 77), (31, 50), (16, 19))  # on which an export is checked, if it takes any size


def export_model(
    model: keras.Model, path: str | os.PathLike, format: str = "tf", image_size: int | tuple | None = None
) -> dict:
    """Saves a network for other programs, and checks that it computes the same there.

    The check fills real photographs of several sizes, odd ones too. If an output differs by more than 1e-4,
    nothing is kept. An ONNX file says in its metadata what its inputs and its output are; so
    `ik.inpaint(image, mask, "network.onnx")` and `ik.inpainting.OnnxModel` need no further settings.

    Args:
        model: a network over [image, mask], an `Inpainter` or an `InpaintingGAN`.
        path: where: a new folder for "tf", a file that ends in .onnx, or one that ends in .tflite; an older
            file of this name is replaced.
        format: "tf" (SavedModel, for TensorFlow and TensorFlow Serving), "onnx" (for onnxruntime and many
            other programs; for OpenCV's dnn module with an image_size), or "litert" (for phones).
        image_size: None keeps the network's, usually any size; pixels, or (height, width), for images of this
            size and batches of one only. LiteRT needs it.

    Returns:
        dict: "path"; "sizes", the (height, width) that were checked; "difference", the largest found.

    Raises:
        ValueError: another format, another ending of the path, or a folder that exists; no `image_size` where
            it is needed; a missing package; another back end than TensorFlow; an export that fails, or that
            computes something else.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import inpaintkit as ik
        >>> network = ik.models.residual_unet((16, 16, 3), filters=(4, 8))
        >>> ik.export_model(network, "network.onnx", "tensorrt")
        Traceback (most recent call last):
        ValueError: format='tensorrt': expected one of 'tf', 'onnx', 'litert'
    """
    path = Path(path)
    network: keras.Model = getattr(as_method(model), "network", None)
    check_type("model", network, keras.Model, "a keras.Model over [image, mask]")
    _check(path, format)
    sides = network.inputs[0].shape[1:3]
    if image_size is not None:
        sides = size_pair(image_size)
        network = _of_size(network, sides)
    elif format == "litert" and None in sides:
        raise ValueError("format='litert' takes images of one size only: say image_size (--image-size 256)")
    elif format == "litert":
        network = _of_size(network, sides)
    sizes = _SIZES if None in sides else (tuple(sides),)
    keep = replacing(path) if SUFFIXES[format] else _new_folder(path)
    with keep as part:
        _write(network, part, format)
        difference = max(_differences(network, _RUN[format](part), sizes))
        if not difference <= TOLERANCE:  # a NaN, too
            what = f"the exported network differs from the original by up to {difference:.2g}"
            raise ValueError(f"{what}: expected {TOLERANCE:g} at most; {path.name} was not written")
    return {"path": path, "sizes": sizes, "difference": difference}


def _check(path, format):
    """Raises ValueError for what could be known before the work."""
    suffix = SUFFIXES[check_choice("format", format, SUFFIXES)]
    if suffix and path.suffix.lower() != suffix:
        raise ValueError(f"path={str(path)!r}: expected a name that ends in {suffix} for format={format!r}")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"path={str(path)!r}: there is no folder {str(path.parent)!r}; make it first")
    if path.is_dir() or (path.exists() and not suffix):
        raise ValueError(f"path={str(path)!r} exists already: choose another name")
    if keras.backend.backend() != "tensorflow":
        advice = "save the network as a .keras file, and export it with KERAS_BACKEND=tensorflow"
        raise ValueError(f"exporting needs TensorFlow, this is {keras.backend.backend()}: {advice}")
    if format == "litert" and tuple(map(int, keras.__version__.split(".")[:2])) < (3, 13):
        raise ValueError(
            f"format='litert' needs Keras 3.13, this is {keras.__version__}: pip install -U keras"
        )
    for name in _PACKAGES[format]:
        try:
            importlib.import_module(name)
        except ImportError as error:
            extra = "inpaintkit[onnx]" if format == "onnx" else name
            raise ValueError(f"format={format!r} needs {name}: pip install '{extra}'") from error


def _of_size(network, sides):
    """The same network for one image of one size at a time."""
    image, mask = (keras.Input((*sides, c), 1, name=name) for c, name in ((3, "image"), (1, "mask")))
    fixed = keras.Model([image, mask], network([image, mask]), name=network.name)
    fixed(fixed.inputs)  # computes nothing, but Keras exports to ONNX only what was called once
    return fixed


@contextlib.contextmanager
def _new_folder(path):
    """Yields a folder to write to; it becomes `path` if the block ends without an error."""
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        yield part
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(network, part, format):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the converters concern their authors
        try:
            network.export(part, format="tf_saved_model" if format == "tf" else format, verbose=False)
        except Exception as error:  # whatever a converter raises
            reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
            raise ValueError(f"network {network.name!r} cannot be exported to {format} ({reason})") from error
    if format == "onnx":
        import onnx

        exported = onnx.load(part)
        onnx.helper.set_model_props(exported, _METADATA)
        for value in (*exported.graph.input, *exported.graph.output):
            for dim, name in zip(
                value.type.tensor_type.shape.dim, ("batch", "height", "width"), strict=False
            ):
                if not dim.dim_value:
                    dim.dim_param = name  # in place of a number that the converter made up
        onnx.save(exported, part)


def _differences(network, run, sizes):
    """The largest difference on photographs of each size."""
    for height, width in sizes:
        size = max(height, 16), max(width, 16)  # of which photographs are cut
        image = images("photos", "val", size, count=1).as_float()[:, :height, :width]
        mask = Lines(hole_ratio=(0.1, 0.3)).sample(1, *size, seed=0)[:, :height, :width]
        expected = keras.ops.convert_to_numpy(final_output(network([image * mask, mask], training=False)))
        output = np.asarray(run(image * mask, mask))
        yield float(np.abs(output - expected).max()) if output.shape == expected.shape else np.inf


def _run_tf(part):
    layer = keras.layers.TFSMLayer(part, call_endpoint="serve")
    return lambda image, mask: final_output(layer([image, mask]))


def _run_onnx(part):
    import onnxruntime

    session = onnxruntime.InferenceSession(part, providers=["CPUExecutionProvider"])
    return lambda image, mask: session.run(None, {"image": image, "mask": mask})[0]


def _run_litert(part):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow says that its interpreter moves to another package
        interpreter = tensorflow().lite.Interpreter(str(part))
    interpreter.allocate_tensors()

    def run(image, mask):
        for about in interpreter.get_input_details():
            interpreter.set_tensor(about["index"], image if about["shape"][-1] == 3 else mask)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return run


_RUN = {"tf": _run_tf, "onnx": _run_onnx, "litert": _run_litert}
