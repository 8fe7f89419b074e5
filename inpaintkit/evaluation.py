"""One protocol for every method, and tables that can be trusted.

Nothing is mixed: a row says whether it measures the `raw` output or the `composite` (known pixels put
back), and whether over the whole `image` or the `hole`. PSNR is the mean of per-picture values, capped at
100 dB; SSIM has a Gaussian window of 11 taps, σ 1.5, data range 1. Intervals are 95 % bootstrap
percentiles over pictures: they say how far the mean would move with other pictures *of this kind*.
"""

import time

import numpy as np
import pandas as pd
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import metrics
from inpaintkit.images import check_batch
from inpaintkit.inpainting import as_method, composite
from inpaintkit.masks import hole_ratio

LEAST = 10  # pictures for an interval: a bootstrap of fewer is too narrow
COLUMNS = [
    *("method", "classical", "output", "region", "n", "mae", "mse"),
    *("psnr", "psnr_low", "psnr_high", "ssim", "ssim_low", "ssim_high", "dice", "jaccard", "cosine"),
    *("ms", "delta_psnr", "delta_low", "delta_high"),
]
_IMAGE_ONLY = {
    "dice": metrics.dice,
    "jaccard": metrics.jaccard_distance,
    "cosine": metrics.cosine_similarity,
}


def compare(methods, images, masks, batch_size=16, seed=0, progress=None):
    """Compares methods on the same pictures and the same holes.

    Args:
        methods: {name: method or Keras model}; a method is `method(images, masks) -> images`.
        images: the originals, float32 (B, H, W, 3) in [0, 1].
        masks: float32 (B, H, W, 1), 1 = known, 0 = hole; every mask needs both.
        batch_size: pictures a call.
        seed: of the bootstrap.
        progress: None, or a function called with (method name, pictures done, pictures).

    Returns:
        pandas table, best classical method first, then by hole PSNR. Columns: method, classical, output
        ("raw", "composite"; a method that leaves known pixels alone has no raw row), region ("image",
        "hole"), n, mae, mse, psnr with psnr_low and psnr_high, ssim with ssim_low and ssim_high, dice,
        jaccard, cosine (whole picture only), ms (a picture), delta_psnr with delta_low and delta_high:
        the paired difference to the best classical method, same region, composite.

    Raises:
        ValueError: as `check` does, or a method that returns another shape, NaN or values outside [0, 1].
    """
    holed, masks = check(methods, images, masks)
    images = np.asarray(images, "float32")
    scores = {name: _run(name, m, images, holed, masks, batch_size, progress) for name, m in methods.items()}
    return _table(scores, {n for n, m in methods.items() if getattr(m, "classical", False)}, seed)


def check(methods, images, masks):
    """Checks, before any work, what `compare` is given: all but classical methods fill a picture on trial.

    Args:
        methods, images, masks: as for `compare`.

    Returns:
        (images, masks) as `inpaintkit.images.check_batch` does.

    Raises:
        ValueError: no method or no picture, pictures and masks that do not fit, a mask without a hole or
            without a known pixel, a network that is not one over `[image, mask]` at this size.
    """
    if not methods or not len(images):
        raise ValueError(f"{len(methods)} methods and {len(images)} pictures: expected at least one of each")
    holed, masks = check_batch(images, masks)
    if np.ptp(masks, axis=(1, 2, 3)).min() == 0:
        raise ValueError(
            "a mask without a hole, or without a known pixel, has no score: change the kind of hole, or give "
            "it a hole_ratio (on the command line, --mask-ratio)"
        )
    for name, method in methods.items():
        if not getattr(method, "classical", False):
            _check_output(name, to_numpy(as_method(method)(holed[:1].copy(), masks[:1].copy())), holed[:1])
    return holed, masks


def summary(table):
    """A comparison for reading.

    Args:
        table: from `compare`.

    Returns:
        pandas table of text, a row a method and output: means with their 95 % intervals.
    """
    index = ["method", "output"]
    image, hole = (table[table.region == region].set_index(index) for region in ("image", "hole"))
    best = table.method.iloc[0]
    rows = []
    for (method, output), whole in image.iterrows():
        part = hole.loc[(method, output)]
        row = {
            "method": method,
            "output": output,
            "PSNR dB": _interval(whole, "psnr", ".2f"),
            "SSIM": _interval(whole, "ssim", ".3f"),
            "MAE": f"{whole.mae:.4f}",
            "hole PSNR dB": _interval(part, "psnr", ".2f"),
        }
        if table.classical.any():
            row[f"hole, against {best}"] = "–" if method == best else _interval(part, "delta", "+.2f")
        row["ms"] = f"{whole.ms:.1f}"
        rows.append(row)
    return pd.DataFrame(rows)


def verdict(table):
    """What a comparison says of these pictures, in a sentence for each network.

    Args:
        table: from `compare`.

    Returns:
        str; a difference whose interval holds 0 is called none.
    """
    best = table.method.iloc[0]
    hole = table[(table.region == "hole") & (table.output == "composite")].set_index("method")
    if not table.classical.any():
        return "No classical method was compared, so nothing here says whether a network was needed."
    words = [f"Best classical method: {best}, {hole.psnr[best]:.2f} dB in the hole."]
    for name, row in hole[~hole.classical].iterrows():
        by = _interval(row, "delta", "+.2f")
        if row.n < LEAST:
            words.append(f"{name}: {by} dB against it, on too few pictures to tell.")
        elif row.delta_low <= 0 <= row.delta_high:
            words.append(f"{name} cannot be told from it: {by} dB.")
        else:
            words.append(
                f"On these pictures {name} is {'better' if row.delta_psnr > 0 else 'worse'}: {by} dB."
            )
    return " ".join(words)


def recipe(pictures, kind, masks, seed):
    """How a table was made: what a reader must know before comparing it with another.

    Args:
        pictures: the `Pictures` compared on. kind: of hole. masks: (N, H, W, 1). seed: of both.

    Returns:
        str, one paragraph.
    """
    sources = len(set(pictures.names))
    shared = (
        f"they are crops of {sources} photographs, so the intervals say nothing about other photographs; "
    )
    return (
        f"Recipe: {pictures!r}, {kind!r}, {100 * hole_ratio(masks).mean():.1f} % missing on average, "
        f"seed {seed}; {shared if sources < len(pictures) else ''}"
        "composite = known pixels put back, raw = as the method returned it; PSNR the mean of per-picture "
        "values; SSIM Gaussian window 11, σ 1.5, data range 1; [95 % bootstrap interval over pictures]; "
        "ms a picture, on this machine."
    )


def hole_psnr(method, pairs):
    """Mean hole PSNR in dB of a method over the batches of `ik.data.pairs(…)`."""
    run = as_method(method)
    values = [
        to_numpy(metrics.psnr(image, run(holed, mask), 1 - mask))
        for (holed, mask), image in (pairs[k] for k in range(len(pairs)))
    ]
    return float(np.concatenate(values).mean())


def _interval(row, metric, form):
    value = f"{row['delta_psnr' if metric == 'delta' else metric]:{form}}"
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return f"{value} [{low:{form}}, {high:{form}}]" if np.isfinite(low) else value


def _run(name, method, images, holed, masks, batch_size, progress):
    """Per-picture scores of one method: {(output, region): {metric: (B,)}}, and its time a picture."""
    run = as_method(method, batch_size)
    batches = [slice(i, i + batch_size) for i in range(0, len(images), batch_size)]
    if not getattr(run, "classical", False):
        for sizes in {len(images[b]) for b in batches}:  # compiled once a batch size, outside the clock
            run(holed[:sizes].copy(), masks[:sizes].copy())
    parts, seconds = [], 0.0
    for batch in batches:
        given = holed[batch].copy(), masks[batch].copy()  # a method may work in place
        start = time.perf_counter()
        filled = to_numpy(run(*given))
        seconds += time.perf_counter() - start
        _check_output(name, filled, images[batch])
        parts.append(_score(images[batch], filled, masks[batch]))
        if progress:
            progress(name, min(batch.stop, len(images)), len(images))
    scores = {}
    for view, metric_names in parts[0].items():
        scores[view] = {
            metric: np.concatenate([part[view][metric] for part in parts]) for metric in metric_names
        }
    if np.array_equal(scores["raw", "image"]["mse"], scores["composite", "image"]["mse"]):
        scores = {view: values for view, values in scores.items() if view[0] == "composite"}
    return scores, 1000 * seconds / len(images)


def _check_output(name, filled, images):
    if filled.shape != images.shape:
        raise ValueError(f"method {name!r} returned shape {filled.shape}: expected {images.shape}")
    if not (filled.min() >= 0 and filled.max() <= 1):
        raise ValueError(f"method {name!r} returned {filled.min()} … {filled.max()}: expected [0, 1]")


def _score(images, filled, masks):
    scores = {}
    for output, result in (("raw", filled), ("composite", composite(filled, images, masks))):
        for region, where in (("image", None), ("hole", 1 - masks)):
            values = {m: getattr(metrics, m)(images, result, where) for m in ("mae", "mse", "psnr", "ssim")}
            if region == "image":
                values |= {m: function(images, result) for m, function in _IMAGE_ONLY.items()}
            scores[output, region] = {m: to_numpy(v).astype("float64") for m, v in values.items()}
    return scores


def _table(scores, classical, seed):
    hole_psnr = {name: s["composite", "hole"]["psnr"] for name, (s, _) in scores.items()}
    order = sorted(scores, key=lambda name: -hole_psnr[name].mean())
    best = next((name for name in order if name in classical), None)
    order.sort(key=lambda name: name != best)  # stable: the best classical first, the rest as they were
    rows = []
    for name in order:
        by_view, milliseconds = scores[name]
        for (output, region), values in by_view.items():
            row = {"method": name, "classical": name in classical, "output": output, "region": region}
            row["n"] = len(values["psnr"])
            for metric, each in values.items():
                row[metric] = np.nanmean(each) if np.isfinite(each).any() else np.nan
            for metric in ("psnr", "ssim"):
                row[f"{metric}_low"], row[f"{metric}_high"] = _bootstrap(values[metric], seed)
            row["ms"] = milliseconds
            if best is not None:
                delta = values["psnr"] - scores[best][0]["composite", region]["psnr"]
                row["delta_psnr"] = delta.mean()
                row["delta_low"], row["delta_high"] = _bootstrap(delta, seed)
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _bootstrap(values, seed, resamples=2000):
    """95 % percentile interval of the mean of finite values; NaN where fewer than `LEAST` are."""
    values = values[np.isfinite(values)]
    if len(values) < LEAST:
        return np.nan, np.nan
    chosen = np.random.default_rng(seed).integers(0, len(values), (resamples, len(values)))
    return tuple(np.percentile(values[chosen].mean(axis=1), (2.5, 97.5)))
