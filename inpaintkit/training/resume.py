"""A run that was killed goes on: `Resume`, the first of `ik.training.standard_callbacks`."""

import json
import math
import random
import shutil
import warnings
from pathlib import Path

import keras

from inpaintkit import fingerprint
from inpaintkit.training.rates import RATES, counts_up, has_schedule, rate_before_training


class Resume(keras.callbacks.Callback):
    """Resumes a killed run after its last complete epoch, when the same code is run again.

    Keras's `BackupAndRestore` keeps weights, optimizer (with its rate) and epoch, and here it still does.
    A run has more state, and all of it must be of one moment: what the other callbacks remember, the seconds
    spent, `history.csv`, `best.keras`, Python's `random` (with which `fit` shuffles the batches), and the
    epoch of the training pairs, whose holes are then those of an unbroken run. Keras also writes in place:
    a kill while it writes leaves half a backup. Here a backup counts once its `state.json` is moved in, and
    the one before stays until then.

    A backup holds the fingerprint of its experiment: network, loss, optimizer and learning rate, metrics and
    monitor; of training and validation data images, masks, batch size, augmentation, shuffle and seed. `fit`
    of an `Inpainter` or `InpaintingGAN` tells this callback its data, as `Pairs` or arrays; of a plain
    Keras model only `train` is known, and of other data sets only their class. More epochs or minutes, or
    another patience, are no other experiment. Not known are the weights that training starts from (to begin
    anew, build the network anew, too), and the seed of `keras.utils.set_random_seed`.

    A fit that ends removes its backup: started again, it begins anew. So does a run without a backup: files
    of an earlier run (`best.keras`, `history.csv`, `tensorboard`) are removed at its beginning.

    Args:
        run_dir: the folder of the run; the backup lies in `run_dir/backup`.
        callbacks: whose memory is kept, one of a class. In `fit` all come after this one, so that it saves
            before they see the new epoch, and reminds them after they have begun.
        train: None, or the training `Pairs`.
        monitor: None, or the metric that decides which epoch is best, such as "val_hole_psnr".
        on_change: what happens when the backup is of another experiment: "refuse" it with an error, or
            "restart", which begins anew and prints what has changed.

    Raises:
        ValueError: another `on_change`; in `fit`, a monitor that will not be in the logs, a backup that
            cannot be read, or is of another experiment.

    Warns:
        UserWarning: a monitor that is NaN while the loss is not, such as hole PSNR without a hole.
    """

    FILES = ("best.keras", "history.csv")
    MEMORY = ("best", "best_epoch", "wait", "cooldown_counter", "factor", "elapsed")

    def __init__(self, run_dir, callbacks, train=None, monitor=None, on_change="refuse"):
        super().__init__()
        if on_change not in ("refuse", "restart"):
            raise ValueError(f"on_change={on_change!r}: expected 'refuse' or 'restart'")
        self.run_dir, self.callbacks, self.train = Path(run_dir), callbacks, train
        self.monitor, self.on_change, self.fit_settings = monitor, on_change, None
        self.folder = self.run_dir / "backup"

    def on_train_begin(self, logs=None):
        settings, self.fit_settings = self.fit_settings, None  # of this fit only
        self._check_monitor(settings)
        self.begun, self.checked, self.memory = False, False, {}
        self.fingerprint = self._fingerprint(settings or {})
        states = sorted(self.folder.glob("*/state.json"))
        if states and not self._is_of_another(states[-1]):
            self._go_on(states[-1].parent)
        else:
            self._begin_anew()

    def on_epoch_begin(self, epoch, logs=None):
        if self.train is not None:
            self.train.epoch = epoch
        if self.begun:
            self._save(epoch)
        self.begun = True
        for callback in self.callbacks:
            for name, value in self.memory.pop(type(callback).__name__, {}).items():
                setattr(callback, name, value)
        self.model._initial_epoch = None  # Keras never does, and the next fit would begin there too

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.monitor is None or self.checked:
            return
        self.checked = True
        if self.monitor not in logs:
            raise ValueError(self._missing(sorted(logs)) + "; and validation_freq=1, if fit is given one")
        if math.isnan(logs[self.monitor]) and math.isfinite(logs.get("loss", math.nan)):
            warnings.warn(
                f"{self.monitor} is NaN, though the loss is not: expected a number; look whether any "
                "validation image has a hole, and whether training diverged. No such epoch counts as best",
                stacklevel=2,
            )

    def on_train_end(self, logs=None):
        self._remove_backup()

    def _check_monitor(self, settings):
        """Raises ValueError, before the first step, where the monitor is sure not to be in the logs."""
        if self.monitor is None or settings is None:  # a plain Keras model: see `on_epoch_end`
            return
        without = settings.get("validation_data") is None and not settings.get("validation_split")
        if self.monitor.startswith("val_") and without:
            raise ValueError(
                f"fit without validation_data: the callbacks monitor {self.monitor!r}, which is measured on "
                "it; add validation_data=val, such as ik.data.pairs(images, masks, shuffle=False), to fit"
            )
        compiled, metric = _compiled(self.model), self.monitor.removeprefix("val_")
        names = [m.name for m in self.model.metrics if not hasattr(m, "metrics")]
        for part in ("metrics", "weighted_metrics"):
            names += _metric_names(compiled.get(part))
        if compiled and metric not in ["loss", *names] and not metric.endswith("_loss"):
            raise ValueError(self._missing(dict.fromkeys(["loss", *names])))

    def _missing(self, names):
        metric = self.monitor.removeprefix("val_")
        line = (
            f'weighted_metrics=[ik.metrics.PSNR("{metric}")]' if "psnr" in metric else f"a metric {metric!r}"
        )
        return (
            f"the callbacks monitor {self.monitor!r}, but training reports only {', '.join(names)}: "
            f"add {line} to compile, and validation_data to fit, or choose another monitor"
        )

    def _fingerprint(self, settings):
        model, compiled, rate = self.model, _compiled(self.model), None
        metrics = ("metrics", "weighted_metrics")
        optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        config = optimizer.get_config()
        if not has_schedule(optimizer):
            config.pop("learning_rate", None)
            rate = f"{rate_before_training(model.optimizer):.4g}"
        parts = {
            "network": fingerprint.network_entry(model),
            "loss": fingerprint.entry(model.loss),
            "optimizer": fingerprint.entry({"class": type(optimizer).__name__, **config}),
            "learning rate": fingerprint.entry(rate, rate or "a schedule"),
            "monitor": fingerprint.entry(self.monitor),
            "loss weights": fingerprint.entry(compiled.get("loss_weights")),
            **{name: fingerprint.entry(_metric_names(compiled.get(name))) for name in metrics},
        }
        x = self.train if settings.get("x") is None else settings["x"]
        train = (x, settings.get("y"), settings.get("sample_weight"), settings.get("batch_size"))
        val = settings.get("validation_data")
        val = val if isinstance(val, (list, tuple)) else (val,)
        for name, data in (("training", train), ("validation", val)):
            entries = fingerprint.data_entries(*data)
            parts |= {f"{name} {setting}": value for setting, value in entries.items()}
        if settings.get("validation_split"):
            parts["validation split"] = fingerprint.entry(settings["validation_split"])
        return parts

    def _is_of_another(self, state):
        """Whether the backup is of another experiment: refused, or said, as on_change has it."""
        try:
            before = json.loads(state.read_text("utf-8")).get("fingerprint")
        except (OSError, ValueError, AttributeError):
            return False  # `_go_on` explains what cannot be read
        if before is None:
            differs = "it was written by an older inpaintkit, which did not record its settings"
        else:
            differs = fingerprint.difference(before, self.fingerprint)
        if not differs:
            return False
        if self.on_change == "restart":
            print(f"{self.run_dir}: the settings have changed ({differs}): training begins anew")
            return True
        raise ValueError(
            f"{state.parent}: this backup is of another experiment ({differs}). To begin anew, remove "
            f"the folder {self.folder}, choose another run_dir, or pass on_change='restart' to "
            "standard_callbacks; to go on with it, use the settings of before"
        )

    def _begin_anew(self):
        """Removes what an earlier run has left, so that it cannot be taken for this one's."""
        if not has_schedule(self.model.optimizer):  # a fit that was interrupted has left its last rate
            self.model.optimizer.learning_rate = rate_before_training(self.model.optimizer)
        self._remove_backup()
        for name in self.FILES:
            (self.run_dir / name).unlink(missing_ok=True)
        shutil.rmtree(self.run_dir / "tensorboard", ignore_errors=True)
        for callback in self.callbacks:
            if isinstance(callback, keras.callbacks.ModelCheckpoint):
                # Keras keeps it from one fit to the next; and after a first NaN, it would save no more.
                callback.best = -math.inf if counts_up(callback.monitor) else math.inf

    def _remove_backup(self):
        for state in self.folder.glob("*/state.json"):
            state.unlink()  # first, or a kill amid the next line would leave half a backup
        shutil.rmtree(self.folder, ignore_errors=True)

    def _go_on(self, backup):
        rate = None if has_schedule(self.model.optimizer) else rate_before_training(self.model.optimizer)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # Keras only warns of weights that it left out
                self._restore(backup)
        except (OSError, ValueError, KeyError, UserWarning) as error:
            raise ValueError(
                f"{backup}: this backup of a run that did not end cannot be read into this network: remove "
                f"{self.folder} to begin anew, or choose another run_dir ({str(error).strip()})"
            ) from error
        if rate is not None:
            RATES[self.model.optimizer] = rate, float(self.model.optimizer.learning_rate)
        print(f"{self.run_dir}: going on after epoch {int(backup.name)}")

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
        state["fingerprint"] = self.fingerprint
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


def _compiled(model):
    """What the model was compiled with, as Keras saves it; {} where it cannot be saved."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a lambda, which Keras saves as its code
            return model.get_compile_config()
    except (TypeError, ValueError, NotImplementedError):
        return {}


def _metric_names(saved):
    """The names of metrics as `compile` took them, and Keras saved them: one, a list, a dict."""
    if saved is None:
        return []
    if isinstance(saved, str):
        return [saved]
    if isinstance(saved, dict) and "class_name" in saved:
        config = saved["config"]
        name = config.get("name") if isinstance(config, dict) else config
        return [str(name).rpartition(">")[2]]  # a registered function is saved as "package>name"
    parts = saved.values() if isinstance(saved, dict) else saved
    return [name for part in parts for name in _metric_names(part)]
