"""Solutions of notebook 02x, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import math

import cv2
import numpy as np


def heat_step(image, hole, means=None):
    if means is None:
        means = sum(np.roll(image, shift, axis) for shift in (1, -1) for axis in (0, 1)) / 4
    return np.where(hole, means, image)


def one_by_one(image, hole):
    image = image.copy()
    for i, j in np.argwhere(hole):
        image[i, j] = (image[i - 1, j] + image[i + 1, j] + image[i, j - 1] + image[i, j + 1]) / 4
    return image


def next_patch(confidence, data, border):
    priority = np.where(border, confidence * data, -1)
    return np.unravel_index(np.argmax(priority), priority.shape)


def gain(n):
    return 10 * math.log10(2 / (1 + 1 / n))


SOLUTIONS = {"02x.1": heat_step, "02x.2": next_patch, "02x.3": gain}
WRONG = {
    "02x.1": {
        "Known pixels must stay": lambda image, hole: heat_step(image, np.ones_like(hole)),
        "3 × 3 pixels": lambda image, hole: heat_step(image, hole, cv2.blur(image, (3, 3))),
        "eight neighbours": lambda image, hole: heat_step(
            image, hole, (9 * cv2.blur(image, (3, 3)) - image) / 8
        ),
        "not of five": lambda image, hole: heat_step(
            image, hole, (4 * heat_step(image, np.ones_like(hole)) + image) / 5
        ),
        "already changed": one_by_one,
        "divide by 4": lambda image, hole: heat_step(image, hole, 4 * heat_step(image, np.ones_like(hole))),
    },
    "02x.2": {
        "not on the border": lambda confidence, data, border: next_patch(confidence, data, border | True),
        "largest confidence": lambda confidence, data, border: next_patch(confidence, 1, border),
        "largest sum": lambda confidence, data, border: next_patch(confidence + data, 1, border),
        "(column, row)": lambda confidence, data, border: next_patch(confidence, data, border)[::-1],
    },
    "02x.3": {
        "1/n": lambda n: 10 * math.log10(n),
        "limit": lambda n: 10 * math.log10(2),
        "sign": lambda n: -gain(n),
        "factor of 20": lambda n: 2 * gain(n),
        "natural logarithm": lambda n: 10 * math.log(2 / (1 + 1 / n)),
    },
}
