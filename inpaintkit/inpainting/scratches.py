"""Finds the scratches of old photographs: long thin lines, brighter or darker than both their sides."""

import cv2
import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import check_choice, is_number
from inpaintkit.images import check_pixels

POLARITIES = ("both", "bright", "dark")
_DIRECTIONS = 16
_SEGMENT = 15  # pixels along the line, over which its brightness is averaged
_MAX_WIDTH = 3  # of a scratch, in pixels, in an image of at most _MAX_SIDE
_MAX_SIDE = 1600  # larger images are searched at this size, where a wide scratch is thin, too
_PEAK = 3.5  # times the mean response around: so a line is only found where there are few others
_WEAKER = 0.6  # of the threshold: pixels beside a peak that belong to it
_MAX_BEND = 0.1  # standard deviation across a line / its length; half a circle has 0.14
_MAX_THICKNESS = 8  # area / length of a line, with the branches that touch it, in pixels


def scratch_mask(
    image: ArrayLike, contrast: float = 0.15, min_length: float = 0.1, polarity: str = "both"
) -> np.ndarray:
    """The mask of an old photograph's scratches.

    For each of 16 directions the image is averaged along 15 pixels, and a morphological top-hat across the
    direction (for dark scratches a black-hat) keeps what is narrower than about 7 pixels. Pixels whose
    response is high, both as a contrast and compared with the surroundings, form components; those that are
    long and thin are scratches, dilated by a pixel or two.

    It cannot distinguish a scratch from a thin line that belongs to the photograph, such as a wire, a stalk
    or the frame of a window: look at the mask, and correct it in an image editor.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3), float in [0, 1] or uint8 or uint16.
        contrast: the smallest difference of brightness between a scratch and its sides, of [0, 1].
        min_length: of a scratch, as a share of the image's longer side.
        polarity: "bright", "dark" or "both": which scratches to look for.

    Returns:
        float32 (H, W, 1), 1 = known, 0 = scratch.

    Raises:
        ValueError: another shape, dtype or polarity; floats outside [0, 1]; a contrast or a length that is
            not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image = np.full((100, 100, 3), 0.4)
        >>> image[10:90, 50] = 1  # a white scratch
        >>> mask = ik.inpainting.scratch_mask(image)
        >>> mask[50, 46:55, 0].astype(int)
        array([1, 1, 0, 0, 0, 0, 0, 1, 1])
    """
    image = check_pixels(image, (1, 3))
    if image.dtype.kind == "f" and not (image.min() >= 0 and image.max() <= 1):  # so NaN is refused, too
        raise ValueError(f"image from {image.min()} to {image.max()}: expected float images in [0, 1]")
    for name, value in (("contrast", contrast), ("min_length", min_length)):
        if not is_number(value, 1e-9, 1 - 1e-9):
            raise ValueError(f"{name}={value!r}: expected a number between 0 and 1")
    check_choice("polarity", polarity, POLARITIES)
    grey = image.astype("float32") / (1 if image.dtype.kind == "f" else np.iinfo(image.dtype).max)
    if grey.ndim == 3:
        grey = grey @ np.array([0.299, 0.587, 0.114], "float32") if grey.shape[2] == 3 else grey[..., 0]
    height, width = grey.shape
    shrink = max(height, width) / _MAX_SIDE
    if shrink > 1:
        size = [max(1, round(side / shrink)) for side in (width, height)]
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    found = np.zeros(grey.shape, bool)
    for name, response in zip(("bright", "dark"), _responses(grey), strict=True):
        if polarity in ("both", name):
            found |= _lines(response, contrast, min_length * max(grey.shape))
    found = cv2.dilate(np.uint8(found), np.ones((3, 3), "uint8"))
    found = cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST)
    return (found == 0).astype("float32")[..., None]


def _responses(grey):
    """How far each pixel is brighter, and darker, than both its sides: the maximum over directions."""
    bright, dark = np.zeros_like(grey), np.zeros_like(grey)
    for angle in np.pi / _DIRECTIONS * np.arange(_DIRECTIONS):
        along = _segment(_SEGMENT, angle).astype("float32")
        smooth = cv2.filter2D(grey, -1, along / along.sum(), borderType=cv2.BORDER_REFLECT)
        across = _segment(2 * _MAX_WIDTH + 1, angle + np.pi / 2)
        np.maximum(bright, cv2.morphologyEx(smooth, cv2.MORPH_TOPHAT, across), out=bright)
        np.maximum(dark, cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, across), out=dark)
    return bright, dark


def _segment(length, angle):
    """A line through the middle of a square of this length: uint8, 1 on the line."""
    square, middle = np.zeros((length, length), "uint8"), (length - 1) / 2
    reach = middle * np.array([np.cos(angle), np.sin(angle)])
    first, last = (np.rint(middle + sign * reach).astype(int).tolist() for sign in (-1, 1))
    return cv2.line(square, first, last, 1)


def _lines(response, contrast, min_length):
    """The components of a response that are long, thin and somewhere strong: bool (H, W)."""
    side = 8 * _MAX_WIDTH + 1
    threshold = np.maximum(contrast, _PEAK * cv2.blur(response, (side, side)))
    weak = np.uint8(response > _WEAKER * threshold)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    length = np.hypot(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    kept = (length >= min_length) & (boxes[:, cv2.CC_STAT_AREA] <= _MAX_THICKNESS * length)
    kept &= np.bincount(labels[response > threshold], minlength=len(kept)) > 0
    kept &= _spread_across(labels, len(kept)) <= _MAX_BEND * length
    kept[0] = False  # the background
    return kept[labels]


def _spread_across(labels, count):
    """The standard deviation of each component's pixels across its main direction."""
    rows, columns = np.nonzero(labels)
    of = labels[rows, columns]
    size = np.maximum(np.bincount(of, minlength=count), 1)

    def mean(values):
        return np.bincount(of, values, count) / size

    x, y = mean(columns), mean(rows)
    xx, yy = mean(columns**2) - x**2, mean(rows**2) - y**2
    xy = mean(columns * rows) - x * y
    least = (xx + yy - np.hypot(xx - yy, 2 * xy)) / 2  # the smaller eigenvalue of the covariance
    return np.sqrt(np.maximum(least, 0))
