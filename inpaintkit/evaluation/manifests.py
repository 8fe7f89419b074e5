"""How a comparison was made, as a dict for JSON: it can be made again, and another one is told apart.

A folder of scores holds one comparison; its manifest says which.
"""

import dataclasses
import json
import platform
import warnings
from importlib.metadata import version

import cv2
import keras
import numpy as np

from inpaintkit import __version__
from inpaintkit.data import Images
from inpaintkit.evaluation.definitions import METRIC_DEFINITIONS, find_definition
from inpaintkit.evaluation.identity import FILL, without_fill
from inpaintkit.evaluation.methods import to_float
from inpaintkit.files import hash_arrays, replacing
from inpaintkit.images import size_pair
from inpaintkit.masks import MaskGenerator, hole_ratio, parse


class AnotherComparison(ValueError):
    """The folder, or the scores, belong to another comparison than the one that was asked for.

    Example:
        >>> import inpaintkit as ik
        >>> issubclass(ik.evaluation.AnotherComparison, ValueError)
        True
    """


def evaluation_masks(
    masks: MaskGenerator | str, seed: int = 0, count: int = 100, image_size: int | tuple = 64
) -> np.ndarray:
    """The masks of an evaluation: the same for the same arguments, in every run and on every machine.

    Args:
        masks: a mask generator, or its name; with `hole_ratio=(0.01, 0.6)` the holes spread over `BUCKETS`.
        seed: of the masks, a whole number.
        count: number of masks.
        image_size: pixels, or (height, width).

    Returns:
        float32 (count, height, width, 1), 1 = known, 0 = hole.

    Example:
        >>> import inpaintkit as ik
        >>> masks = ik.evaluation.evaluation_masks("center", count=2, image_size=(16, 32))
        >>> masks.shape, float(masks.mean())
        ((2, 16, 32, 1), 0.75)
    """
    generator = parse(masks) if isinstance(masks, str) else masks
    return generator.sample(count, *size_pair(image_size), seed)


def draw_masks(masks, seed, images):
    """Masks for images, float32: drawn, or as given."""
    if isinstance(masks, str | MaskGenerator):
        return evaluation_masks(masks, seed, len(images), to_float(images, slice(0, 1)).shape[1:3])
    if isinstance(masks, type):
        name = masks.__name__
        raise ValueError(f"masks={name}: expected a mask generator, {name}(…), or masks as an array")
    return np.asarray(masks, "float32")


def manifest(identities, images, masks, known, metrics, seed, perceptual):
    """The manifest of a comparison.

    Args:
        identities: {name: what `try_method` returned}. known: the masks, drawn. Others: as for `compare`.

    Returns:
        dict for JSON: "methods", "images" and "holes" with hashes of their values, "seed", "metrics",
        "perceptual", "versions".
    """
    definition = find_definition(metrics)
    names = [name for name, other in METRIC_DEFINITIONS.items() if other == definition]
    kind = str(masks) if isinstance(masks, str | MaskGenerator) else "given"
    mean_ratio = round(float(hole_ratio(known).mean()), 6)
    libraries = ("keras", keras.backend.backend(), "numpy", "scikit-image", "pandas")
    versions = {"python": platform.python_version(), "inpaintkit": __version__, "opencv": cv2.__version__}
    return {
        "methods": identities,
        "images": _images_entry(images),
        "holes": {"kind": kind, "sha256": hash_arrays(known), "mean_ratio": mean_ratio},
        "seed": int(seed),
        "metrics": {"name": names[0] if names else "own", **dataclasses.asdict(definition)},
        "perceptual": _perceptual_entry(perceptual, to_float(images, slice(0, 1))) if perceptual else {},
        "versions": {**versions, **{library: version(library) for library in libraries}},
    }


def _images_entry(images):
    if not isinstance(images, Images):
        return {"count": len(images), "sha256": hash_arrays(images)}
    about = {"count": len(images), "sha256": hash_arrays(images.array)}
    return {**about, "source": repr(images), "names": list(images.names)}


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
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: cannot keep scores there ({error}); choose another folder") from error
    check_same(found if isinstance(found, dict) else {}, json.loads(text), f"{folder}")


def check_same(found, mine, folder):
    """Raises AnotherComparison if two manifests differ; warns of a method that fills noise differently."""
    theirs, ours = _comparable(found), _comparable(mine)
    other = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    if other:
        both = {**ours["methods"], **theirs["methods"]}
        names = [name for name in both if ours["methods"].get(name) != theirs["methods"].get(name)]
        which = f"; the methods: {', '.join(names)}" if names else ""
        raise AnotherComparison(
            f"{folder} holds another comparison (its {', '.join(other)} differ{which}): choose another folder"
        )
    for name, method in mine["methods"].items():
        if method.get(FILL) != found["methods"][name].get(FILL):
            warnings.warn(
                f"method {name!r} is the same as before, but it fills noise differently: it is "
                "random, or this is another device. New scores and saved ones come from different fills",
                stacklevel=4,
            )


def _comparable(about):
    """A manifest without what may differ between two runs of one comparison."""
    methods = {name: without_fill(identity) for name, identity in about.get("methods", {}).items()}
    return {**about, "methods": methods}
