"""The search spaces: one function per network, from Keras Tuner's `hp` to the arguments of `ik.models`.

Networks that take the same arguments share a space. The grid of the studied CelebA search is dropout ×
optimizer; `--set learning_rate=default --set loss=ssim` leaves only these two. The first value of a `Choice`
is its default.
"""

import keras
import keras_tuner as kt

import inpaintkit as ik
from inpaintkit.checks import check_choice


def autoencoder(hp):
    filters = hp.Choice("filters", ["32-64-128-256"])  # the study's; narrower ones train faster
    return {"dropout": hp.Choice("dropout", [0.1, 0.2, 0.3, 0.4]), "filters": _widths(filters)}


def unet(hp):
    filters = hp.Choice("filters", ["16-32-64-128", "32-64-128-256"])
    bottleneck = hp.Choice("bottleneck", ["plain", "dilated"])
    return {"filters": _widths(filters), "bottleneck": bottleneck}


def pconv_unet(hp):
    filters = hp.Choice("filters", ["32-64-128-128-128", "16-32-64-64-64", "32-64-128-128"])
    return {"filters": _widths(filters)}


def _widths(text):
    return [int(width) for width in text.split("-")]


SPACES = {
    "autoencoder": autoencoder,
    "skip_autoencoder": autoencoder,
    "prefilled_unet": unet,
    "unet": unet,
    "pconv_unet": pconv_unet,
}
LOSSES = {"ssim": ik.losses.ssim_loss, "mae": "mae", "hole_valid": ik.losses.HoleValidLoss()}
OPTIMIZERS = ["adam", "sgd", "adagrad"]


def training(hp):
    """The space of training, the same for every network; returns (optimizer, loss)."""
    optimizer = keras.optimizers.get(hp.Choice("optimizer", OPTIMIZERS))
    rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)
    if rate != "default":  # Keras's own: adam 0.001, sgd 0.01, adagrad 0.001
        optimizer.learning_rate = rate
    loss = check_choice("loss", hp.Choice("loss", list(LOSSES)), LOSSES)
    return optimizer, LOSSES[loss]


def declare(model, settings):
    """The space of a network, with the user's values in place of some of its own.

    Args:
        model: one of `SPACES`.
        settings: {hyperparameter: list of values}. A single value is fixed, several are searched.

    Returns:
        `kt.HyperParameters`.

    Raises:
        ValueError: an unknown network, hyperparameter or value, or a list without values.
    """
    check_choice("model", model, SPACES)

    def ask(hp):  # both functions take the values that are set in `hp` and add the others
        SPACES[model](hp)
        training(hp)
        return hp

    known = ask(kt.HyperParameters()).values
    space = kt.HyperParameters()
    for name, values in settings.items():
        if name not in known:
            raise ValueError(f"{name!r} is not in the space of {model}: expected one of {', '.join(known)}")
        if not values or len(set(values)) < len(values) or (len(values) > 1 and "default" in values):
            raise ValueError(f"{name}={values!r}: expected one value, or several different ones")
        for value in values:
            single = kt.HyperParameters()
            single.Fixed(name, value)
            ask(single)  # raises if the value is not possible
        space.Choice(name, list(values))
    return ask(space)


def build(model, hp, shape):
    """The network of one configuration, compiled to report hole PSNR and SSIM.

    Args:
        model: one of `SPACES`. hp: the configuration, `kt.HyperParameters`. shape: (height, width, 3).

    Returns:
        `ik.Inpainter`.
    """
    network = getattr(ik.models, model)(shape, **SPACES[model](hp))
    inpainter = ik.Inpainter(network, name=model)
    optimizer, loss = training(hp)
    inpainter.compile(optimizer, loss, metrics=[ik.metrics.SSIM("ssim")])
    return inpainter
