"""Differences within a seed: does another value of a hyperparameter give a better result?

A seed gives all configurations the same initial weights and the same order of images. So two values are
compared seed by seed, and what is good or bad luck for both drops out of the difference.
"""

from scipy.stats import t

from tuning import runs

CONFIDENCE = 0.95


def paired(done, name, reference, metric="val_ssim"):
    """The mean difference between each value of a hyperparameter and a reference value, over the seeds.

    Args:
        done: list of dict, the runs of `runs.load`.
        name: of the hyperparameter.
        reference: its value that the others are compared with.
        metric: in the best epoch of each run.

    Returns:
        DataFrame, one row per value and per configuration of the other hyperparameters. Its columns are
        these; "difference", the mean over the seeds; "low" and "high", its 95 % interval (Student's t);
        "seeds", how many there are, without failed runs; and "higher in", how many of them have a higher
        metric than the reference. One seed has no interval: NaN.

    Raises:
        ValueError: no run has the reference value.
    """
    table = runs.scores(done, metric)
    values = sorted(table[name].unique())
    if reference not in values:
        raise ValueError(f"reference={reference!r}: expected one of the values of {name}, {values}")
    others = [key for key in done[0]["values"] if key != name]
    wide = table.pivot(index=[*others, "seed"], columns=name, values=metric)
    deltas = wide.drop(columns=reference).sub(wide[reference], axis=0).melt(ignore_index=False).dropna()
    groups = deltas.groupby([*others, name])["value"]
    found = groups.agg(difference="mean", seeds="size").join(groups.sem().rename("error"))
    half = t.ppf((1 + CONFIDENCE) / 2, found["seeds"] - 1) * found.pop("error")
    found.insert(1, "low", found["difference"] - half)
    found.insert(2, "high", found["difference"] + half)
    found["higher in"] = groups.agg(lambda values: int((values > 0).sum()))
    return found.reset_index()
