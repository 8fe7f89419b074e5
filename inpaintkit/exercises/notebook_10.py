"""Notebook 10, your own photograph: a drawing as a mask, a small enough hole, the choice of a method."""

import cv2
import numpy as np

from inpaintkit.exercises.core import exercise, prediction
from inpaintkit.images import check_batch, to_uint8
from inpaintkit.inpainting import inpaint

prediction(
    "10.a",
    "Which method has the highest PSNR at the moved holes of this photograph?",
    {
        "telea": "it carries the colours of the rim inwards and does not overshoot in wide holes.",
        "biharmonic": "the holes are thin, and it continues slopes and not only values.",
        "patchmatch": "there are textures, and the photograph shows them at other places, too.",
        "photos": "it has learnt from many photographs how edges and colours continue.",
    },
)
prediction(
    "10.b",
    "By how many pixels do you have to enlarge the mask of a scratch with a soft edge: 0, 2, 4 or 8?",
    unit="pixels",
    why="with fewer, light of the scratch is carried into the hole; with more, known pixels are lost.",
)
prediction(
    "10.c",
    "What do minutes of training on a few other photographs change at the moved holes of this one?",
    {
        "better": "these photographs have something in common with yours that the network had not seen.",
        "no measurable difference": "the network had learnt from many photographs what these few can teach.",
        "worse": "the network has adapted to the few photographs, and lost some of what it knew.",
    },
)


@exercise(
    "10.1",
    "repair(photo, drawing, method)",
    "Fill what was painted (drawing > 0) of a photo of 8 bits; every other pixel stays bit for bit.",
    hints=[
        "mask = np.float32(drawing == 0)[..., None]. Methods take batches: give them mask[None].",
        "np.where(mask > 0, photo, np.rint(255 * filled)), as uint8.",
    ],
    right="A soft brush leaves grey at its rim; grey was painted, too.",
)
def repair(answer, rng):
    photo, drawing = rng.integers(0, 256, (24, 32, 3)).astype("uint8"), np.zeros((24, 32), "uint8")
    drawing[6:16, 5:25], drawing[8:14, 7:23] = 90, 255  # with a soft rim
    inside = drawing > 0
    fill, seen = (rng.integers(0, 250, 3) + 0.7) / 255, []

    def method(images, masks):
        images, masks = check_batch(images, masks)
        seen.append(masks[0, ..., 0] == 0)
        return np.where(masks > 0, 0.98 * images, np.float32(fill))  # as networks, it changes known pixels

    result = np.asarray(answer(photo, drawing, method))
    if not seen:
        return "You did not call the method: method(images, masks)."
    if result.shape != photo.shape or result.dtype != "uint8":
        return f"Expected an array {photo.shape} of uint8, got {result.shape} of {result.dtype}."
    changed = np.count_nonzero((result != photo).any(axis=-1) & ~inside)
    own = seen[-1]  # the hole of the last call by the student
    blended = inpaint(photo, np.float32(~inside)[..., None], method)  # which corrects the rim: right, too
    off = min(np.abs(result[inside] - np.float32(right)).max() for right in (to_uint8(fill), blended[inside]))
    faults = {
        "Your mask is the wrong way round: 1 is known, 0 is the hole.": not own[drawing == 255].any(),
        "The soft rim of the brush (grey, below 128) was painted, too.": not own[inside].all(),
        f"{changed} known pixels have changed: take them from the photo.": changed,
        "The fill is 1 of 255 levels too low: it is cut off, but must be rounded (np.rint).": off == 1,
        f"In the hole you are {off:.0f} of 255 levels away from what the method returned.": off,
    }
    return _first(faults)


@exercise(
    "10.2",
    "hide(thing)",
    "Make a mask that hides a thing, with 4 pixels around it, and less than 25 % of the image.",
    hints=["cv2.dilate(np.uint8(thing), np.ones((9, 9))) is the thing with 4 more pixels on each side."],
    right="Every pixel of the hole that the thing does not need was a known pixel.",
)
def hide(answer, rng):
    thing, (x, y) = np.zeros((96, 128), "uint8"), rng.integers(6, 14, 2).tolist()
    cv2.line(thing, (x, y), (127 - x, 95 - y), 1, 5)  # its bounding box is more than half of the image
    thing = thing[:: rng.choice([-1, 1])].copy() > 0
    mask = np.asarray(answer(thing))
    if mask.shape not in ((96, 128), (96, 128, 1)) or not np.isin(mask, (0, 1)).all():
        return "Expected a mask of shape (96, 128, 1) that holds only 0 and 1."
    hole, near = mask.reshape(96, 128) == 0, cv2.distanceTransform(np.uint8(~thing), cv2.DIST_L2, 0) <= 4
    hidden, missing = hole[thing].mean(), hole.mean()
    faults = {
        "Your mask is the wrong way round: it hides all but the thing.": hidden == 0 and missing > 0.5,
        f"{1 - hidden:.0%} of the thing can still be seen.": hidden < 1,
        "The thing is hidden, but not the 4 pixels around it, its soft edge.": not hole[near].all(),
        f"{missing:.0%} is missing: follow the shape of the thing, not its rectangle.": missing >= 0.25,
    }
    return _first(faults)


@exercise(
    "10.3",
    "choose(scores)",
    'From {method: PSNR at the same places}, return the best method, or "undecided".',
    hints=[
        "Take the highest mean; scores[best] - scores[other] has one difference per place.",
        "Its mean must be more than 2.1 · np.std(difference, ddof=1) / np.sqrt(len(difference)).",
    ],
    right="What differs from place to place is the photograph; the difference at each place is the method.",
)
def choose(answer, rng):
    places, names = rng.normal(25, 4, 20), rng.permutation(["heat", "telea", "photos"]).tolist()
    noise = rng.normal(0, 1, (2, 20))
    noise = (noise - noise.mean(1, keepdims=True)) / noise.std(1, ddof=1, keepdims=True)
    lucky = places - 12 + 0.1 * noise[1]
    lucky[places.argmax()] += 14  # the best place of all, by a method that is worse on average

    def answered(lead, spread):
        return answer(dict(zip(names, (places, places + lead + spread * noise[0], lucky), strict=True)))

    clear, noisy, equal = answered(0.5, 0.1), answered(0.5, 0.6), answered(0.1, 1.0)
    if not all(name in [*names, "undecided"] for name in (clear, noisy, equal)):
        return f"Expected one of the methods or 'undecided', got {clear!r}."
    faults = {
        "You chose by the best single place; choose by the mean over all places.": clear == names[2],
        "One is ahead by 0.5 dB at each place, but you compare separately: subtract.": clear == "undecided",
        "You chose a method with a lower mean.": not {clear, noisy, equal} <= {names[1], "undecided"},
        "Your interval is for single places; divide by the root of their number.": noisy != names[1],
        "That method is ahead by 0.1 ± 0.5 dB, which chance can do: look at the interval.": equal == names[1],
    }
    return _first(faults)


def _first(faults):
    """The first sentence whose fault is there, or None."""
    return next((sentence for sentence, is_there in faults.items() if is_there), None)
