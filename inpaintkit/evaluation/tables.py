"""Means and intervals of scores.

A row of the table says whether it measures the `raw` output or the `composite` (known pixels put back),
over the whole `image` or the `hole`, and for holes of which size. Means are over images. Intervals are 95 %
bootstrap percentiles over images: how far a mean would move with other images of the same kind. They say
nothing about other weights or other masks.
"""

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from inpaintkit.checks import check_table, random_generator
from inpaintkit.plots import UNTRAINED

BUCKETS = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))  # of Liu et al. 2018
COLUMNS = [
    *("method", "classical", "output", "region", "bucket", "n", "mae", "mse"),
    *("psnr", "psnr_low", "psnr_high", "ssim", "ssim_low", "ssim_high", "n_ssim"),
    *("dice", "dice_squared", "jaccard", "cosine", "ms"),
    *("against", "delta_psnr", "delta_low", "delta_high"),
    *("added_psnr", "added_low", "added_high"),
]  # then the perceptual metrics that were asked for
VIEW = ["method", "output", "region"]
MIN_IMAGES_FOR_INTERVAL = 10  # a bootstrap of fewer images is too narrow
RESAMPLES, BLOCK = 2000, 100


def tabulate(scores: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Means and intervals of scores.

    Args:
        scores: from `score_images`, or read from the `images.csv` that `save_comparison` writes.
        seed: of the bootstrap.

    Returns:
        pandas table, the best classical method first, then by hole PSNR. One row per bucket ("all", the hole
        ratios of `BUCKETS`, and "elsewhere" if there are others), method, output ("raw", "composite"; no raw
        row if a method keeps all known pixels) and region ("image", "hole"). Columns: method, classical,
        output, region, bucket, n, mae, mse, psnr, psnr_low, psnr_high, ssim, ssim_low, ssim_high, n_ssim
        (images that have one: a hole along the border has none), dice, dice_squared, jaccard, cosine (whole
        image only), ms; the paired difference to the composite of the best classical method of the bucket:
        against, delta_psnr, delta_low, delta_high; the paired difference of a network to itself before
        training: added_psnr, added_low, added_high; then the perceptual metrics (FID and KID only of all
        images). NaN where there is no value.

    Raises:
        ValueError: scores of several comparisons, or a method without a name.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> scores = ik.evaluation.score_images({"mean": ik.baselines.mean_color}, images, "center")
        >>> table = ik.evaluation.tabulate(scores)
        >>> table.bucket.unique()[:3].tolist(), table.n[0].item()
        (['all', '(0.01, 0.1]', '(0.1, 0.2]'], 2)
    """
    measured = ("mae", "mse", "psnr", "ssim", "dice", "dice_squared", "jaccard", "cosine", "ms")
    check_table("scores", scores, [*VIEW, "classical", "image", "hole_ratio", *measured])
    attrs, scores = scores.attrs, scores.sort_values("image")
    scores.attrs = {}  # pandas would copy them, with all names of images, at every step
    _check_one_comparison(scores)
    metrics = scores.columns.difference([*VIEW, "classical", "image", "hole_ratio"])
    views = pd.MultiIndex.from_frame(scores[VIEW].drop_duplicates())
    titles = [f"({low:g}, {high:g}]" for low, high in BUCKETS]
    edges = [BUCKETS[0][0], *(high for _, high in BUCKETS)]
    bucket = pd.cut(scores.hole_ratio, edges, labels=titles).astype("object").fillna("elsewhere")
    titles = ["all", *titles, *(["elsewhere"] if (bucket == "elsewhere").any() else [])]
    scores = pd.concat([scores.assign(bucket="all"), scores.assign(bucket=bucket)])

    against = _best_classical(scores).reindex(titles)
    against = against.fillna(against["all"]) if scores.classical.any() else against
    scores["delta_psnr"] = scores.psnr - _psnr_of(scores, scores.bucket.map(against), "composite")
    before = scores.method + UNTRAINED
    raw, kept = _psnr_of(scores, before, scores.output), _psnr_of(scores, before, "composite")
    scores["added_psnr"] = scores.psnr - np.where(np.isnan(raw), kept, raw)  # a fill that keeps known pixels

    groups = scores.groupby(["bucket", *VIEW])
    table = groups[[*metrics, "delta_psnr", "added_psnr"]].mean()
    table["n"], table["n_ssim"] = groups.size(), groups.ssim.count()
    table = table.join(_intervals_by_bucket(scores, seed))
    order = _methods_in_order(scores, against["all"])
    rows = pd.MultiIndex.from_product([titles, order, ["raw", "composite"], ["image", "hole"]])
    rows = rows[rows.droplevel(0).isin(views)].set_names(["bucket", *VIEW])
    table = table.reindex(rows).reset_index()
    table = table.fillna({"n": 0, "n_ssim": 0}).astype({"n": int, "n_ssim": int})
    table["classical"] = table.method.isin(scores.method[scores.classical])
    table["against"] = table.bucket.map(against)
    table = table[[*COLUMNS, *(column for column in metrics if column not in COLUMNS)]]
    for view, values in attrs.get("sets", {}).items():
        method, output = view.rsplit("/", 1)
        row = (table.method == method) & (table.output == output) & (table.region == "image")
        for metric, value in values.items():
            table.loc[row & (table.bucket == "all"), metric] = value
    table.attrs = attrs
    return table


def _check_one_comparison(scores):
    """Raises ValueError unless all methods were measured on the same images and holes."""
    if scores.method.isna().any():
        raise ValueError("a method without a name: pandas reads NA, None and others from a file as missing")
    measured_on = {view: rows[["image", "hole_ratio"]].to_numpy() for view, rows in scores.groupby(VIEW)}
    (first, *_), expected = next(iter(measured_on.items()))
    for (method, *_), found in measured_on.items():
        if not np.array_equal(found, expected):
            raise ValueError(f"method {method!r} has other images or holes than {first!r}: expected the same")


def _methods_in_order(scores, first):
    """The names of the methods: the given one, then the others by hole PSNR."""
    hole = scores[(scores.output == "composite") & (scores.region == "hole") & (scores.bucket == "all")]
    order = hole.groupby("method").psnr.mean().sort_values(ascending=False, kind="stable").index
    return sorted(order, key=lambda name: name != first)  # stable: the others stay in order


def _best_classical(scores):
    """The classical method with the highest hole PSNR in each bucket, as a series."""
    hole = scores[scores.classical & (scores.output == "composite") & (scores.region == "hole")]
    means = hole.groupby(["bucket", "method"]).psnr.mean().unstack("method")
    return means.idxmax(axis=1) if len(means) else pd.Series(dtype="object")


def _psnr_of(scores, method, output):
    """For each row, the PSNR that another method or output has on the same image; NaN where there is none."""
    keys = ["bucket", *VIEW, "image"]
    wanted = pd.MultiIndex.from_frame(scores.assign(method=method, output=output)[keys])
    return scores.set_index(keys).psnr.reindex(wanted).to_numpy()


def _intervals_by_bucket(scores, seed):
    """Columns "<quantity>_low" and "<quantity>_high", by bucket and view."""
    quantities = {"psnr": "psnr", "ssim": "ssim", "delta_psnr": "delta", "added_psnr": "added"}
    scores, tables = scores.rename(columns=quantities), []
    for bucket, rows in scores.groupby("bucket"):
        wide = rows.pivot(index="image", columns=VIEW, values=[*quantities.values()])
        low, high = intervals(wide.to_numpy(), seed)  # of all quantities: they share the resampled images
        ends = pd.DataFrame({"low": low, "high": high}, index=wide.columns).unstack(0)
        ends.columns = [f"{name}_{end}" for end, name in ends.columns]
        tables.append(pd.concat({bucket: ends}, names=["bucket"]))
    return pd.concat(tables)


def intervals(values, seed):
    """95 % bootstrap percentile intervals of the means of columns, without their NaN.

    All columns use the same resampled images, so that differences are paired. The percentiles are expanded
    (Hesterberg 2015), as a t-interval is wider than a normal one: with 10 images, plain percentiles hold the
    true mean in 87 of 100 cases only. SciPy's bootstrap has neither.

    Args:
        values: (images, columns). seed: of the resampling.

    Returns:
        lower and upper ends, (2, columns); NaN for a column of fewer than `MIN_IMAGES_FOR_INTERVAL` values.
    """
    count = len(values)
    ends = np.full((2, values.shape[1]), np.nan)
    finite = np.isfinite(values)
    filled = np.where(finite, values, 0)
    rng, means = random_generator(seed), []
    for _ in range(RESAMPLES // BLOCK):  # in blocks, to save memory
        times = rng.multinomial(count, np.full(count, 1 / count), BLOCK).astype("float64")  # (BLOCK, images)
        means.append((times @ filled) / np.maximum(times @ finite, 1))
    means = np.concatenate(means)  # (RESAMPLES, columns)
    for k, n in enumerate(finite.sum(axis=0)):
        if n >= MIN_IMAGES_FOR_INTERVAL:
            tail = 100 * norm.cdf(np.sqrt(n / (n - 1)) * t.ppf(0.025, n - 1))
            ends[:, k] = np.percentile(means[:, k], (tail, 100 - tail))
    return ends
