"""Notebook 06, losses: Huber's minimum, Charbonnier's loss, a loss that prefers white to the truth."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "06.a",
    "The edge is at column 6 in two of three images, at column 10 in one. What does L2 paint between them?",
    {
        "grey": "the mean of the three truths is a third of the way from light to dark.",
        "light": "L2 has its minimum at the value of the majority.",
        "dark": "L2 has its minimum at the value of the minority.",
    },
)
prediction(
    "06.b",
    "A truth and L2's blur, both measured against all eight truths: is the squared error of the truth lower?",
    {
        "lower": "this truth is nearer to the others than their mean is.",
        "higher": "no image has a lower mean squared error than the mean, however blurred it is.",
    },
)
prediction(
    "06.c",
    "Which term of the paper's loss has the longest gradient with respect to the output's pixels?",
    {
        "valid": "most pixels are known, and the output is wrong there, too.",
        "hole": "its weight is 6, and the error is largest in the hole.",
        "perceptual": "every feature depends on many pixels, and a map has many features.",
        "style_out": "its weight of 120 outweighs its small value.",
        "style_comp": "its weight of 120 outweighs its small value.",
        "total_variation": "each pixel has four neighbours.",
    },
)


def _huber_loss(values, v, delta):
    error = np.abs(values - v)
    return np.where(error <= delta, error**2 / 2, delta * (error - delta / 2)).mean()


@exercise(
    "06.1",
    "huber_minimum(values, delta)",
    "Return the v for which the mean of Huber's loss between v and the values is lowest, to 0.001.",
    hints=[
        "Compute the mean loss for each v in np.linspace(0, 1, 2001), and take the v with the lowest.",
        "Huber's loss of an error e is e²/2 if |e| is at most delta, otherwise delta · (|e| − delta/2).",
    ],
    right="Errors above delta have the same slope, however large they are: so it is nearer to the median.",
)
def huber_minimum(answer, rng):
    near = 0.0
    while near < 0.02:  # until the mistakes differ from the truth
        values = np.concatenate([rng.uniform(0.1, 0.4, 4), rng.uniform(0.7, 1, 3)])
        delta = rng.uniform(0.05, 0.15)
        low, high = 0.0, 1.0
        for _ in range(50):  # the derivative is the mean of the errors, clipped to ±delta; it rises with v
            v = (low + high) / 2
            low, high = (v, high) if np.clip(v - values, -delta, delta).sum() < 0 else (low, v)
        others = [values.mean(), np.median(values), _huber_loss(values, v, delta)]
        near = min(abs(v - other) for other in others)
    wrong = {
        "That is the mean, the minimum of the squared error.": others[0],
        "That is the median, the minimum of the absolute error.": others[1],
        "That is the lowest loss; return the v at which it is reached.": others[2],
    }
    found = answer(values, delta)
    if np.shape(found) == () and not isinstance(found, str) and 0.002 < abs(found - v) < 0.01:
        return f"You are {abs(found - v):.4f} away, at most 0.002 is allowed: search in finer steps."
    return difference(found, v, 0.002, mistakes=wrong)


@exercise(
    "06.2",
    "charbonnier(truth, output, epsilon)",
    "Return the mean of √(error² + epsilon²) of each image, shape (B,).",
    hints=[
        "Take the root of each pixel's value first, and the mean afterwards.",
        "The mean runs over height, width and channels: axis=(1, 2, 3).",
    ],
    right="It is L1 with a rounded tip: its gradient is 0 at the truth and finite everywhere.",
)
def charbonnier(answer, rng):
    truth, output = rng.random((2, 3, 8, 8, 3))
    epsilon = rng.uniform(0.1, 0.3)
    error, axes = output - truth, (1, 2, 3)
    each = np.sqrt(error**2 + epsilon**2)
    wrong = {
        "That is L1: epsilon is missing.": np.abs(error).mean(axes),
        "Square epsilon, too.": np.sqrt(error**2 + epsilon).mean(axes),
        "You took the root of the mean; take the root of each pixel's value first.": np.sqrt(
            (error**2 + epsilon**2).mean(axes)
        ),
        "That is one value for the whole batch; Keras expects one value per image.": each.mean(),
        "That is the sum over the pixels; take the mean.": each.sum(axes),
    }
    return difference(answer(truth, output, epsilon), each.mean(axes), 1e-5, mistakes=wrong)


@exercise(
    "06.3",
    "prefers_white(truth, output)",
    "Write a loss, shape (B,), that compares output with truth, and yet is lower for white than for truth.",
    hints=[
        "Begin with a similarity that sums truth · output: brighter outputs make it larger.",
        "Soft Dice is 2 Σ truth · output / (Σ truth + Σ output), for each image.",
        "A similarity is a score, where higher is better. A loss is 1 minus that score.",
    ],
    right="Before you train with a loss, ask whether the truth has the lowest value.",
)
def prefers_white(answer, rng):
    truth, other = rng.uniform(0.1, 0.4, (2, 3, 8, 8, 3))
    black, white = np.zeros_like(truth), np.ones_like(truth)
    outputs = {"truth": truth, "black": black, "white": white}
    losses = {name: np.asarray(answer(truth, output), "float64") for name, output in outputs.items()}
    if losses["truth"].shape != (3,):
        return f"Expected one value per image, shape (3,), got shape {losses['truth'].shape}."
    if (losses["black"] < losses["truth"]).any():
        return "It prefers black to the truth; if you wrote a score, the loss is 1 minus the score."
    if np.allclose(np.asarray(answer(other, other[::-1]), "float64"), answer(truth, other[::-1])):
        return "It never looks at the truth, so it is no comparison; use both arguments."
    if not (losses["white"] < losses["truth"]).all():
        return "It prefers the truth to white, as a good loss does; find one that is fooled by brightness."
    return None
