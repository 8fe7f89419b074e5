"""Solutions of notebook 06, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import numpy as np

AXES = (1, 2, 3)


def huber_losses(values, delta, grid):
    error = np.abs(values - grid[:, None])
    return np.where(error <= delta, error**2 / 2, delta * (error - delta / 2)).mean(axis=1)


def huber_minimum(values, delta):
    grid = np.linspace(0, 1, 2001)
    return grid[huber_losses(values, delta, grid).argmin()]


def charbonnier(truth, output, epsilon):
    return np.sqrt((output - truth) ** 2 + epsilon**2).mean(AXES)


def soft_dice(truth, output):
    return 2 * (truth * output).sum(AXES) / (truth.sum(AXES) + output.sum(AXES))


def prefers_white(truth, output):
    return 1 - soft_dice(truth, output)


SOLUTIONS = {"06.1": huber_minimum, "06.2": charbonnier, "06.3": prefers_white}
WRONG = {
    "06.1": {
        "is the mean": lambda values, delta: values.mean(),
        "is the median": lambda values, delta: np.median(values),
        "finer steps": lambda values, delta: huber_minimum(values, delta) + 0.004,
        "lowest loss": lambda values, delta: huber_losses(values, delta, np.linspace(0, 1, 2001)).min(),
    },
    "06.2": {
        "epsilon is missing": lambda truth, output, epsilon: charbonnier(truth, output, 0),
        "Square epsilon": lambda truth, output, epsilon: charbonnier(truth, output, epsilon**0.5),
        "root of the mean": lambda truth, output, epsilon: np.sqrt(
            ((output - truth) ** 2 + epsilon**2).mean(AXES)
        ),
        "whole batch": lambda truth, output, epsilon: charbonnier(truth, output, epsilon).mean(),
        "sum over the pixels": lambda truth, output, epsilon: 192 * charbonnier(truth, output, epsilon),
    },
    "06.3": {
        "one value per image": lambda truth, output: prefers_white(truth, output).mean(),
        "prefers black": soft_dice,
        "never looks at the truth": lambda truth, output: -output.mean(AXES),
        "prefers the truth to white": lambda truth, output: np.abs(output - truth).mean(AXES),
    },
}
