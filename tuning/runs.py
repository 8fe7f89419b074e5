"""The result of every training run (one configuration with one seed), and the table of them.

A run is a folder, `trained/dropout=0.1,optimizer=adam,seed=0`, with `run.json` and a file for TensorBoard.
It is written when the run has ended and moved into place in one step, so it is never half there.

`python -m tuning.runs FOLDER …` writes TensorBoard's files of these searches again, from `run.json`.
"""

import json
import math
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from inpaintkit.files import replacing
from tuning import tensorboard_files
from tuning.tensorboard_files import METRICS


def run_name(values, seed):
    """The name of a run, such as "dropout=0.1,seed=0".

    Args:
        values: {hyperparameter: value}. Floats are rounded to six digits, so that machines whose last digits
            differ give the same name.
        seed: int.
    """
    words = []
    for key, value in {**values, "seed": seed}.items():
        words.append(f"{key}={value:.6g}" if isinstance(value, float) else f"{key}={value}")
    return ",".join(words)


def result(history, objective, error=None):
    """The result of a run: its best epoch, or why it failed.

    Args:
        history: {metric: one value per epoch}.
        objective: "val_hole_psnr" (the highest is best) or "val_loss" (the lowest).
        error: None, or the error that ended the run.

    Returns:
        dict: "failed", None or the reason; "best", {metric: value} in the best epoch, or None; "best_epoch",
        counted from 1, or None. A run has failed if the loss or the objective of any epoch is not finite.
    """
    scores = history.get(objective, [])
    for epoch, (loss, score) in enumerate(zip(history.get("loss", []), scores, strict=True), 1):
        if not error and not (math.isfinite(loss) and math.isfinite(score)):
            error = f"diverged: loss {loss:.4g}, {objective} {score:.4g} in epoch {epoch}"
    if error:
        return {"failed": error, "best": None, "best_epoch": None}
    best_score = max(scores) if "psnr" in objective else min(scores)
    epoch = scores.index(best_score)
    best = {metric: values[epoch] for metric, values in history.items()}
    return {"failed": None, "best": best, "best_epoch": epoch + 1}


def save(folder, run):
    """Saves a run in the folder of its search.

    Args:
        folder: of the search.
        run: a dict with "name", "values", "seed", "started" and "seconds" (since 1970, and of training),
            "history", and what `result` returns.
    """
    place = Path(folder, "trained", run["name"])
    place.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as scratch:
        new = Path(scratch, "run")
        new.mkdir()
        (new / "run.json").write_text(json.dumps(run, indent=1) + "\n", "utf-8")
        if tensorboard_files.AVAILABLE:
            events = tensorboard_files.session(run, Path(folder).resolve().name)
            (new / tensorboard_files.EVENT_FILE).write_bytes(events)
        try:
            os.replace(new, place)
        except OSError:
            if not place.exists():  # if it exists, another worker has saved the same run
                raise


def write_tensorboard_files(folder):
    """Writes TensorBoard's files of all runs of a search again, for example after its folder was renamed."""
    for run in load(folder):
        file = Path(folder, "trained", run["name"], tensorboard_files.EVENT_FILE)
        write(file, tensorboard_files.session(run, Path(folder).resolve().name))


def load(folder, name="*"):
    """The saved runs of a search, in the order of their names.

    Args:
        folder: of the search. name: of a run; * and ? stand for any characters.

    Returns:
        list of dict, see `save`.
    """
    files = sorted(Path(folder).glob(f"trained/{name}/run.json"))
    return [json.loads(file.read_text("utf-8")) for file in files]


def scores(runs, metric):
    """One row per run that did not fail: its hyperparameters, its seed, and a metric in its best epoch.

    Args:
        runs: list of dict, see `load`. metric: such as "val_ssim".

    Returns:
        DataFrame.
    """
    done = [run for run in runs if run["best"]]
    return pd.DataFrame([{**run["values"], "seed": run["seed"], metric: run["best"][metric]} for run in done])


def table(runs, objective):
    """One row per configuration, best first: means over its runs that did not fail, and their spread.

    Args:
        runs: list of dict, see `load`. objective: as in `result`.

    Returns:
        DataFrame: the hyperparameters; the `METRICS`, in the epoch that the objective says is best, and
        `<metric> std` (of a sample: NaN if there is one run); `best epoch`, `seconds`; `runs`, how many of
        them `failed`, and the first `reason`.
    """
    rows = []
    for run in runs:
        best = run["best"] or {}
        row = {"configuration": run["name"].rpartition("seed=")[0], **run["values"]}
        row |= {metric: best.get(metric, math.nan) for metric in METRICS}
        row |= {"best epoch": run["best_epoch"] or math.nan, "seconds": run["seconds"]}
        rows.append({**row, "failed": bool(run["failed"]), "reason": run["failed"]})

    columns = {key: (key, "first") for run in runs for key in run["values"]}
    for metric in [objective, *(metric for metric in METRICS if metric != objective)]:
        columns |= {metric: (metric, "mean"), f"{metric} std": (metric, "std")}
    columns |= {"best epoch": ("best epoch", "mean"), "seconds": ("seconds", "mean")}
    columns |= {"runs": ("failed", "size"), "failed": ("failed", "sum"), "reason": ("reason", "first")}
    means = pd.DataFrame(rows).groupby("configuration", sort=False).agg(**columns)
    return means.sort_values(objective, ascending="psnr" not in objective, ignore_index=True, kind="stable")


def markdown(table):
    """The table as Markdown, with mean ± standard deviation in one column per metric.

    Args:
        table: of `table`.
    """

    def cell(mean, std, places):
        spread = "" if math.isnan(std) else f" ± {std:.{places}f}"
        return "–" if math.isnan(mean) else f"{mean:.{places}f}{spread}"

    shown = table.drop(columns=[f"{metric} std" for metric in METRICS]).fillna({"reason": ""})
    for metric in METRICS:
        places = 2 if "psnr" in metric else 4
        pairs = zip(table[metric], table[f"{metric} std"], strict=True)
        shown[metric] = [cell(mean, std, places) for mean, std in pairs]
    shown["best epoch"] = [cell(mean, math.nan, 1) for mean in table["best epoch"]]
    shown["seconds"] = [cell(mean, math.nan, 0) for mean in table["seconds"]]
    return shown.to_markdown(index=False, disable_numparse=True)


def write(file, content):
    """Writes bytes or text to a file, which has its old content until all of the new is written."""
    with replacing(file) as part:
        part.write_bytes(content if isinstance(content, bytes) else content.encode())


if __name__ == "__main__":
    for search_folder in sys.argv[1:]:
        write_tensorboard_files(search_folder)
