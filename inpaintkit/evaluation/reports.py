"""A comparison in words: what a reader needs of the long table of `ik.compare`."""

import numpy as np
import pandas as pd

from inpaintkit.checks import check_table
from inpaintkit.evaluation.preparation import is_untrained
from inpaintkit.evaluation.tables import COLUMNS, MIN_IMAGES_FOR_INTERVAL


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """A comparison for reading.

    Args:
        table: from `ik.compare`.

    Returns:
        pandas table of text, one row per method and output, over all images: means with 95 % intervals.

    Raises:
        ValueError: a table without its manifest, such as one read from a file.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> table = ik.compare({"mean": ik.baselines.mean_color}, images, "center")
        >>> ik.evaluation.summary(table)[["method", "output", "PSNR dB"]].values.tolist()
        [['mean', 'composite', '100.00']]
    """
    _check(table)
    every = table[table.bucket == "all"]
    image = every[every.region == "image"].set_index(["method", "output"])
    hole = every[every.region == "hole"].set_index(["method", "output"])
    best = table.method.iloc[0]
    definition = manifest_of(table)["metrics"]
    l1 = "relative L1" if definition["relative"] else "L1 ×100" if definition["percent"] else "MAE"
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
        for metric in ("feature_distance", "lpips", "fid", "kid"):
            if metric in whole:
                error = f" ± {whole.kid_error:.1g}" if metric == "kid" else ""
                row[metric.replace("_", " ")] = f"{whole[metric]:.4g}{error}"
        row["ms"] = "–" if np.isnan(whole.ms) else f"{whole.ms:.1f}"
        rows.append(row)
    return pd.DataFrame(rows)


def by_bucket(table: pd.DataFrame) -> pd.DataFrame:
    """Hole PSNR of the composites by how much is missing.

    Args:
        table: from `ik.compare`.

    Returns:
        pandas table of text, one row per method and one column per bucket of hole ratios, with n, its number
        of images; "–" where there is none. The best of a bucket is marked with *.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> table = ik.compare({"mean": ik.baselines.mean_color}, images, "center")
        >>> ik.evaluation.by_bucket(table)["(0.2, 0.3], n = 2"].tolist()
        ['100.00*']
    """
    _check(table)
    hole = table[(table.region == "hole") & (table.output == "composite") & (table.bucket != "all")]
    columns = {"hole PSNR dB, missing": hole.method.drop_duplicates().tolist()}
    for title, rows in hole.groupby("bucket", sort=False):
        best, cells = rows.psnr.max(), []
        for psnr in rows.psnr:
            cells.append("–" if np.isnan(psnr) else f"{psnr:.2f}*" if psnr == best else f"{psnr:.2f}")
        columns[f"{title}, n = {rows.n.iloc[0]}"] = cells
    return pd.DataFrame(columns)


def verdict(table: pd.DataFrame) -> str:
    """What a comparison says about these images, in one sentence per network.

    Args:
        table: from `ik.compare`.

    Returns:
        text. If the interval of a difference contains 0, it says that there is no clear difference. It also
        says what training added to a network: its paired difference to itself before training.

    Raises:
        ValueError: a table without its manifest.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> table = ik.compare({"mean": ik.baselines.mean_color}, images, "center")
        >>> ik.evaluation.verdict(table)
        'Best classical method: mean, 100.00 dB in the hole.'
    """
    _check(table)
    best = table.method.iloc[0]
    rows = (table.region == "hole") & (table.output == "composite") & (table.bucket == "all")
    hole = table[rows].set_index("method")
    no_untrained = table.attrs.get("no_untrained", {})
    if table.classical.any():
        words = [f"Best classical method: {best}, {hole.psnr[best]:.2f} dB in the hole."]
    else:
        words = ["No classical method was compared, so nothing here says whether a network was needed."]
    for name, row in hole[~hole.classical].iterrows():
        if is_untrained(name, hole.index):
            continue
        by = _interval(row, "delta", "+.2f")
        if not table.classical.any():
            words.append(f"{name}: {row.psnr:.2f} dB in the hole.")
        elif row.n < MIN_IMAGES_FOR_INTERVAL:
            words.append(f"{name}: {by} dB against it, on too few images to tell ({row.n}).")
        elif row.delta_low <= 0 <= row.delta_high:
            words.append(f"{name} cannot be distinguished from it: {by} dB.")
        else:
            words.append(f"On these images {name} is {'better' if row.delta_psnr > 0 else 'worse'}: {by} dB.")
        if name in no_untrained:
            words.append(f"What training added to it is not known: {no_untrained[name]}.")
        elif np.isfinite(row.added_psnr):
            words.append(f"Training added {_interval(row, 'added', '+.2f')} dB{_doubt(row)}.")
    if count := _photographs(table):
        words.append(f"All images are crops of {count} photographs; on others it may be different.")
    return " ".join(words)


def describe(table: pd.DataFrame) -> str:
    """How a table was made: what a reader must know before comparing it with another.

    Args:
        table: from `ik.compare` or `ik.evaluation.score_images`.

    Returns:
        text, one paragraph.

    Raises:
        ValueError: a table without its manifest.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> table = ik.compare({"mean": ik.baselines.mean_color}, images, "center")
        >>> ik.evaluation.describe(table)[:68]
        'Protocol: 2 images, holes center, 25.0 % missing on average, seed 0;'
    """
    about = manifest_of(table)
    images, holes = about["images"], about["holes"]
    source = images.get("source", f"{images['count']} images")
    words = [
        f"Protocol: {source}, holes {holes['kind']}, {100 * holes['mean_ratio']:.1f} % missing on average, "
        f"seed {about['seed']}"
    ]
    if count := _photographs(table):
        words.append(f"crops of {count} photographs, so the intervals say nothing about other photographs")
    if images["count"] < MIN_IMAGES_FOR_INTERVAL:
        words.append(f"fewer than {MIN_IMAGES_FOR_INTERVAL} images, so no intervals")
    words += [
        "composite = known pixels put back, raw = as the method returned it",
        about["metrics"]["description"],
        "PSNR at most 100 dB",
        *(f"{name}: {what}" for name, what in about["perceptual"].get("measures", {}).items()),
        "[95 % bootstrap interval over images]",
        "ms per image, on this machine",
    ]
    words += [f"{name}: not available: {reason}" for name, reason in table.attrs["missing"].items()]
    return f"{'; '.join(words)}."


def _doubt(row):
    """What limits the statement of what training added; nothing where the interval is clear of 0."""
    if row.n < MIN_IMAGES_FOR_INTERVAL:
        return f", on too few images to tell ({row.n})"
    return ", an interval that contains zero" if row.added_low <= 0 <= row.added_high else ""


def _photographs(table):
    """The number of photographs that all images are crops of; 0 if each image is one of its own."""
    names = manifest_of(table)["images"].get("names", ())
    return len(set(names)) if len(set(names)) < len(names) else 0


def _interval(row, quantity, form):
    """A mean as text, with its interval if there is one."""
    value = row[f"{quantity}_psnr"] if quantity in ("delta", "added") else row[quantity]
    low, high = row[f"{quantity}_low"], row[f"{quantity}_high"]
    return f"{value:{form}} [{low:{form}}, {high:{form}}]" if np.isfinite(low) else f"{value:{form}}"


def _check(table):
    """Raises ValueError unless a table has all the rows that `ik.compare` returns."""
    check_table("table", table, COLUMNS)
    every = table[table.bucket == "all"]
    regions = every.groupby(["method", "output"]).region.nunique()
    if (
        not len(every)
        or regions.min() < 2
        or set(every.method) != set(every.method[every.output == "composite"])
    ):
        raise ValueError("table without some of its rows: expected all that ik.compare returned")


def manifest_of(table):
    """How a table, or scores, were made; a ValueError if that is lost, as in a table from a file."""
    if not (made := getattr(table, "attrs", {}).get("manifest")):
        expected = "expected one as ik.compare or score_images returned it"
        raise ValueError(f"this table has no manifest (its attrs): {expected}")
    return made
