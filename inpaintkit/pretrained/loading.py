"""Loading and saving the shipped weights."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from keras import ops

from inpaintkit import models

FOLDER = Path(__file__).parent
NAMES = ("faces", "photos")
MAX_BYTES = 8_000_000  # of one weight file


def card(name):
    """What is known about shipped weights.

    Args:
        name: "faces" or "photos".

    Returns:
        dict: "network" (a function of `ik.models`) and its "arguments", "sha256" of the weight file, and how
        it was made: "data", "terms", "masks", "loss", "steps", "cpu_minutes", "machine", "results".

    Raises:
        ValueError: an unknown name.

    Example: `ik.pretrained.card("faces")["network"]` is `"residual_unet"`.
    """
    if name not in NAMES:
        raise ValueError(f"weights {name!r}: expected one of {', '.join(map(repr, NAMES))}")
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def load(name):
    """A trained network that ships with the kit; nothing is downloaded.

    Args:
        name: "faces" (aligned faces) or "photos" (photographs, paintings, textures, covers).

    Returns:
        `keras.Model` over `[image (B, H, W, 3), mask (B, H, W, 1)]`, any height and width, not compiled, its
        name that of the weights.

    Raises:
        ValueError: an unknown name, or a weight file that is not the one its card describes.

    Example: `ik.load("faces").count_params()` is 1,601,683.
    """
    about, file = card(name), FOLDER / f"{name}.npz"
    if hashlib.sha256(file.read_bytes()).hexdigest() != about["sha256"]:
        raise ValueError(
            f"{file.name}: its checksum is not the one of its card, so the file is damaged or was changed: "
            "install inpaintkit again"
        )
    network = getattr(models, about["network"])(name=name, **about["arguments"])
    with np.load(file, allow_pickle=False) as arrays:
        _assign(network, arrays)
    return network


def save(folder, name, network, about):
    """Writes a network's weights as float16, and its card, as `load` reads them.

    Args:
        folder: where; made when missing.
        name: of the files.
        network: a `keras.Model` built by a function of `ik.models` whose layers have fixed names.
        about: dict, the card, with at least "network" and "arguments"; "sha256" and "parameters" are added.

    Returns:
        dict, the whole card.

    Raises:
        ValueError: weights that float16 cannot hold, or a file larger than `MAX_BYTES`.
    """
    folder, arrays = Path(folder), {}
    for key, variable in _variables(network):
        values = ops.convert_to_numpy(variable)
        if not np.abs(values).max() <= np.finfo("float16").max:  # NaN, too
            raise ValueError(f"{key}: holds values that float16 cannot hold; expected all within ±65,504")
        arrays[key] = values.astype("float16")
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.npz.part"
    with part.open("wb") as file:
        np.savez(file, **arrays)
    if part.stat().st_size > MAX_BYTES:
        part.unlink()
        raise ValueError(f"{name}: more than {MAX_BYTES:,} bytes; expected a smaller network")
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    about = {**about, "parameters": network.count_params(), "sha256": digest}
    text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    (folder / f"{name}.json.part").write_text(text, "utf-8")
    os.replace(part, folder / f"{name}.npz")
    os.replace(folder / f"{name}.json.part", folder / f"{name}.json")
    return about


def _variables(network):
    """("layer name/variable name", variable) of every weight of a network."""
    return [(f"{layer.name}/{v.name}", v) for layer in network.layers for v in layer.weights]


def _assign(network, arrays):
    """Assigns arrays by name; every weight must have its array, and every array its weight."""
    variables = dict(_variables(network))
    if odd := sorted(variables.keys() ^ set(arrays.files)):
        raise ValueError(f"the weight file and the network differ in {', '.join(odd[:5])}")
    for key, variable in variables.items():
        variable.assign(arrays[key].astype("float32"))
