"""Learning rates that callbacks change, and the ones that the user chose."""

import weakref

import keras

RATES = weakref.WeakKeyDictionary()  # optimizer: its rate before training, and the one last given to it


def counts_up(metric):
    """Whether a metric, by its name, is better when it is higher."""
    return "psnr" in metric or "ssim" in metric


def has_schedule(optimizer):
    """Whether the optimizer's learning rate is a schedule or a function, which callbacks cannot change."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of a LossScaleOptimizer
    return not isinstance(getattr(optimizer, "_learning_rate", None), keras.Variable)


def rate_before_training(optimizer):
    """The learning rate that the user chose, also after callbacks have changed it."""
    rate = float(optimizer.learning_rate)
    before, given = RATES.get(optimizer, (rate, rate))
    return before if given == rate else rate


def change_rate(optimizer, rate):
    """Sets the learning rate, and remembers the one that the user chose."""
    before = rate_before_training(optimizer)
    optimizer.learning_rate = rate
    RATES[optimizer] = before, float(optimizer.learning_rate)
