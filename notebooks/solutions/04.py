"""Solutions of notebook 04, and wrong answers; keys are words of the sentence that a wrong answer gets."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def parts(x, mask, kernel):
    """The sums over the known pixels, n, and k·k / n."""
    k = len(kernel)
    windows = sliding_window_view(np.where(mask[..., None] > 0, x, 0), (k, k), axis=(0, 1))
    n = sliding_window_view(mask, (k, k)).sum(axis=(2, 3))
    return np.einsum("ijcuv,uvc->ij", windows, kernel), n, np.where(n > 0, k * k / np.maximum(n, 1), 0)


def partial_conv(x, mask, kernel, bias):
    sums, n, ratio = parts(x, mask, kernel)
    return np.where(n > 0, sums * ratio + bias, 0), (n > 0).astype(float)


def one_over_c(x, mask, kernel, bias):
    sums, n, ratio = parts(x, mask, kernel)
    return np.where(n > 0, sums * ratio / x.shape[-1] + bias, 0), n > 0


def bias_everywhere(x, mask, kernel, bias):
    sums, n, ratio = parts(x, mask, kernel)
    return sums * ratio + bias, n > 0


def bias_scaled(x, mask, kernel, bias):
    sums, n, ratio = parts(x, mask, kernel)
    return (sums + bias) * ratio, n > 0


def no_ratio(x, mask, kernel, bias):
    sums, n, _ = parts(x, mask, kernel)
    return (sums + bias) * (n > 0), n > 0


def mean_only(x, mask, kernel, bias):
    sums, n, _ = parts(x, mask, kernel)
    return sums / np.maximum(n, 1) + bias * (n > 0), n > 0


def product(x, mask, kernel, bias):
    sums, n, ratio = parts(x * mask[..., None], np.ones_like(mask), kernel)
    _, n, ratio = parts(x, mask, kernel)
    return sums * ratio + bias * (n > 0), n > 0


def joint_ratio(c1, n1, c2, n2, k):
    count = c1 * n1 + c2 * n2
    return k * k * (c1 + c2) / count if count else 0


SOLUTIONS = {"04.1": partial_conv, "04.2": joint_ratio, "04.3": 22}
WRONG = {
    "04.1": {
        "wrong way round": lambda x, mask, kernel, bias: partial_conv(x, 1 - mask, kernel, bias),
        "only where n > 0": bias_everywhere,
        "scaled the bias": bias_scaled,
        "times too small": one_over_c,
        "did not scale the sum": no_ratio,
        "not multiply by k·k": mean_only,
        "0 · NaN is NaN": product,
        "not where all are": lambda x, mask, kernel, bias: (
            partial_conv(x, mask, kernel, bias)[0],
            parts(x, mask, kernel)[1] == kernel.shape[0] ** 2,
        ),
        "not the count": lambda x, mask, kernel, bias: (
            partial_conv(x, mask, kernel, bias)[0],
            parts(x, mask, kernel)[1],
        ),
        "forgot to add": lambda x, mask, kernel, bias: partial_conv(x, mask, kernel, 0),
        "new mask is inverted": lambda x, mask, kernel, bias: (
            partial_conv(x, mask, kernel, bias)[0],
            parts(x, mask, kernel)[1] == 0,
        ),
        "two arrays": lambda x, mask, kernel, bias: partial_conv(x, mask, kernel, bias)[0],
    },
    "04.2": {
        "numerator only one": lambda c1, n1, c2, n2, k: k * k / max(c1 * n1 + c2 * n2, 1),
        "merged mask": lambda c1, n1, c2, n2, k: k * k / max(n1, n2, 1),
        "as often as it has channels": lambda c1, n1, c2, n2, k: 2 * k * k / max(n1 + n2, 1),
        "mean of two ratios": lambda c1, n1, c2, n2, k: (
            (c1 * k * k / max(n1, 1) + c2 * k * k / max(n2, 1)) / (c1 + c2)
        ),
        "called with": lambda c1, n1, c2, n2, k: k * k * (c1 + c2) / (c1 * n1 + c2 * n2),
        "reciprocal": lambda c1, n1, c2, n2, k: (c1 * n1 + c2 * n2) / (k * k * (c1 + c2)),
    },
    "04.3": {
        "some positions": 15,
        "may close": 21,
        "its window is wider": 8,
        "At most 7 pixels": 23,
    },
}
