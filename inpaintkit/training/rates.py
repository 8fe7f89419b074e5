"""Callbacks that change the learning rate, and the rate that the user chose."""

from __future__ import annotations

import contextlib
import math
import weakref

import keras

from inpaintkit.checks import check_number, check_type, is_number
from inpaintkit.data import at_epoch, check_stages
from inpaintkit.training.callbacks import Budget

# optimizer: its rate before training, and the one last given to it
RATES: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def has_schedule(optimizer):
    """Whether the optimizer's learning rate is a schedule or a function, which callbacks cannot change."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of a LossScaleOptimizer
    return not isinstance(getattr(optimizer, "_learning_rate", None), keras.Variable)


def rate_of(optimizer):
    """The learning rate of now, a number also where each of several devices has a copy of it."""
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def rate_before_training(optimizer):
    """The learning rate that the user chose, also after callbacks have changed it."""
    rate = rate_of(optimizer)
    before, given = RATES.get(optimizer, (rate, rate))
    return before if given == rate else rate


@contextlib.contextmanager
def user_rate_remembered(optimizer):
    """Inside, the learning rate may be changed; `rate_before_training` stays what the user chose."""
    before = rate_before_training(optimizer)
    yield
    RATES[optimizer] = before, rate_of(optimizer)


class CosineAnnealing(Budget):
    """Lowers the learning rate along half a cosine to 1 % of itself, epoch by epoch; keeps the time limit.

        rate = rate before training · max(0.01, (1 + cos(π · share of the training that is done)) / 2)

    It scales the present rate, so it works together with ReduceLROnPlateau and with `initial_epoch`, and
    scales it back when training ends, so that a second `fit` starts with the full rate. It does not change a
    `LearningRateSchedule`; then only the time limit acts.

    Args:
        minutes: None, or the minutes after which training ends, if need be in the middle of an epoch.
        warm_up: 0, or the number of steps in which the rate first rises evenly to that of the cosine. It is
            then changed after every ten steps, and not only when an epoch begins.

    Raises:
        ValueError: minutes that are not more than 0; a warm_up that is no whole number.

    Example:
        >>> import inpaintkit as ik
        >>> annealing = ik.training.CosineAnnealing(minutes=5)
        >>> [round(annealing.factor_at(share), 2) for share in (0, 0.5, 1)]
        [1.0, 0.5, 0.01]
    """

    def __init__(self, minutes: float | None = None, warm_up: int = 0):
        super().__init__(minutes)
        check_number("warm_up", warm_up, 0, whole=True)
        self.warm_up = warm_up

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.factor = None

    @staticmethod
    def factor_at(share: float) -> float:
        """The factor of the learning rate when this share of the training is done, in [0, 1]."""
        return max(0.01, 0.5 * (1 + math.cos(math.pi * share)))

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self._follow(0)

    def on_train_batch_begin(self, batch, logs=None):
        if self.warm_up and batch and batch % 10 == 0:
            self._follow(batch)

    def _follow(self, batch):
        """Scales the rate to where the curve is at this batch of the epoch."""
        steps = self.params["steps"] or math.inf
        factor = self.factor_at(self.share_done(self.epoch + batch / steps))
        if self.warm_up:
            factor *= min(1.0, (self.epoch * steps + batch + 10) / self.warm_up)
        # A resumed run begins with the factor that it had, and a later initial epoch at its rate already.
        at_start = 1 if self.warm_up else self.factor_at(self.epoch / self.params["epochs"])
        self._scale(factor / (self.factor or at_start))
        self.factor = factor

    def on_train_end(self, logs=None):
        self._scale(1 / (self.factor or 1))
        RATES.pop(self.model.optimizer, None)

    def _scale(self, factor):
        optimizer = self.model.optimizer
        if not has_schedule(optimizer):
            with user_rate_remembered(optimizer):
                optimizer.learning_rate = rate_of(optimizer) * factor

    def on_train_batch_end(self, batch, logs=None):
        if self.minutes and self.elapsed > 60 * self.minutes:
            self.model.stop_training = True


class PiecewiseLearningRate(keras.callbacks.LearningRateScheduler):
    """A learning rate by steps, one rate until the next begins. The last rate stays when training ends.

    `step_schedule` is its other name. In `fit` it comes after the standard callbacks; then CosineAnnealing
    and ReduceLROnPlateau have no effect.

    Args:
        rates: {first epoch, from 0: rate}.

    Raises:
        ValueError: no rate for epoch 0, epochs that are not whole numbers, or rates not more than 0; in
            `fit`, an optimizer with a `LearningRateSchedule`.

    Example:
        >>> import inpaintkit as ik
        >>> steps = ik.training.step_schedule({0: 1e-3, 8: 1e-4})  # 1e-3 for eight epochs, then 1e-4
        >>> [steps.schedule(epoch, None) for epoch in (0, 7, 8)]
        [0.001, 0.001, 0.0001]
    """

    def __init__(self, rates: dict[int, float]):
        check_stages(rates, "rates")
        if not all(is_number(rate) and rate > 0 for rate in rates.values()):
            raise ValueError(f"rates={rates}: expected more than 0")
        super().__init__(lambda epoch, rate: float(at_epoch(rates, epoch)))

    def on_train_begin(self, logs=None):
        self.rate = None
        if has_schedule(self.model.optimizer):
            raise ValueError(
                "step_schedule, but the optimizer has a learning-rate schedule already: expected one of the "
                "two; leave out this callback, or compile with a number, such as Adam(1e-3)"
            )

    def on_epoch_begin(self, epoch, logs=None):
        with user_rate_remembered(self.model.optimizer):
            super().on_epoch_begin(epoch, logs)
        self.rate = rate_of(self.model.optimizer)

    def on_train_end(self, logs=None):
        if self.rate is not None:  # CosineAnnealing has just scaled back its own
            self.model.optimizer.learning_rate = self.rate
            RATES.pop(self.model.optimizer, None)


step_schedule = PiecewiseLearningRate


class Plateau(keras.callbacks.ReduceLROnPlateau):
    """Keras's ReduceLROnPlateau, which does not change a `LearningRateSchedule`.

    Args:
        monitor: name of the metric that must improve.
        settings: as of Keras's, such as factor, patience and mode.

    Raises:
        ValueError: a monitor that is no text, or settings that are no numbers.

    Example:
        >>> import inpaintkit as ik
        >>> ik.training.Plateau("val_hole_psnr", factor=0.5, mode="max").factor
        0.5
    """

    def __init__(self, monitor: str = "val_loss", **settings):
        check_type("monitor", monitor, str, "the name of a metric")
        for name in settings.keys() & {"factor", "patience", "cooldown", "min_delta", "min_lr"}:
            check_number(name, settings[name], 0)
        super().__init__(monitor, **settings)

    def on_epoch_end(self, epoch, logs=None):
        optimizer = self.model.optimizer
        if not has_schedule(optimizer):
            with user_rate_remembered(optimizer):
                super().on_epoch_end(epoch, logs)
        elif logs is not None:
            logs["learning_rate"] = rate_of(optimizer)
