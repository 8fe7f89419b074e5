"""Notebook 02x, for the curious: a smoothing step, the order of patches, the mean of random fills."""

import cv2
import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "02x.a",
    "A hole is twice as wide. How many times as many smoothing steps does it need?",
    why="a value moves one pixel per step, but most steps cancel each other, as in a random walk.",
)
prediction(
    "02x.b",
    "Which fill of the sand has the highest PSNR?",
    {
        "mean of all": "the mean of all possible contents has the smallest squared error on average.",
        "one of all": "it has the right texture, and here it was the true one by chance.",
        "heat": "it needs no random process, and its error is the smallest.",
        "PatchMatch": "the true texture occurs elsewhere in the image.",
    },
)


@exercise(
    "02x.1",
    "heat_step(image, hole)",
    "One smoothing step with four neighbours: the hole becomes their mean, known pixels stay.",
    hints=[
        "The four neighbours of all pixels at once: np.roll(image, 1, axis=0), and three more.",
        "Take the mean of the four, not of five: the pixel itself does not count.",
        "Put the known pixels back with np.where(hole, means, image).",
    ],
    right="Repeated until nothing changes, this solves Laplace's equation with the five-point stencil.",
)
def heat_step(answer, rng):
    image, hole = rng.uniform(0, 1, (9, 10)), np.zeros((9, 10), bool)
    top, left = rng.integers(1, 4, 2)
    hole[top : top + 4, left : left + 5] = True
    rolled = [np.roll(image, shift, axis) for shift in (1, -1) for axis in (0, 1)]
    cross = sum(rolled) / 4
    box = cv2.blur(image, (3, 3))
    one_by_one = image.copy()
    for row, column in np.argwhere(hole):
        pixels = one_by_one[[row - 1, row + 1, row, row], [column, column, column - 1, column + 1]]
        one_by_one[row, column] = pixels.mean()
    wanted = np.where(hole, cross, image)
    wrong = {
        "Known pixels must stay as they are.": cross,
        "You took a mean of 3 × 3 pixels; here only four neighbours count.": np.where(hole, box, image),
        "You took the mean of eight neighbours; here only four count.": np.where(
            hole, (9 * box - image) / 8, image
        ),
        "The pixel itself does not count: the mean of four, not of five.": np.where(
            hole, (4 * cross + image) / 5, image
        ),
        "You used pixels that this step has already changed; compute all means first.": one_by_one,
        "That is the sum of the four neighbours; divide by 4.": np.where(hole, 4 * cross, image),
    }
    return difference(answer(image, hole), wanted, 1e-6, mistakes=wrong)


@exercise(
    "02x.2",
    "next_patch(confidence, data, border)",
    "Return (row, column) of the border pixel with the largest product of confidence and data.",
    hints=[
        "Multiply the two arrays, and put −1 where `border` is False: np.where.",
        "np.argmax gives one number; np.unravel_index makes row and column of it.",
    ],
    right="A patch of which nothing is known, or into which no edge runs, has to wait.",
)
def next_patch(answer, rng):
    confidence, data = rng.uniform(0.1, 1, (2, 12, 14))
    border = rng.random((12, 14)) < 0.3
    places = rng.permutation(np.argwhere(border))[:4]
    confidence[tuple(places[0])], data[tuple(places[0])] = 1.1, 1.1  # the largest product
    confidence[tuple(places[1])], data[tuple(places[1])] = 1.2, 0.1
    confidence[tuple(places[2])], data[tuple(places[2])] = 0.1, 2.2  # the largest data, and the largest sum
    row, column = np.argwhere(~border)[rng.integers((~border).sum())]
    confidence[row, column], data[row, column] = 1.15, 1.3
    wrong = {
        "Your pixel is not on the border of the hole.": (row, column),
        "That is the largest confidence; the data count as much.": places[1],
        "That is the largest data or the largest sum; take the product.": places[2],
        "That is (column, row): the row comes first.": places[0][::-1],
    }
    return difference(answer(confidence, data, border), places[0], 0.1, mistakes=wrong)


@exercise(
    "02x.3",
    "gain(n)",
    "By how many dB is the mean of n random fills better than one of them?",
    hints=[
        "Let v be the variance of the possible contents. One random fill has the mean squared error 2 v.",
        "The mean of n independent fills has the variance v / n, and the truth has the variance v.",
        "So the mean squared error is v + v / n. Write the ratio of the two errors in dB.",
    ],
    right="For large n this is 10 log₁₀ 2 = 3.01 dB.",
)
def gain(answer, rng):
    n = int(rng.integers(3, 40))
    wanted = 10 * np.log10(2 / (1 + 1 / n))
    wrong = {
        "The error does not fall to 1/n: the truth itself is one random sample.": 10 * np.log10(n),
        "That is the limit for many fills; n is finite.": 10 * np.log10(2),
        "The sign is wrong: the mean is better.": -wanted,
        "A factor of 20 is for amplitudes; a squared error needs 10.": 2 * wanted,
        "You used the natural logarithm; decibels use base 10.": wanted * np.log(10),
    }
    return difference(answer(n), wanted, 0.01, "dB", wrong)
