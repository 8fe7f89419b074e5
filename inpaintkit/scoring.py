"""Scores, picture by picture: every method on the same pictures and the same holes, nothing lost.

Each method is shown the pictures with their holes emptied, and what it returns is measured as it is (`raw`)
and with the known pixels put back (`composite`), over the whole `image` and over the `hole` alone.
"""

import dataclasses
import hashlib
import json
import os
import platform
import time
import zipfile
from importlib.metadata import version
from pathlib import Path

import cv2
import keras
import numpy as np
import pandas as pd
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import __version__, metrics, recipes
from inpaintkit.data import Pictures
from inpaintkit.images import check_batch, size_pair, to_uint8
from inpaintkit.inpainting import as_method, composite, network_of
from inpaintkit.inpainting import untrained as before_training
from inpaintkit.masks import Holes, hole_ratio, parse
from inpaintkit.plots import UNTRAINED

_SAVE_EVERY = 5  # seconds: what a kill costs
_IMAGE_ONLY = {
    "dice": metrics.dice,
    "dice_squared": lambda x, y: metrics.dice(x, y, squared=True),
    "jaccard": metrics.jaccard_distance,
    "cosine": metrics.cosine_similarity,
}


def score(
    methods,
    images,
    masks,
    batch_size=16,
    recipe="tf",
    perceptual=None,
    seed=0,
    folder=None,
    progress=None,
    untrained=True,
):
    """Scores each picture: what `compare` makes its means of. Arguments and errors as there.

    Returns:
        pandas table, a row a method, output, region and picture (its index). Beside the metrics: hole_ratio,
        classical, and ms, the mean time for a picture of its batch. `attrs`: "manifest", how all was made;
        "sets", what is measured of sets of pictures (FID, KID); "missing", perceptual measures not available
        and why; "no_untrained", networks without an untrained row and why.
    """
    methods, no_untrained = with_untrained(methods) if untrained else (methods, {})
    known = check(methods, images, masks, recipe, seed, batch_size, untrained=False)
    about = manifest(methods, images, masks, recipe, seed, perceptual, untrained=False)
    rule = recipes.find(recipe)
    if folder is not None:
        folder = Path(folder)
        _keep_in(folder, about)
    seen = None
    if perceptual:
        batches = (floats(images, slice(i, i + batch_size)) for i in range(0, len(images), batch_size))
        embedded = [perceptual.embed(batch) for batch in batches]
        seen = None if embedded[0] is None else np.concatenate(embedded)
    ratio, tables, sets = hole_ratio(known).round(9), [], {}
    for name, method in methods.items():
        file = folder and folder / "scores" / f"{_hash_json(name, about['methods'][name])[:16]}.npz"
        flat = _run(name, method, images, known, batch_size, rule, perceptual, file, progress)
        same = np.array_equal(flat["raw/image/mse"], flat["composite/image/mse"])
        for output in ("composite",) if same else ("raw", "composite"):
            for region in ("image", "hole"):
                view = f"{output}/{region}/"
                values = {key.removeprefix(view): v for key, v in flat.items() if key.startswith(view)}
                where = {"method": name, "classical": getattr(method, "classical", False)}
                where |= {"output": output, "region": region, "picture": range(len(images))}
                tables.append(pd.DataFrame({**where, "hole_ratio": ratio, **values, "ms": flat["ms"]}))
            if seen is not None:
                sets[f"{name}/{output}"] = perceptual.distances(seen, flat[f"{output}/seen"])
    scores = pd.concat(tables, ignore_index=True)
    missing = dict(perceptual.missing) if perceptual else {}
    scores.attrs = {"manifest": about, "sets": sets, "missing": missing, "no_untrained": no_untrained}
    return scores


def with_untrained(methods):
    """Methods, and after each network the same network before training, as "<name>, untrained".

    Args:
        methods: {name: method}, as for `compare`. A row that is called so already stays what it is: for a
            network whose beginning was another one, such as pretrained weights, give it yourself.

    Returns:
        ({name: method}, {name: why}): the methods, and the networks that could not be rebuilt.
    """
    if not isinstance(methods, dict):
        raise ValueError(f"methods={methods!r}: expected {{name: method}}, such as ik.baselines.CLASSICAL")
    every, missing = {}, {}
    for name, method in methods.items():
        every[name] = method
        before = f"{name}{UNTRAINED}"
        is_before = name.removesuffix(UNTRAINED) in {*methods} - {name}
        if network_of(method) is None or before in methods or is_before:
            continue
        try:
            every[before] = before_training(method)
        except ValueError as error:
            missing[name] = str(error)
    return every, missing


def check(methods, images, masks, recipe="tf", seed=0, batch_size=16, untrained=True):
    """Checks, before any work, what `compare` is given: all but classical methods fill a picture on trial.

    Args:
        methods, images, masks, recipe, seed, batch_size, untrained: as for `compare`.

    Returns:
        the masks, float32 (B, H, W, 1).

    Raises:
        ValueError: no method or no picture, pictures and masks that do not fit or are not what the kit's
            conventions say, a mask without a hole or without a known pixel, something that is no method, a
            network that is not one over `[image, mask]` at this size, pictures too small for the recipe.
    """
    if not isinstance(methods, dict) or not all(isinstance(name, str) for name in methods):
        raise ValueError(f"methods={methods!r}: expected {{name: method}}, such as ik.baselines.CLASSICAL")
    methods, _ = with_untrained(methods) if untrained else (methods, {})
    if not methods or not len(images):
        raise ValueError(f"{len(methods)} methods and {len(images)} pictures: expected at least one of each")
    for name, value, least in (("batch_size", batch_size, 1), ("seed", seed, 0)):
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name}={value!r}: expected a whole number, {least} or more")
    first = floats(images, slice(0, 1))
    if first.ndim != 4 or first.shape[-1] != 3:
        raise ValueError(f"images of shape {np.shape(images)}: expected (pictures, height, width, 3)")
    known = _masks(masks, seed, images)
    _, known = check_batch(np.zeros((*known.shape[:3], 3), "float32"), known)
    if known.shape != (len(images), *first.shape[1:3], 1):
        raise ValueError(
            f"masks of shape {known.shape} for {len(images)} pictures of shape {first.shape[1:]}"
        )
    if not isinstance(images, Pictures) and not (np.min(images) >= 0 and np.max(images) <= 1):
        raise ValueError(
            f"the originals range from {np.min(images)} to {np.max(images)}: expected [0, 1], under the hole "
            "too, for there the fills are measured; divide 8-bit pictures by 255"
        )
    recipes.find(recipe).measure(first, first)
    none = np.ptp(known, axis=(1, 2, 3)) == 0
    if none.any():
        raise ValueError(
            f"a mask without a hole, or without a known pixel, has no score: {none.sum()} of {len(none)} are "
            f"such, first number {none.argmax()}; change the kind of hole, or give it a hole_ratio (on "
            "the command line, --mask-ratio)"
        )
    for name, method in methods.items():
        if not (callable(method) or isinstance(method, np.ndarray | Pictures)):
            raise ValueError(f"method {name!r} is {method!r}: expected a callable, a Keras model or fills")
        if isinstance(method, np.ndarray | Pictures):
            _check_output(name, floats(method), (len(images), *first.shape[1:]))
        elif not getattr(method, "classical", False):
            _check_output(name, filler(method)(first, known[:1], slice(0, 1)), first.shape)
    return known


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


def filler(method, batch_size=16):
    """A method as `fill(originals, masks, chosen) -> (n, H, W, 3)`, raw; it never sees what is in the hole.

    `chosen`, a slice or list, says which pictures they are: of fills made elsewhere it picks these.
    """
    if isinstance(method, np.ndarray | Pictures):
        return lambda originals, masks, chosen: floats(method, chosen)
    run = as_method(method, batch_size)
    return lambda originals, masks, chosen: to_numpy(run(originals * masks, masks.copy()))  # it may scribble


def floats(images, chosen=slice(None)):
    """`Pictures`, or an array, or those that a slice or a list chooses of them, as float32 (B, H, W, 3)."""
    if isinstance(images, Pictures):
        return images.array[chosen].astype("float32") / 255
    return np.asarray(images, "float32")[chosen]


def manifest(methods, images, masks, recipe="tf", seed=0, perceptual=None, untrained=True):
    """How a comparison was made, to make it again, and to see whether another one is the same.

    Args:
        methods, images, masks, recipe, seed, perceptual, untrained: as for `compare`.

    Returns:
        dict for JSON: methods (of networks a hash of architecture and weights, of whatever is not classical
        a hash of what it does to noise, so that a function that was edited is another one), pictures and
        holes with hashes of their pixels, seed, recipe, versions.
    """
    methods, _ = with_untrained(methods) if untrained else (methods, {})
    known = _masks(masks, seed, images)
    first = floats(images, slice(0, 1))
    pictures = {
        "count": len(images),
        "sha256": sha256(images.array if isinstance(images, Pictures) else images),
    }
    if isinstance(images, Pictures):
        pictures |= {"source": repr(images), "names": list(images.names)}
    kind = repr(masks) if isinstance(masks, Holes) else masks if isinstance(masks, str) else "given"
    rule = recipes.find(recipe)
    names = [name for name, known_rule in recipes.RECIPES.items() if known_rule == rule]
    seen = {}
    if perceptual:
        sight = [*perceptual.per_picture(first, first / 2).values(), perceptual.embed(first)]
        sees = sha256(*(np.round(values, 3) for values in sight if values is not None))
        seen = {"measures": dict(perceptual.recipe), "first_picture_sha256": sees}
    backend = keras.backend.backend()
    libraries = ("keras", backend, "numpy", "scikit-image", "pandas")
    return {
        "methods": {name: _identity(method, first.shape) for name, method in methods.items()},
        "pictures": pictures,
        "holes": {
            "kind": kind,
            "sha256": sha256(known),
            "mean_ratio": round(float(hole_ratio(known).mean()), 6),
        },
        "seed": int(seed),
        "recipe": {"name": (names or ["own"])[0], **dataclasses.asdict(rule)},
        "perceptual": seen,
        "versions": {
            **{"python": platform.python_version(), "inpaintkit": __version__, "opencv": cv2.__version__},
            **{library: version(library) for library in libraries},
        },
    }


def _masks(masks, seed, images):
    """Masks as given, or drawn, float32."""
    if isinstance(masks, str | Holes):
        return evaluation_masks(masks, seed, len(images), floats(images, slice(0, 1)).shape[1:3])
    if isinstance(masks, type):
        raise ValueError(
            f"masks={masks.__name__}: expected a kind of hole, {masks.__name__}(…), or its masks"
        )
    return np.asarray(masks, "float32")


def _identity(method, shape):
    """What a method is, for the manifest; what it does to noise tells edited functions apart."""
    if isinstance(method, np.ndarray | Pictures):
        return {"kind": "fills", "sha256": sha256(floats(method))}
    name = getattr(method, "__qualname__", type(method).__qualname__)
    if getattr(method, "classical", False):
        return {"kind": "classical", "name": f"{method.__module__}.{name}"}
    about = {"kind": "function", "name": name}
    if network := network_of(method):
        try:
            made = network.to_json()
        except (NotImplementedError, TypeError, ValueError):  # a layer without a config
            made = [[type(layer).__qualname__, layer.name] for layer in network.layers]
        about = {"kind": "network", "name": network.name, "architecture": _hash_json(made)}
        about["weights_sha256"] = sha256(*network.get_weights())
    noise = np.random.default_rng(0).random(shape, "float32")
    fill = filler(method)(noise, np.round(noise[..., :1]), slice(0, 1))
    return {**about, "fill_of_noise_sha256": sha256(to_uint8(fill))}


def sha256(*arrays):
    """A hash of the pixels of arrays, their shapes and types."""
    digest = hashlib.sha256()
    for array in map(np.asarray, arrays):
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).view("uint8").data)
    return digest.hexdigest()


def _hash_json(*values):
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _keep_in(folder, about):
    """Makes the folder that scores are kept in, or finds it as the same comparison has left it."""
    file, text = folder / "manifest.json", json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    try:
        (folder / "scores").mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _replace(file, lambda part: part.write_text(text, "utf-8"))
        found, mine = json.loads(file.read_text("utf-8")), json.loads(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: cannot keep scores there ({error}); choose another folder") from error
    if found != mine:
        there = found if isinstance(found, dict) else {}
        other = ", ".join(key for key in {**mine, **there} if there.get(key) != mine.get(key))
        raise ValueError(f"{folder} holds another comparison (its {other} differ): choose another folder")


def _replace(file, write):
    """Writes a file whole or not at all; another process that does the same is not in the way."""
    part = file.with_name(f"part-{os.getpid()}-{file.name}")
    write(part)
    os.replace(part, file)


def _run(name, method, images, masks, batch_size, rule, perceptual, file, progress):
    """Scores of one method by picture, {"output/region/metric" or "output/seen" or "ms": (B, …)}."""
    parts = [_kept(file)] if file and file.exists() else []
    done = len(parts[0]["ms"]) if parts else 0
    if done and progress:
        progress(name, done, len(images))
    fill = filler(method, batch_size)
    batches = [slice(i, min(i + batch_size, len(images))) for i in range(done, len(images), batch_size)]
    # Outside the clock: a network is compiled once a batch size, a classical method imports its library.
    compiled = {b.stop - b.start: b for b in batches}.values()
    first_calls = [slice(0, 1)] if getattr(method, "classical", False) else compiled
    for chosen in first_calls if batches else ():
        fill(floats(images, chosen), masks[chosen], chosen)
    saved = time.monotonic()
    for chosen in batches:
        originals, known = floats(images, chosen), masks[chosen]
        start = time.perf_counter()
        try:
            filled = fill(originals, known, chosen)
        except Exception as error:
            error.add_note(f"in method {name!r}, pictures {chosen.start} to {chosen.stop - 1}")
            raise
        milliseconds = 1000 * (time.perf_counter() - start) / len(originals)
        _check_output(name, filled, originals.shape)
        part = _score(originals, filled, known, rule, perceptual)
        made_elsewhere = isinstance(method, np.ndarray | Pictures)
        part["ms"] = np.full(len(filled), np.nan if made_elsewhere else milliseconds)
        parts.append(part)
        if file and (time.monotonic() - saved > _SAVE_EVERY or chosen is batches[-1]):
            parts, saved = [_joined(parts)], time.monotonic()
            _replace(file, lambda path, flat=parts[0]: _save(path, flat))
        if progress:
            progress(name, chosen.stop, len(images))
    return _joined(parts)


def _kept(file):
    try:
        with np.load(file) as kept:
            return dict(kept)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{file}: these scores are damaged ({error}); delete the file to redo them"
        ) from error


def _save(path, flat):
    with path.open("wb") as file:
        np.savez(file, **flat)


def _joined(parts):
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _check_output(name, filled, shape):
    if filled.shape != tuple(shape):
        raise ValueError(f"method {name!r} returned shape {filled.shape}: expected {tuple(shape)}")
    if np.isnan(filled).any():
        raise ValueError(f"method {name!r} returned NaN in {np.isnan(filled).mean():.1%} of its values")
    if not (filled.min() >= 0 and filled.max() <= 1):
        raise ValueError(
            f"method {name!r} returned {filled.min()} … {filled.max()}: expected [0, 1]; clip it, or divide "
            "8-bit pictures by 255"
        )


def _score(originals, filled, masks, rule, perceptual):
    """Scores of one batch, raw and composite: where these are the same picture, it is measured once."""
    kept = composite(filled, originals, masks)
    scores = _measure("composite", originals, kept, masks, rule, perceptual)
    if np.array_equal(filled, kept):
        return scores | {key.replace("composite", "raw", 1): values for key, values in scores.items()}
    return scores | _measure("raw", originals, filled, masks, rule, perceptual)


def _measure(output, originals, result, masks, rule, perceptual):
    regions = rule.measure(originals, result, image=None, hole=1 - masks)
    regions["image"] |= {metric: to_numpy(of(originals, result)) for metric, of in _IMAGE_ONLY.items()}
    regions["image"] |= perceptual.per_picture(originals, result) if perceptual else {}
    scores = {
        f"{output}/{region}/{metric}": np.asarray(values, "float64")
        for region, by_metric in regions.items()
        for metric, values in by_metric.items()
    }
    if perceptual and (seen := perceptual.embed(result)) is not None:
        scores[f"{output}/seen"] = seen
    return scores
