"""Teaching a network: `fit` as every Keras user knows it, with the mask where the loss needs it.

    network = ik.models.unet(prefill=True)
    teacher = ik.Inpainter(network.inputs, network.output)
    teacher.compile("adam", ik.losses.HoleValidLoss(), weighted_metrics=[ik.metrics.PSNR("hole_psnr")])
    teacher.fit(train, validation_data=val, epochs=20, callbacks=ik.training.standard_callbacks("runs/a"))

Two rules decide who sees the mask, both in `Inpainter`: a `MaskLoss` gets it as the fourth channel of
its target, and `weighted_metrics` get the hole as their sample weight. All else is plain Keras.
"""

import importlib.util
import math
import shutil
import sys
import time
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import ops

from inpaintkit import layers  # noqa: F401 (with this module, all that a saved network names is known)
from inpaintkit.losses import MaskLoss
from inpaintkit.metrics import package


@package
class Inpainter(keras.Model):
    """A functional model over `[image, mask]` that trains with losses and metrics that know the hole.

    Made from a network's ends, `Inpainter(network.inputs, network.output)`, it shares the network's
    weights. `metrics` measure the whole raw output; `weighted_metrics` (`PSNR`, `SSIM`, `MAE`, or Keras's
    own) measure the hole alone; a sample weight given to `fit` weighs the loss, not these. Saved and
    loaded, it comes back compiled.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if isinstance(self.loss, MaskLoss):
            _, mask = x
            y = ops.concatenate([y, ops.cast(mask, y.dtype)], axis=-1)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        _, mask = x
        return super().compute_metrics(x, y, y_pred, sample_weight=1 - mask[..., 0])


def standard_callbacks(run_dir, monitor="val_hole_psnr", patience=10, minutes=None):
    """What a careful training run needs, in the order it should happen.

    EarlyStopping (best weights restored), ReduceLROnPlateau (halved after a third of that patience),
    Anneal (the rate falls to 1 % by the end of epochs or minutes), the best model as
    `run_dir/best.keras`, `history.csv`, TensorBoard where it is installed, an end at NaN, and a progress
    line.

    Args:
        run_dir: folder for all files; made when missing.
        monitor: what must improve; a name that holds "psnr" or "ssim" counts upwards, any other down.
        patience: epochs without improvement before the end.
        minutes: None, or the most wall time to train for.

    Returns:
        list of `keras.callbacks.Callback`.

    Raises:
        ValueError: minutes that are not more than 0.
    """
    run_dir = Path(run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    best = {"monitor": monitor, "mode": "max" if "psnr" in monitor or "ssim" in monitor else "min"}
    callbacks = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True, **best),
        keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=max(1, patience // 3), **best),
        Anneal(minutes),
        keras.callbacks.ModelCheckpoint(run_dir / "best.keras", save_best_only=True, **best),
        keras.callbacks.CSVLogger(run_dir / "history.csv"),
    ]
    # Keras writes TensorBoard's files through TensorFlow, under every back end.
    if importlib.util.find_spec("tensorflow") and importlib.util.find_spec("tensorboard"):
        callbacks.append(keras.callbacks.TensorBoard(run_dir / "tensorboard", write_graph=False))
    return callbacks + [Progress(minutes)]


def find_learning_rate(model, pairs, low=1e-6, high=1.0, steps=100):
    """The learning-rate range test: trains with a rate that grows each step until the loss explodes.

    Args:
        model: compiled. Its weights and its optimizer come back as they were.
        pairs: batches by index, such as `ik.data.pairs(…)`.
        low, high: first and last rate; between them they grow evenly in the logarithm.
        steps: batches.

    Returns:
        dict: "rates" and "losses", arrays (n,), n ≤ steps, the losses smoothed over about ten steps; and
        "suggestion", a tenth of the rate with the lowest loss.

    Raises:
        ValueError: not 0 < low < high, fewer than 10 steps, or a loss that is never finite.

    Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks".
    """
    if not 0 < low < high or steps < 10:
        raise ValueError(
            f"low={low}, high={high}, steps={steps}: expected 0 < low < high and at least 10 steps"
        )
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [ops.convert_to_numpy(variable) for variable in variables]
    rates, losses, smooth = np.geomspace(low, high, steps), [], None
    for i, rate in enumerate(rates):
        model.optimizer.learning_rate = rate
        loss = _train_on_batch(model, pairs[i % len(pairs)])
        smooth = loss if smooth is None else 0.9 * smooth + 0.1 * loss
        if not np.isfinite(smooth) or (losses and smooth > 4 * min(losses)):
            break
        losses.append(smooth)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)
    if not losses:
        raise ValueError(
            f"the loss is {loss} at the first step: look at the data and the loss before the rate"
        )
    rates = rates[: len(losses)]
    return {"rates": rates, "losses": np.array(losses), "suggestion": float(rates[np.argmin(losses)] / 10)}


def overfit_one_batch(model, batch, steps=300):
    """Trains on one batch again and again: a network that cannot learn that by heart is broken.

    Args:
        model: compiled; its weights change.
        batch: ((holed image, mask), image), such as `ik.data.pairs(…)[0]`.
        steps: training steps.

    Returns:
        array (steps,): the loss of each step.

    Warns:
        UserWarning: when the loss does not fall to a tenth of the first.
    """
    losses = np.array([_train_on_batch(model, batch) for _ in range(steps)])
    if not losses[-1] <= losses[0] / 10:
        warnings.warn(
            f"overfitting one batch took the loss from {losses[0]:.4g} to {losses[-1]:.4g} in {steps} steps, "
            "not to a tenth: try more steps or another learning rate; if that does not help, look for a "
            "fault in the network or the loss",
            stacklevel=2,
        )
    return losses


def _train_on_batch(model, batch):
    """The loss of this one step; Keras would report the mean of all since the last reset."""
    model.reset_metrics()
    return float(model.train_on_batch(*batch, return_dict=True)["loss"])


class _Budget(keras.callbacks.Callback):
    """Knows how much of a run is spent: of its epochs or its minutes, whichever is further along."""

    def __init__(self, minutes=None):
        super().__init__()
        if minutes is not None and not minutes > 0:
            raise ValueError(f"minutes={minutes}: expected more than 0, or None for no limit")
        self.minutes = minutes

    def on_train_begin(self, logs=None):
        self.start = time.monotonic()

    def spent(self, epochs):
        """Share of the budget spent, in 0…1, after so many epochs, fractions included."""
        shares = [epochs / self.params["epochs"]]
        if self.minutes:
            shares.append((time.monotonic() - self.start) / (60 * self.minutes))
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
        if self.minutes and time.monotonic() - self.start > 60 * self.minutes:
            self.model.stop_training = True


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
        spent, elapsed = self.spent(epochs), time.monotonic() - self.start
        left = elapsed / spent - elapsed
        words.append(f"at most {int(left // 60)}:{int(left % 60):02d} left")
        line = "  ".join(filter(None, words))
        if self.live:  # over the line before, and never longer than the terminal is wide
            width = shutil.get_terminal_size().columns - 1
            line = f"\r{line[:width]:<{width}}"
        print(line, end=end, flush=True)
