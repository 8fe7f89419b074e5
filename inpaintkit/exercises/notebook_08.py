"""Notebook 08, tuning: luck among four means, the best epoch, differences within a seed."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "08.a",
    "With one more seed, will the same configuration be first in the table of means?",
    {
        "the same": "here its lead was larger than what one more seed changes, or luck kept it there.",
        "another": "the lead was smaller than the spread over seeds, so chance decided.",
    },
)
prediction(
    "08.b",
    "With sgd's own learning rate, 0.01, SSIM is 0.54. What is it with 0.3?",
    unit="SSIM",
    why="Keras's own rate is far too low for so few steps, and the grid searched no other.",
)
prediction(
    "08.c",
    "With adam, do the three seeds agree on the best dropout rate?",
    {
        "all agree": "the effect of dropout is larger than the spread over seeds.",
        "two agree": "the effect of dropout is about as large as the spread over seeds.",
        "none agree": "the effect of dropout is smaller than the spread over seeds, so chance decides.",
    },
)


@exercise(
    "08.1",
    "luck(values, runs, spread)",
    "By how much is the best mean above the worst, on average, if no value has any effect?",
    hints=[
        "Draw random numbers for a whole search: np.random.default_rng().normal(0, spread, (values, runs)).",
        "One search gives the means over its runs; take the highest minus the lowest of them (np.ptp).",
        "Repeat this for 10,000 searches (one more axis), and return the mean of all the differences.",
    ],
    right="Keep this number in mind when you read a table that is sorted by its means.",
)
def luck(answer, rng):
    values, runs, spread = int(rng.integers(3, 9)), int(rng.choice([2, 3, 7])), rng.uniform(0.5, 2)
    means = rng.normal(0, spread / np.sqrt(runs), (100_000, values))
    wanted = np.ptp(means, axis=1).mean()
    too_small = wanted / np.sqrt(runs)
    wrong = {
        "You compared single runs; the mean of several runs varies less.": wanted * np.sqrt(runs),
        "You divided by the number of runs; the spread of a mean falls with its square root.": too_small,
        "That is how far the best mean is above the average; subtract the worst mean.": wanted / 2,
    }
    return difference(answer(values, runs, spread), wanted, 0.05 * wanted, mistakes=wrong)


@exercise(
    "08.2",
    "best_epoch(losses)",
    "Return the epoch with the lowest validation loss, counted from 1; NaN is never the best.",
    hints=["np.argmin treats NaN as the lowest value; np.nanargmin ignores it.", "Python counts from 0."],
    right="Early stopping keeps this epoch; TensorBoard shows the last one.",
)
def best_epoch(answer, rng):
    losses = rng.uniform(0.2, 0.9, 12)
    losses[rng.integers(0, 4)], losses[rng.integers(6, 10)], losses[-1] = np.nan, 0.1, 0.95
    wanted = int(np.nanargmin(losses)) + 1
    wrong = {
        "Count epochs from 1, not from 0.": wanted - 1,
        "That epoch is NaN: a diverged epoch is never the best.": int(np.argmin(losses)) + 1,
        "That is the highest loss; a loss should be low.": int(np.nanargmax(losses)) + 1,
    }
    return difference(answer(losses), wanted, 0.1, "epochs", wrong)


@exercise(
    "08.3",
    "within_seeds(first, second)",
    "Return the mean of second − first within each seed, and its standard error.",
    hints=[
        "first[i] and second[i] have the same seed: subtract before you compute anything else.",
        "The standard error is np.std(differences, ddof=1) / np.sqrt(the number of seeds).",
    ],
    right="The seed changes both values in the same way, so the difference varies less than either.",
)
def within_seeds(answer, rng):
    first = rng.normal(0.8, 0.1, 6)
    second = first + rng.normal(0.02, 0.01, 6)
    off = second - first
    error = off.std(ddof=1) / np.sqrt(6)
    apart = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 6)
    wrong = {
        "The sign is reversed: subtract first from second.": [-off.mean(), error],
        "That is the standard deviation; the standard error is divided by the root of the number of seeds.": [
            off.mean(),
            off.std(ddof=1),
        ],
        "You treated the runs as if their seeds were different; subtract within each seed first.": [
            off.mean(),
            apart,
        ],
        "Use ddof=1: the mean was estimated from the same few seeds.": [off.mean(), off.std() / np.sqrt(6)],
    }
    return difference(answer(first, second), [off.mean(), error], 1e-6, mistakes=wrong)
