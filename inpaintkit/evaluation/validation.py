"""Checks of a comparison before any work, with errors that say what is wrong."""

import warnings

import cv2
import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import is_count
from inpaintkit.data import Images
from inpaintkit.evaluation.definitions import MetricDefinition, find_definition
from inpaintkit.evaluation.identity import try_method
from inpaintkit.evaluation.manifests import draw_masks, manifest
from inpaintkit.evaluation.methods import are_fills, check_output, to_float
from inpaintkit.evaluation.pairing import prepare_methods
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
    methods, _ = prepare_methods(methods, images, untrained)
    if not methods or not len(images):
        raise ValueError(f"{len(methods)} methods and {len(images)} images: expected at least one of each")
    for name, value, least in (("batch_size", batch_size, 1), ("seed", seed, 0)):
        if not is_count(value, least):
            raise ValueError(f"{name}={value!r}: expected a whole number, {least} or more")
    known = _checked_masks(masks, seed, images)
    first = to_float(images, slice(0, 1))
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


def _checked_masks(masks, seed, images):
    """The masks, drawn, if they and the images are what they should be; float32 (B, H, W, 1)."""
    first = to_float(images, slice(0, 1))
    if first.ndim != 4 or first.shape[-1] != 3:
        raise ValueError(f"images of shape {np.shape(images)}: expected (images, height, width, 3)")
    known = draw_masks(masks, seed, images)
    _, known = check_batch(np.zeros((*known.shape[:3], 3), "float32"), known)
    if known.shape != (len(images), *first.shape[1:3], 1):
        raise ValueError(f"masks of shape {known.shape} for {len(images)} images of shape {first.shape[1:]}")
    if not isinstance(images, Images) and not (np.min(images) >= 0 and np.max(images) <= 1):
        raise ValueError(
            f"the originals range from {np.min(images)} to {np.max(images)}: expected [0, 1], in the hole "
            "too, since fills are measured there; divide 8-bit images by 255"
        )
    uniform = np.ptp(known, axis=(1, 2, 3)) == 0
    if uniform.any():
        raise ValueError(
            f"a mask without a hole, or without a known pixel, has no score: {uniform.sum()} of "
            f"{len(uniform)}, the first is number {uniform.argmax()}; use another mask generator, or give "
            "it a hole_ratio (on the command line, --mask-ratio)"
        )
    return known


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
        warnings.warn(
            f"fills {name!r}: {len(wrong)} of {len(thumbnails)} look like another original than their own; "
            f"the first is number {wrong[0][0]}, which looks like number {wrong[0][1]}: are they in another "
            "order?",
            stacklevel=4,
        )


def _thumbnails(images):
    """Images of 8×8, (B, 192)."""
    singles = (to_float(images, slice(i, i + 1))[0] for i in range(len(images)))
    return np.stack([cv2.resize(x, (8, 8), interpolation=cv2.INTER_AREA).ravel() for x in singles])
