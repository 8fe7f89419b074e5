"""Images of searches: heat map, parallel coordinates, learning curves. Each returns a matplotlib `Figure`.

`python -m tuning.plots` draws those of the committed searches into `images/`.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tuning import runs

LABELS = {"val_hole_psnr": "validation hole PSNR, dB", "val_ssim": "validation SSIM", "val_loss": "loss"}
PLATE = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5}  # behind words


def heat_map(tables, metric="val_ssim", x="optimizer", y="dropout"):
    """Two hyperparameters against each other: mean ± standard deviation in each cell, the best one framed.

    Args:
        tables: {title: a table of `runs.table`}, a panel each.
        metric: one of `runs.METRICS`.
        x, y: hyperparameters; any others are taken at their best.
    """
    title = f"{LABELS[metric]} of the best epoch: mean ± standard deviation over seeds"
    figure, axes = _panels(1, len(tables), 3.2, title)
    for axis, (title, table) in zip(axes[0], tables.items(), strict=True):
        best_first = table.sort_values(metric, ascending=metric == "val_loss")
        cells = best_first.drop_duplicates([x, y])
        means = cells.pivot(index=y, columns=x, values=metric)
        figure.colorbar(axis.imshow(means, cmap=_colors(metric), aspect="auto"), ax=axis)
        for rank, cell in enumerate(cells.to_dict("records")):
            at = means.columns.get_loc(cell[x]), means.index.get_loc(cell[y])
            text = f"{cell[metric]:.3f}\n± {cell[f'{metric} std']:.3f}"
            text = "failed" if np.isnan(cell[metric]) else text.removesuffix("\n± nan")
            axis.text(*at, text, ha="center", va="center", fontsize=8, bbox=PLATE)
            if rank == 0:
                corner = at[0] - 0.48, at[1] - 0.48
                axis.add_patch(
                    plt.Rectangle(corner, 0.96, 0.96, fill=False, edgecolor="crimson", linewidth=3)
                )
        axis.set(title=title, xlabel=x, ylabel=y)
        axis.set_xticks(range(means.shape[1]), means.columns)
        axis.set_yticks(range(means.shape[0]), means.index)
    return figure


def parallel_coordinates(tables, metric="val_ssim"):
    """A line a configuration, through its hyperparameters to what it reached; failed ones dashed."""
    title = f"each line a configuration, ending in its mean {LABELS[metric]}"
    figure, axes = _panels(1, len(tables), 4, title)
    for axis, (title, table) in zip(axes[0], tables.items(), strict=True):
        names = [*table.columns[: min(map(table.columns.get_loc, runs.METRICS))], metric]
        heights = pd.DataFrame({name: _height(table[name]) for name in names})
        for at, name in enumerate(names):
            axis.axvline(at, color="0.7", linewidth=1, zorder=0)
            for word, height in dict(zip(table[name], heights[name], strict=True)).items():
                if name != metric or height in (0, 1):
                    word = f"{word:.4g}" if isinstance(word, float) else word
                    axis.text(at, height, word, fontsize=8, ha="center", va="center", bbox=PLATE)
        aside = np.linspace(-0.03, 0.03, len(table))  # or lines would hide one another
        for shift, path in zip(aside, heights.to_numpy(copy=True), strict=True):
            failed = np.isnan(path[-1])
            color = "0.6" if failed else plt.get_cmap(_colors(metric))(path[-1])
            path[:-1] += shift
            axis.plot(path, color=color, linestyle="--" if failed else "-")
        axis.set(title=title, yticks=[])
        axis.set_xticks(range(len(names)), [LABELS.get(name, name) for name in names])
        axis.spines[:].set_visible(False)
    return figure


def learning_curves(searches, metric="val_ssim", columns="optimizer", colors="dropout"):
    """Epoch by epoch: a line a configuration, its mean over seeds, in a band from the lowest to the highest.

    Args:
        searches: {title: runs of `runs.load`}, a row each.
        metric: any of a history, of training ("ssim") or validation ("val_ssim").
        columns, colors: the hyperparameters that part columns and colours.
    """
    across, shades = (
        sorted({r["values"][of] for s in searches.values() for r in s}) for of in (columns, colors)
    )
    figure, axes = _panels(len(searches), len(across), 2.6, f"{LABELS.get(metric, metric)} by epoch")
    for row, (title, found) in zip(axes, searches.items(), strict=True):
        for axis, value in zip(row, across, strict=True):
            for i, shade in enumerate(shades):
                wanted = {columns: value, colors: shade}.items()
                chosen = [run["history"].get(metric, []) for run in found if wanted <= run["values"].items()]
                curves = pd.DataFrame(chosen, dtype=float).T  # (epochs, seeds)
                color, epochs = plt.get_cmap("viridis")(i / max(1, len(shades) - 1)), curves.index + 1
                axis.plot(epochs, curves.mean(axis=1), color=color, label=f"{colors} {shade}")
                axis.fill_between(epochs, curves.min(axis=1), curves.max(axis=1), color=color, alpha=0.2)
            axis.set_title(f"{title}, {value}", fontsize=9)
            axis.grid(alpha=0.3)
    axes[0][-1].legend(fontsize=7)
    return figure


def _panels(rows, columns, width, title):
    size = {"figsize": (width * columns + 0.6, 2.6 * rows + 0.8), "sharey": "row"}
    figure, axes = plt.subplots(rows, columns, squeeze=False, layout="constrained", **size)
    figure.suptitle(title, fontsize=10)
    plt.close(figure)  # a notebook shows the figure it is given, once
    return figure, axes


def _colors(metric):
    return "viridis_r" if metric == "val_loss" else "viridis"


def _height(values):
    """Where values stand on an axis, in 0…1: results by size, hyperparameters in equal steps."""
    if values.name in runs.METRICS:
        return (values - values.min()) / ((values.max() - values.min()) or 1)
    known = sorted(values.unique())
    return values.map({value: i / max(1, len(known) - 1) for i, value in enumerate(known)})


if __name__ == "__main__":
    here = Path(__file__).parent
    found = sorted((here / "results").glob("studied-*"))
    done = {folder.name.removeprefix("studied-"): runs.load(folder) for folder in found}
    tables = {title: runs.table(of, "val_loss") for title, of in done.items()}
    for draw, what in ((heat_map, tables), (parallel_coordinates, tables), (learning_curves, done)):
        draw(what).savefig(here.parent / "images" / f"tuning_{draw.__name__}.png", dpi=90)
