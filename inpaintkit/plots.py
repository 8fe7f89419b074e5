"""Pictures of results. Every function returns a matplotlib `Figure`: show it, or `savefig` it."""

import numpy as np
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import metrics

MARK = (0.93, 0.11, 0.47)  # a pink that photographs do not have


def mark(images, masks, color=MARK):
    """Paints holes in a colour. (B, H, W, 3) and (B, H, W, 1) to (B, H, W, 3)."""
    return np.where(masks > 0, images, np.asarray(color, "float32"))


def gallery(images, masks, results, tile=1.5):
    """A row a picture: marked input, mask, each method's fill with its hole PSNR in dB, original.

    Args:
        images: the originals, (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.
        results: {name: filled (B, H, W, 3)}, in the order to show. The best of each row is in bold.
        tile: width of a picture in inches.

    Returns:
        matplotlib `Figure`.
    """
    names = ["input", "mask", *results, "original"]
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
        for j, (name, picture) in enumerate(zip(names, tiles, strict=True)):
            axis = axes[i][j]
            axis.imshow(np.clip(picture, 0, 1), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            if i == 0:
                axis.set_title(name, fontsize=9)
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


def _subplots(rows, columns, size):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    plt.close(figure)  # a notebook shows the figure it is given, once; nothing is left open
    return figure, axes
