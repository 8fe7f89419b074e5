"""A network before training: what did training add?"""

import random

import keras

from inpaintkit.evaluation.methods import check_names, network_of
from inpaintkit.plots import UNTRAINED


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
