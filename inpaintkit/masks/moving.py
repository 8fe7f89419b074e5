"""`move_hole`: the hole of a mask at other places of its image, where the truth is known."""

import cv2
import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import as_array, is_count, random_generator
from inpaintkit.images import check_binary

_MAX_TRIES = 10  # per place: the first part may be where the next one does not fit


def move_hole(mask: ArrayLike, count: int = 20, distance: int = 8, seed: int = 0) -> np.ndarray:
    """Moves a hole to places of its image that are known, to measure how well a method fills it there.

    A photograph with a real hole has no truth, so no fill of it can be measured. But its known pixels are
    truth: the same hole, moved there, can be filled and compared. Each connected part of the hole is moved by
    an offset of its own. It stays inside the image, and away from the real hole and from other moved parts.

    Args:
        mask: (H, W) or (H, W, 1), 1 = known, 0 = hole.
        count: how many moved holes.
        distance: pixels, at least, between a moved part and the real hole or another moved part.
        seed: of the offsets.

    Returns:
        float32 (count, H, W, 1), 1 = known, 0 = the moved hole. The real hole is 1 there: multiply by `mask`
        if it should stay unknown.

    Raises:
        ValueError: another shape or other values; no hole; a part of it fits nowhere else.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> mask = np.ones((40, 60, 1))
        >>> mask[5:10, 5:20] = 0
        >>> moved = ik.masks.move_hole(mask, count=3)
        >>> moved.shape, (1 - moved).sum(axis=(1, 2, 3)).tolist(), bool((mask + moved).min() > 0)
        ((3, 40, 60, 1), [75.0, 75.0, 75.0], True)
    """
    mask = as_array("mask", mask)
    if mask.ndim not in (2, 3) or mask.shape[2:] not in ((), (1,)):
        raise ValueError(f"mask of shape {mask.shape}: expected (height, width, 1) or (height, width)")
    check_binary(mask)
    if not is_count(count) or not is_count(distance, 0):
        raise ValueError(f"count={count!r}, distance={distance!r}: expected whole numbers, count at least 1")
    distance = min(distance, max(mask.shape))  # the dilation below takes memory for its square
    hole = np.uint8(mask.reshape(mask.shape[:2]) == 0)
    if not hole.any():
        raise ValueError("the mask has no hole: expected 0 in the hole and 1 where the image is known")
    number, labels, boxes, _ = cv2.connectedComponentsWithStats(hole, connectivity=8)
    parts = []  # the largest first, since it is the most difficult to place
    for label in sorted(range(1, number), key=lambda label: -boxes[label, cv2.CC_STAT_AREA]):
        left, top, width, height, _ = boxes[label]
        parts.append(labels[top : top + height, left : left + width] == label)
    rng = random_generator(seed)
    return np.stack([_place(parts, hole, distance, rng) for _ in range(count)])[..., None]


def _place(parts, hole, distance, rng):
    """One moved hole: 1 = known, float32 (H, W)."""
    around = np.ones((2 * distance + 1, 2 * distance + 1), "uint8")
    for _ in range(_MAX_TRIES):
        taken, moved = cv2.dilate(hole, around), np.zeros_like(hole)
        for part in parts:  # it may begin where it covers no pixel that is taken
            covered = cv2.matchTemplate(np.float32(taken), np.float32(part), cv2.TM_CCORR)
            tops, lefts = np.nonzero(covered < 0.5)
            if not len(tops):
                break
            k = rng.integers(len(tops))
            new = np.zeros_like(hole)
            new[tops[k] : tops[k] + part.shape[0], lefts[k] : lefts[k] + part.shape[1]] = part
            taken, moved = taken | cv2.dilate(new, around), moved | new
        else:
            return np.float32(moved == 0)
    size = f"{part.shape[1]}×{part.shape[0]} pixels"
    raise ValueError(f"a part of the hole, {size}, fits nowhere else: choose a smaller hole or distance")
