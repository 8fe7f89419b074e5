"""Notebook 03, autoencoders: parameters of a convolution, EarlyStopping, decibels of a raw output."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "03.a",
    "Where do skip connections gain more decibels, in the known pixels or in the hole?",
    {
        "known": "a skip connection passes the known pixels on; the hole has nothing to pass on.",
        "hole": "the known pixels were copied almost as well without skip connections.",
    },
)
prediction(
    "03.b",
    "Which loss gives the raw output with the higher PSNR, MAE or SSIM?",
    {
        "MAE": "PSNR, like MAE, measures every pixel by itself; SSIM lets brightness and colour drift.",
        "SSIM": "in so few steps, MAE has not brought the colours closer.",
    },
)


@exercise(
    "03.1",
    "conv_parameters(kernel, channels, filters)",
    "Return the number of parameters of a Conv2D with a square kernel, with bias.",
    hints=[
        "One filter looks at a square of kernel × kernel pixels, in every channel of its input.",
        "Each filter also has one bias. All filters have the same number of parameters.",
    ],
    right="The size of the image does not occur: every position has the same weights.",
)
def conv_parameters(answer, rng):
    kernel, channels, filters = (int(n) for n in (rng.choice([3, 5, 7]), *rng.integers(9, 99, 2)))
    weights = kernel**2 * channels * filters
    wrong = {
        "You forgot the bias: each filter has one.": weights,
        "A square kernel has kernel · kernel positions, not kernel.": (kernel * channels + 1) * filters,
        "A filter has its own weights for each channel of the input.": (kernel**2 + 1) * filters,
        "There is one bias per filter, not one per layer.": weights + 1,
        "There is one bias per filter, not one per channel of the input.": weights + channels,
        "A filter has one bias for all its channels, not one for each.": (kernel**2 + 1) * channels * filters,
    }
    return difference(answer(kernel, channels, filters), weights + filters, 0.1, "parameters", wrong)


@exercise(
    "03.2",
    "early_stopping(scores, patience)",
    "Return (last epoch that is trained, epoch whose weights are kept), counted from 1.",
    hints=[
        "Go through the scores in a loop, and remember the best one so far and its epoch.",
        "Count the epochs since the best one. A new best score sets this number back to 0.",
        "When the number reaches patience, training ends. If it never does, all epochs are trained.",
    ],
    right="The kept weights are `patience` epochs older than the last ones.",
)
def early_stopping(answer, rng):
    patience = int(rng.integers(3, 6))
    low = np.sort(rng.uniform(0.1, 0.3, 3 * patience + 2))  # rising, but never a new best
    scores = np.concatenate([[0.4], low[: patience - 1], [0.6], low[patience:], [0.9]])
    best, last = patience + 1, 2 * patience + 1
    wrong = {
        "You kept the last weights; EarlyStopping with restore_best_weights keeps the best.": (last, last),
        "Count epochs from 1, not from 0.": (last - 1, best - 1),
        "You wait one epoch too long: after `patience` epochs without a new best, training ends.": (
            last + 1,
            best,
        ),
        "A new best score sets the count of epochs back to 0.": (patience + 2, best),
        "You compare each score with the one before; compare it with the best so far.": (len(scores),) * 2,
        "That is the other way round: first the last epoch, then the one that is kept.": (best, last),
        "The highest score of all comes after the end of training: it was never reached.": (
            last,
            len(scores),
        ),
    }
    fault = difference(answer(scores, patience), (last, best), 0.1, "epochs", wrong)
    given = "with scores that improve in every epoch, so that training goes on to the end"
    return fault or difference(answer(low, patience), (len(low), len(low)), 0.1, "epochs", given=given)


@exercise(
    "03.3",
    "whole_image_psnr(known_db, hole_db, hole_ratio)",
    "Return the PSNR of the whole image, in dB.",
    hints=[
        "Decibels cannot be averaged, squared errors can: a PSNR of p dB is an error of 10 ** (-p / 10).",
        "The hole is the share hole_ratio of all pixels, the known pixels are the rest.",
    ],
    right="For a composite, the error of the known pixels is 0, and only the second term remains.",
)
def whole_image_psnr(answer, rng):
    known, hole, ratio = rng.uniform(24, 30), rng.uniform(12, 18), rng.uniform(0.1, 0.3)
    errors = np.array([10 ** (-known / 10), 10 ** (-hole / 10)])

    def psnr(shares):
        return -10 * np.log10(np.dot(errors, shares))

    averaged = (1 - ratio) * known + ratio * hole
    wrong = {
        "You averaged decibels; average the squared errors, then convert.": averaged,
        "hole_ratio is the share of the hole; you gave it to the known pixels.": psnr([ratio, 1 - ratio]),
        "Weigh both errors with their shares of the image.": psnr([0.5, 0.5]),
        "The known pixels of a raw output have an error, too.": psnr([0, ratio]),
    }
    return difference(answer(known, hole, ratio), psnr([1 - ratio, ratio]), 0.01, "dB", wrong)
