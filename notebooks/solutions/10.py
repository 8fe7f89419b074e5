"""Solutions of notebook 10, and wrong answers with words of the sentence that each of them gets."""

import cv2
import numpy as np


def fill(photo, mask, method):
    return method((photo / 255)[None], mask[None])[0]


def known(drawing):
    return np.float32(drawing == 0)[..., None]


def repair(photo, drawing, method):
    mask = known(drawing)
    return np.where(mask > 0, photo, np.rint(255 * fill(photo, mask, method))).astype("uint8")


def cut_off(photo, drawing, method):
    mask = known(drawing)
    return np.where(mask > 0, photo, 255 * fill(photo, mask, method)).astype("uint8")


def raw(photo, drawing, method):
    return np.rint(255 * fill(photo, known(drawing), method)).astype("uint8")


def hide(thing):
    return np.float32(cv2.dilate(np.uint8(thing), np.ones((9, 9))) == 0)[..., None]


def rectangle(thing):
    mask, (rows, columns) = np.ones(thing.shape), np.nonzero(thing)
    mask[max(0, rows.min() - 4) : rows.max() + 5, max(0, columns.min() - 4) : columns.max() + 5] = 0
    return mask


def choose(scores, limit=lambda x: 2.1 * np.std(x, ddof=1) / np.sqrt(len(x))):
    best = max(scores, key=lambda name: np.mean(scores[name]))
    differences = [scores[best] - scores[name] for name in scores if name != best]
    return best if all(np.mean(x) > limit(x) for x in differences) else "undecided"


def overlap(scores):
    """Compares the interval of each method by itself."""
    ends = {name: 2.1 * np.std(x, ddof=1) / np.sqrt(len(x)) for name, x in scores.items()}
    best = max(scores, key=lambda name: np.mean(scores[name]))
    lowest = np.mean(scores[best]) - ends[best]
    apart = all(lowest > np.mean(scores[name]) + ends[name] for name in scores if name != best)
    return best if apart else "undecided"


SOLUTIONS = {"10.1": repair, "10.2": hide, "10.3": choose}
WRONG = {
    "10.1": {
        "wrong way round": lambda photo, drawing, method: repair(photo, np.uint8(drawing == 0), method),
        "soft rim": lambda photo, drawing, method: repair(photo, np.uint8(drawing > 127), method),
        "known pixels have changed": raw,
        "must be rounded": cut_off,
        "did not call": lambda photo, drawing, method: photo,
    },
    "10.2": {
        "wrong way round": lambda thing: 1 - hide(thing),
        "not the 4 pixels around it": lambda thing: np.float32(~thing),
        "not its rectangle": rectangle,
        "can still be seen": lambda thing: np.float32(cv2.erode(np.uint8(thing), np.ones((3, 3))) == 0),
    },
    "10.3": {
        "best single place": lambda scores: max(scores, key=lambda name: max(scores[name])),
        "chance can do": lambda scores: choose(scores, limit=lambda x: 0),
        "root of their number": lambda scores: choose(scores, limit=lambda x: 2 * np.std(x)),
        "separately": overlap,
    },
}
