"""Solutions of notebook 00, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import math

import numpy as np


def psnr(errors):
    return -10 * np.log10(np.mean(errors))


def hole_psnr(truth, fill, mask):
    return psnr(((fill - truth) ** 2)[mask[..., 0] == 0])


def composite(image, fill, mask):
    return np.where(mask == 1, image, fill)


SOLUTIONS = {"00.1": hole_psnr, "00.2": 10 * math.log10(2), "00.3": composite}
WRONG = {
    "00.1": {
        "whole image": lambda truth, fill, mask: psnr((fill - truth) ** 2),
        "known pixels: ": lambda truth, fill, mask: psnr(((fill - truth) ** 2)[mask[..., 0] == 1]),
        "divided by all pixels": lambda truth, fill, mask: psnr(((fill - truth) * (1 - mask)) ** 2),
        "three values": lambda truth, fill, mask: psnr(3 * ((fill - truth) ** 2)[mask[..., 0] == 0]),
        "sign is wrong": lambda *images: -hole_psnr(*images),
        "natural logarithm": lambda *images: hole_psnr(*images) * math.log(10),
        "factor of 20": lambda *images: 2 * hole_psnr(*images),
        "mean absolute error": lambda truth, fill, mask: psnr(np.abs(fill - truth)[mask[..., 0] == 0]),
    },
    "00.2": {
        "positive": -3.01,
        "quarter of the squared error": 6.02,
        "natural logarithm": 6.93,
        "factor 10": 0.301,
    },
    "00.3": {
        "image into the hole": lambda image, fill, mask: composite(fill, image, mask),
        "NaN is left": lambda image, fill, mask: image * mask + fill * (1 - mask),
        "returned the fill": lambda image, fill, mask: fill,
    },
}
