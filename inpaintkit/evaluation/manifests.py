"""How a comparison was made, as a dict for JSON: enough to repeat it, and to notice that another one differs.

A folder of scores holds one comparison; its manifest says which. Networks are identified by their
weights, functions by their code and by their output for noise.
"""

import dataclasses
import functools
import inspect
import json
import platform
import types
import warnings
from importlib.metadata import version

import cv2
import keras
import numpy as np

from inpaintkit import __version__
from inpaintkit.data import Images
from inpaintkit.evaluation.definitions import METRIC_DEFINITIONS, find_definition
from inpaintkit.evaluation.methods import check_output, is_classical, network_of, to_float, with_hidden_holes
from inpaintkit.files import hash_arrays, hash_json, replacing
from inpaintkit.fingerprint import code_hash, network_entry
from inpaintkit.images import to_uint8
from inpaintkit.masks import MaskGenerator, hole_ratio

FILL = "fill_of_noise_sha256"


class AnotherComparison(ValueError):
    """The folder, or the scores, belong to another comparison than the one that was asked for.

    Example:
        >>> import inpaintkit as ik
        >>> issubclass(ik.evaluation.AnotherComparison, ValueError)
        True
    """


def manifest(identities, images, masks, known, metrics, seed, perceptual):
    """The manifest of a comparison.

    Args:
        identities: {name: what `try_method` returned}. known: the masks, drawn. Others: as for `compare`.

    Returns:
        dict for JSON: "methods", "images" and "holes" with hashes of their values, "seed", "metrics",
        "perceptual", "versions".
    """
    definition = find_definition(metrics)
    name = next((name for name, other in METRIC_DEFINITIONS.items() if other == definition), "own")
    pixels = {"count": len(images), "sha256": hash_arrays(getattr(images, "array", images))}
    if isinstance(images, Images):
        pixels |= {"source": repr(images), "names": list(images.names)}
    kind = str(masks) if isinstance(masks, str | MaskGenerator) else "given"
    mean_ratio = round(float(hole_ratio(known).mean()), 6)
    libraries = ("keras", keras.backend.backend(), "numpy", "scikit-image", "pandas")
    versions = {"python": platform.python_version(), "inpaintkit": __version__, "opencv": cv2.__version__}
    return {
        "methods": identities,
        "images": pixels,
        "holes": {"kind": kind, "sha256": hash_arrays(known), "mean_ratio": mean_ratio},
        "seed": int(seed),
        "metrics": {"name": name, **dataclasses.asdict(definition)},
        "perceptual": _perceptual_entry(perceptual, to_float(images, slice(0, 1))) if perceptual else {},
        "versions": {**versions, **{library: version(library) for library in libraries}},
    }


def _perceptual_entry(perceptual, first):
    """What the perceptual metrics are, and a hash of what their networks make of the first image."""
    values = [*perceptual.per_image(first, first / 2).values(), perceptual.embeddings(first)]
    rounded = [np.round(value, 3) for value in values if value is not None]
    return {"measures": dict(perceptual.descriptions), "first_image_sha256": hash_arrays(*rounded)}


def open_folder(folder, about):
    """Makes the folder of a comparison and writes its manifest; if there is one, it must be the same."""
    file, text = folder / "manifest.json", json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    try:
        (folder / "scores").mkdir(parents=True, exist_ok=True)
        if not file.exists():
            with replacing(file) as part:
                part.write_text(text, "utf-8")
        found = json.loads(file.read_text("utf-8"))
        if not all(isinstance(each, dict) for each in (found, *found["methods"].values())):
            raise ValueError(f"{file.name} is no manifest")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{folder}: cannot keep scores there ({error}); choose another folder") from error
    check_same(found, json.loads(text), folder)


def check_same(found, mine, folder):
    """Raises AnotherComparison if two manifests differ; warns of a method that fills noise differently."""
    theirs, ours = _comparable(found), _comparable(mine)
    other = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    if other:
        what = f"{folder} holds another comparison, which differs in {', '.join(other)}"
        raise AnotherComparison(f"{what}: choose another folder")
    for name, method in mine["methods"].items():
        if method.get(FILL) != found["methods"][name].get(FILL):
            what = f"method {name!r} is the same as before, but it fills noise differently"
            reason = "it is random, or this is another device, so saved and new scores are of different fills"
            warnings.warn(f"{what}: {reason}", stacklevel=4)


def _comparable(about):
    """The parts of a manifest that may not differ between two runs, with one part per method."""
    parts = {key: value for key, value in about.items() if key != "methods"}
    for name, identity in about.get("methods", {}).items():
        parts[f"method {name!r}"] = without_fill(identity)
    return parts


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
        what = f"method {name!r} is a {type(method).__name__}"
        raise ValueError(f"{what}: expected a callable, a Keras model, or fills (`Images` or an array)")
    title = getattr(method, "__qualname__", type(method).__qualname__)
    if is_classical(method):
        about = {"kind": "classical", "name": f"{method.__module__}.{title}"}
        is_of_the_kit = method.__module__.startswith("inpaintkit.")
        return about if is_of_the_kit else {**about, "code_sha256": hash_json(_code(method))}

    fill, network = with_hidden_holes(method), network_of(method)
    noise = np.random.default_rng(0).random(shape, "float32")
    trial = noise, np.round(noise[..., :1]), slice(0, 1)
    filled = fill(*trial)
    check_output(name, filled, shape)
    if network:
        about = {"kind": "network", "name": network.name, "architecture": network_entry(network)[1]}
        about["weights_sha256"] = hash_arrays(*network.get_weights())
    else:
        about = {"kind": "function", "name": title, "code_sha256": hash_json(_code(method))}
        if not np.array_equal(filled, fill(*trial)):
            about |= {"random": True, "settings_sha256": hash_json(_settings(method))}
    return {**about, FILL: hash_arrays(to_uint8(filled))}


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
    """The values that a method's code uses, {name: text}, as far as they can be hashed."""
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
