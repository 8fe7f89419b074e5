"""Solutions of notebook 07, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import numpy as np


def relu(x):
    return np.maximum(0, x)


def hinge_discriminator(real, fake):
    return relu(1 - real).mean() + relu(1 + fake).mean()


def largest_singular_value_by_hand(matrix, steps=200):
    u = np.random.default_rng().normal(size=matrix.shape[1])
    for _ in range(steps):
        v = matrix @ u / np.linalg.norm(matrix @ u)
        u = matrix.T @ v / np.linalg.norm(matrix.T @ v)
    return v @ matrix @ u


def best_logit(label):
    return np.log(label / (1 - label))


SOLUTIONS = {
    "07.1": hinge_discriminator,
    "07.2": largest_singular_value_by_hand,
    "07.3": best_logit,
}
WRONG = {
    "07.1": {
        "margin is missing": lambda real, fake: relu(-real).mean() + relu(fake).mean(),
        "signs are reversed": lambda real, fake: hinge_discriminator(-real, -fake),
        "maximum with 0 is missing": lambda real, fake: (1 - real).mean() + (1 + fake).mean(),
        "halved": lambda real, fake: hinge_discriminator(real, fake) / 2,
        "not sums": lambda real, fake: relu(1 - real).sum() + relu(1 + fake).sum(),
    },
    "07.2": {
        "square of it": lambda matrix, steps=200: largest_singular_value_by_hand(matrix, steps) ** 2,
        "Frobenius": lambda matrix, steps=200: np.sqrt((matrix**2).sum()),
        "largest entry": lambda matrix, steps=200: np.abs(matrix).max(),
        "always 1": lambda matrix, steps=200: 1.0,
    },
    "07.3": {
        "a probability": lambda label: label,
        "sigmoid of the label": lambda label: 1 / (1 + np.exp(-label)),
        "sign is reversed": lambda label: -best_logit(label),
        "Those are the odds": lambda label: label / (1 - label),
        "may differ by": lambda label: best_logit(label) + 0.03,
        "base 10": lambda label: np.log10(label / (1 - label)),
    },
}
