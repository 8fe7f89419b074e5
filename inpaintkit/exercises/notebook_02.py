"""Notebook 02, classical baselines: heat and biharmonic in one row, the length rule of total variation."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "02.a",
    "Which method restores the curve exactly?",
    {
        "heat": "the curve is nearly flat, so each pixel is almost the mean of its neighbours.",
        "biharmonic": "the Laplacian of a bowl is the same everywhere, so Δ(Δu) = 0 for the truth itself.",
        "total variation": "the curve is made of flat pieces.",
        "exemplar": "another place of the image has exactly these colours.",
    },
)
prediction(
    "02.b",
    "Up to which height of the hole will total variation continue a stripe that is 12 pixels wide?",
    unit="pixels",
    why="an edge costs its length, so a stripe of 12 pixels is continued in holes that are lower than 12.",
)
prediction(
    "02.c",
    "With noise of 0.02, which method is better in holes of 2 × 2 pixels?",
    {
        "biharmonic": "this noise is too weak to change the slopes at the border of the hole much.",
        "heat": "a slope is a difference of neighbours, so it amplifies noise; a mean reduces it.",
    },
)


@exercise(
    "02.1",
    "heat_row(a, b, n)",
    "Return the n values between a and b, each the mean of its left and its right neighbour.",
    hints=[
        "If each value is the mean of its two neighbours, all differences of neighbours are equal.",
        "From a to b there are n + 1 equal steps.",
        "np.linspace(a, b, n + 2) has a and b at its ends.",
    ],
    right="In one row, heat draws a straight line between the two known pixels.",
)
def heat_row(answer, rng):
    a, b, n = rng.uniform(0, 0.4), rng.uniform(0.6, 1), int(rng.integers(3, 10))
    line = np.linspace(a, b, n + 2)
    to_b, from_a = (a + (b - a) * np.arange(first, n + first) / n for first in (1, 0))
    wrong = {
        "Your line begins at a itself: a and b are the known pixels beside the hole.": np.linspace(a, b, n),
        "Your line ends at b itself: from a to b there are n + 1 steps, not n.": to_b,
        "Your line begins at a, and its steps are too large: n + 1 steps lead to b.": from_a,
        "Return the n missing values only, without a and b.": line,
        "All your values are equal: the first one is not the mean of its neighbours.": np.full(
            n, (a + b) / 2
        ),
        "Your line runs from b to a: a is on the left.": line[-2:0:-1],
        "You copied the nearest known pixel: that leaves a step in the middle.": np.where(
            np.arange(n) < n / 2, a, b
        ),
    }
    return difference(answer(a, b, n), line[1:-1], 1e-3, mistakes=wrong)


@exercise(
    "02.2",
    "stripe_costs(width, height, step)",
    "Return the total variation of the stripe in the hole, if it is continued, and if it is cut off.",
    hints=[
        "Draw it on squared paper: which pairs of neighbours in the hole differ?",
        "A continued stripe has an edge on its left and one on its right, each as long as the hole is high.",
        "A stripe that is cut off has an edge at the top and one at the bottom of the hole.",
    ],
    right="To continue is cheaper exactly if the hole is lower than the stripe is wide.",
)
def stripe_costs(answer, rng):
    width, height = (int(n) for n in rng.choice(np.arange(3, 20), 2, replace=False))
    step = rng.uniform(0.1, 0.9)
    wanted = np.array([2 * height * step, 2 * width * step])
    wrong = {
        "That is the other way round: first the cost of the continued stripe.": wanted[::-1],
        "The stripe has two edges; you counted one.": wanted / 2,
        "An edge costs its length times its step; you left out the step.": wanted / step,
        "You counted the edges of both cases in each.": np.full(2, wanted.sum()),
        "That is the area of the stripe; only neighbours that differ cost something.": np.array(
            [width * height * step, 0]
        ),
        "That is the area twice; count pairs of neighbours that differ.": np.full(2, width * height * step),
        "Your edges are one pair too long: at a corner, pixels are no neighbours.": wanted + 2 * step,
    }
    return difference(answer(width, height, step), wanted, 1e-6, mistakes=wrong)


@exercise(
    "02.3",
    "biharmonic_row(left, right, n)",
    "Return the n values at which the equation with the weights 1, −4, 6, −4, 1 holds.",
    hints=[
        "One way: write the n equations as a matrix, and use np.linalg.solve.",
        "A shorter way: the weights 1, −4, 6, −4, 1 give 0 for every polynomial of degree 3.",
        "A cubic through the four known values at the positions 0, 1, n + 2 and n + 3: np.polyfit.",
    ],
    right="In one row, biharmonic draws a cubic: it continues the slopes of both sides, and may overshoot.",
)
def biharmonic_row(answer, rng):
    n, step = int(rng.integers(4, 9)), rng.uniform(0.1, 0.2)
    low, high = rng.uniform(0.1, 0.3), rng.uniform(0.5, 0.6)
    left, right = np.array([low, low + step]), np.array([high + step, high])
    inside = np.arange(2, n + 2)

    def cubic(right):
        return np.polyval(np.polyfit([0, 1, n + 2, n + 3], [*left, *right], 3), inside)

    wanted = cubic(right)
    line = np.linspace(left[1], right[0], n + 2)[1:-1]
    slope = left[0] + inside * (left[1] - left[0])
    wrong = {
        "That is heat, a straight line; the outer two known values give the slopes.": line,
        "You continued the slope of the left side only; the right side counts as much.": slope,
        "You limited the values to the known ones; the equation has no limits.": np.clip(
            wanted, low, right[0]
        ),
        "The two values of `right` are in their order from left to right.": cubic(right[::-1]),
    }
    return difference(answer(left, right, n), wanted, 1e-3, mistakes=wrong)
