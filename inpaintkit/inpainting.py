"""Use a method: one shape for all of them, `method(images, masks) -> images`, and the composite."""

import functools
import random
import unicodedata
from pathlib import PurePosixPath

import keras
import numpy as np

from inpaintkit.data import SPLITS, Pictures
from inpaintkit.images import check_batch
from inpaintkit.plots import UNTRAINED


def composite(filled, images, masks):
    """A method's output inside the hole, the picture itself everywhere else: what a user would keep.

    Args:
        filled, images: (B, H, W, 3). masks: (B, H, W, 1), 1 = known.

    Returns:
        (B, H, W, 3); known pixels bit-exact.
    """
    return np.where(masks > 0, images, filled)


def as_method(model, batch_size=16):
    """A Keras model over `[image, mask]` as a method like any other; a method stays what it is.

    Args:
        model: a `keras.Model`, an `InpaintingGAN`, or any callable `method(images, masks)`.
        batch_size: images at a time, for a model.

    Returns:
        `method(images, masks) -> images`, float32 (B, H, W, 3) in [0, 1]: the raw output, known pixels
        as the network repaints them. What lies in the hole is set to 0 before the network sees it.
        `method.network` is the model.

    Raises:
        ValueError: a model without two inputs; later, images of a size that the network does not take.
    """
    if not isinstance(model, keras.Model):
        return model
    model = network_of(model)
    inputs = getattr(model, "inputs", None) or []  # a subclassed model has none
    if len(inputs) != 2:
        raise ValueError(f"network {model.name!r} has {len(inputs)} inputs: expected [image, mask]")
    sides = inputs[0].shape[1:3]

    def method(images, masks):
        images, masks = check_batch(images, masks)
        if any(side not in (None, given) for side, given in zip(sides, images.shape[1:3], strict=True)):
            raise ValueError(
                f"network {model.name!r} takes pictures of {sides[0]}×{sides[1]}, these are "
                f"{images.shape[1]}×{images.shape[2]}: build it with input_shape=(None, None, 3) for any size"
            )
        # predict_on_batch, since predict makes a data pipeline at each call, which costs as much again.
        chosen = (slice(i, i + batch_size) for i in range(0, max(1, len(images)), batch_size))
        # Keras's own, since an Inpainter's checks its arrays, which has just been done.
        run = functools.partial(keras.Model.predict_on_batch, model)
        filled = [_first(run([images[part], masks[part]])) for part in chosen]
        return np.clip(np.concatenate(filled).astype("float32"), 0, 1)

    method.__name__, method.classical, method.network = model.name, False, model
    return method


def network_of(method):
    """The Keras model that a method is or runs (of a GAN, its generator), or None."""
    model = method if isinstance(method, keras.Model) else getattr(method, "network", None)
    model = getattr(model, "generator", model)
    return model if isinstance(model, keras.Model) else None


def untrained(network, seed=0):
    """The same network before training: rebuilt from its config, with fresh initial weights.

    Of a prefilled network, whose last layer starts at zero, this is exactly the fill that it starts from.
    Compare a network with itself before training, always: the difference is what training added. Where the
    start is random, another seed starts elsewhere. Weights that were loaded into a part of the network, such
    as a pretrained encoder, are made fresh as well.

    Args:
        network: a `keras.Model`, an `InpaintingGAN` (its generator), or a method that `as_method` made.
        seed: of the weights. The global random state stays as it is.

    Returns:
        `keras.Model`, not compiled.

    Raises:
        ValueError: not a network, or one that cannot be rebuilt from its config.
    """
    model = network_of(network)
    if model is None:
        raise ValueError(f"{network!r} is not a network: expected a keras.Model, or as_method of one")
    state = random.getstate()
    try:
        random.seed(seed)  # Keras draws the seeds of its initializers from it
        copy = keras.models.clone_model(model)
    except Exception as error:  # whatever a layer's own config raises
        reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
        raise ValueError(f"network {model.name!r} cannot be rebuilt from its config ({reason})") from error
    finally:
        random.setstate(state)
    if [w.shape for w in copy.weights] != [w.shape for w in model.weights]:
        raise ValueError(f"network {model.name!r} cannot be rebuilt from its config (other weights came out)")
    return copy


def with_untrained(methods):
    """Methods, and after each network the same network before training, as "<name>, untrained".

    Args:
        methods: {name: method}, as for `compare`. A row that is called so already stays what it is: for a
            network whose beginning was another one, such as pretrained weights, give it yourself.

    Returns:
        ({name: method}, {name: why}): the methods, and the networks that could not be rebuilt.
    """
    check_names(methods)
    every, missing = {}, {}
    for name, method in methods.items():
        every[name] = method
        before = f"{name}{UNTRAINED}"
        is_before = name.removesuffix(UNTRAINED) in {*methods} - {name}
        if network_of(method) is None or before in methods or is_before:
            continue
        try:
            every[before] = untrained(method)
        except ValueError as error:
            missing[name] = str(error)
    return every, missing


def check_names(methods):
    """Raises ValueError unless methods are {name: method}."""
    if not isinstance(methods, dict) or not all(isinstance(name, str) for name in methods):
        raise ValueError(f"methods={methods!r}: expected {{name: method}}, such as ik.baselines.CLASSICAL")


def prepared(methods, images, untrained=True):
    """Methods as they are compared: with their untrained rows, and fills in the order of the originals.

    Args:
        methods, images, untrained: as for `ik.compare`.

    Returns:
        ({name: method}, {name: why}): the methods, and the networks that could not be rebuilt.
    """
    check_names(methods)
    every, missing = with_untrained(methods) if untrained else (methods, {})
    fills = {name: method for name, method in every.items() if isinstance(method, Pictures)}
    return {**every, **{name: paired(name, method, images) for name, method in fills.items()}}, missing


def paired(name, fills, images):
    """Fills, `Pictures`, in the order of the originals: each goes with the original of the same name.

    Names are compared below the folder of the split and without their ending, so that `r/test/007.png` goes
    with `o/007.bmp`. More fills than originals, or another order, are no matter.

    Args:
        name: of the method, for the message. fills: `Pictures`. images: the originals; where they have no
            names, an array, or all names are the same in the same order, fills are taken as they lie.

    Raises:
        ValueError: names that do not pair up, or that pair up in several ways.
    """
    if not isinstance(images, Pictures) or fills.names == images.names:
        return fills
    theirs, ours = ([_stem(n) for n in pictures.names] for pictures in (fills, images))
    place = {stem: i for i, stem in enumerate(theirs)}
    lost = next((i for i, stem in enumerate(ours) if stem not in place), None)
    advice = (
        "give both the same names, or, if their order is the same, the fills as an array: fills.as_float()"
    )
    if lost is not None:
        beside = f", where the fills have {fills.names[lost]!r}" if lost < len(fills) else ""
        raise ValueError(
            f"fills {name!r}: {len(fills)} for {len(images)} originals, and none has the name of the "
            f"original {images.names[lost]!r}{beside}; {advice}"
        )
    for stems, names in ((theirs, fills.names), (ours, images.names)):
        if len({*stems} & {*ours}) < sum(stem in ours for stem in stems):
            twice = next(n for n, stem in zip(names, stems, strict=True) if stems.count(stem) > 1)
            raise ValueError(f"fills {name!r}: {twice!r} could pair with several of the same name; {advice}")
    chosen = [place[stem] for stem in ours]
    return Pictures(fills.array[chosen], tuple(fills.names[i] for i in chosen), fills.source, fills.split)


def _stem(name):
    """A file's path below its split's folder, without its ending."""
    path = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/"))
    folders = [part.lower() for part in path.parts[:-1]]
    split = next((i + 1 for i, part in enumerate(folders) if any(part in s for s in SPLITS.values())), 0)
    return PurePosixPath(*path.parts[split:]).with_suffix("").as_posix()


def _first(outputs):
    """Of a network of several stages, the final image."""
    outputs = list(outputs.values()) if isinstance(outputs, dict) else outputs
    return np.asarray(outputs[0] if isinstance(outputs, list | tuple) else outputs)
