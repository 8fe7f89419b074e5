"""Solutions of notebook 11, and wrong answers with words of the sentence that each of them gets."""

import math

BOXES = ("metric", "output", "hole_ratio", "baseline", "untrained", "seeds", "split", "interval")
NOTHING = dict.fromkeys(BOXES, "not stated")


def hole_mae(mae, hole_ratio):
    return 0, min(1, mae / hole_ratio)


def can_agree(psnr, mse):
    return psnr >= -10 * math.log10(mse) - 0.01  # both numbers are rounded


SOLUTIONS = {
    "11.1": hole_mae,
    "11.2": can_agree,
    "11.3": {
        **NOTHING,
        "work": "albums",
        "hole_ratio": "four black squares of 32×32 in 256×256, at most 6.25 %",
        "split": "20,000 images for training; no test set is named",
    },
}
WRONG = {
    "11.1": {
        "as in a composite": lambda mae, ratio: (mae / ratio, mae / ratio),
        "multiplied by the hole ratio": lambda mae, ratio: (0, mae * ratio),
        "share of the known pixels": lambda mae, ratio: (0, mae / (1 - ratio)),
        "mean over the whole image": lambda mae, ratio: (0, mae),
        "larger than 1": lambda mae, ratio: (0, mae / ratio),
    },
    "11.2": {
        "wrong way": lambda psnr, mse: psnr <= -10 * math.log10(mse),
        "equality": lambda psnr, mse: abs(psnr + 10 * math.log10(mse)) < 0.1,
        "base 10": lambda psnr, mse: psnr >= -10 * math.log(mse),
        "every pair": lambda psnr, mse: True,
    },
    "11.3": {
        "exactly these keys": {"work": "albums", "metric": "not stated"},
        "Empty: interval": {**NOTHING, "work": "my paper", "interval": None},
        "not only": {**NOTHING, "work": "my paper", "seeds": "yes"},
        "hole_ratio: this work": {**NOTHING, "work": "albums"},
        "not measured": {
            **NOTHING,
            "work": "tutorial",
            "hole_ratio": "0.3",
            "baseline": "diffusion",
        },
        "metric: this work": {**NOTHING, "work": "The CelebA study"},
        "two boxes": {**dict.fromkeys(BOXES, "banana"), "work": "my paper"},
        "found none": {**NOTHING, "work": "celaba", "metric": "SSIM", "interval": "95 % bootstrap"},
    },
}
