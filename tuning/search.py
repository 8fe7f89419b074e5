"""The command line: `python -m tuning.search --model autoencoder`; given again, it resumes the search."""

import dataclasses
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from inpaintkit.environment import start_keras
from tuning import cluster

RESULTS = Path(__file__).parent / "results"
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def main(
    model: Annotated[str, typer.Option(help="A network that has a search space in tuning/spaces.py.")],
    dataset: Annotated[str, typer.Option(help="photos, cifar10, a folder, …")] = "photos",
    algorithm: Annotated[str, typer.Option(help="grid, random, bayesian or hyperband.")] = "grid",
    objective: Annotated[str, typer.Option(help="val_hole_psnr or val_loss.")] = "val_hole_psnr",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE fixes a hyperparameter, NAME=VALUE,VALUE searches it."),
    ] = None,
    executions: Annotated[int, typer.Option(help="Runs per configuration, one seed each.", min=1)] = 1,
    trials: Annotated[int | None, typer.Option(help="Maximum number of configurations.", min=1)] = None,
    image_size: Annotated[int, typer.Option(help="Height and width in pixels.", min=16)] = 64,
    masks: Annotated[str, typer.Option(help="As inpaintkit --masks.")] = "Lines(hole_ratio=(0.1, 0.3))",
    count: Annotated[int | None, typer.Option(help="Maximum number of training images.", min=1)] = None,
    epochs: Annotated[int, typer.Option(help="Maximum per run.", min=1)] = 20,
    patience: Annotated[int, typer.Option(help="Epochs without improvement before a run ends.", min=1)] = 5,
    batch_size: Annotated[int, typer.Option(help="Images per training step.", min=1)] = 16,
    seed: Annotated[int, typer.Option(help="Seed of the first run and of the algorithm.", min=0)] = 0,
    name: Annotated[
        str | None, typer.Option(help="[default: MODEL-DATASET-ALGORITHM]", show_default=False)
    ] = None,
    results: Annotated[Path, typer.Option(help="The folder that holds the folder NAME.")] = RESULTS,
    workers: Annotated[int, typer.Option(help="Processes that train, beside the chief.", min=1)] = 1,
    resume: Annotated[bool, typer.Option(help="Keep the finished runs, or start again.")] = True,
):
    """Searches hyperparameters. If it is interrupted, the same command resumes it."""
    given = dict(locals())
    if workers > 1 and "KERASTUNER_ORACLE_IP" not in os.environ:
        raise typer.Exit(cluster.run([sys.executable, "-m", "tuning.search", *sys.argv[1:]], workers))
    folder = results / (name or f"{model}-{Path(dataset).stem}-{algorithm}")
    try:
        start_keras()  # quietly: TensorFlow would warn of retracing, since every network is a new one
        from tuning.tuner import Search

        given["space"] = dict(_parse_setting(text) for text in settings or [])
        search = Search(**{field.name: given[field.name] for field in dataclasses.fields(Search)})
        if not resume and (folder / "search.json").exists() and not cluster.is_worker():
            shutil.rmtree(folder)
        table = search.run(folder, executions, trials)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"tuning: {error}", file=sys.stderr)
        raise typer.Exit(1 if isinstance(error, RuntimeError) else 2) from error  # 1: all runs failed
    if table is not None:  # a worker has none; its chief reports
        text = (folder / "table.md").read_text("utf-8")
        print(f"\n{text}\n{folder}: table.csv, table.md; tensorboard --logdir {folder}")


def _parse_setting(text):
    """("dropout", [0.1, 0.2]) from "dropout=0.1,0.2"."""
    name, _, values = text.partition("=")
    if not values:
        raise ValueError(f"--set {text}: expected NAME=VALUE or NAME=VALUE,VALUE")
    try:
        return name, [float(value) for value in values.split(",")]
    except ValueError:
        return name, values.split(",")


if __name__ == "__main__":
    app()
