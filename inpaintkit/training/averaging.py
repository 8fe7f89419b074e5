"""Averaged weights: validation, the best model and the end of a training see the mean over many steps."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops


class AveragedWeights(keras.callbacks.Callback):
    """Shows the averaged weights to validation, checkpoints and the end of `fit`, but trains its own.

    The weights vary from step to step; their moving average is better, above all while the learning rate is
    high. The optimizer keeps it when it is made with `use_ema=True, ema_momentum=0.995`. In `fit` this
    callback comes before the standard callbacks. So `best.keras` holds the average, and a backup both.

    Keras's own `SwapEMAWeights` exchanges the two, and restores the average only when the last of all epochs
    ends: after a time limit or EarlyStopping the model would keep the weights of its last step.

    Raises:
        ValueError: in `fit`, an optimizer without `use_ema`.

    Source: Polyak and Juditsky 1992.

    Example:
        >>> import keras
        >>> import inpaintkit as ik
        >>> model = ik.Inpainter(ik.models.pconv_unet(filters=(4, 8)))
        >>> model.compile(keras.optimizers.Adam(use_ema=True, ema_momentum=0.995), "mae")
        >>> callbacks = [ik.training.AveragedWeights(), *ik.training.standard_callbacks("runs/averaged")]
    """

    def on_train_begin(self, logs=None):
        self.own = None  # the weights of the last step, while the model holds the average
        if not getattr(self._optimizer(), "use_ema", False):
            example = "Adam(1e-3, use_ema=True, ema_momentum=0.995)"
            raise ValueError(f"AveragedWeights: expected an optimizer that averages, such as {example}")

    def on_epoch_begin(self, epoch, logs=None):
        if self.own is not None:
            _assign(self.model.trainable_variables, self.own)
            self.own = None

    def on_test_begin(self, logs=None):
        self._show_average()

    def on_epoch_end(self, epoch, logs=None):
        self._show_average()

    def _show_average(self):
        if self.own is None:
            variables = self.model.trainable_variables
            self.own = _copies(variables)
            self._optimizer().finalize_variable_values(variables)  # Keras's name for: assign the average
            # Under JAX both would now share their memory, which `evaluate` gives away.
            _assign(variables, _copies(variables))

    def on_train_end(self, logs=None):
        _assign(self.model.trainable_variables, _copies(self.model.trainable_variables))

    def _optimizer(self):
        return getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)


def _copies(variables):
    return [np.array(ops.convert_to_numpy(variable)) for variable in variables]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
