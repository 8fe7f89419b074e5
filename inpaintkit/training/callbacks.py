"""What watches over `fit`: the budget, the progress line, images in TensorBoard.

`ik.training.standard_callbacks` puts them together, in the order that they need.
"""

import math
import shutil
import sys
import time
from pathlib import Path

import keras
import numpy as np
from keras import ops

from inpaintkit.plots import mark
from inpaintkit.training.rates import RATES, change_rate, has_schedule, rate_before_training


class _Budget(keras.callbacks.Callback):
    """Knows how much of a run is spent: of its epochs or its minutes, whichever is further along."""

    def __init__(self, minutes=None):
        super().__init__()
        if minutes is not None and not minutes > 0:
            raise ValueError(f"minutes={minutes}: expected more than 0, or None for no limit")
        self.minutes = minutes

    def on_train_begin(self, logs=None):
        self.elapsed = 0.0

    @property
    def elapsed(self):
        """Seconds of training so far; `Resume` adds those before a kill."""
        return time.monotonic() - self.start

    @elapsed.setter
    def elapsed(self, seconds):
        self.start = time.monotonic() - seconds

    def spent(self, epochs):
        """Share of the budget spent, in 0…1, after so many epochs, fractions included."""
        shares = [epochs / self.params["epochs"]]
        if self.minutes:
            shares.append(self.elapsed / (60 * self.minutes))
        return min(1.0, max(shares))


class CosineAnnealing(_Budget):
    """Lowers the learning rate along half a cosine to 1 % of itself, epoch by epoch; keeps the time limit.

    It scales the present rate, so it works together with ReduceLROnPlateau and with `initial_epoch`, and
    scales it back when training ends, so that a second `fit` starts afresh. A `LearningRateSchedule` is left
    as it is; then only the time limit acts.

    Args:
        minutes: None, or the wall time after which training ends, in the middle of an epoch if need be.
    """

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.factor = None

    def on_epoch_begin(self, epoch, logs=None):
        factor = max(0.01, 0.5 * (1 + math.cos(math.pi * self.spent(epoch))))
        self._scale(factor / (self.factor or factor))  # a resumed run begins at the rate it had
        self.factor = factor

    def on_train_end(self, logs=None):
        self._scale(1 / (self.factor or 1))
        RATES.pop(self.model.optimizer, None)

    def _scale(self, by):
        optimizer = self.model.optimizer
        if not has_schedule(optimizer):
            change_rate(optimizer, float(optimizer.learning_rate) * by)

    def on_train_batch_end(self, batch, logs=None):
        if self.minutes and self.elapsed > 60 * self.minutes:
            self.model.stop_training = True


class PiecewiseLearningRate(keras.callbacks.LearningRateScheduler):
    """A schedule that has the last word: `CosineAnnealing` before it scales its own rate back when training ends."""

    def on_train_begin(self, logs=None):
        self.rate = None
        if has_schedule(self.model.optimizer):
            raise ValueError(
                "step_schedule, but the optimizer has a learning-rate schedule already: expected one of the "
                "two; leave out this callback, or compile with a number, such as Adam(1e-3)"
            )

    def on_epoch_begin(self, epoch, logs=None):
        before = rate_before_training(self.model.optimizer)
        super().on_epoch_begin(epoch, logs)
        self.rate = float(self.model.optimizer.learning_rate)
        RATES[self.model.optimizer] = before, self.rate

    def on_train_end(self, logs=None):
        if self.rate is not None:
            self.model.optimizer.learning_rate = self.rate
            RATES.pop(self.model.optimizer, None)


class Plateau(keras.callbacks.ReduceLROnPlateau):
    """Keras's ReduceLROnPlateau, which leaves a `LearningRateSchedule` as it is."""

    def on_epoch_end(self, epoch, logs=None):
        optimizer = self.model.optimizer
        if not has_schedule(optimizer):
            before = rate_before_training(optimizer)
            super().on_epoch_end(epoch, logs)
            RATES[optimizer] = before, float(optimizer.learning_rate)
        elif logs is not None:
            logs["learning_rate"] = float(optimizer.learning_rate)


class FollowEpochs(keras.callbacks.Callback):
    """Tells `Pairs` which epoch begins, so that its masks by epoch follow Keras's own count.

    Args:
        pairs: the training `Pairs`.
    """

    def __init__(self, pairs):
        super().__init__()
        self.pairs = pairs

    def on_epoch_begin(self, epoch, logs=None):
        self.pairs.epoch = epoch


class ProgressLine(_Budget):
    """One line: epoch, step, loss, hole PSNR and time left. Live on a terminal, a line an epoch in a log.

    Args:
        minutes: the time limit, if there is one, for the time left.
    """

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.live = sys.stdout.isatty()
        self.shown = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params["steps"]
        if self.live and steps and time.monotonic() - self.shown > 0.2:
            self.shown = time.monotonic()
            self._show(f"step {batch + 1:>4}/{steps}", logs, self.epoch + (batch + 1) / steps, end="")

    def on_epoch_end(self, epoch, logs=None):
        self._show("", logs, epoch + 1, end="\n")

    def _show(self, step, logs, epochs, end):
        words = [f"epoch {self.epoch + 1:>3}/{self.params['epochs']}", step]
        for key, text in (
            ("loss", "loss {:.4f}"),
            ("hole_psnr", "hole {:.2f} dB"),
            ("val_hole_psnr", "validation {:.2f} dB"),
        ):
            if key in (logs or {}) and not (
                key != "loss" and math.isnan(logs[key])
            ):  # NaN: no hole to measure
                words.append(text.format(float(logs[key])))
        spent, elapsed = self.spent(epochs), self.elapsed
        left = elapsed / spent - elapsed
        words.append(f"at most {int(left // 60)}:{int(left % 60):02d} left")
        line = "  ".join(filter(None, words))
        if self.live:  # over the line before, and never longer than the terminal is wide
            width = shutil.get_terminal_size().columns - 1
            line = f"\r{line[:width]:<{width}}"
        print(line, end=end, flush=True)


class ImageLogger(keras.callbacks.Callback):
    """The same few images after every epoch, in TensorBoard: marked input, raw output, composite, truth.

    Args:
        tensorboard: the `keras.callbacks.TensorBoard` of the run: the sheet goes to its folder, and through
            the door it opens to TensorFlow, which writes the file under every back end.
        images: `Pairs`, whose first batch serves, or a batch ((holed image, mask), image).
        count: at most this many rows.
    """

    def __init__(self, tensorboard, images, count=4):
        super().__init__()
        (holed, mask), image = images[0] if isinstance(images, keras.utils.PyDataset) else images
        self.tensorboard = tensorboard
        self.holed, self.mask, self.image = (np.asarray(x[:count], "float32") for x in (holed, mask, image))

    def on_train_begin(self, logs=None):
        # A folder of its own: TensorBoard reads but the newest file of each.
        folder = Path(self.tensorboard.log_dir, "images")
        self.writer = self.tensorboard.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch, logs=None):
        output = self.model([self.holed, self.mask], training=False)
        output = ops.convert_to_numpy(output[0] if isinstance(output, (list, tuple)) else output)
        composite = np.where(self.mask > 0, self.image, output)
        columns = [mark(self.holed, self.mask), output, composite, self.image]
        sheet = np.concatenate(np.concatenate(columns, axis=2))  # (rows · H, 4 · W, 3)
        with self.writer.as_default():
            self.tensorboard.summary.image("images", np.clip(sheet, 0, 1)[None], step=epoch)
        self.writer.flush()

    def on_train_end(self, logs=None):
        self.writer.close()
