"""Figures of results. Every function returns a matplotlib `Figure`: show it, or save it with `savefig`."""

from typing import TYPE_CHECKING

import numpy as np
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import metrics
from inpaintkit.checks import as_array, check_choice, check_number, check_table, check_type, match_batches

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

UNTRAINED = ", untrained"  # ends the name of the row that shows a network before its training
MARK = (0.93, 0.11, 0.47)  # a pink that photographs do not have
# The colour and the marker of each method in every figure. Readers with red- or green-blindness can tell the
# colours apart, too: tests/test_plots.py simulates that.
STYLES = {
    "masked input": ("#000000", "x"),
    "mean colour": ("#538097", "P"),
    "Telea": ("#56B4E9", "v"),
    "Navier–Stokes": ("#009E73", "^"),
    "biharmonic": ("#0072B2", "s"),
    "heat": ("#E69F00", "D"),
    "push-pull": ("#88D076", "<"),
    "total variation": ("#6ECFCF", ">"),
    "exemplar": ("#154B5A", "p"),
    "PatchMatch": ("#013177", "h"),
    "shift-map": ("#177037", "d"),
    "FSR": ("#6CD4A6", "H"),
    "photos": ("#D55E00", "o"),
    "prefilled_unet": ("#6275FF", "o"),
}
_COLUMNS = ("method", "classical", "output", "region", "bucket", "psnr", "psnr_low", "psnr_high")
OTHER_COLORS = ("#DC1546", "#513206", "#0207FB", "#CC79A7", "#882255", "#4E40E8")  # for all other names
_other_styles: dict[str, tuple] = {}  # {name: colour and marker}, in the order of their first use


def method_color(name: str) -> str:
    """The colour of a method: the same in every figure.

    Args:
        name: of a classical method, as tables show it or as its function is called, or of any network. A name
            that the kit does not know gets a colour when it is first used, and keeps it until Python ends.
            A network before its training (", untrained") has the colour of the network.

    Returns:
        text such as "#0072B2", for matplotlib.

    Example:
        >>> import inpaintkit as ik
        >>> ik.plots.method_color("Telea"), ik.plots.method_color("telea")
        ('#56B4E9', '#56B4E9')
        >>> ik.plots.method_color("my network") == ik.plots.method_color("my network, untrained")
        True
    """
    check_type("name", name, str, "the name of a method")
    return _color_and_marker(name)[0]


def _color_and_marker(name):
    for suffix in (UNTRAINED, ", validation"):
        name = name.removesuffix(suffix)
    plain = {_letters(known): style for known, style in STYLES.items()}
    if _letters(name) in plain:
        return plain[_letters(name)]
    if name not in _other_styles:
        turn, number = divmod(len(_other_styles), len(OTHER_COLORS))
        _other_styles[name] = OTHER_COLORS[number], "o*X8"[turn % 4]
    return _other_styles[name]


def _letters(name):
    return "".join(filter(str.isalnum, name.lower())).replace("colour", "color")


def mark(images: np.ndarray, masks: np.ndarray, color: tuple[float, float, float] = MARK) -> np.ndarray:
    """Paints the holes in a colour.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known. Or one of each, without the B. A batch
            of one counts for all of the others.
        color: red, green and blue in [0, 1].

    Returns:
        (B, H, W, 3), or (H, W, 3).

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> mask = np.array([1, 0]).reshape(1, 1, 2, 1)
        >>> ik.plots.mark(np.full((1, 1, 2, 3), 0.5), mask, color=(1, 0, 0))[0, 0].tolist()
        [[0.5, 0.5, 0.5], [1.0, 0.0, 0.0]]
    """
    images, masks = as_array("images", images), as_array("masks", masks)
    rgb = as_array("color", color, "float32")
    fits = (
        masks.ndim > 2 and match_batches(masks.shape, (*images.shape[:-1], 1)) and images.shape[-1] in (1, 3)
    )
    if not fits or rgb.shape != (3,):
        came = f"images {images.shape}, masks {masks.shape}, color {rgb.shape}"
        raise ValueError(f"{came}: expected (B, H, W, 3), (B, H, W, 1) and three numbers")
    return np.where(masks > 0, images, rgb)


def numbers(grids: dict[str, np.ndarray | tuple[np.ndarray, np.ndarray]], form: str = ".4g") -> "Figure":
    """Small arrays side by side, each number written in its square, the hole in pink.

    Args:
        grids: {title: array (H, W)}, or {title: (array, mask)} with 1 = known: a hole shows no numbers.
        form: how a number is written, such as ".2f" for two decimals.

    Returns:
        the figure.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image, mask = np.arange(4.0).reshape(2, 2), np.array([[1, 0], [1, 1]])
        >>> figure = ik.plots.numbers({"image": image, "with a hole": (image, mask)})
        >>> [text.get_text() for text in figure.axes[1].texts]
        ['0', '2', '3']
    """
    grids = {title: _grid(grid) for title, grid in grids.items()} if isinstance(grids, dict) else {}
    if not grids:
        raise ValueError("grids: expected {title: array} or {title: (array, mask)}")
    try:
        format(0.5, form)
    except (TypeError, ValueError) as error:
        raise ValueError(f"form={form!r}: expected how a number is written, such as '.2f'") from error
    figure, axes = _subplots(1, len(grids), (2.3 * len(grids), 2.6))
    for axis, (title, (values, known)) in zip(axes[0], grids.items(), strict=True):
        low, high = values[known > 0].min(), values[known > 0].max()
        grey = 1 - 0.35 * (high - values) / max(high - low, 1e-9)  # light enough for black digits
        axis.imshow(mark(grey[..., None].clip(0, 1), known[..., None]))
        for row, column in np.argwhere(known > 0):
            axis.text(column, row, f"{values[row, column]:{form}}", ha="center", va="center", fontsize=9)
        axis.set_title(title, fontsize=9)
        axis.set(xticks=[], yticks=[])
        axis.hlines(np.arange(1, values.shape[0]) - 0.5, -0.5, values.shape[1] - 0.5, "0.85", linewidth=0.6)
        axis.vlines(np.arange(1, values.shape[1]) - 0.5, -0.5, values.shape[0] - 0.5, "0.85", linewidth=0.6)
    return figure


def _grid(grid):
    """An array (H, W) and which of its numbers are shown, at least one."""
    grid = grid if isinstance(grid, tuple) and len(grid) == 2 else (grid, np.ones_like(grid))
    values, known = (as_array("grids", part) for part in grid)
    if values.ndim != 2 or values.shape != known.shape or not (known > 0).any():
        raise ValueError(f"grids hold {values.shape} with mask {known.shape}: expected (H, W), some known")
    return values, known


def gallery(
    images: np.ndarray,
    masks: np.ndarray,
    results: dict[str, np.ndarray],
    tile: float = 1.5,
    scores: dict[str, np.ndarray] | None = None,
    score: str = "hole",
) -> "Figure":
    """One row per image: masked image, mask, the fill of each method with its PSNR in dB, original.

    Args:
        images: the originals, (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.
        results: {name: filled (B, H, W, 3)}, in the order to show. The best PSNR of each row is in bold.
        tile: width of an image in inches.
        scores: None, or {name: PSNR (B,)}, the numbers to show, such as those of another metric definition.
        score: "hole": PSNR over the pixels of the hole only; "image": over the whole image, where a raw
            output and its composite differ. It stands before each number.

    Returns:
        the figure.

    Raises:
        ValueError: another `score`.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> images, masks = np.full((2, 8, 8, 3), 0.5), np.ones((2, 8, 8, 1))
        >>> masks[:, 2:4] = 0
        >>> figure = ik.plots.gallery(images, masks, {"fill": images + 0.1 * (1 - masks)})
        >>> [axis.get_title() for axis in figure.axes[:4]], figure.axes[2].get_xlabel()
        (['input', 'mask', 'fill', 'original'], 'hole 20.0 dB')
    """
    check_choice("score", score, ("hole", "image"))
    check_number("tile", tile, 0.1, 100)
    check_type("results", results, dict, "{name: filled images}")
    check_type("scores", scores, dict | None, "None or {name: PSNR of each image}")
    images, masks = as_array("images", images), as_array("masks", masks)
    results = {name: as_array("results", filled) for name, filled in results.items()}
    metrics.check_shapes(images, images, masks)
    for filled in results.values():
        metrics.check_shapes(images, filled)
    if scores is None:
        region = 1 - masks if score == "hole" else None
        scores = {name: to_numpy(metrics.psnr(images, filled, region)) for name, filled in results.items()}
    columns = {"input": mark(images, masks), "mask": np.repeat(masks, 3, -1), **results, "original": images}
    rows, height = len(images), tile * images.shape[1] / images.shape[2]
    figure, axes = _subplots(rows, len(columns), (len(columns) * tile, rows * (height + 0.2) + 0.3))
    for name, axis in zip(columns, axes[0], strict=True):
        axis.set_title(name.replace(UNTRAINED, ",\nuntrained"), fontsize=9)
    for i in range(rows):
        best = max((scores[name][i] for name in results), default=None)
        for axis, (name, shown) in zip(axes[i], columns.items(), strict=True):
            axis.imshow(np.clip(shown[i], 0, 1), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=name == "mask", color="0.6")  # a mask is white, as the page is
            if name in results:
                weight = "bold" if scores[name][i] == best else "normal"
                axis.set_xlabel(f"{score} {scores[name][i]:.1f} dB", fontsize=8, labelpad=2, weight=weight)
    return figure


def curves(history: dict[str, list[float]], baselines: dict[str, dict[str, float]] | None = None) -> "Figure":
    """Training curves: the loss and each metric, in training and validation, over the epochs.

    Args:
        history: {name: one value per epoch}, such as `fit(...).history`.
        baselines: None, or {metric name: {method: value}}, drawn as dashed lines.

    Returns:
        the figure, one plot per name without "val_".

    Example:
        >>> import inpaintkit as ik
        >>> history = {"loss": [0.2, 0.1], "hole_psnr": [20, 22], "val_hole_psnr": [19, 21]}
        >>> figure = ik.plots.curves(history, {"hole_psnr": {"biharmonic": 22.1}})
        >>> [axis.get_title() for axis in figure.axes]
        ['loss', 'hole PSNR, dB']
    """
    check_type("baselines", baselines, dict | None, "None or {metric: {method: value}}")
    if not isinstance(history, dict) or not all(np.ndim(values) == 1 for values in history.values()):
        raise ValueError(f"history of type {type(history).__name__}: expected {{name: one value per epoch}}")
    names = [n for n in history if not n.startswith("val_") and n not in ("epoch", "learning_rate")]
    figure, axes = _subplots(1, len(names), (4 * len(names), 3))
    for axis, name in zip(axes[0], names, strict=True):
        for key, label, color in ((name, "training", "0.6"), (f"val_{name}", "validation", "black")):
            if key in history:
                epochs = range(1, len(history[key]) + 1)
                axis.plot(epochs, history[key], marker=".", color=color, label=label, clip_on=False)
        for method, value in (baselines or {}).get(name, {}).items():
            axis.axhline(value, color=method_color(method), linestyle="--", linewidth=1.5, label=method)
        axis.set(title=name.replace("_", " ").replace("psnr", "PSNR, dB"), xlabel="epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    return figure


def buckets(table: "DataFrame") -> "Figure":
    """Hole PSNR of each method's composite over the missing share of the image, with 95 % intervals.

    Args:
        table: from `ik.compare`. Classical methods are dashed, untrained networks dotted and pale; a bucket
            without images is left out.

    Returns:
        the figure.

    Example:
        >>> import pandas as pd
        >>> import inpaintkit as ik
        >>> row = {"method": "heat", "classical": True, "output": "composite", "region": "hole", "n": 4}
        >>> row |= {"bucket": "10–20 %", "psnr": 22.0, "psnr_low": 21.0, "psnr_high": 23.0}
        >>> figure = ik.plots.buckets(pd.DataFrame([row]))
        >>> figure.axes[0].get_xticklabels()[0].get_text()
        '10–20 %\\nn = 4'
    """
    check_table("table", table, [*_COLUMNS, "n"])
    rows = table[(table.region == "hole") & (table.output == "composite") & (table.n > 0)]
    rows = rows[~rows.bucket.isin(["all", "elsewhere"]) & (rows.method != "masked input")]
    counts = rows.drop_duplicates("bucket").set_index("bucket").n  # images per bucket
    figure, ((axis,),) = _subplots(1, 1, (7, 4.5))
    middle = (rows.method.nunique() - 1) / 2
    for k, (name, part) in enumerate(rows.groupby("method", sort=False)):
        x = counts.index.get_indexer(part.bucket) + 0.06 * (k - middle)  # side by side
        below = part.psnr - part.psnr_low.fillna(part.psnr)
        above = part.psnr_high.fillna(part.psnr) - part.psnr
        style = _style(name, part.classical.iloc[0])
        axis.errorbar(x, part.psnr, (below, above), capsize=2, label=name, **style)
    axis.set_xticks(range(len(counts)), [f"{bucket}\nn = {n}" for bucket, n in counts.items()])
    axis.set(xlabel="share of the image that is missing", ylabel="PSNR in the hole, dB")
    axis.grid(alpha=0.3)
    if len(rows):  # matplotlib warns of an empty legend
        figure.legend(fontsize=8, loc="outside right center")
    return figure


def psnr_and_time(table: "DataFrame") -> "Figure":
    """Hole PSNR of each method's composite against its time per image: up and to the left is better.

    Args:
        table: from `ik.compare`. Methods without a time are left out; untrained networks are hollow and pale,
            in the colour of their network.

    Returns:
        the figure.

    Example:
        >>> import pandas as pd
        >>> import inpaintkit as ik
        >>> row = {"method": "heat", "classical": True, "output": "composite", "region": "hole", "ms": 2.0}
        >>> row |= {"bucket": "all", "psnr": 22.0, "psnr_low": 21.0, "psnr_high": 23.0}
        >>> figure = ik.plots.psnr_and_time(pd.DataFrame([row]))
        >>> figure.axes[0].get_xlabel()
        'milliseconds per image, on this machine'
    """
    from matplotlib.ticker import LogLocator

    check_table("table", table, [*_COLUMNS, "ms"])
    rows = table[(table.region == "hole") & (table.output == "composite") & (table.bucket == "all")]
    rows = rows[rows.ms.notna() & (rows.method != "masked input")]
    figure, ((axis,),) = _subplots(1, 1, (7, 4.5))
    axis.set(xscale="log", xlabel="milliseconds per image, on this machine", ylabel="PSNR in the hole, dB")
    for _, row in rows.iterrows():
        bars = [[0 if np.isnan(end) else abs(end - row.psnr)] for end in (row.psnr_low, row.psnr_high)]
        style = _style(row.method, row.classical) | {"linestyle": "none"}
        axis.errorbar(row.ms, row.psnr, bars, capsize=3, markersize=7, label=row.method, **style)
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter("")
    axis.grid(alpha=0.3, which="both")
    if len(rows):
        low, high = rows.ms.min() / 1.5, rows.ms.max() * 1.5
        axis.set_xlim(low, high * (high / low) ** 0.25)  # room for the names at the right
        _name_points(axis, rows)
    return figure


def _style(name, classical):
    """Classical methods are dashed. A network before its training is pale and hollow."""
    color, marker = _color_and_marker(name)
    style = {"color": color, "marker": marker, "linestyle": "--" if classical else "-"}
    if name.endswith(UNTRAINED) and not classical:
        style |= {"linestyle": ":", "alpha": 0.6, "markerfacecolor": "none"}
    return style


def _name_points(axis, rows):
    """Writes each method's name at the right of its point, higher where it would cover another name."""
    (left, right), (low, high), placed = np.log(axis.get_xlim()), axis.get_ylim(), []
    for _, row in rows.sort_values("psnr").iterrows():
        x, y = np.log(row.ms), row.psnr
        while any(abs(x - a) < 0.3 * (right - left) and abs(y - b) < 0.045 * (high - low) for a, b in placed):
            y += 0.005 * (high - low)
        placed.append((x, y))
        place, line = (np.exp(x + 0.03 * (right - left)), y), {"arrowstyle": "-", "color": "0.6"}
        axis.annotate(row.method, (row.ms, row.psnr), place, va="center", fontsize=8, arrowprops=line)


def _subplots(rows, columns, size):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    plt.close(figure)  # a notebook shows the figure that a cell returns, once; no figure is left open
    return figure, axes
