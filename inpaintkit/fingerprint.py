"""Tells whether two experiments are the same: each setting as a text to show and a hash to compare.

A fingerprint is a dict, the name of a setting to `[text, hash]`. `ik.training.Resume` keeps it beside its
backup, so that a different experiment does not continue from there.
"""

import dataclasses
import functools
import json
import math
import re
import types
import warnings

import keras
import numpy as np

from inpaintkit.files import hash_arrays, hash_json

MAX_HASHED_BYTES = 2**28  # of a larger array only every second, third … value is hashed
MAX_DEPTH = 12  # an object may hold itself


def entry(setting, text=None):
    """`[text, hash]` of a setting: a number, an array, a function, an object of Keras, a dataclass."""
    canonical = plain(setting)
    return [re.sub(r'[{}"]', "", json.dumps(canonical)) if text is None else text, hash_json(canonical)]


def network_entry(network):
    """The entry of a network: its architecture, whatever its layers are called, but not its weights."""
    try:
        config = json.dumps(network.get_config(), default=plain)
        layer_names = re.findall(r'"name": "([^"]+)", "inbound_nodes"', config)
        for number, name in enumerate(dict.fromkeys([network.name, *layer_names])):
            config = config.replace(f'"{name}"', f'"#{number}"')
        config = json.loads(config)
    except (NotImplementedError, TypeError, ValueError):  # a subclass, or a layer, that cannot be saved
        config = [type(part).__qualname__ for part in (network, *network.layers)]
    shapes = [list(weight.shape) for weight in network.weights]
    count = sum(math.prod(shape) for shape in shapes)
    text = f"{type(network).__name__} with {count:,} weights in {len(shapes)} arrays"
    return entry([config, shapes], text)


def plain(value, depth=0):
    """A setting as numbers, texts, lists and dicts that are the same in every process."""

    def inner(part):
        return plain(part, depth + 1)

    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth > MAX_DEPTH:
        return type(value).__qualname__
    if isinstance(value, dict):
        parts = {str(key): inner(part) for key, part in value.items() if key != "shared_object_id"}
        if isinstance(parts.get("name"), str):  # Keras numbers the names that it makes up: "adam_3"
            parts["name"] = re.sub(r"_\d+$", "", parts["name"])
        return parts
    if isinstance(value, (list, tuple)):
        return [inner(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))  # their order differs between processes
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        sample = array.ravel()[:: math.ceil(array.nbytes / MAX_HASHED_BYTES) or 1]
        return {"shape": list(array.shape), "dtype": str(array.dtype), "hash": hash_arrays(sample)[:12]}
    if isinstance(value, functools.partial):
        return {"function": inner(value.func), "settings": inner([value.args, value.keywords])}
    if isinstance(value, types.CodeType):
        return code_hash(value)
    if hasattr(value, "__code__"):
        return _plain_function(value, inner)
    settings = _settings(value)
    if not settings:
        return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    return {"class": type(value).__name__, **inner(settings)}


def _plain_function(function, inner):
    """A function's code and all values that it was made with: defaults, its object, outer variables."""
    attributes = ("__defaults__", "__kwdefaults__", "__self__")
    values = [getattr(function, name, None) for name in attributes]
    values += [cell.cell_contents for cell in function.__closure__ or () if cell != types.CellType()]
    settings = inner([value for value in values if value is not None])
    # The kit's own functions are known by their name: another Python compiles them to other bytes.
    own = str(function.__module__).startswith("inpaintkit.")
    code = "inpaintkit" if own else code_hash(function.__code__)
    return {"function": function.__qualname__, "code": code, "settings": settings}


def _settings(value):
    """The settings of an object: the fields of a dataclass, a Keras config, else all attributes."""
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if not hasattr(value, "get_config"):
        return dict(sorted(getattr(value, "__dict__", {}).items()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            settings = value.get_config()
    except (NotImplementedError, TypeError, ValueError, OSError):  # what cannot be saved, such as a lambda
        settings = {}
    if isinstance(value, keras.losses.Loss):  # a user's class may not save all; a lambda is saved by its line
        kinds = (int, float, str, list, tuple, dict, types.FunctionType)
        own = {name: part for name, part in sorted(vars(value).items()) if isinstance(part, kinds)}
        settings |= {name: part for name, part in own.items() if name[0] != "_" and name != "trackers"}
    return settings


def code_hash(code):
    """The hash of a function's code, the same wherever the function stands in a file."""
    return hash_json([code.co_code.hex(), code.co_names, plain(code.co_consts)])[:12]
