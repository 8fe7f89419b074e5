"""A network before training: what did training add?"""

import random

import keras

from inpaintkit.evaluation.methods import check_names, network_of
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
    try:
        random.seed(seed)  # Keras draws the seeds of its initializers from it
        copy = keras.models.clone_model(model)
    except Exception as error:  # whatever the config of a layer raises
        reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
        raise ValueError(f"network {model.name!r} cannot be rebuilt from its config ({reason})") from error
    finally:
        random.setstate(state)
    if [w.shape for w in copy.weights] != [w.shape for w in model.weights]:
        raise ValueError(
            f"network {model.name!r} cannot be rebuilt from its config (the shapes of the weights differ)"
        )
    return copy


def with_untrained(methods: dict) -> tuple[dict, dict]:
    """Adds, after each network, the same network before training, as "<name>, untrained".

    Args:
        methods: {name: method}, as for `compare`. A method that has such a name already stays what it is.
            So you can give the start of a network yourself, for example pretrained weights.

    Returns:
        ({name: method}, {name: reason}): the methods, and the networks that could not be rebuilt.

    Example:
        >>> import inpaintkit as ik
        >>> network = ik.models.residual_unet(filters=(4, 8))
        >>> methods, _ = ik.evaluation.with_untrained({"Telea": ik.baselines.telea, "unet": network})
        >>> list(methods)
        ['Telea', 'unet', 'unet, untrained']
    """
    check_names(methods)
    every, missing = {}, {}
    for name, method in methods.items():
        every[name] = method
        before = f"{name}{UNTRAINED}"
        if network_of(method) is None or before in methods or is_untrained(name, methods):
            continue
        try:
            every[before] = untrained(method)
        except ValueError as error:
            missing[name] = str(error)
    return every, missing


def is_untrained(name, names):
    """Whether `name` is that of a network before training: "<another name of these>, untrained"."""
    return name.endswith(UNTRAINED) and name.removesuffix(UNTRAINED) in names
