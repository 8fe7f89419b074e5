"""Kills `inpaintkit train` again and again, and continues it: `python benchmarks/kills.py`.

One training runs to its end. The same command then runs in two other folders, and SIGKILL ends it: in one ten
times at a random moment, in the other in the moment in which it begins to write, or to remove, each of its
files. After each kill `inpaintkit train --resume` continues. Each kill and what it left is a row. In the end
each history has to be that of the first training, the same epochs, each once, with the same values, and the
weights have to be the same.

The network is one convolution, so that most of the time is spent on what is tested, reading and writing
files. Each process is forked from one that has imported everything, so that it starts faster (not on
Windows). `KERAS_BACKEND=jax` chooses the back end, as everywhere.
"""

import argparse
import contextlib
import csv
import multiprocessing
import os
import platform
import random
import re
import signal
import sys
import tempfile
import time
import zipfile
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # one thread: the same numbers each time
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from PIL import Image

import inpaintkit as ik
from inpaintkit import baselines, cli, evaluation, models, plots, training  # noqa: F401 (before the fork)

EPOCHS = 30
RESUMED, ENDED = "resuming after epoch", "this training has ended"


def tiny(input_shape):
    """One convolution over image and mask; it stands in for `autoencoder`."""
    inputs = [keras.Input(input_shape, name="image"), keras.Input((*input_shape[:2], 1), name="mask")]
    x = keras.layers.Concatenate()(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid")(x))


def save_images(folder):
    """A source of 16 training and 8 validation images of 16×16."""
    for split, count in (("train", 16), ("val", 8)):
        (folder / split).mkdir(parents=True)
        for number, image in enumerate(ik.data.images("photos", split, 16, count=count)):
            Image.fromarray(image).save(folder / split / f"{number}.png")


class Command:
    """`inpaintkit` with some words, in a process of its own, and what it prints."""

    def __init__(self, log, *words):
        log.touch()
        self.log, self.begin = log, log.stat().st_size
        self.process = multiprocessing.get_context("fork").Process(target=self._run, args=(words,))
        self.process.start()

    def _run(self, words):
        with self.log.open("a", encoding="utf-8") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        models.autoencoder = tiny
        sys.argv = ["inpaintkit", *map(str, words)]
        cli.main()

    def printed(self):
        return self.log.read_bytes()[self.begin :].decode()

    def wait_for(self, condition, pause=0.002):
        """Waits until it holds; whether it came before the process ended."""
        while self.process.is_alive():
            if condition():
                return True
            time.sleep(pause)
        return False

    def kill(self):
        """SIGKILL; returns the exit code, which is 0 where the command had just ended."""
        self.process.kill()
        self.process.join()
        return self.process.exitcode


def found(run, pattern):
    """The files that a pattern finds, each with its inode, size and time of change."""
    files = set()
    with contextlib.suppress(FileNotFoundError):  # one of them, or its folder, was removed just now
        for path in run.glob(pattern):
            about = path.stat()
            files.add((path, about.st_ino, about.st_size, about.st_mtime_ns))
    return files


def appears(pattern):
    """The moment in which a file of this pattern is new or has changed."""

    def watch(run):
        before = found(run, pattern)
        return lambda: bool(found(run, pattern) - before)

    return watch


def is_removed(pattern):
    """The moment in which a file of this pattern that was there is gone."""

    def watch(run):
        seen = set()

        def removed():
            seen.update(path for path, *_ in found(run, pattern))
            return not all(path.exists() for path in seen)

        return removed

    return watch


def last_removal(run):
    """The moment in which the backups of a training that has ended are removed."""
    return lambda: (run / "model.keras").exists() and len(found(run, "backup/*/state.json")) < 2


MOMENTS = {
    "best.keras is written": appears("best*.keras"),
    "history.csv is written": appears("history*.csv"),
    "an older backup is removed": is_removed("backup/*/*"),
    "a backup is begun": appears("backup/*"),
    "its weights are written": appears("backup/*/latest.weights.h5"),
    "its state.json is written": appears("backup/*/state*.json"),
    "files of a backup are copied back": None,
    "model.keras is written, at the end": appears("model*.keras"),
    "the backups are removed, at the end": last_removal,
}


def rows_of(run):
    """The rows of history.csv; each epoch once, in order, or an error."""
    if not (run / "history.csv").exists():
        return []
    with (run / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [row["epoch"] for row in rows]
    if epochs != list(map(str, range(len(rows)))) or any(None in {*row, *row.values()} for row in rows):
        raise ValueError(f"{run}: history.csv has the epochs {epochs}, or half a line")
    return rows


def what_is_left(run):
    """The files of a run after a kill, in words."""
    epochs, best = len(rows_of(run)), "–"
    if (run / "best.keras").exists():
        try:
            with zipfile.ZipFile(run / "best.keras") as archive:
                best = "damaged" if archive.testzip() else "whole"
        except zipfile.BadZipFile:
            best = "damaged"
    folders = list(run.glob("backup/*"))
    whole = sum((folder / "state.json").exists() for folder in folders)
    backups = f"{whole} + {len(folders) - whole} unfinished" if len(folders) > whole else str(whole)
    parts = sorted(re.sub(r"\.part\d+", "", path.name) for path in run.rglob("*.part[0-9]*.*"))
    return [epochs, best, backups, ", ".join(parts) or "–"]


def kill_at(moment, command, run, rng, epoch_seconds):
    """Kills a command at a moment, by name; returns its exit code.

    A random moment is one of the first three epochs after the start, the loading of the backup included.
    """
    resumes = any(run.glob("backup/*/state.json"))
    command.wait_for(lambda: (RESUMED if resumes else "In the hole") in command.printed())
    if moment == "random":
        epochs, rest = rng.randrange(3), rng.random() * epoch_seconds
        command.wait_for(lambda: command.printed().count("\nepoch ") >= epochs)
        end = time.monotonic() + rest
        command.wait_for(lambda: time.monotonic() > end)
    elif MOMENTS[moment]:
        command.wait_for(MOMENTS[moment](run), pause=0)
    return command.kill()


def differences(one, other):
    """The largest difference between two histories, and between the weights of two networks."""
    first, second = ([list(map(float, row.values())) for row in rows_of(run)] for run in (one, other))
    weights = [training.load_model(run / "model.keras").get_weights() for run in (one, other)]
    history = np.abs(np.subtract(first, second)).max()
    return float(history), max(float(np.abs(a - b).max()) for a, b in zip(*weights, strict=True))


def whole_run(folder, words):
    """A training without a kill: its folder, and the seconds of an epoch."""
    command = Command(folder / "whole.txt", *words, "--runs", folder / "whole")
    times = []
    for text in ("epoch   1/", "Saved"):
        command.wait_for(lambda text=text: text in command.printed())
        times.append(time.monotonic())
    command.process.join()
    if command.process.exitcode:
        sys.exit(command.printed())
    return next((folder / "whole").iterdir()), (times[1] - times[0]) / (EPOCHS - 1)


def print_row(*cells):
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def main(folder, kills, seed):
    save_images(folder / "images")
    words = ["train", "--source", folder / "images", "--image-size", 16, "--model", "autoencoder"]
    words += ["--epochs", EPOCHS, "--batch-size", 8, "--patience", EPOCHS, "--learning-rate", 0.001]
    whole, epoch_seconds = whole_run(folder, words)
    versions = f"Keras {keras.__version__}, {keras.backend.backend()}, Python {platform.python_version()}"
    print(f"{versions}, {platform.machine()}: {EPOCHS} epochs, seed {seed} of the random moments")
    runs = [
        killed_run(folder / name, words, moments, random.Random(seed), epoch_seconds)
        for name, moments in {"at_random": ["random"] * kills, "while_writing": list(MOMENTS)}.items()
    ]
    for run in runs:  # all forks are over: TensorFlow, once it has computed, does not survive one
        history, weights = differences(whole, run)
        print(f"\nhistory.csv: {len(rows_of(run))} epochs, each once, in order")
        print(f"largest difference to the training without a kill: {history:.2g} in history.csv, ", end="")
        print(f"{weights:.2g} in the weights of model.keras")
        print(f"files: {', '.join(sorted(path.name for path in run.iterdir()))}")


def continued_with(printed):
    """With which epoch a command went on, read from what it printed."""
    if resumed := re.search(rf"{RESUMED} (\d+)", printed):
        return f"epoch {int(resumed[1]) + 1}"
    return "–" if ENDED in printed else "the first epoch"


def killed_run(folder, words, moments, rng, epoch_seconds):
    """A training that is killed at each of these moments, and continued; prints a row per kill."""
    print()
    print_row("kill", "moment", "epochs in history.csv", "best.keras", "backups", "parts", "continues with")
    print_row("---:", ":---", "---:", ":---", ":---", ":---", ":---")
    folder.mkdir()
    command, row = Command(folder / "log.txt", *words, "--runs", folder), []
    command.wait_for(lambda: any(folder.glob("*/settings.json")))
    (run,) = (file.parent for file in folder.glob("*/settings.json"))
    for number, moment in enumerate([*moments, None], 1):
        code = command.process.join() if moment is None else kill_at(moment, command, run, rng, epoch_seconds)
        printed = command.printed()
        if row:
            print_row(*row, continued_with(printed))
        if moment is not None and code != -signal.SIGKILL:
            sys.exit(f"the training ended before it could be killed at: {moment}\n{printed}")
        row = [number, moment, *what_is_left(run)]
        if moment is not None:
            command = Command(folder / "log.txt", "train", "--resume", run)
    if "Saved" not in printed and ENDED not in printed:
        sys.exit(f"the training did not end: {printed}")
    return run


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10, help="at random moments")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep the runs there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        main(given.folder or Path(temporary), given.kills, given.seed)
