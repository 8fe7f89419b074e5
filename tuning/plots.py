"""Figures of searches: heat map, parallel coordinates, learning curves, seeds; each a matplotlib `Figure`.

`python -m tuning.plots` draws those of the committed searches into `images/`.
"""

import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from inpaintkit.plots import method_color
from tuning import baselines, runs

LABELS = {"val_hole_psnr": "validation hole PSNR, dB", "val_ssim": "validation SSIM", "val_loss": "loss"}
TEXT_BOX = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5}


def heat_map(tables, metric="val_ssim", x="optimizer", y="dropout", marks=None):
    """Two hyperparameters against each other: mean ± standard deviation in each cell, the best one framed.

    Args:
        tables: {title: a table of `runs.table`}, one panel each.
        metric: one of `runs.METRICS`.
        x, y: hyperparameters. For every pair of them, the best value of all others is taken.
        marks: None, or {title: {name: value}}: methods without training, dashed lines in the colour bar.
    """
    title = f"{LABELS[metric]} of the best epoch: mean ± standard deviation over seeds"
    figure, axes = _panels(1, len(tables), 3.2, title)
    for axis, (title, table) in zip(axes[0], tables.items(), strict=True):
        best_first = table.sort_values(metric, ascending=metric == "val_loss")
        cells = best_first.drop_duplicates([x, y])
        means = cells.pivot(index=y, columns=x, values=metric)
        lines = (marks or {}).get(title, {})
        scale = [*lines.values(), *cells[metric].dropna()]
        limits = {"vmin": min(scale, default=0), "vmax": max(scale, default=1)}
        bar = figure.colorbar(axis.imshow(means, cmap=_colors(metric), aspect="auto", **limits), ax=axis)
        if lines:
            labels = [f"{name}\n{value:.3f}" for name, value in lines.items()]
            bar.set_ticks(list(lines.values()), labels=labels)
            bar.ax.tick_params(labelsize=7)
            for value in lines.values():
                bar.ax.axhline(value, color="crimson", linestyle="--", linewidth=2, clip_on=False)
        for rank, cell in enumerate(cells.to_dict("records")):
            column, row = means.columns.get_loc(cell[x]), means.index.get_loc(cell[y])
            text = _cell_text(cell[metric], cell[f"{metric} std"])
            axis.text(column, row, text, ha="center", va="center", fontsize=8, bbox=TEXT_BOX)
            if rank == 0:
                corner, style = (column - 0.48, row - 0.48), {"edgecolor": "crimson", "linewidth": 3}
                axis.add_patch(plt.Rectangle(corner, 0.96, 0.96, fill=False, clip_on=False, **style))
        axis.set(title=title, xlabel=x, ylabel=y)
        axis.set_xticks(range(means.shape[1]), means.columns)
        axis.set_yticks(range(means.shape[0]), means.index)
    return figure


def parallel_coordinates(tables, metric="val_ssim"):
    """One line per configuration, through its hyperparameters to its result; failed ones are dashed.

    Args:
        tables, metric: as in `heat_map`.
    """
    title = f"each line is a configuration and ends in its mean {LABELS[metric]}"
    figure, axes = _panels(1, len(tables), 4, title)
    for axis, (title, table) in zip(axes[0], tables.items(), strict=True):
        hyperparameters = table.columns[: min(table.columns.get_loc(name) for name in runs.METRICS)]
        names = [*hyperparameters, metric]
        heights = pd.DataFrame({name: _heights(table[name]) for name in names})
        for position, name in enumerate(names):
            axis.axvline(position, color="0.7", linewidth=1, zorder=0)
            for value, height in dict(zip(table[name], heights[name], strict=True)).items():
                if name != metric or height in (0, 1):  # of the results, label the lowest and the highest
                    text = f"{value:.4g}" if isinstance(value, float) else value
                    axis.text(position, height, text, fontsize=8, ha="center", va="center", bbox=TEXT_BOX)
        shifts = np.linspace(-0.03, 0.03, len(table))  # or lines would hide one another
        for shift, line in zip(shifts, heights.to_numpy(copy=True), strict=True):
            failed = np.isnan(line[-1])
            color = "0.6" if failed else plt.get_cmap(_colors(metric))(line[-1])
            line[:-1] += shift
            axis.plot(line, color=color, linestyle="--" if failed else "-")
        axis.set(title=title, yticks=[])
        axis.set_xticks(range(len(names)), [LABELS.get(name, name) for name in names])
        axis.spines[:].set_visible(False)
    return figure


def learning_curves(searches, metric="val_ssim", columns="optimizer", colors="dropout", lines=None):
    """One line per configuration over the epochs: the mean of its seeds, in a band from lowest to highest.

    Args:
        searches: {title: runs of `runs.load`}, one row of panels each.
        metric: any metric of a history, of training ("ssim") or validation ("val_ssim").
        columns: the hyperparameter with one panel per value.
        colors: the hyperparameter with one colour per value.
        lines: None, or {title: {name: value}}, drawn as dashed lines: what the runs should beat.
    """
    all_runs = [run for found in searches.values() for run in found]
    column_values = sorted({run["values"][columns] for run in all_runs})
    color_values = sorted({run["values"][colors] for run in all_runs})
    title = f"{LABELS.get(metric, metric)} by epoch"
    figure, axes = _panels(len(searches), len(column_values), 2.6, title)
    for row, (title, found) in zip(axes, searches.items(), strict=True):
        for axis, column in zip(row, column_values, strict=True):
            for i, value in enumerate(color_values):
                wanted = {columns: column, colors: value}.items()
                chosen = [run["history"].get(metric, []) for run in found if wanted <= run["values"].items()]
                curves = pd.DataFrame(chosen, dtype=float).T  # (epochs, seeds)
                epochs = curves.index + 1
                color = plt.get_cmap("viridis")(i / max(1, len(color_values) - 1))
                axis.plot(epochs, curves.mean(axis=1), color=color, label=f"{colors} {value}")
                axis.fill_between(epochs, curves.min(axis=1), curves.max(axis=1), color=color, alpha=0.2)
            for name, value in (lines or {}).get(title, {}).items():
                axis.axhline(value, color=method_color(name), linestyle="--", linewidth=1)
                place = {"xycoords": ("axes fraction", "data"), "xytext": (-2, 1), "ha": "right"}
                axis.annotate(name, (1, value), textcoords="offset points", fontsize=7, **place)
            axis.set_title(f"{title}, {column}", fontsize=9)
            axis.set_xlabel("epoch", fontsize=8)
            axis.grid(alpha=0.3)
    axes[0][-1].legend(fontsize=7)
    return figure


def seeds(searches, metric="val_ssim", x="dropout", columns="optimizer"):
    """One line per seed over the values of a hyperparameter: do the seeds agree on its effect?

    Each panel has its own scale. If the lines run in parallel, the hyperparameter has the same effect in
    every seed; if they cross, its order depends on chance.

    Args:
        searches, metric, columns: as in `learning_curves`; the metric in the best epoch of each run.
        x: the hyperparameter whose values are compared.
    """
    table = pd.concat([runs.scores(found, metric).assign(search=name) for name, found in searches.items()])
    column_values = sorted(table[columns].unique())
    title = f"{LABELS.get(metric, metric)} of the best epoch: one line per seed"
    figure, axes = _panels(len(searches), len(column_values), 2.6, title, sharey=False)
    for (search, column), part in table.groupby(["search", columns]):
        axis = axes[list(searches).index(search)][column_values.index(column)]
        for seed, line in part.groupby("seed"):
            best = line.groupby(x)[metric].min() if metric == "val_loss" else line.groupby(x)[metric].max()
            axis.plot(best.index, best, f"{'os^Dv'[int(seed) % 5]}-", label=f"seed {seed}", alpha=0.8)
        axis.set_title(f"{search}, {column}", fontsize=9)
        axis.set(xlabel=x, xticks=sorted(table[x].unique()))
        axis.grid(alpha=0.3)
    axes[0][-1].legend(fontsize=7)
    return figure


def _panels(rows, columns, width, title, sharey="row"):
    size = (width * columns + 0.6, 2.6 * rows + 0.8)
    figure, axes = plt.subplots(
        rows, columns, figsize=size, sharey=sharey, squeeze=False, layout="constrained"
    )
    figure.suptitle(textwrap.fill(title, int(13 * size[0])), fontsize=10)
    plt.close(figure)  # so that a notebook shows the returned figure once, not twice
    return figure, axes


def _colors(metric):
    return "viridis_r" if metric == "val_loss" else "viridis"


def _cell_text(mean, std):
    if np.isnan(mean):
        return "failed"
    return f"{mean:.3f}" if np.isnan(std) else f"{mean:.3f}\n± {std:.3f}"


def _heights(values):
    """The heights of values on an axis from 0 to 1: results by size, hyperparameters in equal steps."""
    if values.name not in runs.METRICS:
        values = values.rank(method="dense")
    return (values - values.min()) / ((values.max() - values.min()) or 1)


if __name__ == "__main__":
    here = Path(__file__).parent
    folders = sorted((here / "results").glob("studied-*"))
    searches = {folder.name.removeprefix("studied-"): runs.load(folder) for folder in folders}
    tables = {title: runs.table(found, "val_loss") for title, found in searches.items()}
    lines = {folder.name.removeprefix("studied-"): baselines.lines(folder) for folder in folders}
    figures = {
        "heat_map": heat_map(tables, marks=lines),
        "learning_curves": learning_curves(searches, lines=lines),
        "parallel_coordinates": parallel_coordinates(tables),
        "seeds": seeds(searches),
    }
    for name, figure in figures.items():
        figure.savefig(here.parent / f"images/tuning_{name}.png", dpi=90)
