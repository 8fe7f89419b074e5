"""What a method is: networks are known by their weights, functions by their code and by what they do."""

import functools
import inspect
import types

import keras
import numpy as np

from inpaintkit.evaluation.methods import check_output, is_classical, network_of, with_hidden_holes
from inpaintkit.files import hash_arrays, hash_json
from inpaintkit.fingerprint import code_hash, network_entry
from inpaintkit.images import to_uint8

FILL = "fill_of_noise_sha256"


def try_method(name, method, shape):
    """Fills noise on trial, with all but classical methods, and returns what the method is.

    Args:
        name: of the method, for messages. method: as for `compare`, but no fills.
        shape: of the noise, (1, H, W, 3).

    Returns:
        dict for JSON. Of a network: hashes of its architecture and weights. Of a function: the hash of its
        code, and of a random function, which never does the same, also of the values that its code uses.

    Raises:
        ValueError: it is no method, or its output is no image of this shape in [0, 1].
    """
    if not callable(method):
        what = repr(method) if isinstance(method, str) else f"a {type(method).__name__}"
        raise ValueError(
            f"method {name!r} is {what}: expected a callable, a Keras model, or fills (`Images` or an array)"
        )
    title = getattr(method, "__qualname__", type(method).__qualname__)
    if is_classical(method):
        module = getattr(method, "__module__", None) or ""
        own = {} if module.split(".")[0] == "inpaintkit" else {"code_sha256": hash_json(_code(method))}
        return {"kind": "classical", "name": f"{module}.{title}", **own}

    fill, network = with_hidden_holes(method), network_of(method)
    noise = np.random.default_rng(0).random(shape, "float32")
    trial = noise, np.round(noise[..., :1]), slice(0, 1)
    filled = fill(*trial)
    check_output(name, filled, shape)
    made = {FILL: hash_arrays(to_uint8(filled))}
    if network:
        about = {"kind": "network", "name": network.name, "architecture": network_entry(network)[1]}
        return {**about, "weights_sha256": hash_arrays(*network.get_weights()), **made}
    about = {"kind": "function", "name": title, "code_sha256": hash_json(_code(method))}
    if not np.array_equal(filled, fill(*trial)):
        about |= {"random": True, "settings_sha256": hash_json(_settings(method))}
    return {**about, **made}


def without_fill(identity):
    """What a method is, without what may differ between two runs of it: random numbers, another device."""
    if "random" in identity or "weights_sha256" in identity:
        return {key: value for key, value in identity.items() if key != FILL}
    return identity


def _code(method):
    """The hash of a method's code, which edited comments do not change; None if it is not Python code."""
    function = _function(method)
    return code_hash(function.__code__) if function else None


def _function(method):
    """The Python function that runs when a method is called, or None."""
    if isinstance(method, functools.partial):
        return _function(method.func)
    function = getattr(method, "__func__", method)
    if not isinstance(function, types.FunctionType):
        function = type(function).__call__
    return function if isinstance(function, types.FunctionType) else None


def _settings(method):
    """The values that a method's code uses, {name: value}, as far as they can be hashed."""
    values = {}
    if function := _function(method):
        used = inspect.getclosurevars(function)
        defaults = {p.name: p.default for p in inspect.signature(function).parameters.values()}
        values = {**used.globals, **used.nonlocals, **defaults}
    for owner in (method, getattr(method, "__self__", None)):
        values |= getattr(owner, "__dict__", {})
    if isinstance(method, functools.partial):
        values |= {**dict(enumerate(method.args)), **method.keywords}
    hashed = {str(name): _hashable(value) for name, value in values.items()}
    return {name: value for name, value in hashed.items() if value is not None}


def _hashable(value):
    """A value as a text: itself, or a hash of its weights, code or elements; None for other classes."""
    if isinstance(value, keras.Model):
        return hash_arrays(*value.get_weights())
    if isinstance(value, types.FunctionType):
        return code_hash(value.__code__)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return hash_arrays(value)
    return repr(value) if isinstance(value, int | float | str | tuple) else None
