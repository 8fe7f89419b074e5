"""One protocol for every method, and tables that can be trusted.

Nothing is mixed: a row says whether it measures the `raw` output or the `composite` (known pixels put
back), whether over the whole `image` or the `hole`, and for holes of which size. Means are over images.
Intervals are 95 % bootstrap percentiles over images: they say how far a mean would move with other
images *of this kind*, not with other weights or another kind of hole.
"""

import itertools

import numpy as np
import pandas as pd
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit.evaluation.methods import as_method
from inpaintkit.evaluation.reports import MIN_IMAGES_FOR_INTERVAL
from inpaintkit.evaluation.scoring import check_output, score_images
from inpaintkit.metrics import psnr
from inpaintkit.plots import UNTRAINED

BUCKETS = ((0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6))  # of Liu et al. 2018
COLUMNS = [
    *("method", "classical", "output", "region", "bucket", "n", "mae", "mse"),
    *("psnr", "psnr_low", "psnr_high", "ssim", "ssim_low", "ssim_high", "n_ssim"),
    *("dice", "dice_squared", "jaccard", "cosine", "ms"),
    *("against", "delta_psnr", "delta_low", "delta_high"),
    *("added_psnr", "added_low", "added_high"),
]  # then the perceptual measures that were asked for
_RESAMPLES, _BLOCK = 2000, 100
_WHERE = ["method", "classical", "output", "region", "image", "hole_ratio"]


def compare(
    methods,
    images,
    masks,
    batch_size=16,
    metrics="tf",
    perceptual=None,
    seed=0,
    folder=None,
    progress=None,
    untrained=True,
):
    """Compares methods on the same images and the same holes: `tabulate(score_images(…))`.

    Beside each network stands what it did before training, so that the table says what training added.

    Args:
        methods: {name: method, Keras model, or fills}: a method is `method(images, masks) -> images`; fills
            are what some other program has made of these images, an array of their shape.
        images: the originals, `Images` or float32 (B, H, W, 3) in [0, 1].
        masks: a kind of hole, its name, or float32 (B, H, W, 1), 1 = known, 0 = hole; every mask needs both.
        batch_size: images a call.
        metrics: "tf", "scikit-image", "edgeconnect", "mmagic" or an
            `ik.evaluation.MetricDefinition`: how two images become numbers. Compare only numbers of one.
        perceptual: None, or an `ik.metrics.PerceptualMetrics`: also feature distance, LPIPS, FID and KID.
        seed: of the holes, where `masks` is a kind, and of the bootstrap.
        folder: None, or where the scores are kept as they are made, with a manifest that suffices to
            reproduce them: the same call goes on where it was cut off.
        progress: None, or a function called with (method name, images done, images).
        untrained: adds to each Keras network a row "<name>, untrained": the same network rebuilt from its
            config with fresh weights (see `ik.evaluation.untrained`), unless there is one of that name.

    Returns:
        pandas table as of `tabulate`.

    Raises:
        ValueError: as `validate_comparison` does; a method that returns another shape, NaN or values
            outside [0, 1]; a folder that holds another comparison.
    """
    given = (methods, images, masks, batch_size, metrics, perceptual, seed, folder, progress, untrained)
    scores = score_images(*given)
    return tabulate(scores, seed)


def tabulate(scores, seed=0):
    """Means and intervals of scores.

    Args:
        scores: from `score_images`, or the `images.csv` that `save_comparison` leaves.
        seed: of the bootstrap.

    Returns:
        pandas table, best classical method first, then by hole PSNR. A row each output ("raw", "composite"; a
        method that leaves known pixels alone has no raw row), region ("image", "hole") and bucket ("all",
        the hole ratios of `BUCKETS`, empty ones with n = 0, and, if there are any, those "elsewhere").
        Columns: method, classical, output, region, bucket, n, mae, mse, psnr, psnr_low, psnr_high, ssim,
        ssim_low, ssim_high, n_ssim (the images that have one: a hole along the border has none), dice,
        dice_squared, jaccard, cosine (whole image only), ms, and the paired difference to the best
        classical method of that bucket, same region, composite: against, delta_psnr, delta_low, delta_high;
        the paired difference of a network to itself before training: added_psnr, added_low, added_high;
        then the perceptual measures that were asked for (FID and KID only of all images). NaN where there
        is nothing to say.
    """
    attrs, scores = scores.attrs, scores.copy(deep=False)
    scores.attrs = {}  # pandas would copy them, all names of images, at every step
    if scores.method.isna().any():
        raise ValueError("a method without a name: pandas reads NA, None and others from a file as missing")
    views = {key: f.sort_values("image") for key, f in scores.groupby(["method", "output", "region"])}
    classical = set(scores.method[scores.classical])
    hole = {key[0]: f.psnr.to_numpy() for key, f in views.items() if key[1:] == ("composite", "hole")}
    order = sorted(hole, key=lambda name: -hole[name].mean())
    best = next((name for name in order if name in classical), None)
    order.sort(key=lambda name: name != best)  # stable: the best classical first, the rest as they were
    first = next(iter(views.values()))
    for key, view in views.items():
        if any(not np.array_equal(view[c], first[c]) for c in ("image", "hole_ratio")):
            raise ValueError(
                f"method {key[0]!r} has other images or holes than {scores.method.iloc[0]!r}: expected the "
                "scores of one comparison, where all are measured on the same"
            )
    ratio = first.hole_ratio.to_numpy()
    buckets = {f"({low:g}, {high:g}]": (low < ratio) & (ratio <= high) for low, high in BUCKETS}
    elsewhere = ~np.any(list(buckets.values()), axis=0)
    buckets = {"all": np.ones(len(ratio), bool), **buckets}
    buckets |= {"elsewhere": elsewhere} if elsewhere.any() else {}
    parts = [
        _bucket(title, {key: f[chosen] for key, f in views.items()}, order, classical, seed)
        for title, chosen in buckets.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[[*COLUMNS, *(column for column in table if column not in COLUMNS)]]
    for where, values in attrs.get("sets", {}).items():
        name, output = where.rsplit("/", 1)
        rows = (table.method == name) & (table.output == output) & (table.region == "image")
        for measure, value in values.items():
            table.loc[rows & (table.bucket == "all"), measure] = value
    table.attrs = attrs
    return table


def hole_psnr(method, pairs):
    """Mean hole PSNR in dB of a method over the batches of `ik.data.pairs(…)`."""
    run, values = as_method(method), []
    for k in range(len(pairs)):
        (holed, mask), image = pairs[k]
        filled = to_numpy(run(holed, mask.copy()))
        check_output(getattr(method, "__name__", "given"), filled, image.shape)
        values.append(to_numpy(psnr(image, filled, 1 - mask)))
    return float(np.concatenate(values).mean())


def _compared(about):
    """What of a manifest must be the same when a comparison is written down."""
    return {
        "methods": about["methods"],
        "images": about["images"]["sha256"],
        "holes": about["holes"]["sha256"],
        "seed": about["seed"],
    }


def _bucket(title, views, order, classical, seed):
    """The rows of one bucket of hole ratios, from its scores by (method, output, region)."""
    hole = {name: views[name, "composite", "hole"].psnr for name in order}
    known = [name for name in order if name in classical]
    best = max(known, key=lambda name: hole[name].mean(), default=None)
    rows, columns = [], []
    for name in order:
        for output, region in itertools.product(("raw", "composite"), ("image", "hole")):
            if (name, output, region) not in views:
                continue
            view = views[name, output, region]
            bar = views[best, "composite", region].psnr.to_numpy() if best else np.nan
            delta = view.psnr.to_numpy() - bar
            before = views.get((f"{name}{UNTRAINED}", output, region))
            if before is None:  # a fill that keeps the known pixels has no raw row
                before = views.get((f"{name}{UNTRAINED}", "composite", region), view.assign(psnr=np.nan))
            added = view.psnr.to_numpy() - before.psnr.to_numpy()
            columns += [view.psnr, view.ssim, delta, added]
            row = {"method": name, "classical": name in classical, "output": output, "region": region}
            means = view.drop(columns=[*_WHERE, "ms"]).mean().to_dict()
            against = {"against": best, "delta_psnr": np.mean(delta) if len(view) else np.nan}
            against["added_psnr"] = np.mean(added) if len(view) else np.nan
            counts = {"bucket": title, "n": len(view), "n_ssim": view.ssim.count()}
            rows.append({**row, **counts, **means, "ms": view.ms.mean(), **against})
    intervals = _intervals(np.stack(columns, axis=-1), seed).reshape(2, len(rows), 4)
    for k, metric in enumerate(("psnr", "ssim", "delta", "added")):
        for row, low, high in zip(rows, *intervals[:, :, k], strict=True):
            row |= {f"{metric}_low": low, f"{metric}_high": high}
    return pd.DataFrame(rows)


def _intervals(values, seed):
    """95 % percentile intervals of the means of columns (n, K), (2, K).

    NaN where there are fewer than `MIN_IMAGES_FOR_INTERVAL` values.

    All columns see the same resampled images, so that differences are paired. The percentiles are expanded
    as Hesterberg 2015 does, as a t-interval is wider than a normal one: of 10 images, plain ones hold the
    truth in 87 of 100 cases only.
    """
    from scipy.stats import norm, t

    finite = np.isfinite(values)
    filled, n = np.where(finite, values, 0), len(values)
    if n < MIN_IMAGES_FOR_INTERVAL:
        return np.full((2, values.shape[1]), np.nan)
    rng, means = np.random.default_rng(seed), []
    for _ in range(_RESAMPLES // _BLOCK):
        times = rng.multinomial(n, np.full(n, 1 / n), _BLOCK).astype("float64")
        means.append((times @ filled) / np.maximum(times @ finite, 1))
    means, ends = np.concatenate(means), np.full((2, values.shape[1]), np.nan)
    for k, count in enumerate(finite.sum(axis=0)):
        if count >= MIN_IMAGES_FOR_INTERVAL:
            tail = 100 * norm.cdf(np.sqrt(count / (count - 1)) * t.ppf(0.025, count - 1))
            ends[:, k] = np.percentile(means[:, k], (tail, 100 - tail))
    return ends
