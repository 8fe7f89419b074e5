"""Keras Tuner's part of a search: it proposes the configurations, one per trial.

Keras Tuner 1.4.8 does not resume reliably after a kill: its GridSearch ends in a `KeyError` (issue #1055), it
overwrites its files in place, and the interrupted trial may be lost. So we ignore its saved state and repeat
the search: the oracles are deterministic and propose the same configurations in the same order.

Where we differ from Keras Tuner: no checkpoints are kept, so a configuration that Hyperband promotes is
trained from the start; and a trial in which some runs fail is scored by the others.
"""

import math
import statistics
import time

import keras_tuner as kt

from tuning import cluster, runs

OBJECTIVES = {"val_hole_psnr": "max", "val_loss": "min"}
ORACLES = {
    "grid": kt.oracles.GridSearchOracle,
    "random": kt.oracles.RandomSearchOracle,
    "bayesian": kt.oracles.BayesianOptimizationOracle,
    "hyperband": kt.oracles.HyperbandOracle,
}


class Trials(kt.Tuner):
    """Keras Tuner's search, in which a trial is one configuration with all of its seeds."""

    def __init__(self, settings, folder, seeds, trials, scratch):
        self.settings, self.folder, self.seeds = settings, folder, seeds
        limit = {"max_trials": trials if settings.algorithm == "grid" else trials or 20}
        if settings.algorithm == "hyperband":
            limit = {"max_epochs": settings.epochs}
        oracle = ORACLES[settings.algorithm](
            kt.Objective(settings.objective, OBJECTIVES[settings.objective]),
            hyperparameters=settings.hyperparameters.copy(),  # the oracle adds its own
            seed=settings.seed + 1,  # Keras Tuner takes 0 for "no seed"
            max_consecutive_failed_trials=None,
            **limit,
        )
        super().__init__(oracle, directory=scratch, overwrite=True)
        oracle.verbose = 0
        oracle.save = oracle._save_trial = lambda *_: None  # nothing reads these files
        self.total = limit.get("max_trials")
        if settings.algorithm == "grid":
            size = math.prod(len({hp.default, *hp.values}) for hp in settings.hyperparameters.space)
            self.total = min(size, trials or size)
        self.start, self.runs_at_start = time.monotonic(), len(runs.load(folder))

    def save(self):
        """Saves nothing: `runs.py` keeps the results."""

    def pre_create_trial(self):
        time.sleep(0.05)  # a worker without a trial asks again and again

    def run_trial(self, trial):
        values = {name: trial.hyperparameters.values[name] for name in self.settings.varied}
        if "tuner/epochs" in trial.hyperparameters.values:  # Hyperband's
            values["epochs"] = trial.hyperparameters.values["tuner/epochs"]
        try:
            self.settings.reserve_folder(self.folder)  # a worker may have been started with other options
            done = [self._run(trial, values, seed) for seed in self.seeds]
        except Exception as error:  # a full disk or our own error; Keras Tuner would count a failed trial
            raise kt.errors.FatalError(str(error)) from error
        objective = self.settings.objective
        scores = [run["best"][objective] for run in done if run["best"]]
        self.failed = None if scores else done[0]["failed"]
        worst = -math.inf if OBJECTIVES[objective] == "max" else math.inf
        return {objective: statistics.fmean(scores) if scores else worst}

    def on_trial_end(self, trial):
        if self.failed:  # like `FailedTrialError`, but without a traceback on the screen
            trial.status, trial.message = "FAILED", self.failed
        super().on_trial_end(trial)

    def _run(self, trial, values, seed):
        name = runs.run_name(values, seed)
        if saved := runs.load(self.folder, name):
            return saved[0]
        epochs = values.get("epochs", self.settings.epochs)
        started = time.time()
        history, error = self.settings.train(trial.hyperparameters, seed, epochs)
        run = {"name": name, "values": values, "seed": seed, "started": started}
        run |= {"seconds": time.time() - started, "history": history}
        run |= runs.result(history, self.settings.objective, error)
        runs.save(self.folder, run)
        self._print_line(int(trial.trial_id) + 1, run)
        return run

    def _print_line(self, number, run):
        """One line per run: trial k of n, its result, the best configuration so far, the time left."""
        objective, done = self.settings.objective, runs.load(self.folder)
        result = f"FAILED, {run['failed']}"
        if run["best"]:
            result = f"{objective} {run['best'][objective]:.4g} in epoch {run['best_epoch']}"
        best = runs.table(done, objective)[objective][0]
        words = [self.tuner_id] if cluster.is_worker() else []
        words += [f"trial {number} of {self.total or '?'}", run["name"], result, f"best so far {best:.4g}"]
        if self.total:
            seconds_per_run = (time.monotonic() - self.start) / max(1, len(done) - self.runs_at_start)
            runs_left = max(0, self.total * len(self.seeds) - len(done))
            minutes = runs_left * seconds_per_run / 60
            words.append(f"about {int(minutes // 60)}:{int(minutes % 60):02d} h left")
        print("  ".join(words), flush=True)
