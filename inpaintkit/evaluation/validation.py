"""Checks of a comparison before any work, with errors that say what is wrong."""

import warnings

import cv2
import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import check_type, is_count
from inpaintkit.data import Images
from inpaintkit.evaluation.definitions import MetricDefinition, find_definition
from inpaintkit.evaluation.manifests import manifest, try_method
from inpaintkit.evaluation.methods import are_fills, check_output, to_float
from inpaintkit.evaluation.preparation import draw_masks, prepare_methods
from inpaintkit.files import hash_arrays
from inpaintkit.images import check_batch
from inpaintkit.masks import MaskGenerator
from inpaintkit.metrics import PerceptualMetrics


def validate_comparison(
    methods: dict,
    images: Images | ArrayLike,
    masks: MaskGenerator | str | ArrayLike,
    metrics: str | MetricDefinition = "tf",
    seed: int = 0,
    batch_size: int = 16,
    perceptual: PerceptualMetrics | None = None,
    untrained: bool = True,
) -> dict:
    """Checks what `compare` is given: every method that is not classical is run once on noise.

    Args:
        methods, images, masks, metrics, seed, batch_size, perceptual, untrained: as for `compare`.

    Returns:
        the manifest, a dict for JSON. It says how the comparison is made: "methods" (hashes of weights or
        code), "images" and "holes" (hashes of their values), "seed", "metrics", "perceptual", "versions".

    Raises:
        ValueError: no method or no image; images and masks that do not fit or do not follow the kit's
            conventions; a mask without a hole or without a known pixel; something that is no method; a
            network that does not take `[image, mask]` of this size; images smaller than the window of SSIM.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> about = ik.evaluation.validate_comparison({"Telea": ik.baselines.telea}, images, "center")
        >>> about["images"]["count"], about["holes"]["mean_ratio"]
        (2, 0.25)
    """
    if perceptual is not None:
        check_type("perceptual", perceptual, PerceptualMetrics, "PerceptualMetrics, or None")
    methods, _ = prepare_methods(methods, images, untrained)
    first = to_float(images, slice(0, 1))
    if not methods or not len(images):
        raise ValueError(f"{len(methods)} methods and {len(images)} images: expected at least one of each")
    for name, value, least in (("batch_size", batch_size, 1), ("seed", seed, 0)):
        if not is_count(value, least):
            raise ValueError(f"{name}={value!r}: expected a whole number, {least} or more")
    given = np.zeros((len(images), *first.shape[1:]), "float32")
    _, known = check_batch(given, draw_masks(masks, seed, images))
    if not isinstance(images, Images) and not (np.min(images) >= 0 and np.max(images) <= 1):
        found = f"the originals range from {np.min(images)} to {np.max(images)}"
        raise ValueError(f"{found}: expected [0, 1], in the hole, too; divide 8-bit images by 255")
    uniform = np.ptp(known, axis=(1, 2, 3)) == 0
    if uniform.any():
        found = f"{uniform.sum()} of {len(uniform)} masks have no hole, or no known pixel"
        raise ValueError(f"{found}: give the generator a hole_ratio (on the command line, --mask-ratio)")
    find_definition(metrics).measure(first, first)
    identities = {}
    for name, method in methods.items():
        if are_fills(method):
            check_output(name, to_float(method), (len(images), *first.shape[1:]))
            _warn_of_order(name, method, images)
            identities[name] = {"kind": "fills", "sha256": hash_arrays(to_float(method))}
        else:
            identities[name] = try_method(name, method, first.shape)
    return manifest(identities, images, masks, known, metrics, seed, perceptual)


def _warn_of_order(name, fills, images):
    """Warns of fills that look like other originals than their own: arrays have no names to tell by."""
    thumbnails, originals = _thumbnails(fills), _thumbnails(images)
    wrong = []
    for i, thumbnail in enumerate(thumbnails):
        distance = np.square(originals - thumbnail).mean(axis=1)
        nearest = distance.argmin()
        if distance[nearest] < 0.02**2 and distance[nearest] < distance[i] / 16:
            wrong.append((i, nearest))
    if len(wrong) > len(thumbnails) / 10:
        found = f"fills {name!r}: {len(wrong)} of {len(thumbnails)} look like another original than their own"
        example = f"number {wrong[0][0]} looks like number {wrong[0][1]}"
        warnings.warn(f"{found} ({example}): are they in another order?", stacklevel=4)


def _thumbnails(images):
    """Images of 8×8, (B, 192)."""
    small = [cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA) for image in to_float(images)]
    return np.reshape(small, (len(images), -1))
