"""Trainings that are killed or interrupted, for the tests of this folder."""

import keras
import pytest
from in_the_middle import InTheMiddle, kill
from small_training import fit_small, small_model, small_pairs

from inpaintkit import metrics, training


def train_in(run_dir, kill_in=None, epochs=8, **options):
    """The code that is run again: nothing in it knows whether it was killed before."""
    keras.utils.set_random_seed(3)
    model, train = small_model(), small_pairs()
    callbacks = training.standard_callbacks(run_dir, patience=3, train=train, **options)
    callbacks += [] if kill_in is None else [InTheMiddle(kill_in, kill)]
    return model, fit_small(model, train, epochs=epochs, callbacks=callbacks).history, callbacks


def resume_in(run_dir, model=None, train=None, val=None, epochs=4, **options):
    """`fit` in a folder that may hold a backup, with settings that may have changed."""
    return fit_small(model, train, val, epochs, training.standard_callbacks(run_dir, **options))


def interrupt_in(run_dir, epoch, model=None, epochs=4):
    """A `fit` that Ctrl-C ends at the beginning of an epoch."""
    callbacks = [*training.standard_callbacks(run_dir), Interrupt(epoch)]
    with pytest.raises(KeyboardInterrupt):
        fit_small(model, epochs=epochs, callbacks=callbacks)


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C at the beginning of an epoch: what a kill leaves, without a process."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def learn_backwards(y_true, y_pred):
    """A loss that makes the model worse."""
    return -100 * metrics.mae(y_true, y_pred)  # more than the momentum of before the stop
