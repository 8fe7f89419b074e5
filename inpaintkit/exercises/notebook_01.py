"""Notebook 01, images and holes: polarity, hole ratio, one mirror for image and mask."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

prediction(
    "01.a",
    "With a fifth of the image missing, which holes does biharmonic fill worst?",
    {
        "Text": "its strokes are thin, but they cover edges and textures everywhere.",
        "Lines": "lines cross the whole image, and hide more of its edges.",
        "Ellipses": "the middle of an ellipse is far from the next known pixel.",
        "Border, left": "the strip has known pixels on one side only, and its outer part is far from them.",
    },
)
prediction(
    "01.b",
    "Which does biharmonic fill better: lines that hide 45 % of an image, or ellipses that hide 20 %?",
    {
        "lines, 45 %": "between lines, a known pixel is always near; the share says little about that.",
        "ellipses, 20 %": "the share that is missing decided here.",
    },
)


def _masks(rng, count):
    """Masks (B, H, W, 1) of one size, each with another hole ratio below one half."""
    size = rng.integers(12, 24, 2)
    ratios = rng.uniform(0.05, 0.4, (count, 1, 1, 1))
    return (rng.random((count, *size, 1)) > ratios).astype("float32")


@exercise(
    "01.1",
    "to_mask(painted)",
    "Return a float32 mask (H, W, 1), 1 = known, from bytes (H, W) that are white in the hole.",
    hints=[
        "painted < 128 is True where the image is known.",
        ".astype('float32') makes 1 and 0 of True and False.",
        "mask[..., None] adds the last axis: (H, W) becomes (H, W, 1).",
    ],
    right="In the kit, read_mask does this, for every kind of file.",
)
def to_mask(answer, rng):
    painted = np.full(rng.integers(12, 24, 2), 0, "uint8")
    painted[3:9, 2:8] = 255
    painted[3:9, 8] = rng.integers(128, 255, 6)
    painted[9, 2:8] = rng.integers(1, 128, 6)
    painted[3, 8], painted[9, 2] = 128, 127  # the limit itself
    wanted = (painted < 128).astype("float32")[..., None]
    got = np.asarray(answer(painted))
    wrong = {
        "The mask is inverted: in the kit 1 is known, and white was the hole.": 1 - wanted,
        "A grey pixel became a value between 0 and 1: every pixel is either known or hole.": 1
        - painted[..., None] / np.float32(255),
        "The polarity is right, but the values go to 255; the kit wants 0 and 1.": 255 * wanted,
        "Every grey pixel became hole; below 128 it counts as known.": (painted == 0)[..., None],
        "Every grey pixel became known; from 128 it is hole.": (painted < 255)[..., None],
        "The grey of 128 itself became known; from 128 it is hole.": (painted <= 128)[..., None],
        "The last axis is missing: a mask has the shape (H, W, 1).": wanted[..., 0],
    }
    found = difference(got, wanted, 1e-6, mistakes=wrong)
    if found is None and got.dtype != np.float32:
        return f"The values are right, but the type is {got.dtype}; expected float32."
    return found


@exercise(
    "01.2",
    "hole_ratio(masks)",
    "Return the share of each mask that is missing, an array of shape (B,).",
    hints=[
        "1 - masks is 1 in the hole.",
        "The mean of it is the share that is missing; which axes belong to one mask?",
        "(1 - masks).mean(axis=(1, 2, 3)).",
    ],
    right="A mean far above one half often means that the masks are inverted.",
)
def hole_ratio(answer, rng):
    masks = _masks(rng, count=int(rng.integers(3, 7)))
    wanted = 1 - masks.mean(axis=(1, 2, 3))
    wrong = {
        "That is the share that is known: a mask is 1 where the image is known.": 1 - wanted,
        "That is one mean over the whole batch; give one number per mask.": wanted.mean(),
        "That is in per cent; a ratio goes from 0 to 1.": 100 * wanted,
        "That is the number of missing pixels; divide it by all pixels of a mask.": wanted * masks[0].size,
    }
    return difference(answer(masks), wanted, 1e-4, mistakes=wrong)


@exercise(
    "01.3",
    "mirrored_pair(image, mask)",
    "Mirror image and mask left to right, and return ((masked image, mask), image).",
    hints=[
        "image[:, ::-1] is mirrored left to right; the axes are height, width, channels.",
        "Mirror the mask in the same way, before you use it.",
        "The masked image is image * mask; the target is the whole image.",
    ],
    right="Input and target come from the same mirrored image, so they cannot differ.",
)
def mirrored_pair(answer, rng):
    mask = _masks(rng, 1)[0]
    image = rng.uniform(0.1, 1, (*mask.shape[:2], 3)).astype("float32")
    try:
        (masked, its_mask), target = answer(image, mask)
    except (TypeError, ValueError):
        return "Return a pair: ((masked image, mask), image), with these brackets."
    flipped, flipped_mask = image[:, ::-1], mask[:, ::-1]
    masks = {
        "The mask was not mirrored, so the hole is not where it belongs.": mask,
        "The mask was turned upside down; left to right is the second axis, the width.": mask[::-1],
    }
    with_hole = flipped * flipped_mask
    targets = {
        "The target has the hole, too; the network could not learn what belongs there.": with_hole,
        "The target was not mirrored: input and target differ even where the image is known.": image,
        "The image was turned upside down; left to right is the second axis, the width.": image[::-1],
        "The channels were reversed, so red is now blue; left to right is the second axis.": image[..., ::-1],
    }
    inputs = {
        "The masked image still shows what is in the hole; it must be 0 there.": flipped,
        "The masked image is 0 where the image is known: a mask is 1 there.": flipped * (1 - flipped_mask),
    }
    return (
        difference(target, flipped, 1e-6, mistakes=targets, given="the target")
        or difference(its_mask, flipped_mask, 1e-6, mistakes=masks, given="the mask")
        or difference(masked, flipped * flipped_mask, 1e-6, mistakes=inputs, given="the masked image")
    )
