"""What is searched: a function a network, from Keras Tuner's `hp` to the network's settings.

The grid of the studied CelebA search is dropout × optimizer; `--set learning_rate=default --set loss=ssim`
leaves just that. The first value of a `Choice` is its default.
"""

import keras
import keras_tuner as kt

import inpaintkit as ik


def autoencoder(hp):
    return {"dropout": hp.Choice("dropout", [0.1, 0.2, 0.3, 0.4])}


def skip_autoencoder(hp):
    return {"dropout": hp.Choice("dropout", [0.1, 0.2, 0.3, 0.4])}


def unet(hp):
    size = hp.Choice("size", ["small", "medium"])  # 16 and 32 filters at full resolution
    bottleneck = hp.Choice("bottleneck", ["plain", "dilated"])
    return {"size": size, "bottleneck": bottleneck, "normalization": None, "prefill": True}


def pconv_unet(hp):
    filters = hp.Choice("filters", ["32-64-128-128-128", "16-32-64-64-64", "32-64-128-128"])
    return {"filters": [int(width) for width in filters.split("-")]}


NETWORKS = {space.__name__: space for space in (autoencoder, skip_autoencoder, unet, pconv_unet)}
LOSSES = {"ssim": ik.losses.ssim_loss, "mae": "mae", "hole_valid": ik.losses.HoleValidLoss()}
OPTIMIZERS = ["adam", "sgd", "adagrad"]


def training(hp):
    """How any of them is taught: (optimizer, loss)."""
    optimizer = keras.optimizers.get(hp.Choice("optimizer", OPTIMIZERS))
    rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)
    if rate != "default":  # Keras's own: adam 0.001, sgd 0.01, adagrad 0.001
        optimizer.learning_rate = rate
    loss = hp.Choice("loss", list(LOSSES))
    if loss not in LOSSES:
        raise ValueError(f"loss {loss!r}: expected one of {', '.join(LOSSES)}")
    return optimizer, LOSSES[loss]


def declare(model, settings):
    """The space of a network, with the user's settings in place of its own.

    Args:
        model: one of `NETWORKS`.
        settings: {name: values}; one value alone is fixed, several are searched.

    Returns:
        `kt.HyperParameters`.

    Raises:
        ValueError: an unknown network or name, no value, or one that the network cannot have.
    """
    if model not in NETWORKS:
        raise ValueError(f"model {model!r}: expected one of {', '.join(NETWORKS)}")
    known = kt.HyperParameters()
    NETWORKS[model](known), training(known)
    mine = kt.HyperParameters()
    for name, values in settings.items():
        if name not in known.values:
            raise ValueError(f"{name!r} is no part of {model}'s space: expected {', '.join(known.values)}")
        if not values or len(set(values)) < len(values) or (len(values) > 1 and "default" in values):
            raise ValueError(f"{name}={values!r}: expected one value, or several different ones of a kind")
        for value in values:
            one = kt.HyperParameters()
            one.Fixed(name, value)
            NETWORKS[model](one), training(one)  # raises for what neither knows
        mine.Fixed(name, values[0]) if len(values) == 1 else mine.Choice(name, list(values))
    NETWORKS[model](mine), training(mine)  # takes what is there, and adds the rest
    return mine


def build(model, hp, shape):
    """The network of one configuration, compiled, with hole PSNR and SSIM to watch."""
    network = getattr(ik.models, model)(shape, **NETWORKS[model](hp))
    inpainter = ik.Inpainter(network, name=model)
    optimizer, loss = training(hp)
    inpainter.compile(optimizer, loss, metrics=[ik.metrics.SSIM("ssim")])
    return inpainter
