"""Solutions of notebook 05, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import numpy as np


def length(arrays):
    return np.sqrt(sum(np.sum(array**2) for array in arrays))


def shares(values):
    total = sum(values.values())
    return {term: value / total for term, value in values.items()}


def lengths(gradients, weights):
    return {term: weights[term] * length(arrays) for term, arrays in gradients.items()}


def gradient_shares(gradients, weights):
    return shares(lengths(gradients, weights))


def layer_by_layer(gradients, weights):
    return shares({term: weights[term] * sum(length([a]) for a in gradients[term]) for term in gradients})


def of_the_longest(gradients, weights):
    values = lengths(gradients, weights)
    return {term: value / max(values.values()) for term, value in values.items()}


def suggestion(rates, losses):
    return rates[np.argmin(losses)] / 10


def hole_term(image, output, mask):
    return np.mean((1 - mask) * np.abs(image - output))


SOLUTIONS = {"05.1": gradient_shares, "05.2": suggestion, "05.3": hole_term}
WRONG = {
    "05.1": {
        "forgot the weights": lambda gradients, weights: gradient_shares(
            gradients, dict.fromkeys(weights, 1)
        ),
        "not their lengths": layer_by_layer,
        "take the root": lambda gradients, weights: shares(
            {term: value**2 for term, value in lengths(gradients, weights).items()}
        ),
        "not by the longest": of_the_longest,
        "divide by their sum": lengths,
        "dict with the keys": lambda gradients, weights: list(gradient_shares(gradients, weights).values()),
    },
    "05.2": {
        "take a tenth of it": lambda rates, losses: rates[np.argmin(losses)],
        "position": lambda rates, losses: np.argmin(losses),
        "tenth of the lowest loss": lambda rates, losses: min(losses) / 10,
        "last rate": lambda rates, losses: rates[-1] / 10,
    },
    "05.3": {
        "in the hole; the paper": lambda image, output, mask: np.abs(image - output)[
            mask[..., 0] == 0
        ].mean(),
        "known pixels": lambda image, output, mask: hole_term(image, output, 1 - mask),
        "squared": lambda image, output, mask: np.mean((1 - mask) * (image - output) ** 2),
        "weight of 6": lambda image, output, mask: 6 * hole_term(image, output, mask),
        "That is the sum": lambda image, output, mask: np.sum((1 - mask) * np.abs(image - output)),
    },
}
