"""Notebook 07, a GAN: the hinge loss, power iteration, where label smoothing puts the minimum."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "07.a",
    "How does the hole PSNR with the high adversarial weight compare with that of no discriminator?",
    {
        "higher": "here the discriminator led the generator to fills that are closer to the original.",
        "same": "the difference is below 0.1 dB, so the discriminator changed little.",
        "lower": "whatever fools the discriminator is further from the original than a blur.",
    },
)
prediction(
    "07.b",
    "Which fill has a total variation closest to the original's?",
    {
        "biharmonic": "it has no texture, but it overshoots.",
        "untrained": "training took variation away from the fill that the networks start from.",
        "no discriminator": "only the pixel loss brought variation back.",
        "low weight": "the discriminator asked for variation, and not for too much of it.",
        "high weight": "what varies fools the discriminator, whatever it shows.",
    },
)


@exercise(
    "07.1",
    "hinge_discriminator(real, fake)",
    "Return the hinge loss of the discriminator, from its logits for real images and for fills.",
    hints=[
        "np.maximum(0, x) is the maximum with 0, for each logit.",
        "Take the mean for the real images and the mean for the fills, then add them.",
    ],
    right="With all logits 0 it is 2: so a discriminator that knows nothing has the loss 2.",
)
def hinge_discriminator(answer, rng):
    real, fake = rng.uniform(-3, 3, 40) + 1, rng.uniform(-3, 3, 25) - 1

    def hinge(real, fake, margin=1):
        return np.maximum(0, margin - real).mean() + np.maximum(0, margin + fake).mean()

    wrong = {
        "The margin is missing: a logit that is right by less than 1 still costs something.": hinge(
            real, fake, margin=0
        ),
        "Real images should get high logits and fills low ones; your signs are reversed.": hinge(
            -real, -fake
        ),
        "The maximum with 0 is missing: a logit that is right by more than 1 costs nothing.": (
            (1 - real).mean() + (1 + fake).mean()
        ),
        "Add the two means; you halved their sum.": hinge(real, fake) / 2,
        "Take means, not sums.": np.maximum(0, 1 - real).sum() + np.maximum(0, 1 + fake).sum(),
    }
    return difference(answer(real, fake), hinge(real, fake), 1e-5, mistakes=wrong)


@exercise(
    "07.2",
    "largest_singular_value_by_hand(matrix, steps=200)",
    "Return the largest singular value of a matrix, found by power iteration.",
    hints=[
        "Begin with a random u of length matrix.shape[1]; normalise by np.linalg.norm of the vector.",
        "In each step compute v from u, then u from v, with the formulas of the notebook.",
        "At the end, return v @ matrix @ u.",
    ],
    right="Keras needs only one such step per training call, because weights change slowly.",
)
def largest_singular_value_by_hand(answer, rng):
    rows, columns = (int(n) for n in rng.integers(4, 9, 2))
    u, _ = np.linalg.qr(rng.normal(size=(rows, rows)))
    v, _ = np.linalg.qr(rng.normal(size=(columns, columns)))
    values = np.diag(rng.uniform(2, 3) * np.array([1, 0.7, 0.5, 0.3]))
    matrix = u[:, :4] @ values @ v[:, :4].T
    sigma = values[0, 0]
    wrong = {
        "That is the square of it: the iteration multiplies by the matrix and by its transpose.": sigma**2,
        "That is the root of the sum of all squared entries (the Frobenius norm), which is larger.": (
            np.linalg.norm(matrix)
        ),
        "That is the largest entry of the matrix.": np.abs(matrix).max(),
        "That is the length of a normalised vector, always 1.": 1,
    }
    return difference(answer(matrix), sigma, 0.01, mistakes=wrong)


@exercise(
    "07.3",
    "best_logit(label)",
    "Return the logit at which the loss for a real image with this label is lowest.",
    hints=[
        "The derivative of the loss with respect to x is σ(x) − p. It is 0 at the minimum.",
        "So σ(x) = p. Solve 1 / (1 + exp(−x)) = p for x.",
    ],
    right="With the label 1 there is no minimum: the logit would grow without end.",
)
def best_logit(answer, rng):
    label = rng.uniform(0.6, 0.95)
    odds = label / (1 - label)
    wrong = {
        "That is the label, a probability; a logit is wanted.": label,
        "That is the sigmoid of the label; you need its inverse.": 1 / (1 + np.exp(-label)),
        "The sign is reversed: a real image should get a logit above 0.": -np.log(odds),
        "Those are the odds p / (1 − p); a logit is their logarithm.": odds,
        "You used the logarithm to base 10; a logit uses the natural one.": np.log10(odds),
    }
    return difference(answer(label), np.log(odds), 0.01, mistakes=wrong)  # a search finds it, too
