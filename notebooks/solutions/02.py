"""Solutions of notebook 02, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import numpy as np


def heat_row(a, b, n):
    return np.linspace(a, b, n + 2)[1:-1]


def stripe_costs(width, height, step):
    return 2 * height * step, 2 * width * step


def biharmonic_row(left, right, n):
    """All equations at once; a cubic through the four known values gives the same."""
    weights = np.zeros((n, n + 4))
    for i in range(n):
        weights[i, i : i + 5] = 1, -4, 6, -4, 1
    known = weights[:, :2] @ left + weights[:, -2:] @ right
    return np.linalg.solve(weights[:, 2:-2], -known)


SOLUTIONS = {"02.1": heat_row, "02.2": stripe_costs, "02.3": biharmonic_row}
WRONG = {
    "02.1": {
        "begins at a itself": np.linspace,
        "ends at b itself": lambda a, b, n: a + (b - a) * np.arange(1, n + 1) / n,
        "begins at a, and": lambda a, b, n: a + (b - a) * np.arange(n) / n,
        "without a and b": lambda a, b, n: np.linspace(a, b, n + 2),
        "All your values are equal": lambda a, b, n: [(a + b) / 2] * n,
        "from b to a": lambda a, b, n: heat_row(b, a, n),
        "nearest known pixel": lambda a, b, n: [a if i < n / 2 else b for i in range(n)],
    },
    "02.2": {
        "other way round": lambda width, height, step: (2 * width * step, 2 * height * step),
        "you counted one": lambda width, height, step: (height * step, width * step),
        "left out the step": lambda width, height, step: (2 * height, 2 * width),
        "both cases in each": lambda width, height, step: [2 * (height + width) * step] * 2,
        "area of the stripe": lambda width, height, step: (width * height * step, 0),
        "area twice": lambda width, height, step: [width * height * step] * 2,
        "at a corner": lambda width, height, step: (2 * (height + 1) * step, 2 * (width + 1) * step),
    },
    "02.3": {
        "That is heat": lambda left, right, n: heat_row(left[1], right[0], n),
        "left side only": lambda left, right, n: left[1] + np.arange(1, n + 1) * (left[1] - left[0]),
        "no limits": lambda left, right, n: np.clip(
            biharmonic_row(left, right, n), min(*left, *right), max(*left, *right)
        ),
        "order from left to right": lambda left, right, n: biharmonic_row(left, right[::-1], n),
    },
}
