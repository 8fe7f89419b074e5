"""What is kept of every training run, that is, of one configuration with one seed; and the table of them.

A run is a folder, `trained/dropout=0.1,optimizer=adam,seed=0`, with `run.json` and a file for TensorBoard.
It is written when the run has ended, and moved into place in one step: it is there whole or not at all.

`python -m tuning.runs FOLDER …` writes TensorBoard's files of these searches once more, from `run.json`.
"""

import json
import math
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from tuning import tensorboard_files
from tuning.tensorboard_files import METRICS


def name(values, seed):
    """The name of a run. Rates are rounded, since another machine's last digits may differ."""
    words = {key: f"{value:.6g}" if isinstance(value, float) else value for key, value in values.items()}
    return ",".join(f"{key}={word}" for key, word in {**words, "seed": seed}.items())


def outcome(history, objective, error=None):
    """What a run came to.

    Args:
        history: {metric: values an epoch}.
        objective: "val_hole_psnr", of which the best is the highest, or "val_loss", the lowest.
        error: None, or what ended it.

    Returns:
        dict: "failed", None or the reason; "best", {metric: value} in the best epoch, or None; "best_epoch",
        from 1, or None. One loss that is not finite, and a run has failed: what it had is no merit.
    """
    scores = history.get(objective, [])
    for epoch, (loss, score) in enumerate(zip(history.get("loss", []), scores, strict=True), 1):
        if not error and not (math.isfinite(loss) and math.isfinite(score)):
            error = f"diverged: loss {loss:.4g}, {objective} {score:.4g} in epoch {epoch}"
    if error:
        return {"failed": error, "best": None, "best_epoch": None}
    epoch = scores.index((max if "psnr" in objective else min)(scores))
    return {"failed": None, "best": {key: of[epoch] for key, of in history.items()}, "best_epoch": epoch + 1}


def save(folder, run):
    """Writes a run, a dict with "name", "values", "seed", "history", … and what `outcome` says."""
    place = Path(folder, "trained", run["name"])
    place.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as scratch:
        new = Path(scratch, "run")
        new.mkdir()
        (new / "run.json").write_text(json.dumps(run, indent=1) + "\n", "utf-8")
        if tensorboard_files.AVAILABLE:
            (new / tensorboard_files.FILE).write_bytes(
                tensorboard_files.session(run, Path(folder).resolve().name)
            )
        try:
            os.replace(new, place)
        except OSError:
            if not place.exists():  # else another worker was as quick, with the same
                raise


def write_boards(folder):
    """TensorBoard's files of all runs in a search's folder once more, such as after it was renamed."""
    for run in load(folder):
        file = Path(folder, "trained", run["name"], tensorboard_files.FILE)
        write(file, tensorboard_files.session(run, Path(folder).resolve().name))


def load(folder, name="*"):
    """The runs that are there, in the order of their names."""
    files = sorted(Path(folder).glob(f"trained/{name}/run.json"))
    return [json.loads(file.read_text("utf-8")) for file in files]


def table(runs, objective):
    """A row a configuration, best first: means over its runs that did not fail, with standard deviations.

    Returns:
        DataFrame: the hyperparameters; the `METRICS`, in the epoch best by the objective, and `<metric> std`
        (of the sample: NaN of a single run); `best epoch`, `seconds`; `runs`, how many `failed`, and the
        first `reason`.
    """
    rows = pd.DataFrame(
        {
            "configuration": run["name"].rpartition("seed=")[0],
            **run["values"],
            **{metric: (run["best"] or {}).get(metric, math.nan) for metric in METRICS},
            "best epoch": run["best_epoch"] or math.nan,
            "seconds": run["seconds"],
            "failed": bool(run["failed"]),
            "reason": run["failed"],
        }
        for run in runs
    )
    columns = {key: (key, "first") for run in runs for key in run["values"]}
    for metric in sorted(METRICS, key=objective.__ne__):  # the objective first
        columns |= {metric: (metric, "mean"), f"{metric} std": (metric, "std")}
    columns |= {key: (key, "mean") for key in ("best epoch", "seconds")}
    columns |= {"runs": ("failed", "size"), "failed": ("failed", "sum"), "reason": ("reason", "first")}
    means = rows.groupby("configuration", sort=False).agg(**columns)
    return means.sort_values(objective, ascending="psnr" not in objective, ignore_index=True, kind="stable")


def markdown(table):
    """The table for reading: mean ± standard deviation in one column a metric."""

    def cell(mean, std, places):
        spread = "" if math.isnan(std) else f" ± {std:.{places}f}"
        return "–" if math.isnan(mean) else f"{mean:.{places}f}{spread}"

    shown = table.drop(columns=[f"{metric} std" for metric in METRICS]).fillna({"reason": ""})
    for column, places in {**dict.fromkeys(METRICS, 4), "best epoch": 1, "seconds": 0}.items():
        spreads = table.get(f"{column} std", [math.nan] * len(table))
        pairs = zip(table[column], spreads, strict=True)
        shown[column] = [cell(*pair, 2 if "psnr" in column else places) for pair in pairs]
    return shown.to_markdown(index=False, disable_numparse=True)


def write(file, content):
    """A file with all of its new content, or as it was."""
    new = Path(f"{file}.new")
    try:
        new.write_bytes(content if isinstance(content, bytes) else content.encode())
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


if __name__ == "__main__":
    for searched in sys.argv[1:]:
        write_boards(searched)
