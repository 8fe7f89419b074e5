"""A search that may be cut off anywhere: Keras Tuner chooses, and nothing is trained twice.

Keras Tuner 1.4.8 does not come back well from a kill: its GridSearch ends in a `KeyError` (issue #1055), its
files are written in place, and the trial that was cut off may be lost. So its own memory is thrown away, and
a search that goes on is a search begun anew: the oracles are deterministic, they propose the same
configurations in the same order, and a run that is in the folder (see `runs.py`) answers at once. Every run
is seeded by itself, hence the table of a search that was cut off equals that of one that was not.

Where we differ from Keras Tuner: no checkpoints are kept, so a configuration that Hyperband promotes is
trained from the start; and a trial whose runs fail in part is judged by the others.
"""

import dataclasses
import json
import math
import shutil
import statistics
import tempfile
import time
from functools import cached_property
from pathlib import Path

import keras
import keras_tuner as kt

import inpaintkit as ik
from tuning import cluster, runs, spaces, tensorboard_files

OBJECTIVES = {"val_hole_psnr": "max", "val_loss": "min"}
EXPLODED = 1e4  # a weight beyond this; trained ones are of the order of 1
ORACLES = {
    "grid": kt.oracles.GridSearchOracle,
    "random": kt.oracles.RandomSearchOracle,
    "bayesian": kt.oracles.BayesianOptimizationOracle,
    "hyperband": kt.oracles.HyperbandOracle,
}


@dataclasses.dataclass(frozen=True)
class Search:
    """What is searched, and how each configuration is trained.

    Attributes:
        model: one of `spaces.NETWORKS`.
        dataset: any source of `ik.data.images`: "photos", "cifar10", a folder, …
        algorithm: "grid", "random", "bayesian" or "hyperband".
        objective: "val_hole_psnr", in dB, the highest counts; or "val_loss", the lowest.
        space: {hyperparameter: list of values} in place of those in `spaces.py`; one value alone is fixed.
        image_size: pixels a side.
        masks: as in `ik.masks.parse`.
        count: at most so many images for training, and so many for validation.
        epochs: the most of a run; patience: epochs without improvement before it ends.
        batch_size: images a step.
        seed: of the algorithm and of the first run of a configuration; the next has seed + 1.

    Raises:
        ValueError: whatever of this is unknown or cannot be had.
    """

    model: str
    dataset: str = "photos"
    algorithm: str = "grid"
    objective: str = "val_hole_psnr"
    space: dict = dataclasses.field(default_factory=dict)
    image_size: int = 64
    masks: str = "Lines(hole_ratio=(0.1, 0.3))"
    count: int | None = None
    epochs: int = 20
    patience: int = 5
    batch_size: int = 16
    seed: int = 0

    def __post_init__(self):
        for field, known in {"algorithm": ORACLES, "objective": OBJECTIVES}.items():
            if getattr(self, field) not in known:
                raise ValueError(f"{field} {getattr(self, field)!r}: expected one of {', '.join(known)}")
        if self.objective == "val_loss" and "loss" in self.varied:
            raise ValueError("objective val_loss cannot compare losses: fix one, or choose val_hole_psnr")
        self._data  # noqa: B018 (images that are not there show now)

    @cached_property
    def hyperparameters(self):
        """The space as `kt.HyperParameters`."""
        return spaces.declare(self.model, self.space)

    @property
    def varied(self):
        """{hyperparameter: its values, or (low, high)}, of those that are not fixed."""
        return {name: domain for name, domain in self._domains.items() if len(domain) > 1}

    @property
    def _domains(self):
        return {
            hp.name: (hp.min_value, hp.max_value) if hasattr(hp, "min_value") else list(hp.values)
            for hp in self.hyperparameters.space
        }

    @cached_property
    def _data(self):
        kind = ik.masks.parse(self.masks)
        sets = [ik.data.images(self.dataset, s, self.image_size, count=self.count) for s in ("train", "val")]
        return *sets, kind

    def run(self, folder, executions=1, trials=None):
        """Searches, or goes on where the same search was cut off.

        Args:
            folder: of this search alone.
            executions: runs of every configuration, a seed each; more of them may be asked for later.
            trials: the most configurations; None for all of a grid, or 20 of a random or bayesian search.

        Returns:
            DataFrame, see `runs.table`; written to `folder/table.csv` and `table.md`, too. A worker, whose
            chief reports, returns None.

        Raises:
            ValueError: a folder of another search. OSError: a folder that cannot be written, a full disk.
            RuntimeError: all runs failed.
        """
        folder, seeds = Path(folder), list(range(self.seed, self.seed + executions))
        if executions < 1 or (trials is not None and trials < 1):
            raise ValueError(f"executions={executions}, trials={trials}: expected at least 1")
        if not cluster.is_worker():
            self.claim(folder)
            for half in folder.glob(".new-*"):  # of a run whose writing was cut off
                shutil.rmtree(half)
            space = self.varied | ({"epochs": (1, self.epochs)} if self.algorithm == "hyperband" else {})
            if tensorboard_files.AVAILABLE:
                runs.write(
                    folder / tensorboard_files.FILE, tensorboard_files.experiment(space, seeds, time.time())
                )
            if there := len(runs.load(folder)):
                print(f"{folder}: {there} runs are there; going on")
        with tempfile.TemporaryDirectory() as scratch:
            try:
                _Tuner(self, folder, seeds, trials, scratch).search()
            except kt.errors.FatalError as error:
                raise error.__cause__ or error from None
        return None if cluster.is_worker() else self._report(folder)

    def claim(self, folder):
        """Makes the folder this search's own, unless it is another's: a ValueError."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        fields |= {"space": self._domains, "backend": keras.backend.backend()}
        mine, file = json.loads(json.dumps(fields)), folder / "search.json"
        if file.exists():
            theirs = json.loads(file.read_text("utf-8"))["settings"]
            other = [f"{k} {theirs.get(k)!r}, not {v!r}" for k, v in mine.items() if theirs.get(k) != v]
            if other:
                raise ValueError(f"{folder} holds another search ({'; '.join(other)}): choose another folder")
        elif folder.exists() and any(folder.iterdir()):
            raise ValueError(f"{folder} holds other files: choose another folder")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            made = {"inpaintkit": ik.__version__, "keras": keras.__version__, "keras_tuner": kt.__version__}
            runs.write(file, json.dumps({"settings": mine, "versions": made}, indent=1) + "\n")

    def _report(self, folder):
        done = runs.load(folder)
        table = runs.table(done, self.objective)
        runs.write(folder / "table.csv", table.to_csv(index=False))
        runs.write(folder / "table.md", runs.markdown(table) + "\n")
        if all(run["failed"] for run in done):
            raise RuntimeError(f"all {len(done)} runs failed; the first: {done[0]['failed']}")
        return table

    def train(self, hp, seed, epochs):
        """One run: its history {metric: values an epoch}, and None or the error that ended it."""
        keras.utils.clear_session()
        keras.utils.set_random_seed(seed)
        train, val, kind = self._data
        mode = OBJECTIVES[self.objective]
        callbacks = [
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.EarlyStopping(self.objective, patience=self.patience, mode=mode),
            history := keras.callbacks.History(),
        ]
        pairs = {
            "x": ik.data.pairs(train, kind, self.batch_size, seed=seed),
            "validation_data": ik.data.pairs(val, kind, self.batch_size, shuffle=False),
        }
        error = None
        try:
            network = spaces.build(self.model, hp, (self.image_size, self.image_size, 3))
            network.fit(**pairs, epochs=epochs, verbose=0, callbacks=callbacks)
            largest = max(float(keras.ops.max(keras.ops.abs(w))) for w in network.trainable_weights)
            if not largest < EXPLODED:  # where outputs are bounded, losses stay finite
                error = f"diverged: a weight of {largest:.2g}"
        except OSError:
            raise  # a disk, not a configuration
        except Exception as problem:  # whatever one configuration does, the others go on
            error = f"{type(problem).__name__}: {(str(problem).strip().splitlines() or [''])[0]}"
        return {key: [float(value) for value in of] for key, of in history.history.items()}, error


class _Tuner(kt.Tuner):
    """Keras Tuner's search, in which a trial is a configuration's runs with all seeds."""

    def __init__(self, search, folder, seeds, trials, scratch):
        self.job, self.folder, self.seeds = search, folder, seeds
        limit = {
            "grid": {"max_trials": trials},
            "hyperband": {"max_epochs": search.epochs},
        }.get(search.algorithm, {"max_trials": trials or 20})
        oracle = ORACLES[search.algorithm](
            kt.Objective(search.objective, OBJECTIVES[search.objective]),
            hyperparameters=search.hyperparameters.copy(),  # the oracle adds its own
            seed=search.seed + 1,  # Keras Tuner takes 0 for none, and draws one
            max_consecutive_failed_trials=None,
            **limit,
        )
        super().__init__(oracle, directory=scratch, overwrite=True)
        oracle.verbose = 0
        oracle.save = oracle._save_trial = lambda *_: None  # nothing reads its files
        self.total = limit.get("max_trials")
        if search.algorithm == "grid":
            grid = math.prod(len({hp.default, *hp.values}) for hp in search.hyperparameters.space)
            self.total = min(grid, trials or grid)
        self.start, self.found = time.monotonic(), len(runs.load(folder))

    def save(self):
        """Keeps nothing, like the oracle: `runs.py` does."""

    def pre_create_trial(self):
        time.sleep(0.05)  # a worker that has to wait asks again and again

    def run_trial(self, trial):
        values = {name: trial.hyperparameters.values[name] for name in self.job.varied}
        if "tuner/epochs" in trial.hyperparameters.values:  # Hyperband's
            values["epochs"] = trial.hyperparameters.values["tuner/epochs"]
        try:
            self.job.claim(self.folder)  # a worker's command may not be its chief's
            done = [self._run(trial, values, seed) for seed in self.seeds]
        except Exception as error:  # a full disk, a fault of ours: Keras Tuner would count a failed trial
            raise kt.errors.FatalError(str(error)) from error
        objective = self.job.objective
        scores = [run["best"][objective] for run in done if run["best"]]
        self.failed = None if scores else done[0]["failed"]
        worst = -math.inf if OBJECTIVES[objective] == "max" else math.inf
        return {objective: statistics.fmean(scores) if scores else worst}

    def on_trial_end(self, trial):
        if self.failed:  # as `FailedTrialError` would, without its traceback on the screen
            trial.status, trial.message = "FAILED", self.failed
        super().on_trial_end(trial)

    def _run(self, trial, values, seed):
        name = runs.name(values, seed)
        if there := runs.load(self.folder, name):
            return there[0]
        started = time.time()
        history, error = self.job.train(trial.hyperparameters, seed, values.get("epochs", self.job.epochs))
        run = {"name": name, "values": values, "seed": seed, "started": started}
        run |= {"seconds": time.time() - started, "history": history}
        run |= runs.outcome(history, self.job.objective, error)
        runs.save(self.folder, run)
        self._show(int(trial.trial_id) + 1, run)
        return run

    def _show(self, number, run):
        """One line: trial k of n, what the run gave, the best configuration so far, time left."""
        objective, done = self.job.objective, runs.load(self.folder)
        got = f"FAILED, {run['failed']}"
        if run["best"]:
            got = f"{objective} {run['best'][objective]:.4g} in epoch {run['best_epoch']}"
        best = runs.table(done, objective)[objective][0]
        words = [self.tuner_id] if cluster.is_worker() else []
        words += [f"trial {number} of {self.total or '?'}", run["name"], got, f"best so far {best:.4g}"]
        if self.total:
            pace = (time.monotonic() - self.start) / max(1, len(done) - self.found)
            minutes = max(0, self.total * len(self.seeds) - len(done)) * pace / 60
            words.append(f"about {int(minutes // 60)}:{int(minutes % 60):02d} h left")
        print("  ".join(words), flush=True)
