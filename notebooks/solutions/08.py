"""Solutions of notebook 08, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import numpy as np


def draw(values, runs, spread):
    return np.random.default_rng().normal(0, spread, (20_000, values, runs))


def luck(values, runs, spread):
    return np.ptp(draw(values, runs, spread).mean(axis=2), axis=1).mean()


def best_epoch(losses):
    return np.nanargmin(losses) + 1


def within_seeds(first, second, ddof=1):
    differences = second - first
    return differences.mean(), differences.std(ddof=ddof) / np.sqrt(len(differences))


SOLUTIONS = {"08.1": luck, "08.2": best_epoch, "08.3": within_seeds}
WRONG = {
    "08.1": {
        "single runs": lambda values, runs, spread: np.ptp(draw(values, 1, spread), axis=1).mean(),
        "divided by the number of runs": lambda values, runs, spread: luck(values, 1, spread / runs),
        "above the average": lambda *search: draw(*search).mean(axis=2).max(axis=1).mean(),
    },
    "08.2": {
        "from 1, not from 0": lambda losses: np.nanargmin(losses),
        "is NaN": lambda losses: np.argmin(losses) + 1,
        "highest loss": lambda losses: np.nanargmax(losses) + 1,
    },
    "08.3": {
        "sign is reversed": lambda first, second: within_seeds(second, first),
        "standard deviation": lambda first, second: ((second - first).mean(), (second - first).std(ddof=1)),
        "seeds were different": lambda first, second: (
            second.mean() - first.mean(),
            np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / len(first)),
        ),
        "ddof=1": lambda first, second: within_seeds(first, second, ddof=0),
    },
}
