"""Scores, image by image: every method on the same images and the same holes, nothing lost.

Each method is shown the images with their holes emptied, and what it returns is measured as it is (`raw`)
and with the known pixels put back (`composite`), over the whole `image` and over the `hole` alone.
"""

import time
import warnings
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit.data import Images
from inpaintkit.evaluation import definitions
from inpaintkit.evaluation.manifests import (
    drawn_masks,
    essence,
    hash_json,
    keep_in,
    manifest,
    replace,
    to_float,
    with_hidden_holes,
)
from inpaintkit.evaluation.pairing import prepare_methods
from inpaintkit.images import check_batch, composite
from inpaintkit.masks import hole_ratio
from inpaintkit.metrics import cosine_similarity, dice, jaccard_distance

_SAVE_EVERY = 5  # seconds: what a kill costs
_IMAGE_ONLY = {
    "dice": dice,
    "dice_squared": lambda x, y: dice(x, y, squared=True),
    "jaccard": jaccard_distance,
    "cosine": cosine_similarity,
}


def score_images(
    methods,
    images,
    masks,
    batch_size=16,
    metrics="tf",
    perceptual=None,
    seed=0,
    folder=None,
    progress=None,
    untrained=True,
):
    """Scores each image: what `compare` makes its means of. Arguments and errors as there.

    Returns:
        pandas table, a row a method, output, region and image (its index). Beside the metrics: hole_ratio,
        classical, and ms, the mean time for an image of its batch. `attrs`: "manifest", how all was made;
        "sets", what is measured of sets of images (FID, KID); "missing", perceptual measures not available
        and why; "no_untrained", networks without an untrained row and why.
    """
    methods, no_untrained = prepare_methods(methods, images, untrained)
    known = validate_comparison(methods, images, masks, metrics, seed, batch_size, untrained=False)
    about = manifest(methods, images, masks, metrics, seed, perceptual, untrained=False)
    rule = definitions.find_definition(metrics)
    if folder is not None:
        folder = Path(folder)
        keep_in(folder, about)
    seen = None
    if perceptual:
        batches = (to_float(images, slice(i, i + batch_size)) for i in range(0, len(images), batch_size))
        embedded = [perceptual.embed(batch) for batch in batches]
        seen = None if embedded[0] is None else np.concatenate(embedded)
    ratio, tables, sets = hole_ratio(known).round(9), [], {}
    identities = essence(about)["methods"]
    for name, method in methods.items():
        file = folder and folder / "scores" / f"{hash_json(name, identities[name])[:16]}.npz"
        flat = _run(name, method, images, known, batch_size, rule, perceptual, file, progress)
        same = np.array_equal(flat["raw/image/mse"], flat["composite/image/mse"])
        for output in ("composite",) if same else ("raw", "composite"):
            for region in ("image", "hole"):
                view = f"{output}/{region}/"
                values = {key.removeprefix(view): v for key, v in flat.items() if key.startswith(view)}
                where = {"method": name, "classical": getattr(method, "classical", False)}
                where |= {"output": output, "region": region, "image": range(len(images))}
                tables.append(pd.DataFrame({**where, "hole_ratio": ratio, **values, "ms": flat["ms"]}))
            if seen is not None:
                sets[f"{name}/{output}"] = perceptual.distances(seen, flat[f"{output}/seen"])
    scores = pd.concat(tables, ignore_index=True)
    missing = dict(perceptual.missing) if perceptual else {}
    scores.attrs = {"manifest": about, "sets": sets, "missing": missing, "no_untrained": no_untrained}
    return scores


def validate_comparison(methods, images, masks, metrics="tf", seed=0, batch_size=16, untrained=True):
    """Checks, before any work, what `compare` is given: all but classical methods fill an image on trial.

    Args:
        methods, images, masks, metrics, seed, batch_size, untrained: as for `compare`.

    Returns:
        the masks, float32 (B, H, W, 1).

    Raises:
        ValueError: no method or no image, images and masks that do not fit or are not what the kit's
            conventions say, a mask without a hole or without a known pixel, something that is no method, a
            network that is not one over `[image, mask]` at this size, images too small for its window.
    """
    methods, _ = prepare_methods(methods, images, untrained)
    if not methods or not len(images):
        raise ValueError(f"{len(methods)} methods and {len(images)} images: expected at least one of each")
    for name, value, least in (("batch_size", batch_size, 1), ("seed", seed, 0)):
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name}={value!r}: expected a whole number, {least} or more")
    first = to_float(images, slice(0, 1))
    if first.ndim != 4 or first.shape[-1] != 3:
        raise ValueError(f"images of shape {np.shape(images)}: expected (images, height, width, 3)")
    known = drawn_masks(masks, seed, images)
    _, known = check_batch(np.zeros((*known.shape[:3], 3), "float32"), known)
    if known.shape != (len(images), *first.shape[1:3], 1):
        raise ValueError(f"masks of shape {known.shape} for {len(images)} images of shape {first.shape[1:]}")
    if not isinstance(images, Images) and not (np.min(images) >= 0 and np.max(images) <= 1):
        raise ValueError(
            f"the originals range from {np.min(images)} to {np.max(images)}: expected [0, 1], under the hole "
            "too, for there the fills are measured; divide 8-bit images by 255"
        )
    definitions.find_definition(metrics).measure(first, first)
    none = np.ptp(known, axis=(1, 2, 3)) == 0
    if none.any():
        raise ValueError(
            f"a mask without a hole, or without a known pixel, has no score: {none.sum()} of {len(none)} are "
            f"such, first number {none.argmax()}; change the kind of hole, or give it a hole_ratio (on "
            "the command line, --mask-ratio)"
        )
    for name, method in methods.items():
        if not (callable(method) or isinstance(method, np.ndarray | Images)):
            many = isinstance(method, list | tuple | dict)
            what = f"a {type(method).__name__} of {len(method)}" if many else repr(method)
            raise ValueError(
                f"method {name!r} is {what}: expected a callable, a Keras model, or fills, `Images` or an "
                "array of the shape of the originals"
            )
        if isinstance(method, np.ndarray | Images):
            check_output(name, to_float(method), (len(images), *first.shape[1:]))
            _warn_of_order(name, method, images)
        elif not getattr(method, "classical", False):
            check_output(name, with_hidden_holes(method)(first, known[:1], slice(0, 1)), first.shape)
    return known


def _run(name, method, images, masks, batch_size, rule, perceptual, file, progress):
    """Scores of one method by image, {"output/region/metric" or "output/seen" or "ms": (B, …)}."""
    parts = [_kept(file)] if file and file.exists() else []
    done = len(parts[0]["ms"]) if parts else 0
    if done and progress:
        progress(name, done, len(images))
    fill = with_hidden_holes(method, batch_size)
    batches = [slice(i, min(i + batch_size, len(images))) for i in range(done, len(images), batch_size)]
    # Outside the clock: a network is compiled once a batch size, a classical method imports its library.
    compiled = {b.stop - b.start: b for b in batches}.values()
    first_calls = [slice(0, 1)] if getattr(method, "classical", False) else compiled
    for chosen in first_calls if batches else ():
        fill(to_float(images, chosen), masks[chosen], chosen)
    saved = time.monotonic()
    for chosen in batches:
        originals, known = to_float(images, chosen), masks[chosen]
        start = time.perf_counter()
        try:
            filled = fill(originals, known, chosen)
        except Exception as error:
            error.add_note(f"in method {name!r}, images {chosen.start} to {chosen.stop - 1}")
            raise
        milliseconds = 1000 * (time.perf_counter() - start) / len(originals)
        check_output(name, filled, originals.shape)
        part = _score(originals, filled, known, rule, perceptual)
        made_elsewhere = isinstance(method, np.ndarray | Images)
        part["ms"] = np.full(len(filled), np.nan if made_elsewhere else milliseconds)
        parts.append(part)
        if file and (time.monotonic() - saved > _SAVE_EVERY or chosen is batches[-1]):
            parts, saved = [_joined(parts)], time.monotonic()
            replace(file, lambda path, flat=parts[0]: _save(path, flat))
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


def check_output(name, filled, shape):
    if filled.shape != tuple(shape):
        raise ValueError(f"method {name!r} returned shape {filled.shape}: expected {tuple(shape)}")
    if np.isnan(filled).any():
        raise ValueError(f"method {name!r} returned NaN in {np.isnan(filled).mean():.1%} of its values")
    if not (filled.min() >= 0 and filled.max() <= 1):
        raise ValueError(
            f"method {name!r} returned {filled.min()} … {filled.max()}: expected [0, 1]; clip it, or divide "
            "8-bit images by 255"
        )


def _warn_of_order(name, fills, images):
    """Warns of fills that look like other originals than their own: arrays have no names to tell by."""
    seen, truth = (_thumbnails(x) for x in (fills, images))
    wrong = []
    for i, thumbnail in enumerate(seen):
        distance = np.square(truth - thumbnail).mean(axis=1)
        nearest = distance.argmin()
        if distance[nearest] < 0.02**2 and distance[nearest] < distance[i] / 16:
            wrong.append((i, nearest))
    if len(wrong) > len(seen) / 10:
        warnings.warn(
            f"fills {name!r}: {len(wrong)} of {len(seen)} look like another original than their own, first "
            f"number {wrong[0][0]}, which looks like number {wrong[0][1]}: are they in another order?",
            stacklevel=4,
        )


def _thumbnails(images):
    """Images of 8×8, (B, 192)."""
    every = (to_float(images, slice(i, i + 1))[0] for i in range(len(images)))
    return np.stack([cv2.resize(x, (8, 8), interpolation=cv2.INTER_AREA).ravel() for x in every])


def _score(originals, filled, masks, rule, perceptual):
    """Scores of one batch, raw and composite: where these are the same image, it is measured once."""
    kept = composite(filled, originals, masks)
    scores = _measure("composite", originals, kept, masks, rule, perceptual)
    if np.array_equal(filled, kept):
        return scores | {key.replace("composite", "raw", 1): values for key, values in scores.items()}
    return scores | _measure("raw", originals, filled, masks, rule, perceptual)


def _measure(output, originals, result, masks, rule, perceptual):
    regions = rule.measure(originals, result, image=None, hole=1 - masks)
    regions["image"] |= {metric: to_numpy(of(originals, result)) for metric, of in _IMAGE_ONLY.items()}
    regions["image"] |= perceptual.per_image(originals, result) if perceptual else {}
    scores = {
        f"{output}/{region}/{metric}": np.asarray(values, "float64")
        for region, by_metric in regions.items()
        for metric, values in by_metric.items()
    }
    if perceptual and (seen := perceptual.embed(result)) is not None:
        scores[f"{output}/seen"] = seen
    return scores
