"""Solutions of notebook 03, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import numpy as np


def conv_parameters(kernel, channels, filters):
    return (kernel**2 * channels + 1) * filters


def early_stopping(scores, patience):
    best, kept = -np.inf, 0
    for epoch, score in enumerate(scores, 1):
        if score > best:
            best, kept = score, epoch
        elif epoch - kept >= patience:
            return epoch, kept
    return len(scores), kept


def without_a_new_count(scores, patience):
    best, kept, count = -np.inf, 0, 0
    for epoch, score in enumerate(scores, 1):
        count += score <= best
        if score > best:
            best, kept = score, epoch
        elif count >= patience:
            return epoch, kept
    return len(scores), kept


def compared_with_the_one_before(scores, patience):
    kept, count = 1, 0
    for epoch in range(2, len(scores) + 1):
        if scores[epoch - 1] > scores[epoch - 2]:
            kept, count = epoch, 0
        else:
            count += 1
        if count == patience:
            return epoch, kept
    return len(scores), kept


def psnr(error):
    return -10 * np.log10(error)


def whole_image_psnr(known_db, hole_db, hole_ratio):
    return psnr((1 - hole_ratio) * 10 ** (-known_db / 10) + hole_ratio * 10 ** (-hole_db / 10))


SOLUTIONS = {"03.1": conv_parameters, "03.2": early_stopping, "03.3": whole_image_psnr}
WRONG = {
    "03.1": {
        "forgot the bias": lambda kernel, channels, filters: kernel**2 * channels * filters,
        "not kernel": lambda kernel, channels, filters: (kernel * channels + 1) * filters,
        "for each channel": lambda kernel, channels, filters: (kernel**2 + 1) * filters,
        "not one per layer": lambda kernel, channels, filters: kernel**2 * channels * filters + 1,
        "not one per channel": lambda kernel, channels, filters: channels * (kernel**2 * filters + 1),
        "not one for each": lambda kernel, channels, filters: (kernel**2 + 1) * channels * filters,
    },
    "03.2": {
        "kept the last weights": lambda scores, patience: (early_stopping(scores, patience)[0],) * 2,
        "from 1, not from 0": lambda scores, patience: tuple(e - 1 for e in early_stopping(scores, patience)),
        "one epoch too long": lambda scores, patience: early_stopping(scores, patience + 1),
        "back to 0": without_a_new_count,
        "with the best so far": compared_with_the_one_before,
        "the other way round": lambda scores, patience: early_stopping(scores, patience)[::-1],
        "never reached": lambda scores, patience: (
            early_stopping(scores, patience)[0],
            np.argmax(scores) + 1,
        ),
    },
    "03.3": {
        "averaged decibels": lambda known, hole, ratio: (1 - ratio) * known + ratio * hole,
        "gave it to the known pixels": lambda known, hole, ratio: whole_image_psnr(known, hole, 1 - ratio),
        "with their shares": lambda known, hole, ratio: whole_image_psnr(known, hole, 0.5),
        "have an error, too": lambda known, hole, ratio: psnr(ratio * 10 ** (-hole / 10)),
    },
}
