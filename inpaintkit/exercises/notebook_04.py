"""Notebook 04, partial convolution: in NumPy, with two masks, and which holes never close."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "04.a",
    "After which layer is nothing unknown any more?",
    {
        "encoder2": "two windows together reach the middle of the hole.",
        "encoder3": "the windows reach 3, 2 · 2 and 4 · 2 pixels far, and the strides add the rest.",
        "encoder4": "a pixel of this layer is 16 wide and sees 3 of the layer before: little is left for it.",
        "encoder5": "each layer takes a few pixels off each side of the hole, and 80 pixels are many.",
    },
)
prediction(
    "04.b",
    "What is the output of the wrong network for two photographs?",
    {
        "darker": "a factor per layer makes both outputs darker, but they still differ.",
        "one grey": "the factors of sixteen layers multiply, so almost nothing of the photograph arrives.",
    },
)


@exercise(
    "04.1",
    "partial_conv(x, mask, kernel, bias)",
    "Return y and the new mask of a partial convolution without padding.",
    hints=[
        "Select the known pixels: np.where(mask[..., None] > 0, x, 0). A product would keep NaN.",
        "np.lib.stride_tricks.sliding_window_view(mask, (k, k)).sum(axis=(2, 3)) is n for every window.",
        "sliding_window_view(x, (k, k), axis=(0, 1)) has the shape (H', W', C, k, k). Multiply by the kernel "
        "and sum: np.einsum('ijcuv,uvc->ij', windows, kernel).",
        "Scale by k·k / n, then add the bias, and only where n > 0.",
    ],
    right="Compared on 21 new masks: empty, full, one and several channels, NaN in the hole.",
)
def partial_conv(answer, rng):
    cases = "random", "random", "all known", "nothing known", "random", "NaN in the hole", "NaN in the hole"
    for case, channels, k in zip(cases, (3, 1, 2, 4, 2, 1, 3), (3, 3, 3, 3, 5, 3, 5), strict=True):
        size = tuple(rng.integers(8, 12, 2))
        x, kernel, bias = rng.normal(2, 1, (*size, channels)), rng.normal(1, 1, (k, k, channels)), 0.7
        mask = (rng.random(size) < {"all known": 1, "nothing known": 0}.get(case, 0.8)).astype(float)
        mask[1:5, 2:6] = case == "all known"  # wider than a window of 3
        if case == "NaN in the hole":
            x[mask == 0] = np.nan
        n = sliding_window_view(mask, (k, k)).sum(axis=(2, 3))
        known, ratio = n > 0, k * k / np.maximum(n, 1)
        s = sums(np.where(mask[..., None] > 0, x, 0), kernel)
        inverted = sums(np.where(mask[..., None] > 0, 0, x), kernel) * k * k / np.maximum(k * k - n, 1)
        product = sums(x * mask[..., None], kernel)
        few = f"Your values are {channels} times too small: the ratio is k·k / n, or k·k·C / (C·n)."
        wrong = {
            "0 · NaN is NaN: select the known pixels with np.where.": (product * ratio + bias) * known,
            "Your mask is the wrong way round: 1 is known, 0 is the hole.": inverted + bias * (n < k * k),
            "The bias belongs only where n > 0; elsewhere y is 0.": s * ratio + bias,
            "You scaled the bias, too; scale the sum, then add the bias.": (s + bias) * ratio * known,
            few: (s * ratio / channels + bias) * known,
            "You forgot to add the bias.": s * ratio * known,
            "You did not scale the sum: multiply it by k·k / n.": (s + bias) * known,
            "You divided by n, but did not multiply by k·k.": (s * ratio / k**2 + bias) * known,
        }
        got = answer(x, mask, kernel, bias)
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            return "Return two arrays: y and the new mask."
        marks = {
            "The new mask is 1 where at least one pixel is known, not where all are.": n == k * k,
            "The new mask is 1 or 0, not the count.": n,
            "The new mask is inverted: 1 where at least one pixel is known.": ~known,
        }
        given = f"{case}, C={channels}, k={k}"
        found = difference(got[0], (s * ratio + bias) * known, 1e-6, "", wrong, f"y, {given}")
        if found := found or difference(got[1], known, 1e-6, "", marks, f"new mask, {given}"):
            return found


def sums(x, kernel):
    """A convolution without padding: (H, W, C) and (k, k, C) to (H', W')."""
    return np.einsum("ijcuv,uvc->ij", sliding_window_view(x, kernel.shape[:2], axis=(0, 1)), kernel)


@exercise(
    "04.2",
    "joint_ratio(c1, n1, c2, n2, k)",
    "Return the factor of a k×k window over two joined feature maps with different masks.",
    hints=[
        "Count the known numbers under the window: each channel with its own mask.",
        "With nothing missing there would be k · k · (c1 + c2) of them. With n1 = n2 = 0 return 0.",
    ],
    right="27/15 in the notebook is joint_ratio(2, 3, 1, 9, 3).",
)
def joint_ratio(answer, rng):
    for k, factors in ((3, (1, 1)), (5, (1, 1)), (3, (0, 1)), (3, (0, 0))):
        c1, c2 = (int(c) for c in rng.choice(np.arange(2, 30), 2, replace=False))
        n1, n2 = (int(n) for n in factors * rng.choice(np.arange(1, k * k + 1), 2, replace=False))
        count, window, r1, r2 = c1 * n1 + c2 * n2, k * k, k * k / max(n1, 1), k * k / max(n2, 1)
        wanted = window * (c1 + c2) / max(count, 1) * (count > 0)
        wrong = {
            "Your denominator counts all channels, your numerator only one.": window / max(count, 1),
            "You used one merged mask; each channel has its own.": window / max(n1, n2, 1),
            "A mask counts as often as it has channels.": 2 * window / max(n1 + n2, 1),
            "That is a mean of two ratios; count first.": (c1 * r1 + c2 * r2) / (c1 + c2),
            "That is the reciprocal: the factor is at least 1.": count / (window * (c1 + c2)),
        }
        wrong = wrong if count else {}
        if found := difference(answer(c1, n1, c2, n2, k), wanted, 1e-6, "", wrong, f"n1={n1}, n2={n2}"):
            return found


@exercise(
    "04.3",
    "answer",
    "From which side on, in pixels, is a part of the hole unknown after three levels, wherever it lies?",
    hints=[
        "How many pixels of the image does a pixel see after one layer, after two, after three? 3, 7, …",
        "A pixel of the third layer stays unknown if all the pixels that it sees are in the hole.",
        "These windows begin at every eighth pixel. How wide is a hole that contains one in any position?",
    ],
    right="A window of 15 pixels, and up to 7 more until the next window begins.",
)
def never_closed(answer, rng):
    window, apart = 1 + 2 * (1 + 2 + 4), 2**3  # what a pixel of the third layer sees; where the next begins
    wrong = {
        "Such a hole stays open only in some positions: windows begin at every eighth pixel.": window,
        "That is the largest side that may close; the next one never closes.": window + apart - 2,
        "That is how wide a pixel of the third layer is; its window is wider.": apart,
        "At most 7 pixels of the hole lie before the first window.": window + apart,
    }
    return difference(answer, window + apart - 1, 0.1, "pixels", wrong)
