"""The classical methods: the bar that any network must clear.

Each is `method(images, masks) -> images` over float32 (B, H, W, 3) in [0, 1] and (B, H, W, 1), 1 =
known. Known pixels come back bit-exact, what lies in the hole is never read, and a picture with nothing
known comes back grey (0.5). No one of them wins everywhere: biharmonic leads on thin holes and falls
behind on wide ones, where `heat` leads in decibels and `patchmatch` to the eye.

`CLASSICAL` holds those quick enough for every table, `ALL` whatever this machine has. The fills themselves
are in `diffusion` and `patches`, or in OpenCV and scikit-image. Settings are given by name,
`ik.baselines.telea(images, masks, radius=5)`; `help(ik.baselines.telea)` names them.

Times are for a 178×178 picture with 7 lines on one core of a small machine.
"""

import functools
import inspect

import cv2
import numpy as np

from inpaintkit import diffusion, patches
from inpaintkit.images import check_batch, to_uint8


def _classical(fill):
    """Makes `fill(picture, hole, …)` a method over batches; there the hole is 0, and True in `hole`."""

    @functools.wraps(fill)
    def method(images, masks, **settings):
        images, masks = check_batch(images, masks)
        filled = images.copy()
        for picture, mask in zip(filled, masks, strict=True):
            hole = mask[..., 0] < 0.5
            if hole.all():
                picture[:] = 0.5
            elif hole.any():
                cv2.copyTo(np.float32(fill(picture, hole, **settings)), np.uint8(hole), picture)  # in place
        return np.clip(filled, 0, 1, out=filled)

    del method.__wrapped__  # its signature is not this one's, but for the settings
    first, second, *settings = inspect.signature(fill).parameters.values()
    batches = [first.replace(name="images"), second.replace(name="masks")]
    by_name = [setting.replace(kind=inspect.Parameter.KEYWORD_ONLY) for setting in settings]
    method.__signature__ = inspect.Signature([*batches, *by_name])
    method.__module__, method.classical = __name__, True
    return method


heat = _classical(diffusion.heat)
push_pull = _classical(diffusion.push_pull)
total_variation = _classical(diffusion.total_variation)
exemplar = _classical(patches.exemplar)
patchmatch = _classical(patches.patchmatch)


@_classical
def masked_input(picture, hole):
    """No method at all: the damaged picture, black where it is missing."""
    return picture


@_classical
def mean_color(picture, hole):
    """Fills with the mean colour of the known pixels. The least that anything should beat; 0.6 ms."""
    return np.full_like(picture, cv2.mean(picture, np.uint8(~hole))[:3])


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

    Continues slopes as well as values, hence strong on thin holes; overshoots in wide ones, and where the
    picture is grainy; cut off at the brightest and darkest known values. 20–30 ms,
    growing with the hole: 0.3 s at 512×512 with 20 % missing, 1 s with a hole of 256×256. In float64: in
    float32, wide holes come out wrong by up to half the range.

    Source: Damelin and Hoang 2018, through `skimage.restoration`.
    """
    from skimage.restoration import inpaint_biharmonic

    return inpaint_biharmonic(picture.astype("float64"), hole, channel_axis=-1)


@_classical
def shiftmap(picture, hole):
    """Few shifts of the whole picture, the most frequent between its like patches, and a seam between them.

    8-bit CIELab inside. Needs `cv2.xphoto`. 1–2 s. Source: He and Sun 2012, through opencv-contrib.
    """
    lab = _xphoto(cv2.cvtColor(to_uint8(picture), cv2.COLOR_RGB2Lab), hole, "INPAINT_SHIFTMAP")
    return cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) / 255


@_classical
def fsr(picture, hole, quality="fast"):
    """Frequency selective reconstruction: block by block, the few Fourier waves that explain what is known.

    8-bit inside; blocks of 16 pixels, to which the picture is padded, for the library leaves the rest
    unfinished. Needs `cv2.xphoto`. `quality` "fast", 1 s, or "best", 20 s, which is not always better.
    Source: Genser et al. 2018, Seiler et al. 2015, through opencv-contrib.
    """
    if quality not in ("fast", "best"):
        raise ValueError(f"quality={quality!r}: expected 'fast' or 'best'")
    (height, width), pad = hole.shape, [(0, -side % 16) for side in hole.shape]
    picture, hole = np.pad(picture, [*pad, (0, 0)], "symmetric"), np.pad(hole, pad, "symmetric")
    return _xphoto(to_uint8(picture), hole, f"INPAINT_FSR_{quality.upper()}")[:height, :width] / 255


def _xphoto(picture, hole, algorithm):
    if not hasattr(cv2, "xphoto"):
        raise ValueError(
            f"this OpenCV {cv2.__version__} has no cv2.xphoto: for shiftmap and fsr, replace "
            "opencv-python by opencv-contrib-python of the same version"
        )
    filled = np.zeros_like(picture)
    cv2.xphoto.inpaint(picture, (~hole).astype("uint8") * 255, filled, getattr(cv2.xphoto, algorithm))
    return filled


CLASSICAL = {
    "masked input": masked_input,
    "mean colour": mean_color,
    "Telea": telea,
    "Navier–Stokes": navier_stokes,
    "biharmonic": biharmonic,
    "heat": heat,
}
ALL = CLASSICAL | {
    "push-pull": push_pull,
    "total variation": total_variation,
    "exemplar": exemplar,
    "PatchMatch": patchmatch,
}
if hasattr(cv2, "xphoto"):
    ALL |= {"shift-map": shiftmap, "FSR": fsr}
