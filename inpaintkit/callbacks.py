"""What watches over `fit`: the budget, the progress line, pictures in TensorBoard, going on after a kill.

`ik.training.standard_callbacks` puts them together, in the order that they need.
"""

import json
import math
import random
import shutil
import sys
import time
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import ops

from inpaintkit.plots import mark


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


class Anneal(_Budget):
    """Lowers the learning rate along half a cosine to 1 % of itself, epoch by epoch; keeps the time limit.

    It scales the present rate, so it works together with ReduceLROnPlateau and with `initial_epoch`, and
    scales it back when training ends, so that a second `fit` starts afresh.

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

    def _scale(self, by):
        optimizer = self.model.optimizer
        optimizer.learning_rate = float(optimizer.learning_rate) * by

    def on_train_batch_end(self, batch, logs=None):
        if self.minutes and self.elapsed > 60 * self.minutes:
            self.model.stop_training = True


class LearningRates(keras.callbacks.LearningRateScheduler):
    """A schedule that has the last word: `Anneal` before it scales its own rate back when training ends."""

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        self.rate = float(self.model.optimizer.learning_rate)

    def on_train_end(self, logs=None):
        self.model.optimizer.learning_rate = self.rate


class Progress(_Budget):
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
            if key in (logs or {}):
                words.append(text.format(float(logs[key])))
        spent, elapsed = self.spent(epochs), self.elapsed
        left = elapsed / spent - elapsed
        words.append(f"at most {int(left // 60)}:{int(left % 60):02d} left")
        line = "  ".join(filter(None, words))
        if self.live:  # over the line before, and never longer than the terminal is wide
            width = shutil.get_terminal_size().columns - 1
            line = f"\r{line[:width]:<{width}}"
        print(line, end=end, flush=True)


class Snapshots(keras.callbacks.Callback):
    """The same few pictures after every epoch, in TensorBoard: marked input, raw output, composite, truth.

    Args:
        tensorboard: the `keras.callbacks.TensorBoard` of the run: the sheet goes to its folder, and through
            the door it opens to TensorFlow, which writes the file under every back end.
        pictures: `Pairs`, whose first batch serves, or a batch ((holed image, mask), image).
        count: at most this many rows.
    """

    def __init__(self, tensorboard, pictures, count=4):
        super().__init__()
        (holed, mask), image = pictures[0] if isinstance(pictures, keras.utils.PyDataset) else pictures
        self.tensorboard = tensorboard
        self.holed, self.mask, self.image = (np.asarray(x[:count], "float32") for x in (holed, mask, image))

    def on_train_begin(self, logs=None):
        # A folder of its own: TensorBoard reads but the newest file of each.
        folder = Path(self.tensorboard.log_dir, "pictures")
        self.writer = self.tensorboard.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch, logs=None):
        output = self.model([self.holed, self.mask], training=False)
        output = ops.convert_to_numpy(output[0] if isinstance(output, (list, tuple)) else output)
        composite = np.where(self.mask > 0, self.image, output)
        columns = [mark(self.holed, self.mask), output, composite, self.image]
        sheet = np.concatenate(np.concatenate(columns, axis=2))  # (rows · H, 4 · W, 3)
        with self.writer.as_default():
            self.tensorboard.summary.image("pictures", np.clip(sheet, 0, 1)[None], step=epoch)
        self.writer.flush()

    def on_train_end(self, logs=None):
        self.writer.close()


class Resume(keras.callbacks.Callback):
    """A killed run, started again by the same code, goes on after its last whole epoch.

    Keras's `BackupAndRestore` keeps weights, optimizer (with its rate) and epoch, and here it still does.
    But a run is more, and all of it must be of one moment: what the other callbacks remember, the seconds
    spent, `history.csv`, `best.keras`, Python's `random` (with which `fit` shuffles the batches), and the
    epoch of the training pairs, whose holes are then those of an unbroken run. Keras also writes in place:
    a kill while it writes leaves half a backup. Here one counts from the moment its `state.json` is moved
    in, and the one before stays until then.

    A fit that ends takes its backup along: started again, it begins anew.

    Args:
        run_dir: the folder of the run; the backup lies in `run_dir/backup`.
        callbacks: whose memory is kept, one of a class. In `fit` all come after this one, so that it saves
            before they see the new epoch, and reminds them after they have begun.
        train: None, or the training `Pairs`.

    Raises:
        ValueError: in `fit`, a backup that cannot be read, or is of another network.
    """

    FILES = ("best.keras", "history.csv")
    MEMORY = ("best", "best_epoch", "wait", "cooldown_counter", "factor", "elapsed")

    def __init__(self, run_dir, callbacks, train=None):
        super().__init__()
        self.run_dir, self.callbacks, self.train = Path(run_dir), callbacks, train
        self.folder = self.run_dir / "backup"

    def on_train_begin(self, logs=None):
        self.begun, self.memory = False, {}
        states = sorted(self.folder.glob("*/state.json"))
        if not states:
            (self.run_dir / "history.csv").unlink(missing_ok=True)  # its rows are of another run
            return
        backup = states[-1].parent
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # Keras but warns of weights that it left out
                self._restore(backup)
        except (OSError, ValueError, KeyError, UserWarning) as error:
            raise ValueError(
                f"{backup}: this backup of a run that did not end cannot be read into this network: remove "
                f"{self.folder} to begin anew, or choose another run_dir ({str(error).strip()})"
            ) from error
        print(f"{self.run_dir}: going on after epoch {int(backup.name)}")

    def on_epoch_begin(self, epoch, logs=None):
        if self.train is not None:
            self.train.epochs_ended = epoch + 1  # with the one that Keras ends before the first
        if self.begun:
            self._save(epoch)
        self.begun = True
        for callback in self.callbacks:
            for name, value in self.memory.pop(type(callback).__name__, {}).items():
                setattr(callback, name, value)
        self.model._initial_epoch = None  # Keras never does, and the next fit would begin there too

    def on_train_end(self, logs=None):
        for state in self.folder.glob("*/state.json"):
            state.unlink()  # first, or a kill amid the next line would leave half a backup
        shutil.rmtree(self.folder, ignore_errors=True)

    def _save(self, epoch):
        backup = self.folder / f"{epoch:06d}"
        self._keras(backup).on_epoch_end(epoch - 1)  # makes the folder
        for file in filter(Path.exists, (self.run_dir / name for name in self.FILES)):
            shutil.copy(file, backup)
        memory = {
            type(callback).__name__: {n: getattr(callback, n) for n in self.MEMORY if hasattr(callback, n)}
            for callback in self.callbacks
        }
        state = {"memory": memory, "history": self.model.history.history, "random": random.getstate()}
        (backup / "state.new").write_text(json.dumps(state, default=float), "utf-8")
        (backup / "state.new").replace(backup / "state.json")
        for other in set(self.folder.iterdir()) - {backup}:
            shutil.rmtree(other)

    def _restore(self, backup):
        state = json.loads((backup / "state.json").read_text("utf-8"))
        self.memory = state["memory"]
        self.model.history.history.update(state["history"])  # `fit` returns the whole run's
        version, numbers, gauss = state["random"]
        random.setstate((version, tuple(numbers), gauss))
        best = backup / "best.keras"
        if best.exists():
            self.model.optimizer.build(self.model.trainable_variables)
            self.model.load_weights(best)
            self.memory.setdefault("EarlyStopping", {})["best_weights"] = self.model.get_weights()
        self._keras(backup).on_train_begin()
        for file in filter(Path.exists, (backup / name for name in self.FILES)):
            shutil.copy(file, self.run_dir)

    def _keras(self, folder):
        keeper = keras.callbacks.BackupAndRestore(str(folder))
        keeper.set_model(self.model)
        return keeper
