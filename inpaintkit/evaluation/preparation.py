"""What a comparison measures, from what it is given: untrained networks, paired fills, drawn masks."""

import random
import unicodedata
from pathlib import PurePosixPath

import keras
import numpy as np

from inpaintkit.checks import as_array, check_type
from inpaintkit.data import SPLITS, Images
from inpaintkit.evaluation.methods import network_of, to_float
from inpaintkit.images import size_pair
from inpaintkit.masks import MaskGenerator, parse
from inpaintkit.plots import UNTRAINED


def untrained(network: object, seed: int = 0) -> keras.Model:
    """The same network before training: rebuilt from its config, with fresh initial weights.

    Always compare a network with itself before training: the difference is what training added. A prefilled
    network, whose last layer starts at zero, is then exactly the fill that it starts from. Weights that were
    loaded into a part of the network, such as a pretrained encoder, are made fresh, too.

    Args:
        network: a `keras.Model`, an `InpaintingGAN` (its generator), or a method that `as_method` made.
        seed: of the weights. The global random state does not change.

    Returns:
        `keras.Model`, not compiled.

    Raises:
        ValueError: not a network, or one that cannot be rebuilt from its config.

    Example:
        >>> import inpaintkit as ik
        >>> network = ik.models.residual_unet(filters=(4, 8), name="small")
        >>> before = ik.evaluation.untrained(network)
        >>> before.name, before.count_params() == network.count_params()
        ('small', True)
    """
    model = network_of(network)
    if model is None:
        raise ValueError(f"{network!r} is not a network: expected a keras.Model, or as_method of one")
    state = random.getstate()
    random.seed(seed)  # Keras draws the seeds of its initializers from it
    try:
        copy = keras.models.clone_model(model)
        if [w.shape for w in copy.weights] != [w.shape for w in model.weights]:
            raise ValueError("the shapes of its weights differ")
    except Exception as error:  # whatever the config of a layer raises
        reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
        raise ValueError(f"network {model.name!r} cannot be rebuilt from its config ({reason})") from error
    finally:
        random.setstate(state)
    return copy


def with_untrained(methods: dict) -> tuple[dict, dict]:
    """Adds, after each network, the same network before training, as "<name>, untrained".

    Args:
        methods: {name: method}, as for `compare`. A method that has such a name already stays what it is.
            So you can give the start of a network yourself, for example pretrained weights.

    Returns:
        ({name: method}, {name: reason}): the methods, and the networks that could not be rebuilt.

    Raises:
        ValueError: anything but a dict with names as keys.

    Example:
        >>> import inpaintkit as ik
        >>> network = ik.models.residual_unet(filters=(4, 8))
        >>> methods, _ = ik.evaluation.with_untrained({"Telea": ik.baselines.telea, "unet": network})
        >>> list(methods)
        ['Telea', 'unet', 'unet, untrained']
    """
    _check_methods(methods)
    every, missing = {}, {}
    for name, method in methods.items():
        every[name] = method
        before = f"{name}{UNTRAINED}"
        if network_of(method) and before not in methods and not is_untrained(name, methods):
            try:
                every[before] = untrained(method)
            except ValueError as error:
                missing[name] = str(error)
    return every, missing


def _check_methods(methods):
    if not isinstance(methods, dict) or not all(isinstance(name, str) for name in methods):
        raise ValueError(f"methods={methods!r}: expected {{name: method}}, such as ik.baselines.CLASSICAL")


def is_untrained(name, names):
    """Whether `name` is that of a network before training: "<another name of these>, untrained"."""
    return name.endswith(UNTRAINED) and name.removesuffix(UNTRAINED) in names


def prepare_methods(methods, images, untrained=True):
    """Methods as they are compared: with their untrained rows, and fills in the order of the originals.

    Args:
        methods, images, untrained: as for `ik.compare`.

    Returns:
        ({name: method}, {name: reason}): the methods, and the networks that could not be rebuilt.
    """
    _check_methods(methods)
    methods, missing = with_untrained(methods) if untrained else (dict(methods), {})
    for name, method in methods.items():
        if isinstance(method, Images):
            methods[name] = _pair_by_name(name, method, images)
    return methods, missing


def _pair_by_name(name, fills, images):
    """Fills, `Images`, in the order of the originals: each goes with the original of the same name.

    Names are compared below the folder of the split and without their ending, so that `r/test/007.png` goes
    with `o/007.bmp`. There may be more fills than originals, in any order. Where the originals are an array,
    without names, or all names are equal, the order of the fills is kept.
    """
    if not isinstance(images, Images) or fills.names == images.names:
        return fills
    positions = {}
    for i, path in enumerate(fills.names):
        positions.setdefault(_stem(path), []).append(i)
    chosen = []
    for path in images.names:
        found = positions.pop(_stem(path), [])  # a second original of this name finds none
        if len(found) != 1:
            count = f"{len(fills)} for {len(images)} originals, {len(found)} with the name of {path!r}"
            advice = f"give both the same names (the first fill is {fills.names[0]!r}), or fills as an array"
            raise ValueError(f"fills {name!r}: {count}; {advice} in the order of the originals")
        chosen += found
    return Images(fills.array[chosen], tuple(fills.names[i] for i in chosen), fills.source, fills.split)


def _stem(name):
    """A file's path below the folder of its split, without its ending."""
    path = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/"))
    folders = [part.lower() for part in path.parts[:-1]]
    split = next((i + 1 for i, part in enumerate(folders) if any(part in s for s in SPLITS.values())), 0)
    return PurePosixPath(*path.parts[split:]).with_suffix("").as_posix()


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
    check_type("masks", generator, MaskGenerator, "a mask generator, or its name")
    return generator.sample(count, *size_pair(image_size), seed)


def draw_masks(masks, seed, images):
    """Masks for images, float32: drawn, or as given."""
    if isinstance(masks, str | MaskGenerator):
        size = to_float(images, slice(0, 1)).shape[1:3]  # refuses what is no batch of images
        return evaluation_masks(masks, seed, len(images), size)
    if isinstance(masks, type):
        name = masks.__name__
        raise ValueError(f"masks={name}: expected a mask generator, {name}(…), or masks as an array")
    return as_array("masks", masks, "float32")
