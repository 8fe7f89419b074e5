"""Solutions of notebook 01, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import numpy as np


def to_mask(painted):
    return (painted < 128).astype("float32")[..., None]


def hole_ratio(masks):
    return (1 - masks).mean(axis=(1, 2, 3))


def mirrored_pair(image, mask):
    image, mask = image[:, ::-1], mask[:, ::-1]
    return (image * mask, mask), image


def pair(image, mask):
    return (image * mask, mask), image


SOLUTIONS = {"01.1": to_mask, "01.2": hole_ratio, "01.3": mirrored_pair}
WRONG = {
    "01.1": {
        "inverted": lambda painted: 1 - to_mask(painted),
        "between 0 and 1": lambda painted: 1 - painted[..., None] / np.float32(255),
        "go to 255": lambda painted: 255 * to_mask(painted),
        "grey pixel became hole": lambda painted: (painted == 0)[..., None].astype("float32"),
        "grey pixel became known": lambda painted: (painted < 255)[..., None].astype("float32"),
        "128 itself": lambda painted: (painted <= 128)[..., None].astype("float32"),
        "last axis is missing": lambda painted: to_mask(painted)[..., 0],
        "the type is bool": lambda painted: painted[..., None] < 128,
    },
    "01.2": {
        "share that is known": lambda masks: masks.mean(axis=(1, 2, 3)),
        "whole batch": lambda masks: 1 - masks.mean(),
        "per cent": lambda masks: 100 * hole_ratio(masks),
        "number of missing pixels": lambda masks: (1 - masks).sum(axis=(1, 2, 3)),
    },
    "01.3": {
        "with these brackets": lambda image, mask: (image[:, ::-1] * mask[:, ::-1], mask[:, ::-1]),
        "hole is not where": lambda image, mask: pair(image[:, ::-1], mask),
        "mask was turned upside down": lambda image, mask: pair(image[:, ::-1], mask[::-1]),
        "target has the hole": lambda image, mask: mirrored_pair(image * mask, mask),
        "target was not mirrored": lambda image, mask: (mirrored_pair(image, mask)[0], image),
        "image was turned upside down": lambda image, mask: pair(image[::-1], mask[::-1]),
        "channels were reversed": lambda image, mask: pair(image[..., ::-1], mask),
        "still shows": lambda image, mask: ((image[:, ::-1], mask[:, ::-1]), image[:, ::-1]),
        "0 where the image is known": lambda image, mask: (
            (image[:, ::-1] * (1 - mask[:, ::-1]), mask[:, ::-1]),
            image[:, ::-1],
        ),
    },
}
