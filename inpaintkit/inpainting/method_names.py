"""Finds a method by what a user gives: a name, a file, a model or a function. Keras is imported late."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inpaintkit.baselines import ALL
from inpaintkit.images import check_batch, composite
from inpaintkit.pretrained import NAMES, load

if TYPE_CHECKING:
    import keras

_CLASSICAL = {method.__name__: method for method in ALL.values()}
METHOD_NAMES = (*_CLASSICAL, *NAMES)  # classical methods, then the weights that ship


def find_method(method: str | Path | keras.Model | Callable, **conventions: object) -> Callable:
    """A method by its name, its file, its network, or itself.

    A network is loaded once: a second call with the same name, or with the same unchanged file, returns the
    same method.

    Args:
        method: the name of a classical method ("telea", "biharmonic"), also as tables show it ("Telea"); the
            name of shipped weights ("photos", "faces"); the path of a `.keras` or `.onnx` file; a Keras model
            over `[image, mask]`, also one of a fixed size; or any function `method(images, masks)`.
        **conventions: of an `.onnx` file, as `OnnxModel` takes them, such as `hole_value=1`.

    Returns:
        `method(images, masks) -> images`, float32 (B, H, W, 3) in [0, 1].

    Raises:
        ValueError: an unknown name, a file that is missing or cannot be loaded, conventions for anything but
            an `.onnx` file, or anything else.

    Example:
        >>> import inpaintkit as ik
        >>> ik.inpainting.find_method("telea") is ik.baselines.telea
        True
    """
    if conventions and not str(method).lower().endswith(".onnx"):
        raise ValueError(f"{', '.join(conventions)}: of .onnx files only, not of method={method!r}")
    if isinstance(method, (str, Path)):
        return _by_name(str(method), conventions)
    if not callable(method):
        raise ValueError(f"method={method!r}: expected a name, a .keras or .onnx file, a model or a function")
    return _method_of(method) if hasattr(method, "predict_on_batch") else method


def _by_name(name, conventions):
    if found := _CLASSICAL.get(name) or ALL.get(name):
        return found
    if name in NAMES:
        return _shipped(name)
    path = Path(name)
    if path.suffix.lower() not in (".keras", ".onnx"):
        expected = f"one of {', '.join(METHOD_NAMES)}, or the path of a .keras or .onnx file"
        raise ValueError(f"method={name!r}: expected {expected}")
    if not path.is_file():
        raise ValueError(f"method={name!r}: there is no such file")
    about = path.stat()
    return _from_file(str(path.resolve()), about.st_mtime_ns, about.st_size, **conventions)


def _method_of(network):
    from inpaintkit.evaluation import as_method

    method = as_method(network)
    height, width = method.network.inputs[0].shape[1:3]
    return _of_fixed_size(method, height, width) if height and width else method


def _of_fixed_size(method, height, width):
    """A network that takes one size only, as a method for any size.

    A smaller image is padded, and the padding counts as hole. A larger one is made smaller, with its
    proportions kept and every pixel that the hole touches as hole, and its fill is enlarged.
    """

    def fill_one(image, mask):
        rows, columns = mask.shape[:2]
        scale = min(1, height / rows, width / columns)
        size = max(1, round(columns * scale)), max(1, round(rows * scale))
        known = cv2.resize(1 - mask, size, interpolation=cv2.INTER_AREA)[..., None] == 0
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) * known
        padding = (0, height - size[1]), (0, width - size[0]), (0, 0)
        small, known = (np.pad(x, padding)[None] for x in (small, known))
        filled = np.ascontiguousarray(method(small, known)[0, : size[1], : size[0]])
        if scale == 1:
            return filled
        return composite(cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_CUBIC), image, mask)

    @functools.wraps(method)
    def fitted(images, masks):
        images, masks = check_batch(images, masks)
        return np.clip([fill_one(*pair) for pair in zip(images, masks, strict=True)], 0, 1)

    return fitted


@functools.cache
def _shipped(name):
    return _method_of(load(name))


@functools.lru_cache(maxsize=8)
def _from_file(path, changed, size, **conventions):
    """The method in a file; `changed` and `size` are there so that a file which changed is loaded again."""
    if path.lower().endswith(".onnx"):
        from inpaintkit.inpainting.onnx_models import OnnxModel

        return OnnxModel(path, **conventions)
    from inpaintkit.training import load_model

    return _method_of(load_model(path, compile=False))  # filling holes needs no loss
