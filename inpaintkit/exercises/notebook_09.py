"""Notebook 09, an honest comparison: decibels of small holes, a paired interval, luck."""

import math

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "09.a",
    "Can another definition of SSIM reverse the ranking of two methods, though their fills are the same?",
    {
        "yes": "a small window reacts to thin edges, a large one hardly does.",
        "no": "these methods differ more than the definitions do.",
    },
)
prediction(
    "09.b",
    "Our interval for biharmonic is about 20.4 to 22.2 dB. What is its mean over all ten photographs?",
    unit="dB",
    why="the interval was drawn over crops of two photographs and says nothing about other photographs.",
)
prediction(
    "09.c",
    "On images of low contrast, which one has the higher soft Dice score?",
    {
        "original": "these images have enough contrast.",
        "white": "soft Dice rewards brightness: a uniform grey g scores only g against itself.",
    },
)


@exercise(
    "09.1",
    "whole_psnr(hole_psnr, ratio)",
    "Return the PSNR of the whole composite in dB; `ratio` is the share of the image that is hole.",
    hints=[
        "The known pixels have no error, so the mean squared error of the whole image is ratio · MSE(hole).",
        "PSNR = −10 log₁₀(MSE). What does a factor inside the logarithm become outside?",
    ],
    right="A hole of 1 % adds 20 dB to any method.",
)
def whole_psnr(answer, rng):
    hole, ratio = rng.uniform(10, 30), rng.uniform(0.01, 0.3)
    gain = -10 * math.log10(ratio)
    wrong = {
        "The sign is wrong: known pixels have no error, so the PSNR of the whole image is higher.": hole
        - gain,
        "You used the natural logarithm; decibels use base 10.": hole - 10 * math.log(ratio),
        "A factor of 20 is for amplitudes; a squared error needs 10.": hole + 2 * gain,
        "You divided the decibels by the ratio; divide squared errors, not their logarithms.": hole / ratio,
        "You used the share that is known; the errors are in the hole.": hole - 10 * math.log10(1 - ratio),
    }
    return difference(answer(hole, ratio), hole + gain, 0.01, "dB", wrong)


@exercise(
    "09.2",
    "paired_interval(a, b, resamples)",
    "Return (low, high), the 95 % bootstrap interval of the mean of a − b; one value per image in each.",
    hints=[
        "a[i] and b[i] belong to the same image: compute the differences first, and resample them.",
        "rng.choice(differences, (resamples, len(differences))) draws all the resamples at once.",
        "Take the mean of each resample, and np.percentile(means, (2.5, 97.5)) of these means.",
    ],
    right="The images differ by several decibels, but this cancels in the difference.",
)
def paired_interval(answer, rng):
    a = rng.normal(22, 6, 60)
    b = a - rng.normal(0.5, 0.4, 60)
    size = (20_000, 60)

    def ends(values, percent=(2.5, 97.5)):
        return np.percentile(values, percent)

    means = rng.choice(a - b, size).mean(axis=1)
    apart = rng.choice(a, size).mean(axis=1) - rng.choice(b, size).mean(axis=1)
    result = answer(a, b, len(means))
    if difference(result, ends(apart), 0.15 * apart.std()) is None:
        return "You resampled a and b separately; draw the same images for both."
    wrong = {
        "The sign is reversed: expected a − b.": -ends(means)[::-1],
        "That is (high, low): return the lower end first.": ends(means)[::-1],
        "That is the spread of single images; take the mean of each resample first.": ends(a - b),
        "That is a 90 % interval; cut off 2.5 % at each end.": ends(means, (5, 95)),
    }
    # The tolerance is about seven times what 20,000 resamples leave to chance.
    return difference(result, ends(means), 0.15 * means.std(), "dB", wrong)


@exercise(
    "09.3",
    "luck(wins, images)",
    "Two methods are equally good. How probable is it that one of them is better on `wins` or more images?",
    hints=[
        "Each image is a coin toss: exactly k wins have the probability math.comb(images, k) / 2**images.",
        "Sum this over k = wins, wins + 1, …, images.",
        "Either of the two methods may be the lucky one: multiply by 2.",
    ],
    right="15 of 20 images happen by chance in 4 % of the cases, 12 of 20 in half of them.",
)
def luck(answer, rng):
    images = int(rng.integers(12, 40))
    wins = images // 2 + int(rng.integers(2, 4))
    exactly = [math.comb(images, k) / 2**images for k in range(images + 1)]
    wrong = {
        "That is for one method only; either of the two may be the lucky one.": sum(exactly[wins:]),
        "That is exactly this number of wins; more wins would be at least as surprising.": exactly[wins],
        "That is more than this number of wins; count this number itself, too.": 2 * sum(exactly[wins + 1 :]),
        "That is the probability of the opposite, fewer wins.": 1 - 2 * sum(exactly[wins:]),
    }
    found, wanted = answer(wins, images), 2 * sum(exactly[wins:])
    fault = difference(found, wanted, 1e-9, mistakes=wrong)
    # A simulation is right, too: the tolerance is three times what 20,000 comparisons leave to chance.
    return fault if fault in wrong else difference(found, wanted, 0.012)
