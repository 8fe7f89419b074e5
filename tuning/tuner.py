"""A search that can be interrupted anywhere: Keras Tuner chooses, and nothing is trained twice.

A run that is in the folder already (see `runs.py`) is read instead of trained. Each run has its own seed, so
the table of an interrupted search equals that of an uninterrupted one. `trials.py` says how Keras Tuner
proposes the configurations.
"""

import dataclasses
import json
import shutil
import tempfile
import time
from functools import cached_property
from pathlib import Path

import keras
import keras_tuner as kt

import inpaintkit as ik
from inpaintkit.checks import check_choice
from tuning import cluster, runs, spaces, tensorboard_files
from tuning.trials import OBJECTIVES, ORACLES, Trials

MAX_WEIGHT = 1e4  # a run with a larger weight has diverged; trained weights are of the order of 1


@dataclasses.dataclass(frozen=True)
class Search:
    """What is searched, and how each configuration is trained.

    Attributes:
        model: one of `spaces.SPACES`.
        dataset: any source of `ik.data.images`: "photos", "cifar10", a folder, …
        algorithm: "grid", "random", "bayesian" or "hyperband".
        objective: "val_hole_psnr" in dB (the highest is best) or "val_loss" (the lowest).
        space: {hyperparameter: list of values} in place of those in `spaces.py`; a single value is fixed.
        image_size: height and width in pixels.
        masks: as in `ik.masks.parse`.
        count: the maximum number of training images, and of validation images; None for all.
        epochs: the maximum per run.
        patience: epochs without improvement before a run ends.
        batch_size: images per step.
        seed: of the algorithm, and of the first run of each configuration; the next run has seed + 1.

    Raises:
        ValueError: an unknown name, or a dataset that cannot be loaded.
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
        check_choice("algorithm", self.algorithm, ORACLES)
        check_choice("objective", self.objective, OBJECTIVES)
        if self.objective == "val_loss" and "loss" in self.varied:
            raise ValueError("objective val_loss cannot compare losses: fix one, or choose val_hole_psnr")
        self._data  # noqa: B018 (loads the images now, so that a wrong dataset is an error here)

    @cached_property
    def hyperparameters(self):
        """The space as `kt.HyperParameters`."""
        return spaces.declare(self.model, self.space)

    @property
    def varied(self):
        """{hyperparameter: its values, or (low, high)} for those that are not fixed."""
        return {name: domain for name, domain in self._domains.items() if len(domain) > 1}

    @property
    def _domains(self):
        domains = {}
        for hp in self.hyperparameters.space:
            is_interval = hasattr(hp, "min_value")
            domains[hp.name] = (hp.min_value, hp.max_value) if is_interval else list(hp.values)
        return domains

    @cached_property
    def _data(self):
        train = ik.data.images(self.dataset, "train", self.image_size, count=self.count)
        val = ik.data.images(self.dataset, "val", self.image_size, count=self.count)
        return train, val, ik.masks.parse(self.masks)

    def validation(self):
        """The validation batches, `ik.data.pairs`: every run has the same images and holes."""
        _, val, holes = self._data
        return ik.data.pairs(val, holes, self.batch_size, shuffle=False)

    def run(self, folder, executions=1, trials=None):
        """Runs the search, or continues the same search in this folder.

        Args:
            folder: of this search only.
            executions: runs per configuration, each with its own seed; a later call may ask for more.
            trials: the maximum number of configurations; None for all of a grid, 20 of a random or
                bayesian search.

        Returns:
            DataFrame, see `runs.table`; also saved as `folder/table.csv` and `table.md`. None in a worker,
            whose chief reports.

        Raises:
            ValueError: the folder holds another search.
            OSError: the folder cannot be written, or the disk is full.
            RuntimeError: all runs failed.
        """
        folder, seeds = Path(folder), list(range(self.seed, self.seed + executions))
        if executions < 1 or (trials is not None and trials < 1):
            raise ValueError(f"executions={executions}, trials={trials}: expected at least 1")
        if not cluster.is_worker():
            self._prepare(folder, seeds)
        with tempfile.TemporaryDirectory() as scratch:
            try:
                Trials(self, folder, seeds, trials, scratch).search()
            except kt.errors.FatalError as error:
                raise error.__cause__ or error from None
        return None if cluster.is_worker() else self._report(folder)

    def _prepare(self, folder, seeds):
        """Reserves the folder, removes half-written runs, and describes the search for TensorBoard."""
        self.reserve_folder(folder)
        for unfinished in folder.glob(".new-*"):
            shutil.rmtree(unfinished)
        if tensorboard_files.AVAILABLE:
            space = self.varied | ({"epochs": (1, self.epochs)} if self.algorithm == "hyperband" else {})
            events = tensorboard_files.experiment(space, seeds, time.time())
            runs.write(folder / tensorboard_files.EVENT_FILE, events)
        if saved := len(runs.load(folder)):
            print(f"{folder}: finished runs: {saved}; continuing")

    def reserve_folder(self, folder):
        """Creates the folder for this search; a ValueError if it holds another search or other files."""
        settings = dataclasses.asdict(self) | {"space": self._domains, "backend": keras.backend.backend()}
        settings = json.loads(json.dumps(settings))  # tuples become lists, as in the file
        file = folder / "search.json"
        if file.exists():
            saved = json.loads(file.read_text("utf-8"))["settings"]
            # as text: another order of the hyperparameters gives the runs other names
            differ = [name for name in settings if json.dumps(saved.get(name)) != json.dumps(settings[name])]
            if differ:
                words = "; ".join(f"{name} {saved.get(name)!r}, not {settings[name]!r}" for name in differ)
                raise ValueError(f"{folder} holds another search ({words}): choose another folder")
        elif folder.exists() and any(folder.iterdir()):
            raise ValueError(f"{folder} holds other files: choose another folder")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            versions = {module.__name__: module.__version__ for module in (ik, keras, kt)}
            runs.write(file, json.dumps({"settings": settings, "versions": versions}, indent=1) + "\n")

    def _report(self, folder):
        done = runs.load(folder)
        table = runs.table(done, self.objective)
        runs.write(folder / "table.csv", table.to_csv(index=False))
        runs.write(folder / "table.md", runs.markdown(table) + "\n")
        if all(run["failed"] for run in done):
            raise RuntimeError(f"all {len(done)} runs failed; the first: {done[0]['failed']}")
        return table

    def train(self, hp, seed, epochs):
        """Trains one run.

        Args:
            hp: the configuration, `kt.HyperParameters`. seed: int. epochs: the maximum.

        Returns:
            {metric: one value per epoch}, and None or the error that ended the run.
        """
        keras.utils.clear_session()
        keras.utils.set_random_seed(seed)
        train, _, holes = self._data
        mode = OBJECTIVES[self.objective]
        history = keras.callbacks.History()
        callbacks = [
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.EarlyStopping(self.objective, patience=self.patience, mode=mode),
            history,
        ]
        error = None
        try:
            model = spaces.build(self.model, hp, (self.image_size, self.image_size, 3))
            model.fit(
                ik.data.pairs(train, holes, self.batch_size, seed=seed),
                validation_data=self.validation(),
                epochs=epochs,
                verbose=0,
                callbacks=callbacks,
            )
            largest = max(float(keras.ops.max(keras.ops.abs(w))) for w in model.trainable_weights)
            if not largest < MAX_WEIGHT:  # NaN, too; with bounded outputs the loss stays finite
                error = f"diverged: a weight of {largest:.2g}"
        except OSError:
            raise  # the disk, not the configuration
        except Exception as problem:  # one bad configuration must not stop the search
            first_line = (str(problem).strip().splitlines() or [""])[0]
            error = f"{type(problem).__name__}: {first_line}"
        numbers = {metric: list(map(float, values)) for metric, values in history.history.items()}
        return numbers, error
