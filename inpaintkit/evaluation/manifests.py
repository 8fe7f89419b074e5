"""What a comparison is made of: images, holes and methods, by their hashes, so that it can be made again.

A folder of scores holds one comparison, and its manifest tells whether another one is the same: networks
are known by their weights, functions by their code and by what they do to noise, unless they are random.
"""

import dataclasses
import functools
import hashlib
import inspect
import json
import os
import platform
import types
import warnings
from importlib.metadata import version

import cv2
import keras
import numpy as np
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import __version__
from inpaintkit.data import Images
from inpaintkit.evaluation import definitions
from inpaintkit.evaluation.methods import as_method, network_of
from inpaintkit.evaluation.pairing import prepare_methods
from inpaintkit.fingerprint import code_hash, network_entry
from inpaintkit.images import size_pair, to_uint8
from inpaintkit.masks import MaskGenerator, hole_ratio, parse

_FILL = "fill_of_noise_sha256"


class AnotherComparison(ValueError):
    """A folder, or scores, of another comparison than the one that was asked for."""


def manifest(methods, images, masks, metrics="tf", seed=0, perceptual=None, untrained=True):
    """How a comparison was made, to make it again, and to see whether another one is the same.

    Args:
        methods, images, masks, metrics, seed, perceptual, untrained: as for `compare`.

    Returns:
        dict for JSON: methods (of networks a hash of architecture and weights, of functions one of their code
        and of what they do to noise, so that one that was edited is another one; of a random function, which
        never does the same, one of the values that its code uses), images and holes with hashes of their
        pixels, seed, metrics, versions.
    """
    methods, _ = prepare_methods(methods, images, untrained)
    known = drawn_masks(masks, seed, images)
    first = to_float(images, slice(0, 1))
    described = {
        "count": len(images),
        "sha256": sha256(images.array if isinstance(images, Images) else images),
    }
    if isinstance(images, Images):
        described |= {"source": repr(images), "names": list(images.names)}
    kind = repr(masks) if isinstance(masks, MaskGenerator) else masks if isinstance(masks, str) else "given"
    rule = definitions.find_definition(metrics)
    names = [name for name, known_rule in definitions.METRIC_DEFINITIONS.items() if known_rule == rule]
    seen = {}
    if perceptual:
        sight = [*perceptual.per_image(first, first / 2).values(), perceptual.embed(first)]
        sees = sha256(*(np.round(values, 3) for values in sight if values is not None))
        seen = {"measures": dict(perceptual.descriptions), "first_image_sha256": sees}
    backend = keras.backend.backend()
    libraries = ("keras", backend, "numpy", "scikit-image", "pandas")
    return {
        "methods": {name: _identity(method, first.shape) for name, method in methods.items()},
        "images": described,
        "holes": {
            "kind": kind,
            "sha256": sha256(known),
            "mean_ratio": round(float(hole_ratio(known).mean()), 6),
        },
        "seed": int(seed),
        "metrics": {"name": (names or ["own"])[0], **dataclasses.asdict(rule)},
        "perceptual": seen,
        "versions": {
            **{"python": platform.python_version(), "inpaintkit": __version__, "opencv": cv2.__version__},
            **{library: version(library) for library in libraries},
        },
    }


def evaluation_masks(kind, seed=0, count=100, image_size=64):
    """The holes of an evaluation: the same for the same arguments, in every run and on every machine.

    Args:
        kind: of hole, or its name; with `hole_ratio=(0.01, 0.6)` they spread evenly over `BUCKETS`.
        seed: an int. count: number of masks. image_size: pixels, or (height, width).

    Returns:
        float32 (count, height, width, 1), 1 = known, 0 = hole.
    """
    kind = parse(kind) if isinstance(kind, str) else kind
    return kind.sample(count, *size_pair(image_size), seed)


def drawn_masks(masks, seed, images):
    """Masks as given, or drawn, float32."""
    if isinstance(masks, str | MaskGenerator):
        return evaluation_masks(masks, seed, len(images), to_float(images, slice(0, 1)).shape[1:3])
    if isinstance(masks, type):
        raise ValueError(
            f"masks={masks.__name__}: expected a kind of hole, {masks.__name__}(…), or its masks"
        )
    return np.asarray(masks, "float32")


def with_hidden_holes(method, batch_size=16):
    """A method as `fill(originals, masks, chosen) -> (n, H, W, 3)`, raw; it never sees what is in the hole.

    `chosen`, a slice or list, says which images they are: of fills made elsewhere it picks these.
    """
    if isinstance(method, np.ndarray | Images):
        return lambda originals, masks, chosen: to_float(method, chosen)
    run = as_method(method, batch_size)
    return lambda originals, masks, chosen: to_numpy(run(originals * masks, masks.copy()))  # it may scribble


def to_float(images, chosen=slice(None)):
    """`Images`, or an array, or those that a slice or a list chooses of them, as float32 (B, H, W, 3)."""
    if isinstance(images, Images):
        return images.array[chosen].astype("float32") / 255
    return np.asarray(images, "float32")[chosen]


def _identity(method, shape):
    """What a method is, for the manifest."""
    if isinstance(method, np.ndarray | Images):
        return {"kind": "fills", "sha256": sha256(to_float(method))}
    name = getattr(method, "__qualname__", type(method).__qualname__)
    module, network = getattr(method, "__module__", None) or "", network_of(method)
    if getattr(method, "classical", False):
        own = {} if module.split(".")[0] == "inpaintkit" else {"code_sha256": hash_json(_code(method))}
        return {"kind": "classical", "name": f"{module}.{name}", **own}
    noise, fill = np.random.default_rng(0).random(shape, "float32"), with_hidden_holes(method)
    fills = [fill(noise, np.round(noise[..., :1]), slice(0, 1)) for _ in range(1 if network else 2)]
    of_noise = {_FILL: sha256(to_uint8(fills[0]))}
    if network:
        weights, (_, made) = sha256(*network.get_weights()), network_entry(network)
        about = {"kind": "network", "name": network.name, "architecture": made}
        return {**about, "weights_sha256": weights, **of_noise}
    about = {"kind": "function", "name": name, "code_sha256": hash_json(_code(method))}
    if not np.array_equal(*fills):
        about |= {"random": True, "settings_sha256": hash_json(_settings(method))}
    return {**about, **of_noise}


def _code(method):
    """The hash of a method's code, which edited comments do not change; None of one that is not Python's."""
    if isinstance(method, functools.partial):
        return _code(method.func)
    function = getattr(method, "__func__", method)
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return code and code_hash(code)


def _settings(method):
    """The values that a method's code uses, {name: value}, as far as they can be hashed."""
    own = {**getattr(method, "__dict__", {}), **getattr(getattr(method, "__self__", None), "__dict__", {})}
    if isinstance(method, functools.partial):
        own = {**dict(enumerate(method.args)), **method.keywords}
    values = {}
    function = getattr(method, "func", getattr(method, "__func__", method))
    function = function if isinstance(function, types.FunctionType) else type(function).__call__
    if isinstance(function, types.FunctionType):
        used, defaults = inspect.getclosurevars(function), inspect.signature(function).parameters.values()
        values = {**used.globals, **used.nonlocals, **{p.name: p.default for p in defaults}}
    values |= own  # what a partial gives stands over a default
    return {str(name): known for name, value in values.items() if (known := _hashable(value)) is not None}


def _hashable(value):
    if isinstance(value, keras.Model):
        return sha256(*value.get_weights())
    if isinstance(value, types.FunctionType):
        return _code(value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return sha256(value)
    return repr(value) if isinstance(value, int | float | str | tuple) else None


def sha256(*arrays):
    """A hash of the pixels of arrays, their shapes and types."""
    digest = hashlib.sha256()
    for array in map(np.asarray, arrays):
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).view("uint8").data)
    return digest.hexdigest()


def hash_json(*values):
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def keep_in(folder, about):
    """Makes the folder that scores are kept in, or finds it as the same comparison has left it."""
    file, text = folder / "manifest.json", json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    try:
        (folder / "scores").mkdir(parents=True, exist_ok=True)
        if not file.exists():
            replace(file, lambda part: part.write_text(text, "utf-8"))
        found, mine = json.loads(file.read_text("utf-8")), json.loads(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: cannot keep scores there ({error}); choose another folder") from error
    check_same(found if isinstance(found, dict) else {}, mine, f"{folder} holds another comparison")


def check_same(found, mine, wrong, advice="choose another folder"):
    """Refuses a manifest that differs from mine, and warns of a method that fills noise otherwise.

    Raises:
        AnotherComparison: it begins with `wrong`, says what differs, and ends with `advice`.
    """
    ours, theirs = (essence(about) for about in (mine, found))
    other = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    if other:
        both = {**ours["methods"], **theirs.get("methods", {})}
        names = [n for n in both if ours["methods"].get(n) != theirs.get("methods", {}).get(n)]
        which = f"; the methods: {', '.join(names)}" if names else ""
        raise AnotherComparison(f"{wrong} (its {', '.join(other)} differ{which}): {advice}")
    for name, method in mine["methods"].items():
        if method.get(_FILL) != found["methods"][name].get(_FILL):
            warnings.warn(
                f"method {name!r} is the same as before, but fills noise differently: it is random, or this "
                "is another device; what is made now and what was kept are different draws",
                stacklevel=4,
            )


def essence(about):
    """A manifest without what may differ between two runs of one comparison."""
    methods = {
        name: {
            k: v
            for k, v in method.items()
            if k != _FILL or not ("random" in method or "weights_sha256" in method)
        }
        for name, method in about.get("methods", {}).items()
    }
    return {**about, "methods": methods}


def replace(file, write):
    """Writes a file whole or not at all; another process that does the same is not in the way."""
    part = file.with_name(f"part-{os.getpid()}-{file.name}")
    write(part)
    os.replace(part, file)
