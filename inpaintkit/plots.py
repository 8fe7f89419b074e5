"""Images of results. Every function returns a matplotlib `Figure`: show it, or `savefig` it."""

import numpy as np
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import metrics

UNTRAINED = ", untrained"  # ends the name of the row that shows a network before its training
MARK = (0.93, 0.11, 0.47)  # a pink that photographs do not have


def mark(images, masks, color=MARK):
    """Paints holes in a colour. (B, H, W, 3) and (B, H, W, 1) to (B, H, W, 3)."""
    return np.where(masks > 0, images, np.asarray(color, "float32"))


def gallery(images, masks, results, tile=1.5, scores=None):
    """A row an image: marked input, mask, each method's fill with its hole PSNR in dB, original.

    Args:
        images: the originals, (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.
        results: {name: filled (B, H, W, 3)}, in the order to show. The best of each row is in bold.
        tile: width of an image in inches.
        scores: None, or {name: PSNR (B,)}, the numbers to show, such as those of another metric definition.

    Returns:
        matplotlib `Figure`.
    """
    names = ["input", "mask", *results, "original"]
    if scores is None:
        scores = {name: to_numpy(metrics.psnr(images, filled, 1 - masks)) for name, filled in results.items()}
    rows, columns = len(images), len(names)
    height = tile * images.shape[1] / images.shape[2]
    figure, axes = _subplots(rows, columns, (columns * tile, rows * (height + 0.2) + 0.3))
    for i in range(rows):
        tiles = [
            mark(images[i], masks[i]),
            np.repeat(masks[i], 3, -1),
            *(r[i] for r in results.values()),
            images[i],
        ]
        best = max((scores[name][i] for name in results), default=None)
        for j, (name, image) in enumerate(zip(names, tiles, strict=True)):
            axis = axes[i][j]
            axis.imshow(np.clip(image, 0, 1), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            if i == 0:
                axis.set_title(name.replace(UNTRAINED, ",\nuntrained"), fontsize=9)
            if name in results:
                value = scores[name][i]
                axis.set_xlabel(
                    f"{value:.1f} dB", fontsize=8, labelpad=2, weight="bold" if value == best else "normal"
                )
    return figure


def curves(history, baselines=None):
    """Training curves: the loss, and each metric with its validation, over epochs.

    Args:
        history: {name: values an epoch}, such as `fit(...).history`.
        baselines: None or {metric name: {method: value}}, drawn as dashed lines: the bar to clear.
    """
    names = [n for n in history if not n.startswith("val_") and n not in ("epoch", "learning_rate")]
    figure, axes = _subplots(1, len(names), (4 * len(names), 3))
    for axis, name in zip(axes[0], names, strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in history:
                axis.plot(range(1, len(history[key]) + 1), history[key], marker=".", label=label)
        for i, (method, value) in enumerate((baselines or {}).get(name, {}).items()):
            axis.axhline(value, color=f"C{i + 2}", linestyle="--", linewidth=1, label=method)
        axis.set(title=name.replace("_", " ").replace("psnr", "PSNR, dB"), xlabel="epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    return figure


def buckets(table):
    """Hole PSNR of each method's composite over how much is missing, with its 95 % intervals.

    Args:
        table: from `ik.compare`. Classical methods are dashed, untrained networks dotted and pale; a bucket
            without images is left out.
    """
    rows = table[(table.region == "hole") & (table.output == "composite") & (table.n > 0)]
    rows = rows[~rows.bucket.isin(["all", "elsewhere"]) & (rows.method != "masked input")]
    titles = list(dict.fromkeys(rows.bucket))
    figure, ((axis,),) = _subplots(1, 1, (7, 4.5))
    count = rows.method.nunique()
    styles = _styles(rows)
    for k, (name, part) in enumerate(rows.groupby("method", sort=False)):
        at = np.array([titles.index(b) for b in part.bucket]) + 0.06 * (k - (count - 1) / 2)  # side by side
        low, high = part.psnr - part.psnr_low.fillna(part.psnr), part.psnr_high.fillna(part.psnr) - part.psnr
        line = "--" if part.classical.iloc[0] else ":" if "alpha" in styles[name] else "-"
        style = {"linestyle": line, "marker": "os^"[k // 10 % 3], **styles[name]}
        axis.errorbar(at, part.psnr, (low, high), capsize=2, label=name, **style)
    counts = rows.drop_duplicates("bucket").set_index("bucket").n
    axis.set_xticks(range(len(titles)), [f"{t}\nn = {counts.get(t, 0)}" for t in titles])
    axis.set(xlabel="share of the image that is missing", ylabel="PSNR in the hole, dB")
    axis.grid(alpha=0.3)
    _legend(figure, rows)
    return figure


def psnr_and_time(table):
    """Hole PSNR of each method's composite against its time an image: up and to the left is better.

    Args:
        table: from `ik.compare`. Methods without a time are left out; untrained networks are hollow and pale,
            in the colour of their network.
    """
    rows = table[(table.region == "hole") & (table.output == "composite") & (table.bucket == "all")]
    rows = rows[rows.ms.notna() & (rows.method != "masked input")]
    figure, ((axis,),) = _subplots(1, 1, (7, 4.5))
    styles = _styles(rows)
    for _, row in rows.iterrows():
        low, high = (0 if np.isnan(x) else abs(x - row.psnr) for x in (row.psnr_low, row.psnr_high))
        marker = "s" if row.classical else "o"
        style = {"markersize": 7, "capsize": 3, "label": row.method, **styles[row.method]}
        axis.errorbar(row.ms, row.psnr, [[low], [high]], fmt=marker, **style)
    axis.set(xscale="log", xlabel="milliseconds an image, on this machine", ylabel="PSNR in the hole, dB")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.grid(alpha=0.3, which="both")
    _legend(figure, rows)
    return figure


def _styles(rows):
    """{method: its colour}; a network before its training is paler, hollow, and in its network's colour."""
    names = list(dict.fromkeys(rows.method))
    before = {name for name in names if name.removesuffix(UNTRAINED) in {*names} - {name}}
    colors = {name: f"C{k % 10}" for k, name in enumerate(name for name in names if name not in before)}
    pale = {"alpha": 0.6, "markerfacecolor": "none"}
    styles = {name: {"color": color} for name, color in colors.items()}
    return styles | {name: styles[name.removesuffix(UNTRAINED)] | pale for name in before}


def _legend(figure, rows):
    if len(rows):  # matplotlib warns of an empty one
        figure.legend(fontsize=8, loc="outside right center")


def _subplots(rows, columns, size):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    plt.close(figure)  # a notebook shows the figure it is given, once; nothing is left open
    return figure, axes
