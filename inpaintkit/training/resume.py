"""A killed run resumes where it was: `Resume`, the first of `ik.training.standard_callbacks`."""

from __future__ import annotations

import json
import math
import random
import shutil
import warnings
from os import PathLike
from pathlib import Path

import keras

from inpaintkit.checks import check_choice, check_type
from inpaintkit.data import Pairs
from inpaintkit.files import hash_file, replacing
from inpaintkit.training.experiment import difference, experiment
from inpaintkit.training.rates import has_schedule, rate_before_training, user_rate_remembered


class Resume(keras.callbacks.Callback):
    """Resumes a killed run after its last complete epoch, when the same code is run again.

    Keras's `BackupAndRestore` saves weights, optimizer (with its rate) and epoch; we also save the state of
    the other callbacks, the seconds spent, `history.csv`, `best.keras`, Python's random state (with which
    `fit` shuffles arrays) and the epoch of the training pairs, so that the holes are those of an
    uninterrupted run. A backup is valid once its `state.json` exists, which is written last and holds the
    hashes of the other files; the backup before is kept, and used where the newest is damaged. A finished
    `fit` deletes its backups, so it starts over when run again. A run without a backup first removes the
    files of an earlier run (`best.keras`, `history.csv`, `tensorboard`).

    A backup holds the fingerprint of its experiment: network, loss, optimizer and learning rate, metrics and
    monitor; of training and validation data the images, masks, batch size, augmentation, shuffle and seed.
    `fit` of an `Inpainter` or `InpaintingGAN` tells this callback its data; of a plain Keras model only
    `train` is known, and not its metrics. More epochs or minutes, or another patience, are the same
    experiment. Not known are the weights that training starts from and the seed of
    `keras.utils.set_random_seed`.

    Args:
        run_dir: the folder of the run; the backup lies in `run_dir/backup`.
        callbacks: those whose state is saved, one per class. In `fit` they come after this one.
        train: None, or the training `Pairs`.
        monitor: None, or the metric that decides which epoch is best, such as "val_hole_psnr".
        on_change: what happens when the backup is of another experiment: "refuse" it with an error, or
            "restart", which starts over and prints what has changed.

    Attributes:
        keep_backup: False; if True, `fit` keeps its last backup at the end, until `remove_backup()`.

    Raises:
        ValueError: another `on_change`; in `fit`, a monitor that will not be in the logs, backups that
            cannot be read, or are of another experiment.
        FileNotFoundError: in `fit`, if the folder of the run is removed during training.

    Warns:
        UserWarning: a monitor that is NaN while the loss is not, such as hole PSNR without a hole.

    Example:
        >>> import inpaintkit as ik
        >>> ik.training.Resume("runs/a", callbacks=[], on_change="restart").folder.as_posix()
        'runs/a/backup'
    """

    FILES = ("best.keras", "history.csv")
    STATE = ("best", "best_epoch", "wait", "cooldown_counter", "factor", "elapsed")

    def __init__(
        self,
        run_dir: str | PathLike,
        callbacks: list[keras.callbacks.Callback],
        train: Pairs | None = None,
        monitor: str | None = None,
        on_change: str = "refuse",
    ):
        super().__init__()
        check_type("callbacks", callbacks, (list, tuple), "a list of callbacks")
        self.on_change = check_choice("on_change", on_change, ("refuse", "restart"))
        self.run_dir, self.folder = Path(run_dir), Path(run_dir) / "backup"
        self.callbacks, self.train, self.monitor = callbacks, train, monitor
        self.fit_settings = None  # `fit` of an Inpainter sets them
        self.keep_backup = False

    def on_train_begin(self, logs=None):
        settings, self.fit_settings = self.fit_settings, None  # of this fit only
        if self.monitor is not None and settings is not None:
            self._check_monitor(settings)
        self.first_epoch, self.callback_states = True, {}
        self.experiment = experiment(self.model, settings or {}, self.train, self.monitor)
        for half in self.run_dir.glob("*.part[0-9]*.*"):  # a kill has left it: see `replacing`
            half.unlink(missing_ok=True)
        self.newest, state = self._newest_backup()
        if self.newest and self._is_of_this_experiment(state):
            self._restore(state)
        else:
            self._start_over()
        self.folder.mkdir(parents=True, exist_ok=True)

    def on_epoch_begin(self, epoch, logs=None):
        if self.train is not None:
            self.train.epoch = epoch
        if not self.first_epoch:
            self._save(epoch)
        self.first_epoch = False
        for callback in self.callbacks:  # now, since they have reset themselves as training began
            for name, value in self.callback_states.pop(type(callback).__name__, {}).items():
                setattr(callback, name, value)
        self.model._initial_epoch = None  # BackupAndRestore sets it, and the next fit would begin there too

    def on_epoch_end(self, epoch, logs=None):
        if not (self.newest or self.folder).exists():  # TensorBoard may have made `run_dir` again, empty
            raise FileNotFoundError(
                f"{self.run_dir}: this folder was removed during training, or its drive is gone. Bring it "
                "back, and run the same again: training continues after the last epoch that is saved there"
            )
        if self.monitor is None:
            return
        if self.monitor not in logs:
            raise ValueError(self._not_measured(sorted(logs)))
        if math.isnan(logs[self.monitor]) and math.isfinite(logs.get("loss", math.nan)):
            warnings.warn(
                f"{self.monitor} is NaN, though the loss is not: expected a number; look whether any "
                "validation image has a hole, and whether training diverged. No such epoch counts as best",
                stacklevel=2,
            )

    def on_train_end(self, logs=None):
        if not self.keep_backup:
            self.remove_backup()

    def _check_monitor(self, settings):
        """Raises ValueError, before the first step, where the monitor is sure not to be in the logs."""
        validates = settings.get("validation_data") is not None or settings.get("validation_split")
        if self.monitor.startswith("val_") and not validates:
            raise ValueError(
                f"fit without validation_data: the callbacks monitor {self.monitor!r}, which is measured on "
                "it; add validation_data=val, such as ik.data.pairs(images, masks, shuffle=False), to fit"
            )
        trackers = [metric.name for metric in self.model.metrics if not hasattr(metric, "metrics")]
        names = dict.fromkeys(["loss", *trackers, *self.model.metric_names])
        metric = self.monitor.removeprefix("val_")
        if metric not in names and not metric.endswith("_loss"):
            raise ValueError(self._not_measured(names))

    def _not_measured(self, names):
        return (
            f"the callbacks monitor {self.monitor!r}, but training reports only {', '.join(names)}: add a "
            'metric of that name to compile, such as weighted_metrics=[ik.metrics.PSNR("hole_psnr")], and '
            "validation_data to fit (without validation_freq), or choose another monitor"
        )

    def _newest_backup(self):
        """The newest backup that is whole, and its state; (None, None) if there is none at all."""
        damaged = []
        for backup in sorted((file.parent for file in self.folder.glob("*/state.json")), reverse=True):
            try:
                state = json.loads((backup / "state.json").read_text("utf-8"))
                for name, expected in state.get("sha256", {}).items():  # older backups have none
                    if hash_file(backup / name) != expected:
                        raise ValueError(f"{name} was cut off or changed")
            except (OSError, ValueError, AttributeError) as error:
                damaged.append((backup, error))
                continue
            for other, fault in damaged:
                print(f"{other}: this backup is damaged ({fault}), and the one before it is used")
            return backup, state
        if damaged:
            raise ValueError(self._unreadable(*damaged[0]))
        return None, None

    def _unreadable(self, backup, error):
        best = self.run_dir / "best.keras"
        kept = f"; the best network until then is {best}: copy it first" if best.exists() else ""
        return (
            f"{backup}: this backup of an unfinished run cannot be read ({str(error).strip()}), so it cannot "
            f"continue: remove {self.folder} to start over, or choose another run_dir{kept}"
        )

    def _is_of_this_experiment(self, state):
        """Whether the backup may be used; if not, an error or a line says why, as on_change has it."""
        before = state.get("experiment")
        if before is None:
            differs = "it was written by an older inpaintkit, whose record of its settings cannot be compared"
        else:
            differs = difference(before, self.experiment)
        if differs and self.on_change == "refuse":
            raise ValueError(
                f"{self.newest}: this backup is of another experiment ({differs}). To start over, remove "
                f"the folder {self.folder}, choose another run_dir, or pass on_change='restart' to "
                "standard_callbacks; to continue it, use the settings of before"
            )
        if differs:
            print(f"{self.run_dir}: the settings have changed ({differs}): training starts over")
        return not differs

    def _start_over(self):
        """Removes what an earlier run has left, so that it cannot be taken for this one's."""
        if not has_schedule(self.model.optimizer):  # a fit that was interrupted has left its last rate
            self.model.optimizer.learning_rate = rate_before_training(self.model.optimizer)
        self.remove_backup()
        for name in self.FILES:
            (self.run_dir / name).unlink(missing_ok=True)
        shutil.rmtree(self.run_dir / "tensorboard", ignore_errors=True)
        for callback in self.callbacks:
            if isinstance(callback, keras.callbacks.ModelCheckpoint):
                # Keras keeps it from one fit to the next; and after a first NaN, it would save no more.
                callback.best = -math.inf if is_better_higher(callback.monitor) else math.inf

    def remove_backup(self):
        """Removes all backups: the same code then starts over."""
        for state in sorted(self.folder.glob("*/state.json")):
            state.unlink()  # first, or a kill during the next line would leave half a backup
        shutil.rmtree(self.folder, ignore_errors=True)
        self.newest = None

    def _save(self, epoch):
        backup = self.folder / f"{epoch:06d}"
        for other in set(self.folder.iterdir()) - {self.newest}:  # first: three need more of the disk
            shutil.rmtree(other)
        try:
            self._write(backup, epoch)
        except BaseException:  # such as a full disk
            shutil.rmtree(backup, ignore_errors=True)
            raise
        self.newest = backup

    def _write(self, backup, epoch):
        self._backup_and_restore(backup).on_epoch_end(epoch - 1)  # makes the folder
        self._copy_files(self.run_dir, backup)
        states = {}
        for callback in self.callbacks:
            known = {name: getattr(callback, name) for name in self.STATE if hasattr(callback, name)}
            states[type(callback).__name__] = known
        state = {
            "callbacks": states,
            "history": self.model.history.history,
            "random": random.getstate(),
            "experiment": self.experiment,
            "sha256": {file.name: hash_file(file) for file in backup.iterdir()},
        }
        with replacing(backup / "state.json") as part:
            part.write_text(json.dumps(state, default=float), "utf-8")

    def _restore(self, state):
        try:
            with warnings.catch_warnings(), user_rate_remembered(self.model.optimizer):
                warnings.simplefilter("error", UserWarning)  # Keras only warns of weights that it left out
                self._read(self.newest, state)
        except (OSError, ValueError, KeyError, UserWarning) as error:
            raise ValueError(self._unreadable(self.newest, error)) from error
        print(f"{self.run_dir}: resuming after epoch {int(self.newest.name)}")

    def _read(self, backup, state):
        self.callback_states = state["callbacks"]
        self.model.history.history.update(state["history"])  # `fit` returns the whole run's
        version, numbers, gauss = state["random"]
        random.setstate((version, tuple(numbers), gauss))
        if (backup / "best.keras").exists():
            self.model.optimizer.build(self.model.trainable_variables)
            self.model.load_weights(backup / "best.keras")
            self.callback_states.setdefault("EarlyStopping", {})["best_weights"] = self.model.get_weights()
        self._backup_and_restore(backup).on_train_begin()
        self._copy_files(backup, self.run_dir)

    def _copy_files(self, source, target):
        for name in self.FILES:
            if (source / name).exists():
                with replacing(target / name) as part:
                    shutil.copy(source / name, part)

    def _backup_and_restore(self, folder):
        callback = keras.callbacks.BackupAndRestore(str(folder))
        callback.set_model(self.model)
        return callback


def is_better_higher(metric):
    """Whether a metric, by its name, is better when it is higher."""
    return "psnr" in metric or "ssim" in metric
