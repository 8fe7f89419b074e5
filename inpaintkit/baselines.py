"""The classical methods: the bar that any network must clear.

Each is `method(images, masks) -> images` over float32 (B, H, W, 3) in [0, 1] and (B, H, W, 1), 1 =
known. Known pixels come back bit-exact, what lies in the hole is never read, and a picture with nothing
known comes back grey (0.5). No one of them wins everywhere: biharmonic leads on thin holes and falls
behind on wide ones.

Times are for a 178×178 picture with 7 lines on one core of a small machine.
"""

import functools

import cv2
import numpy as np

from inpaintkit.images import check_batch, to_uint8


def _classical(fill):
    """Makes `fill(picture, hole, …)` a method over batches; there the hole is 0, and True in `hole`."""

    @functools.wraps(fill)
    def method(images, masks, **settings):
        images, masks = check_batch(images, masks)
        filled = np.empty_like(images)
        for i, (picture, mask) in enumerate(zip(images, masks, strict=True)):
            hole = mask[..., 0] < 0.5
            if hole.all():
                filled[i] = 0.5
            else:
                filled[i] = np.where(hole[..., None], fill(picture, hole, **settings), picture)
        return filled

    del method.__wrapped__  # its signature is not this one's
    method.classical = True
    return method


@_classical
def masked_input(picture, hole):
    """No method at all: the damaged picture, black where it is missing."""
    return picture


@_classical
def mean_color(picture, hole):
    """Fills with the mean colour of the known pixels. The least that anything should beat; 0.3 ms."""
    return picture[~hole].mean(axis=0)


@_classical
def telea(picture, hole, radius=3):
    """Telea's fast marching: from the edge inwards, each pixel a weighted mean of its known neighbours.

    `radius` in pixels. 8-bit inside. 4–5 ms. Source: Telea 2004, through `cv2.inpaint`.
    """
    return cv2.inpaint(to_uint8(picture), hole.astype("uint8"), radius, cv2.INPAINT_TELEA) / 255


@_classical
def navier_stokes(picture, hole, radius=3):
    """Carries lines of equal brightness into the hole, as a fluid carries its vorticity.

    `radius` in pixels. 8-bit inside. 4–6 ms. Source: Bertalmio et al. 2001, through `cv2.inpaint`.
    """
    return cv2.inpaint(to_uint8(picture), hole.astype("uint8"), radius, cv2.INPAINT_NS) / 255


@_classical
def biharmonic(picture, hole):
    """The smoothest surface through the known pixels: ∇⁴u = 0 in the hole, solved as a linear system.

    Continues slopes as well as values, hence strong on thin holes; overshoots in wide ones. 20–30 ms,
    growing with the hole. Source: Damelin and Hoang 2018, through `skimage.restoration`.
    """
    from skimage.restoration import inpaint_biharmonic

    return inpaint_biharmonic(picture, hole, channel_axis=-1)


CLASSICAL = {
    "masked input": masked_input,
    "mean colour": mean_color,
    "Telea": telea,
    "Navier–Stokes": navier_stokes,
    "biharmonic": biharmonic,
}
