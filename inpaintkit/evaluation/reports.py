"""A comparison in words: what a reader sees of the long table of `ik.compare`."""

import numpy as np
import pandas as pd

from inpaintkit.plots import UNTRAINED

MIN_IMAGES_FOR_INTERVAL = 10  # images for an interval: a bootstrap of fewer is too narrow


def summary(table):
    """A comparison for reading.

    Args:
        table: from `ik.compare`.

    Returns:
        pandas table of text, a row a method and output, over all images: means with their 95 % intervals.
    """
    index = ["method", "output"]
    every = table[table.bucket == "all"]
    image, hole = (every[every.region == region].set_index(index) for region in ("image", "hole"))
    best = table.method.iloc[0]
    rule = _manifest(table)["metrics"]
    l1 = "relative L1" if rule["relative"] else "L1 ×100" if rule["percent"] else "MAE"
    rows = []
    for (method, output), whole in image.iterrows():
        part = hole.loc[(method, output)]
        row = {
            "method": method,
            "output": output,
            "PSNR dB": _interval(whole, "psnr", ".2f"),
            "SSIM": _interval(whole, "ssim", ".3f"),
            l1: f"{whole.mae:.4f}",
            f"hole {l1}": f"{part.mae:.4f}",
            "hole PSNR dB": _interval(part, "psnr", ".2f"),
        }
        if table.classical.any():
            row[f"hole, against {best}"] = "–" if method == best else _interval(part, "delta", "+.2f")
        if every.added_psnr.notna().any():
            row["training added"] = "–" if np.isnan(part.added_psnr) else _interval(part, "added", "+.2f")
        for measure in ("feature_distance", "lpips", "fid", "kid"):
            if measure in whole:
                error = f" ± {whole.kid_error:.1g}" if measure == "kid" else ""
                row[measure.replace("_", " ")] = f"{whole[measure]:.4g}{error}"
        row["ms"] = f"{whole.ms:.1f}" if np.isfinite(whole.ms) else "–"
        rows.append(row)
    return pd.DataFrame(rows)


def by_bucket(table):
    """Hole PSNR of the composites by how much is missing.

    Args:
        table: from `ik.compare`.

    Returns:
        pandas table of text, a row a method, a column a bucket of hole ratios, with n, its number of
        images; "–" where there is none. The best of a bucket is marked with *.
    """
    hole = table[(table.region == "hole") & (table.output == "composite") & (table.bucket != "all")]
    columns = {"hole PSNR dB, missing": list(dict.fromkeys(hole.method))}
    for title, rows in hole.groupby("bucket", sort=False):
        values = rows.set_index("method").psnr
        columns[f"{title}, n = {rows.n.iloc[0]}"] = [
            "–" if np.isnan(values[m]) else f"{values[m]:.2f}{'*' if values[m] == values.max() else ''}"
            for m in columns["hole PSNR dB, missing"]
        ]
    return pd.DataFrame(columns)


def verdict(table):
    """What a comparison says of these images, in a sentence for each network.

    Args:
        table: from `ik.compare`.

    Returns:
        str; a difference whose interval holds 0 is called none. Of a network it also says what training
        added: its paired difference to itself before training.
    """
    best = table.method.iloc[0]
    where = (table.region == "hole") & (table.output == "composite") & (table.bucket == "all")
    hole = table[where].set_index("method")
    words = [f"Best classical method: {best}, {hole.psnr[best]:.2f} dB in the hole."]
    if not table.classical.any():
        words = ["No classical method was compared, so nothing here says whether a network was needed."]
    for name, row in hole[~hole.classical & ~untrained_rows(hole.index)].iterrows():
        by = _interval(row, "delta", "+.2f")
        if not table.classical.any():
            words += [f"{name}: {row.psnr:.2f} dB in the hole."] if np.isfinite(row.added_psnr) else []
        elif row.n < MIN_IMAGES_FOR_INTERVAL:
            words.append(f"{name}: {by} dB against it, on too few images to tell ({row.n}).")
        elif row.delta_low <= 0 <= row.delta_high:
            words.append(f"{name} cannot be told from it: {by} dB.")
        else:
            words.append(f"On these images {name} is {'better' if row.delta_psnr > 0 else 'worse'}: {by} dB.")
        words += _training_added(table, name, row)
    names = _manifest(table)["images"].get("names", ())
    if len(set(names)) < len(names):
        words.append(
            f"All of them are crops of {len(set(names))} photographs; on others it may be otherwise."
        )
    return " ".join(words)


def describe(table):
    """How a table was made: what a reader must know before comparing it with another.

    Args:
        table: from `ik.compare` or `ik.evaluation.score_images`.

    Returns:
        str, one paragraph.
    """
    about = _manifest(table)
    images, holes = about["images"], about["holes"]
    names = images.get("names", ())
    crops = (
        f"they are crops of {len(set(names))} photographs, so the intervals say nothing about other "
        "photographs; "
    )
    few = (
        f"fewer than {MIN_IMAGES_FOR_INTERVAL} images, so no intervals; "
        if images["count"] < MIN_IMAGES_FOR_INTERVAL
        else ""
    )
    seen = "".join(f" {name}: {what};" for name, what in about["perceptual"].get("measures", {}).items())
    missing = "; ".join(f"{name}: not available: {why}" for name, why in table.attrs["missing"].items())
    return (
        f"Protocol: {images.get('source', str(images['count']) + ' images')}, holes {holes['kind']}, "
        f"{100 * holes['mean_ratio']:.1f} % missing on average, seed {about['seed']}; "
        f"{crops if len(set(names)) < len(names) else ''}{few}"
        "composite = known pixels put back, raw = as the method returned it; "
        f"{about['metrics']['description']}; PSNR at most 100 dB;{seen} "
        "[95 % bootstrap interval over images]; "
        f"ms an image, on this machine.{' ' * bool(missing)}{missing}"
    )


def untrained_rows(names):
    """Which of the names of methods are networks before their training, bool (n,)."""
    return np.array([n.removesuffix(UNTRAINED) in {*names} - {n} for n in names], bool)


def _training_added(table, name, row):
    """What training added to a network, in at most one sentence."""
    by = _interval(row, "added", "+.2f")
    if name in table.attrs.get("no_untrained", {}):
        return [f"What training added to it is not known: {table.attrs['no_untrained'][name]}."]
    if np.isnan(row.added_psnr):
        return []
    if row.n < MIN_IMAGES_FOR_INTERVAL:
        return [f"Training added {by} dB, on too few images to tell ({row.n})."]
    if row.added_low <= 0 <= row.added_high:
        return [f"Training added {by} dB, which cannot be told from nothing."]
    return [f"Training added {by} dB."]


def _interval(row, metric, form):
    value = f"{row[f'{metric}_psnr' if metric in ('delta', 'added') else metric]:{form}}"
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return f"{value} [{low:{form}}, {high:{form}}]" if np.isfinite(low) else value


def _manifest(table):
    if "manifest" not in table.attrs:
        raise ValueError(
            "this table has lost how it was made (its attrs), as after reading it from a file or joining it: "
            "use the one that ik.compare or ik.evaluation.tabulate returned"
        )
    return table.attrs["manifest"]
