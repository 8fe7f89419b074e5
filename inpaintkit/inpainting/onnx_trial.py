"""The trial of an `.onnx` file: possible conventions fill a hole in a photograph whose content is known."""

import warnings

import cv2
import numpy as np
from matplotlib.cbook import get_sample_data

from inpaintkit.images import read_image

PLAUSIBLE = 0.9  # of the error of the mean colour: a fill must be better than that
CLEAR = 0.7  # of the error of the next convention that fills differently
ALIKE = 0.25  # of the error of the best: two fills that differ by less are alike, and the better one is taken


def trial_image(sides):
    """A photograph (H, W, 3) and a mask (H, W, 1) of nine square holes, about 9 % of it."""
    height, width = (side or odd for side, odd in zip(sides, (125, 107), strict=True))
    path = get_sample_data("grace_hopper.jpg", asfileobj=False)  # not `ik.data`, which imports Keras
    image = cv2.resize(read_image(path)[60:360, 200:500], (width, height), interpolation=cv2.INTER_AREA)
    mask = np.ones((height, width, 1), "float32")
    rows, columns = (np.isin(np.arange(side) * 9 // side, (1, 4, 7)) for side in (height, width))
    mask[np.ix_(rows, columns)] = 0
    return image, mask


def try_conventions(name, run, possible, image, mask):
    """The one convention whose fill of a photograph is plausible and clearly better.

    Args:
        name: of the file, for messages.
        run: function (image, mask, convention) -> output (H, W, 3), as the network gives it.
        possible: conventions, the preferred ones first.
        image, mask: of `trial_image`.

    Raises:
        ValueError: no convention, or more than one, gives a plausible fill.
    """
    hole, outputs, tried = mask[..., 0] == 0, {}, []
    mean_color = _error(image[~hole].mean(0), image, hole)
    for convention in possible:
        given = (convention.hole_value, convention.image_range, convention.mask_first)
        if given not in outputs:  # how the output is read costs no run
            outputs[given] = run(image * mask, mask, convention)
        filled = convention.read(outputs[given])
        error = _error(filled, image, hole)
        tried.append((error + _error(filled, image, ~hole), error, convention, np.clip(filled, 0, 1)))
    total, error, best, fill = min(tried, key=lambda entry: entry[0])
    others = [entry for entry in tried if _error(entry[3], fill, hole) > ALIKE * error]
    plausible = error <= PLAUSIBLE * mean_color
    if len(possible) == 1 and not plausible:
        what = (
            f"it fills a trial photograph with an error of {error:.2f}, the mean colour has {mean_color:.2f}"
        )
        warnings.warn(f"{name}: {what}: check what you said of its conventions, {_words(best)}", stacklevel=4)
    elif not plausible or any(entry[0] * CLEAR < total for entry in others):
        shown = sorted(tried, key=lambda entry: entry[0])[:1] + sorted(others, key=lambda entry: entry[0])[:1]
        best_two = "; ".join(f"{_words(entry[2])} (error {entry[1]:.2f})" for entry in shown)
        raise ValueError(
            f"{name}: its conventions are not clear from a trial photograph. Of {len(possible)} that it may "
            f"have, the best are {best_two}; the mean colour has {mean_color:.2f}. Say hole_value "
            "(of the mask, in the hole: 1, 0, 255, -0.5, 0.5), image_range and output_range (1, 255, or -1 "
            "for -1 to 1); in a command --hole-value, --image-range and --output-range"
        )
    return best


def _error(filled, image, where):
    """Root mean square difference there; a network that returns NaN is infinitely wrong."""
    difference = np.broadcast_to(filled, image.shape)[where] - image[where]
    return float(np.nan_to_num(np.sqrt(np.mean(np.square(difference))), nan=np.inf))


def _words(convention):
    names = ("hole_value", "image_range", "output_range", *(["mask_first"] if convention.mask_first else []))
    return " ".join(f"{name}={getattr(convention, name)}" for name in names)
