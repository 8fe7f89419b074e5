"""Loading and saving the shipped weights. Keras is imported late, since `--help` only needs `NAMES`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inpaintkit.checks import check_choice, check_type
from inpaintkit.files import hash_file, replacing

if TYPE_CHECKING:
    import keras

FOLDER = Path(__file__).parent
NAMES = ("faces", "photos", "cifar10")


def card(name: str) -> dict:
    """What is known about shipped weights.

    Args:
        name: one of `ik.pretrained.NAMES`.

    Returns:
        dict: "network" (a function of `ik.models`) and its "arguments", "sha256" of the weight file, and how
        it was made: "data", "terms", "masks", "loss", "steps", "gpu_minutes" (or "cpu_minutes"), "machine",
        "results".

    Raises:
        ValueError: an unknown name.

    Example:
        >>> import inpaintkit as ik
        >>> ik.pretrained.card("faces")["network"]
        'residual_unet'
    """
    check_choice("weights", name, NAMES)
    try:
        about = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    except ValueError:
        about = None
    if not isinstance(about, dict) or not {"network", "arguments", "sha256"} <= about.keys():
        raise ValueError(f"{name}.json: this card is damaged: install inpaintkit again")
    return about


def load(name: str) -> keras.Model:
    """Loads a trained network that ships with the kit; nothing is downloaded.

    Args:
        name: one of `ik.pretrained.NAMES`, such as "photos"; its card says what it was trained on.

    Returns:
        `keras.Model`, [image (B, H, W, 3), mask (B, H, W, 1)] to (B, H, W, 3) in [0, 1], for any height and
        width, not compiled. Its name is that of the weights.

    Raises:
        ValueError: an unknown name, or a weight file that is not the one that its card describes.

    Example:
        >>> import inpaintkit as ik
        >>> ik.load("faces").count_params()
        2883603
    """
    from inpaintkit import models

    about, file = card(name), FOLDER / f"{name}.npz"
    if hash_file(file) != about["sha256"]:
        raise ValueError(f"{file.name}: its checksum is not the one on its card: install inpaintkit again")
    network = getattr(models, about["network"])(name=name, **about["arguments"])
    variables = _variables(network)
    with np.load(file, allow_pickle=False) as arrays:
        if odd := sorted(variables.keys() ^ set(arrays.files)):
            raise ValueError(f"the weight file and the network differ in {', '.join(odd[:5])}")
        for key, variable in variables.items():
            variable.assign(arrays[key].astype("float32"))
    return network


def save(folder: str | Path, name: str, network: keras.Model, about: dict) -> dict:
    """Saves a network's weights as float16, and its card, as `load` reads them.

    Args:
        folder: where; it is made if it does not exist.
        name: of the files.
        network: a `keras.Model` built by a function of `ik.models` whose layers have fixed names.
        about: the card, with at least "network" and "arguments"; "sha256" and "parameters" are added.

    Returns:
        dict, the whole card.

    Raises:
        ValueError: weights that float16 cannot hold.

    Example:
        >>> import inpaintkit as ik
        >>> import tempfile
        >>> network = ik.models.residual_unet(filters=(4, 8))
        >>> about = {"network": "residual_unet", "arguments": {"filters": [4, 8]}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     card = ik.pretrained.save(folder, "small", network, about)
        >>> card["parameters"] == network.count_params()
        True
    """
    from keras import ops

    check_type("about", about, dict, "a dict with network and arguments")
    check_type("name", name, str, "the name of the files")
    if not hasattr(network, "layers"):
        raise ValueError(f"network of type {type(network).__name__}: expected a keras.Model")
    folder, arrays = Path(folder), {}
    for key, variable in _variables(network).items():
        values = ops.convert_to_numpy(variable)
        if not np.abs(values).max() <= np.finfo("float16").max:  # true for NaN, too
            raise ValueError(f"{key}: holds values that float16 cannot hold; expected all within ±65,504")
        arrays[key] = values.astype("float16")
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{name}.npz") as weights, replacing(folder / f"{name}.json") as text:
        np.savez(weights, **arrays)
        about = {**about, "parameters": network.count_params(), "sha256": hash_file(weights)}
        text.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return about


def _variables(network):
    """{"layer name/variable name": variable} of every weight of a network."""
    return {f"{layer.name}/{v.name}": v for layer in network.layers for v in layer.weights}
