"""Solutions of notebook 09, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import math

import numpy as np


def whole_psnr(hole_psnr, ratio):
    return hole_psnr - 10 * math.log10(ratio)


def means(values, resamples):
    return np.random.default_rng().choice(values, (resamples, len(values))).mean(axis=1)


def paired_interval(a, b, resamples):
    return np.percentile(means(a - b, resamples), (2.5, 97.5))


def luck(wins, images):
    return 2 * sum(math.comb(images, k) for k in range(wins, images + 1)) / 2**images


SOLUTIONS = {"09.1": whole_psnr, "09.2": paired_interval, "09.3": luck}
WRONG = {
    "09.1": {
        "sign is wrong": lambda psnr, ratio: psnr + 10 * math.log10(ratio),
        "natural logarithm": lambda psnr, ratio: psnr - 10 * math.log(ratio),
        "factor of 20": lambda psnr, ratio: psnr - 20 * math.log10(ratio),
        "divided the decibels": lambda psnr, ratio: psnr / ratio,
        "share that is known": lambda psnr, ratio: psnr - 10 * math.log10(1 - ratio),
    },
    "09.2": {
        "sign is reversed": lambda a, b, n: paired_interval(b, a, n),
        "(high, low)": lambda a, b, n: paired_interval(a, b, n)[::-1],
        "separately": lambda a, b, n: np.percentile(means(a, n) - means(b, n), (2.5, 97.5)),
        "single images": lambda a, b, n: np.percentile(a - b, (2.5, 97.5)),
        "90 %": lambda a, b, n: np.percentile(means(a - b, n), (5, 95)),
    },
    "09.3": {
        "one method only": lambda wins, images: luck(wins, images) / 2,
        "exactly this number": lambda wins, images: math.comb(images, wins) / 2**images,
        "more than this number": lambda wins, images: luck(wins + 1, images),
        "may differ by": lambda wins, images: luck(wins, images) + 0.02,
        "opposite": lambda wins, images: 1 - luck(wins, images),
    },
}
