"""Tools around `fit`: a second phase, a range test of learning rates, overfitting one batch."""

import warnings

import keras
import numpy as np
from keras import ops

from inpaintkit.checks import check_number, check_type, is_count, is_number
from inpaintkit.data import Pairs
from inpaintkit.training.callbacks import as_batch
from inpaintkit.training.rates import has_schedule


def freeze_encoder_batchnorm(model: keras.Model, learning_rate: float = 5e-5) -> None:
    """Prepares the second phase of a training: freezes the encoder's batch normalisation.

    Masked pixels make batch statistics noisy; the second phase keeps the encoder's running statistics and
    fine-tunes at a lower rate (the paper: 2e-4, then 5e-5). It may end below the first phase's best: compare
    both.

    Args:
        model: compiled, and trained. Its `BatchNormalization` layers whose name begins with "encoder" are
            frozen; then it is compiled again, with the same loss and metrics and a fresh optimizer.
        learning_rate: of that optimizer.

    Raises:
        ValueError: a model that is not compiled, has no such layer, or whose optimizer has a
            `LearningRateSchedule`; the model is then as before.

    Source: Liu et al. 2018, section 4.1, "Initial training and fine-tuning".

    Example:
        >>> import inpaintkit as ik
        >>> model = ik.Inpainter(ik.models.pconv_unet(filters=(4, 8)))
        >>> model.compile("adam", "mae")
        >>> ik.training.freeze_encoder_batchnorm(model)
        >>> [layer.name for layer in model.layers if not layer.trainable]
        ['encoder2_norm']
    """
    _check_compiled(model)
    check_number("learning_rate", learning_rate, 0)
    norms = [layer for layer in _all_layers(model) if isinstance(layer, keras.layers.BatchNormalization)]
    of_encoder = [layer for layer in norms if layer.name.startswith("encoder")]
    if not of_encoder:
        names = ", ".join(layer.name for layer in norms) or "none at all"
        expected = "BatchNormalization whose name begins with 'encoder'"
        raise ValueError(f"network {model.name!r} has no {expected}: {names}")
    _check_no_schedule(model, "freeze_encoder_batchnorm")
    config = model.get_compile_config()
    for layer in of_encoder:
        layer.trainable = False
    model.compile_from_config(config)
    model.optimizer.learning_rate = learning_rate


def find_learning_rate(
    model: keras.Model, pairs: Pairs | list, low: float = 1e-6, high: float = 1.0, steps: int = 100
) -> dict:
    """The learning-rate range test: trains with a rate that grows each step until the loss explodes.

    Args:
        model: compiled. Its weights and its optimizer come back as they were.
        pairs: batches by index, such as `ik.data.pairs(…)`.
        low, high: first and last rate; between them they grow evenly in the logarithm.
        steps: batches.

    Returns:
        dict: "rates" and "losses", arrays (n,), n ≤ steps, the losses smoothed over about ten steps; and
        "suggestion", a tenth of the rate with the lowest loss. The first sixth of the steps does not count,
        since the running mean is then of few batches.

    Raises:
        ValueError: not 0 < low < high, fewer than 10 steps, a model that is not compiled, one whose optimizer
            has a `LearningRateSchedule`, or a loss that is never finite.

    Warns:
        UserWarning: a loss that never falls, so that the suggestion means nothing.

    Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks".

    Example:
        >>> import inpaintkit as ik
        >>> model = ik.Inpainter(ik.models.pconv_unet(filters=(4, 8)))
        >>> ik.training.find_learning_rate(model, [])
        Traceback (most recent call last):
        ValueError: network 'pconv_unet' is not compiled: call its compile(optimizer, loss) first
    """
    if not (is_number(low) and is_number(high) and 0 < low < high and is_count(steps, 10)):
        raise ValueError(f"{low=}, {high=}, {steps=}: expected 0 < low < high and at least 10 steps")
    _check_compiled(model)
    _check_no_schedule(model, "find_learning_rate")
    subscripted = hasattr(pairs, "__getitem__") and hasattr(pairs, "__len__")
    if not subscripted or isinstance(pairs, dict | np.ndarray) or not len(pairs):
        raise ValueError(f"pairs of type {type(pairs).__name__}: expected Pairs or batches, not empty")
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [ops.convert_to_numpy(variable) for variable in variables]
    rates = np.geomspace(low, high, steps)
    losses: list[float] = []
    try:
        for i, rate in enumerate(rates):
            model.optimizer.learning_rate = rate
            loss = _train_on_batch(model, as_batch("pairs", pairs[i % len(pairs)]))
            smooth = 0.9 * losses[-1] + 0.1 * loss if losses else loss
            lowest = min(losses, default=smooth)
            # Above 4 times the lowest, if that is positive; `psnr_loss` is negative.
            if not np.isfinite(smooth) or smooth > lowest + 3 * abs(lowest):
                break
            losses.append(smooth)
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
    if not losses:
        advice = "look at the data and the loss before the rate"
        raise ValueError(f"the loss is {loss} at the first step: {advice}")
    first = len(losses) // 6
    best = first + int(np.argmin(losses[first:]))
    if best == first:
        warnings.warn(
            f"the loss never fell below what it was at the start, {losses[first]:.4g}: the suggestion means "
            "nothing; try a lower `low`, a higher `high` or more steps",
            stacklevel=2,
        )
    rates = rates[: len(losses)]
    return {"rates": rates, "losses": np.array(losses), "suggestion": float(rates[best] / 10)}


def overfit_one_batch(model: keras.Model, batch: tuple, steps: int = 300) -> np.ndarray:
    """Trains on one batch again and again: a network that cannot memorise one batch is broken.

    Args:
        model: compiled; its weights change.
        batch: ((masked image, mask), image), such as `ik.data.pairs(…)[0]`.
        steps: training steps.

    Returns:
        array (steps,): the loss of each step; of a GAN, its reconstruction loss.

    Raises:
        ValueError: a model that is not compiled, or a loss that starts at 0 or below, such as `psnr_loss`:
            a tenth of it would be no success.

    Warns:
        UserWarning: when the loss does not fall to a tenth of the first.

    Example:
        >>> import inpaintkit as ik
        >>> model = ik.Inpainter(ik.models.pconv_unet(filters=(4, 8)))
        >>> ik.training.overfit_one_batch(model, ())
        Traceback (most recent call last):
        ValueError: network 'pconv_unet' is not compiled: call its compile(optimizer, loss) first
    """
    _check_compiled(model)
    check_number("steps", steps, 1, whole=True)
    batch, losses = as_batch("batch", batch), []
    for _ in range(steps):
        losses.append(_train_on_batch(model, batch))
        if losses[0] <= 0:
            expected = "expected one that falls towards 0, such as 'mae'"
            raise ValueError(f"the loss starts at {losses[0]:.4g}: {expected}")
    if not losses[-1] <= losses[0] / 10:
        warnings.warn(
            f"overfitting one batch took the loss from {losses[0]:.4g} to {losses[-1]:.4g} in {steps} steps, "
            "not to a tenth: try more steps or another learning rate; if that does not help, look for a "
            "fault in the network or the loss",
            stacklevel=2,
        )
    return np.array(losses)


def _all_layers(model):
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)


def _check_no_schedule(model, tool):
    if has_schedule(model.optimizer):
        came = f"{tool} sets the rate, but the optimizer of {model.name!r} has a learning-rate schedule"
        raise ValueError(f"{came}: compile with a number instead, such as Adam(1e-3)")


def _check_compiled(model):
    check_type("model", model, keras.Model, "a compiled keras.Model")
    if not model.compiled:
        raise ValueError(f"network {model.name!r} is not compiled: call its compile(optimizer, loss) first")


def _train_on_batch(model, batch):
    """The loss of this one step; Keras would report the mean of all since the last reset."""
    model.reset_metrics()
    logs = model.train_on_batch(*batch, return_dict=True)
    return float(logs.get("reconstruction_loss", logs["loss"]))
