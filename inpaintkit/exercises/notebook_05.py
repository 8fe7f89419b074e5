"""Notebook 05, training: shares of gradients, the learning-rate range test, the hole term of a loss."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "05.a",
    "Which part of the gain of photos will a minute or two of training here have?",
    {
        "more than half": "the first steps of a training gain most, and here all holes are of one type.",
        "less than half": "minutes are few steps, and crops of seven photographs are few images.",
        "nothing": "the interval of what training added here contains 0, or lies below it.",
    },
)
prediction(
    "05.b",
    "Which term of the loss has the longest gradient at the end of the first phase?",
    {
        "valid": "most pixels are known, and the network must repaint each of them.",
        "hole": "its weight is 6, and the errors in the hole are the largest.",
        "total_variation": "the fills are still rough, and this counts more than their error.",
    },
)


@exercise(
    "05.1",
    "gradient_shares(gradients, weights)",
    "Return, for each term, the length of its weighted gradient as a share of the sum of all lengths.",
    hints=[
        "All arrays of one term are parts of one long vector: its length is the root of the sum of squares.",
        "Multiply the length of a term by its weight.",
        "Divide by the sum over all terms, so that the shares add up to 1.",
    ],
    right="A term with a large value and a short gradient teaches the network little.",
)
def gradient_shares(answer, rng):
    terms = rng.permutation(["valid", "hole", "style"]).tolist()
    shapes = ((3, 3, 4), (4,), (5, 2))
    gradients = {term: [rng.normal(0, rng.uniform(0.5, 2), shape) for shape in shapes] for term in terms}
    weights = {term: float(rng.uniform(1, 3)) * 2**i for i, term in enumerate(terms)}
    factors = np.array([weights[term] for term in terms])
    norms = np.array([[np.linalg.norm(array) for array in gradients[term]] for term in terms])  # term, array
    lengths = np.sqrt((norms**2).sum(axis=1))

    def shares(values):
        return values / values.sum()

    weighted = factors * lengths
    wrong = {
        "You forgot the weights of the terms.": shares(lengths),
        "The arrays of a term are parts of one vector: add their squares, not their lengths.": shares(
            factors * norms.sum(axis=1)
        ),
        "You used squared lengths; take the root.": shares(weighted**2),
        "Divide by the sum of all lengths, not by the longest.": weighted / weighted.max(),
        "Those are lengths; divide by their sum to get shares.": weighted,
    }
    got = answer(gradients, weights)
    if not isinstance(got, dict) or set(got) != set(terms):
        return f"Expected a dict with the keys {', '.join(map(repr, terms))}."
    return difference([got[term] for term in terms], shares(weighted), 1e-4, mistakes=wrong)


@exercise(
    "05.2",
    "suggestion(rates, losses)",
    "Return a tenth of the rate with the lowest loss.",
    hints=["np.argmin gives the position of the lowest loss.", "rates at this position, divided by 10."],
    right="At the lowest loss itself, the rate is already close to those where the loss explodes.",
)
def suggestion(answer, rng):
    rates = np.geomspace(1e-5, 1, 60)
    losses = rng.uniform(0.5, 2) + np.abs(np.arange(60) - rng.integers(30, 50)) * rng.uniform(0.01, 0.05)
    best = int(np.argmin(losses))
    wrong = {
        "That is the rate with the lowest loss; take a tenth of it.": rates[best],
        "That is the position of the lowest loss; look up the rate there.": best,
        "That is a tenth of the lowest loss; a rate is wanted.": losses.min() / 10,
        "That is a tenth of the last rate, where the loss is high again.": rates[-1] / 10,
    }
    return difference(answer(rates, losses), rates[best] / 10, rates[best] / 1000, mistakes=wrong)


@exercise(
    "05.3",
    "hole_term(image, output, mask)",
    "Return the mean over all values of the absolute error in the hole.",
    hints=[
        "1 - mask is 1 in the hole. Multiply the absolute error by it.",
        "np.mean of this product divides by the number of all values, as the paper does.",
    ],
    right="So a larger hole has a larger loss, and more weight in the training.",
)
def hole_term(answer, rng):
    image, output = rng.uniform(0, 1, (2, 8, 10, 3))
    mask = (rng.uniform(0, 1, (8, 10, 1)) > rng.uniform(0.2, 0.4)).astype("float64")
    error, hole = np.abs(image - output), 1 - mask
    per_hole = (error * hole).sum() / (3 * hole.sum())
    wrong = {
        "You divided by the number of values in the hole; the paper divides by that of all values.": per_hole,
        "That is the error of the known pixels: mask is 1 where the image is known.": (error * mask).mean(),
        "You squared the error; L1 is the absolute error.": (error**2 * hole).mean(),
        "That is the sum; divide by the number of values.": (error * hole).sum(),
        "The weight of 6 is no part of the term: it stands before it in the loss.": 6 * (error * hole).mean(),
    }
    return difference(answer(image, output, mask), (error * hole).mean(), 1e-5, mistakes=wrong)
