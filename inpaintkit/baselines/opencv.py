"""Classical methods of OpenCV: Telea, Navier–Stokes, shift-map and FSR."""

import cv2
import numpy as np

from inpaintkit.baselines.base import classical
from inpaintkit.images import to_uint8


@classical
def telea(image, hole, radius=3):
    """Telea's fast marching: from the edge inwards, each pixel a weighted mean of its known neighbours.

    `radius` in pixels. 8-bit inside. 4–5 ms. Source: Telea 2004, through `cv2.inpaint`.
    """
    return cv2.inpaint(to_uint8(image), hole.astype("uint8"), radius, cv2.INPAINT_TELEA) / 255


@classical
def navier_stokes(image, hole, radius=3):
    """Carries lines of equal brightness into the hole, as a fluid carries its vorticity.

    `radius` in pixels. 8-bit inside. 4–6 ms. Source: Bertalmio et al. 2001, through `cv2.inpaint`.
    """
    return cv2.inpaint(to_uint8(image), hole.astype("uint8"), radius, cv2.INPAINT_NS) / 255


@classical
def shiftmap(image, hole):
    """Few shifts of the whole image, the most frequent between its like patches, and a seam between them.

    8-bit CIELab inside. Needs `cv2.xphoto`. 1–2 s. Source: He and Sun 2012, through opencv-contrib.
    """
    lab = _xphoto(cv2.cvtColor(to_uint8(image), cv2.COLOR_RGB2Lab), hole, "INPAINT_SHIFTMAP")
    return cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) / 255


@classical
def frequency_selective(image, hole, quality="fast"):
    """Frequency selective reconstruction: block by block, the few Fourier waves that explain what is known.

    8-bit inside; blocks of 16 pixels, to which the image is padded, for the library leaves the rest
    unfinished. Needs `cv2.xphoto`. `quality` "fast", 1 s, or "best", 20 s, which is not always better.
    Source: Genser et al. 2018, Seiler et al. 2015, through opencv-contrib.
    """
    if quality not in ("fast", "best"):
        raise ValueError(f"quality={quality!r}: expected 'fast' or 'best'")
    (height, width), pad = hole.shape, [(0, -side % 16) for side in hole.shape]
    image, hole = np.pad(image, [*pad, (0, 0)], "symmetric"), np.pad(hole, pad, "symmetric")
    return _xphoto(to_uint8(image), hole, f"INPAINT_FSR_{quality.upper()}")[:height, :width] / 255


def _xphoto(image, hole, algorithm):
    if not hasattr(cv2, "xphoto"):
        raise ValueError(
            f"this OpenCV {cv2.__version__} has no cv2.xphoto: for shiftmap and frequency_selective, replace "
            "opencv-python by opencv-contrib-python of the same version"
        )
    filled = np.zeros_like(image)
    cv2.xphoto.inpaint(image, (~hole).astype("uint8") * 255, filled, getattr(cv2.xphoto, algorithm))
    return filled
