"""Callbacks that show the progress of `fit`: a line, images in TensorBoard; and count epochs and minutes."""

from __future__ import annotations

import math
import shutil
import sys
import time
from os import PathLike
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import ops

from inpaintkit.data import Pairs
from inpaintkit.files import replacing
from inpaintkit.images import composite, final_output
from inpaintkit.plots import mark

SHOWN = (("loss", "loss {:.4f}"), ("hole_psnr", "hole {:.2f} dB"), ("val_hole_psnr", "validation {:.2f} dB"))


class Budget(keras.callbacks.Callback):
    """Knows which share of a training is done: of its epochs or its minutes, whichever is larger."""

    def __init__(self, minutes: float | None = None):
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

    def share_done(self, epochs):
        """The share in [0, 1] after so many epochs, fractions included."""
        shares = [epochs / self.params["epochs"]]
        if self.minutes:
            shares.append(self.elapsed / (60 * self.minutes))
        return min(1.0, max(shares))


class FollowEpochs(keras.callbacks.Callback):
    """Tells `Pairs` which epoch begins, so that its masks by epoch follow Keras's own count.

    `fit` of an `Inpainter` or `InpaintingGAN` adds it; a plain Keras model needs it in its callbacks.

    Args:
        pairs: the training `Pairs`.

    Example:
        >>> import inpaintkit as ik
        >>> images = ik.data.images("photos", "val", 16, count=4)
        >>> pairs = ik.data.pairs(images, ik.masks.Lines(thickness=2), batch_size=4)
        >>> ik.training.FollowEpochs(pairs).on_epoch_begin(7)
        >>> pairs.epoch
        7
    """

    def __init__(self, pairs: Pairs):
        super().__init__()
        self.pairs = pairs

    def on_epoch_begin(self, epoch, logs=None):
        self.pairs.epoch = epoch


class HistoryFile(keras.callbacks.Callback):
    """A CSV file with the values of every epoch, which is whole at any moment; it continues one that exists.

    Keras's CSVLogger keeps its file open: if the disk is full, or the folder is gone for a moment, lines are
    missing.
    """

    def __init__(self, path: str | PathLike):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs=None):
        self.rows = []
        if self.path.exists():
            self.rows = pd.read_csv(self.path, dtype=str, keep_default_na=False).to_dict("records")

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({"epoch": epoch, **(logs or {})})
        with replacing(self.path) as part:
            pd.DataFrame(self.rows).to_csv(part, index=False)


class ModelCheckpoint(keras.callbacks.ModelCheckpoint):
    """Keras's ModelCheckpoint, but a kill while it writes leaves the file of before."""

    def on_epoch_end(self, epoch, logs=None):
        path = self.filepath
        try:
            with replacing(path, optional=True) as part:  # Keras writes if the epoch is the best
                self.filepath = str(part)
                super().on_epoch_end(epoch, logs)
        finally:
            self.filepath = path


class ProgressLine(Budget):
    """One line: epoch, step, loss, hole PSNR and time left. Live on a terminal; in a log, one line per epoch.

    Args:
        minutes: the time limit, if there is one, for the time left.

    Raises:
        ValueError: minutes that are not more than 0.

    Example:
        >>> import inpaintkit as ik
        >>> line = ik.training.ProgressLine()
        >>> line.set_params({"epochs": 20, "steps": 50})
        >>> line.on_train_begin()
        >>> line.on_epoch_begin(0)
        >>> line.on_epoch_end(0, {"loss": 0.25, "val_hole_psnr": 21.4})
        epoch   1/20  loss 0.2500  validation 21.40 dB  at most 0:00 left
    """

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.live = sys.stdout.isatty()
        self.shown = 0.0

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params["steps"]
        if self.live and steps and time.monotonic() - self.shown > 0.2:
            self.shown = time.monotonic()
            self._show(f"step {batch + 1:>4}/{steps}", logs, self.epoch + (batch + 1) / steps, end="")

    def on_epoch_end(self, epoch, logs=None):
        self._show("", logs, epoch + 1, end="\n")

    def _show(self, step, logs, epochs, end):
        words = [f"epoch {self.epoch + 1:>3}/{self.params['epochs']}", step]
        for name, text in SHOWN:
            value = float((logs or {}).get(name, math.nan))
            if name == "loss" or not math.isnan(value):  # a PSNR of NaN: there was no hole to measure
                words.append(text.format(value))
        elapsed = self.elapsed
        left = elapsed / self.share_done(epochs) - elapsed
        words.append(f"at most {int(left // 60)}:{int(left % 60):02d} left")
        line = "  ".join(word for word in words if word)
        if self.live:  # over the line before, and never longer than the terminal is wide
            width = shutil.get_terminal_size().columns - 1
            line = f"\r{line[:width]:<{width}}"
        print(line, end=end, flush=True)


class ImageLogger(keras.callbacks.Callback):
    """The same few images after every epoch, in TensorBoard: marked input, raw output, composite, truth.

    Args:
        tensorboard: the `keras.callbacks.TensorBoard` of the run. The images go to its folder and are written
            with its summary writer, which needs TensorFlow under every back end.
        images: `Pairs`, of which the first batch is used, or a batch ((masked image, mask), image).
        count: at most this many rows.

    Example:
        >>> import keras
        >>> import inpaintkit as ik
        >>> images = ik.data.images("photos", "val", 16, count=4)
        >>> pairs = ik.data.pairs(images, ik.masks.Lines(thickness=2), shuffle=False)
        >>> ik.training.ImageLogger(keras.callbacks.TensorBoard("runs"), pairs, count=2).image.shape
        (2, 16, 16, 3)
    """

    def __init__(self, tensorboard: keras.callbacks.TensorBoard, images: Pairs | tuple, count: int = 4):
        super().__init__()
        (masked, mask), image = images[0] if isinstance(images, keras.utils.PyDataset) else images
        self.tensorboard = tensorboard
        self.masked, self.mask, self.image = (np.asarray(x[:count], "float32") for x in (masked, mask, image))

    def on_train_begin(self, logs=None):
        # A folder of its own: TensorBoard reads only the newest event file per folder.
        folder = Path(self.tensorboard.log_dir, "images")
        self.writer = self.tensorboard.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch, logs=None):
        output = final_output(self.model([self.masked, self.mask], training=False))
        output = ops.convert_to_numpy(output)  # (B, H, W, 3)
        filled = composite(output, self.image, self.mask)
        columns = [mark(self.masked, self.mask), output, filled, self.image]
        sheet = np.concatenate(np.concatenate(columns, axis=2))  # (B · H, 4 · W, 3)
        with self.writer.as_default():
            self.tensorboard.summary.image("images", np.clip(sheet, 0, 1)[None], step=epoch)
        self.writer.flush()

    def on_train_end(self, logs=None):
        self.writer.close()
