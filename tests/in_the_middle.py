"""A callback that does something in the middle of a training, such as to end its process."""

import os
import signal

import keras


class InTheMiddle(keras.callbacks.Callback):
    """Calls a function after the second batch of an epoch."""

    def __init__(self, epoch, action):
        super().__init__()
        self.epoch, self.action = epoch, action

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            self.action()


def kill():
    """SIGKILL, which no process can handle."""
    os.kill(os.getpid(), signal.SIGKILL)
