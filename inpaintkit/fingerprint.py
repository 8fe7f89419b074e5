"""What makes two runs the same experiment: its settings, each as a text to show and a hash to compare.

A fingerprint is a dict, the name of a setting to `[text, hash]`. `Resume` keeps it beside its backup, so that
another experiment does not go on from there.
"""

import contextlib
import dataclasses
import functools
import hashlib
import json
import math
import re
import types
import warnings

import keras
import numpy as np

MAX_HASHED = 2**28  # bytes of an array; of a larger one a sample is hashed, which covers every image


def entry(thing, text=None):
    """`[text, hash]` of any setting: a number, an array, a function, an object of Keras, a dataclass."""
    canonical = plain(thing)
    digest = hashlib.blake2b(json.dumps(canonical, sort_keys=True, default=str).encode(), digest_size=12)
    return [_text(canonical) if text is None else text, digest.hexdigest()]


def network_entry(network):
    """Of a network: its architecture, whatever its layers are called, but not its weights."""
    try:
        config = json.loads(json.dumps(network.get_config(), default=plain))
    except (NotImplementedError, TypeError, ValueError):  # a subclass, or a layer, that cannot be saved
        config = [type(part).__qualname__ for part in (network, *network.layers)]
    shapes = [list(weight.shape) for weight in network.weights]
    text = f"{type(network).__name__} with {sum(map(math.prod, shapes)):,} weights in {len(shapes)} arrays"
    return entry([_without_names(config), shapes], text)


def difference(before, now):
    """What differs between two fingerprints, as a sentence; "" where all that both know is the same."""
    return "; ".join(
        f"{name}: {before[name][0]} before, {now[name][0]} now"
        + (" (other contents)" if before[name][0] == now[name][0] else "")
        for name in now
        if name in before and before[name][1] != now[name][1]
    )


def data_entries(x, y=None, sample_weight=None, batch_size=None):
    """Of `Pairs`, or of arrays as `fit` takes them; of anything else only its class is known."""
    if hasattr(x, "settings"):
        return {name: entry(*setting) for name, setting in x.settings().items()}
    if not isinstance(x, (dict, list, tuple)):
        return {} if x is None else {"data": entry(type(x).__qualname__)}
    parts = {"inputs": x, "targets": y, "sample weights": sample_weight}
    arrays = {
        name: entry([np.asarray(array) for array in keras.tree.flatten(part)]) for name, part in parts.items()
    }
    return {**arrays, "batch size": entry(batch_size or 32)}


def array_hash(array):
    """The hash of an array's shape, type and contents."""
    array = np.asarray(array)
    digest = hashlib.blake2b(f"{array.shape} {array.dtype}".encode(), digest_size=12)
    rows = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    step = -(-array.nbytes // MAX_HASHED) or 1
    for start in range(0, len(rows), 256):
        digest.update(np.ascontiguousarray(rows[start : start + 256, ::step]))
    return digest.hexdigest()


def plain(thing, depth=0):
    """A setting as numbers, texts, lists and dicts that are the same in every process."""
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if depth > 12:
        return type(thing).__qualname__
    if isinstance(thing, dict):
        parts = {str(key): plain(value, depth + 1) for key, value in thing.items()}
        if isinstance(parts.get("name"), str):  # Keras numbers names that it makes up: "adam_3"
            parts["name"] = re.sub(r"_\d+$", "", parts["name"])
        return {key: value for key, value in parts.items() if key != "shared_object_id"}
    if isinstance(thing, (list, tuple)):
        return [plain(part, depth + 1) for part in thing]
    if isinstance(thing, np.ndarray) or hasattr(thing, "__array__"):
        array = np.asarray(thing)
        return {"shape": list(array.shape), "dtype": str(array.dtype), "hash": array_hash(array)}
    if isinstance(thing, type):
        return f"{thing.__module__}.{thing.__qualname__}"
    if isinstance(thing, (set, frozenset)):
        return sorted(map(repr, thing))
    if isinstance(thing, functools.partial):
        return {
            "function": plain(thing.func, depth + 1),
            "args": plain([thing.args, thing.keywords], depth + 1),
        }
    if hasattr(thing, "__code__"):
        values = [getattr(thing, name, None) for name in ("__defaults__", "__kwdefaults__", "__self__")]
        values += [cell.cell_contents for cell in thing.__closure__ or () if cell != types.CellType()]
        settings = plain([value for value in values if value is not None], depth + 1)
        return {"function": thing.__qualname__, "code": code_hash(thing.__code__), "settings": settings}
    if dataclasses.is_dataclass(thing):
        names = [field.name for field in dataclasses.fields(thing)]
        return {"class": type(thing).__name__} | {n: plain(getattr(thing, n), depth + 1) for n in names}
    settings = {} if hasattr(thing, "get_config") else vars(thing) if hasattr(thing, "__dict__") else {}
    unsaved = (NotImplementedError, TypeError, ValueError, OSError)  # what cannot be saved, such as a lambda
    with contextlib.suppress(*unsaved), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        settings = thing.get_config() if hasattr(thing, "get_config") else settings
    if isinstance(thing, keras.losses.Loss):
        # One of the user's may have settings that it does not save, and Keras saves a lambda with its line.
        kinds = (int, float, str, list, tuple, dict, types.FunctionType)
        own = {
            k: v for k, v in vars(thing).items() if isinstance(v, kinds) and k[0] != "_" and k != "trackers"
        }
        settings = {**settings, **own}
    if not settings:
        return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(thing))
    return {"class": type(thing).__name__} | plain(settings, depth + 1)


def code_hash(code):
    """The hash of a function's code, wherever in a file it stands, and in every process."""
    constants = [
        code_hash(c)
        if hasattr(c, "co_code")
        else sorted(map(repr, c))
        if isinstance(c, frozenset)
        else repr(c)
        for c in code.co_consts
    ]
    return hashlib.blake2b(repr([code.co_code, code.co_names, constants]).encode(), digest_size=8).hexdigest()


def _without_names(config):
    """A network's configuration with numbers in place of the names of its layers."""
    numbers = {}

    def collect(part):
        if isinstance(part, dict):
            inner = part.get("config")
            for named in (part, inner if isinstance(inner, dict) else {}):
                if isinstance(named.get("name"), str):
                    numbers.setdefault(named["name"], f"#{len(numbers)}")
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            collect(value)

    def rename(part):
        if isinstance(part, dict):
            return {key: rename(value) for key, value in part.items()}
        if isinstance(part, list):
            return [rename(value) for value in part]
        return numbers.get(part, part) if isinstance(part, str) else part

    collect(config)
    return rename(config)


def _text(canonical):
    """A short text of what `plain` gives: `Adam(learning_rate=0.001, …)`."""
    if isinstance(canonical, dict) and "hash" in canonical:
        return f"{canonical['dtype']} {tuple(canonical['shape'])}"
    if isinstance(canonical, dict) and "function" in canonical:
        return _text(canonical["function"])
    if isinstance(canonical, dict):
        hidden = ("class", "class_name", "name", "reduction", "dtype", "module", "registered_name", "config")
        settings = {**canonical, **(canonical["config"] if isinstance(canonical.get("config"), dict) else {})}
        inner = ", ".join(
            f"{k}={_text(v)}" for k, v in settings.items() if k not in hidden and v not in (None, False)
        )
        name = canonical.get("class") or canonical.get("class_name") or ""
        return f"{name}({inner})" if name else f"{{{inner}}}"
    if isinstance(canonical, list):
        return "[" + ", ".join(map(_text, canonical)) + "]"
    return str(canonical)
