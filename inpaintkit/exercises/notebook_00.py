"""Notebook 00, a first inpainting: decibels, the composite, what minutes of training add."""

import math

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "00.a",
    "Which fills these holes best: a classical method, the network untrained, or the network that ships?",
    {
        "biharmonic": "on these images a smooth surface is nearer to the truth than what the network learnt.",
        "photos, untrained": "on these images training has made the network worse than its start.",
        "photos": "it has learnt from other photographs what lies behind such holes: edges and textures.",
    },
)
prediction(
    "00.b",
    "How many decibels will the minutes of training here add to the network?",
    unit="dB",
    why="Few minutes on seven photographs teach little; photos had minutes of a fast GPU and 2,070 images.",
)


def _fill_of(rng):
    """A random truth, fill and mask (H, W, 1) with a hole of a random size."""
    size = tuple(rng.integers(12, 24, 2))
    truth = rng.uniform(0.2, 0.8, (*size, 3)).astype("float32")
    fill = (truth + rng.normal(0, 0.1, truth.shape)).astype("float32")
    mask = np.ones((*size, 1), "float32")
    top, left = rng.integers(0, 4, 2)
    mask[top : top + rng.integers(4, 9), left : left + rng.integers(4, 9)] = 0
    return truth, fill, mask


@exercise(
    "00.1",
    "hole_psnr(truth, fill, mask)",
    "Return the PSNR in dB over the pixels of the hole.",
    hints=[
        "(fill - truth) ** 2 is the squared error of each value, of shape (H, W, 3).",
        "mask[..., 0] == 0 chooses the pixels of the hole; indexing with it gives only their errors.",
        "Take the mean of these, and -10 * np.log10 of the mean.",
    ],
    right="Over the whole image the number would be higher: the known pixels have no error in a composite.",
)
def hole_psnr(answer, rng):
    truth, fill, mask = _fill_of(rng)
    hole = mask[..., 0] == 0
    square = (fill - truth) ** 2
    fill[~hole] = truth[~hole] + 0.5 * (fill - truth)[~hole]  # so that the known pixels differ from the hole
    wanted = -10 * np.log10(square[hole].mean())
    everywhere = (fill - truth) ** 2
    whole, known = (-10 * np.log10(error.mean()) for error in (everywhere, everywhere[~hole]))
    diluted = wanted - 10 * np.log10(hole.mean())
    tripled = wanted - 10 * np.log10(3)
    absolute = -10 * np.log10(np.abs(fill - truth)[hole].mean())
    root = 2 * wanted
    wrong = {
        "You measured the whole image; only the hole counts.": whole,
        "You measured the known pixels: a mask is 1 where the image is known.": known,
        "You divided by all pixels; divide by the number of values in the hole.": diluted,
        "The sum over the three channels was divided by the pixels only: a pixel has three values.": tripled,
        "The sign is wrong: a smaller error has a higher PSNR.": -wanted,
        "You used the natural logarithm; decibels use base 10.": wanted * math.log(10),
        "A factor of 20 belongs to the root of the mean squared error, 10 to the mean squared error.": root,
        "You used the mean absolute error; PSNR needs the squared error.": absolute,
    }
    return difference(answer(truth, fill, mask), wanted, 0.01, "dB", wrong)


@exercise(
    "00.2",
    "answer",
    "By how many decibels does PSNR rise if the mean squared error is halved?",
    hints=[
        "PSNR is 10 times the logarithm, to base 10, of 1 / MSE.",
        "Which number is added to this logarithm if MSE becomes MSE / 2?",
        "10 * log10(2).",
    ],
    right="It is the same at 15 dB and at 30 dB: a difference in decibels is a ratio of errors.",
)
def half_the_error(answer, rng):
    half = 10 * math.log10(2)
    wrong = {
        "Half of the error gives a higher PSNR, so the difference is positive.": -half,
        "That would be half of the typical error, which is a quarter of the squared error.": 2 * half,
        "You used the natural logarithm; decibels use base 10.": 10 * math.log(2),
        "You forgot the factor 10 in front of the logarithm.": math.log10(2),
    }
    return difference(answer, half, 0.05, "dB", wrong)


@exercise(
    "00.3",
    "composite(image, fill, mask)",
    "Return the fill in the hole and the known pixels of the image elsewhere.",
    hints=[
        "np.where(condition, a, b) takes a where the condition holds, and b elsewhere.",
        "The mask is 1 where the image is known; its shape (H, W, 1) fits to the three channels by itself.",
        "np.where(mask == 1, image, fill). A product does not work here: 0 times NaN is NaN.",
    ],
    right="So no method can damage a known pixel, and nothing from inside the hole can be seen.",
)
def composite(answer, rng):
    truth, fill, mask = _fill_of(rng)
    image = np.where(mask == 1, truth, np.nan)
    turned = np.where(mask == 1, fill, image)
    wrong = {
        "You put the image into the hole and the fill elsewhere: 1 in a mask means known.": turned,
        "NaN is left in the hole: 0 times NaN is NaN, so choose between the two images.": image,
        "You returned the fill; the known pixels have to be those of the image.": fill,
    }
    return difference(answer(image, fill, mask), np.where(mask == 1, truth, fill), 1e-6, mistakes=wrong)
