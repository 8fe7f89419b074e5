"""Classical methods of OpenCV: Telea, Navier–Stokes, shift-map and frequency selective reconstruction."""

import cv2
import numpy as np

from inpaintkit.baselines.base import classical
from inpaintkit.checks import check_choice, check_number
from inpaintkit.images import to_uint8


@classical
def telea(image, hole, radius: float = 3):
    """Telea's fast marching: from the border inwards, each pixel becomes a weighted mean of its neighbours.

    u(p) = Σ w(p, q) [u(q) + ∇u(q) · (p − q)] / Σ w(p, q), over the pixels q that are known or filled already
    and at most `radius` from p. The weight w is larger where q is near, lies in the direction in which the
    filling proceeds, and is as far from the border of the hole as p. 4–5 ms; computed with 8 bits per
    channel.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.
        radius: of the neighbourhood of each pixel, in pixels, at most 100.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> slope = np.linspace(0, 1, 9).reshape(1, 9, 1, 1) * np.ones((1, 9, 9, 3))  # black to white
        >>> mask = np.ones((1, 9, 9, 1))
        >>> mask[:, 4, 4] = 0  # the truth is 0.5 there
        >>> round(float(ik.baselines.telea(slope, mask, radius=2)[0, 4, 4, 0]), 1)
        0.5

    Source: Telea, "An image inpainting technique based on the fast marching method", 2004, by `cv2.inpaint`.
    """
    check_number("radius", radius, 0, 100)
    return cv2.inpaint(to_uint8(image), hole.astype("uint8"), radius, cv2.INPAINT_TELEA) / 255


@classical
def navier_stokes(image, hole, radius: float = 3):
    """Continues lines of equal brightness into the hole, by an equation of fluid dynamics.

    ∇⊥u · ∇Δu = 0: the smoothness Δu does not change along lines of equal brightness, whose direction is ∇⊥u.
    In a fluid, u is the stream function and Δu the vorticity. 4–6 ms; computed with 8 bits per channel.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.
        radius: of the neighbourhood of each pixel, in pixels, at most 100.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> slope = np.linspace(0, 1, 9).reshape(1, 9, 1, 1) * np.ones((1, 9, 9, 3))  # black to white
        >>> mask = np.ones((1, 9, 9, 1))
        >>> mask[:, 4, 4] = 0  # the truth is 0.5 there
        >>> round(float(ik.baselines.navier_stokes(slope, mask, radius=2)[0, 4, 4, 0]), 1)
        0.5

    Source: Bertalmio, Bertozzi and Sapiro, "Navier–Stokes, fluid dynamics, and image and video inpainting",
    2001, by `cv2.inpaint`.
    """
    check_number("radius", radius, 0, 100)
    return cv2.inpaint(to_uint8(image), hole.astype("uint8"), radius, cv2.INPAINT_NS) / 255


@classical
def shiftmap(image, hole):
    """Fills the hole with a few shifted copies of the image, joined along seams that show least.

    u(p) = u(p + s(p)). The candidates for the shift s are those most frequent between similar patches of the
    known part. Which shift each pixel takes minimises, over neighbouring pixels p and q of the hole, the sum
    of ‖u(p + s(p)) − u(p + s(q))‖² + ‖u(q + s(p)) − u(q + s(q))‖². 1–2 s; computed in CIELab with 8 bits.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: this OpenCV has no `cv2.xphoto`; shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image, mask = np.full((1, 32, 32, 3), 0.5), np.ones((1, 32, 32, 1))
        >>> mask[:, 12:16, 12:16] = 0
        >>> fill = ik.baselines.shiftmap(image, mask)  # doctest: +SKIP
        >>> round(float(fill[0, 13, 13, 0]), 1)  # doctest: +SKIP
        0.5

    Source: He and Sun, "Statistics of patch offsets for image completion", 2012, by opencv-contrib.
    """
    lab = _xphoto(cv2.cvtColor(to_uint8(image), cv2.COLOR_RGB2Lab), hole, "INPAINT_SHIFTMAP")
    return cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) / 255


@classical
def frequency_selective(image, hole, quality: str = "fast"):
    """Frequency selective reconstruction (FSR): explains each block by a few Fourier waves.

    g = Σ c_k φ_k, over few waves φ_k, so that Σ w(p) (u(p) − g(p))² over the known pixels p in and around a
    block is small; the weight w falls with the distance from the block. Waves are added one by one, each time
    the one that reduces the sum most; g fills the hole. Blocks of 16×16 pixels; computed with 8 bits per
    channel.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.
        quality: "fast" (1 s) or "best" (20 s, and not always better).

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: this OpenCV has no `cv2.xphoto`; another quality; shapes that do not fit, or masks that
        are
            not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image, mask = np.full((1, 32, 32, 3), 0.5), np.ones((1, 32, 32, 1))
        >>> mask[:, 12:16, 12:16] = 0
        >>> fill = ik.baselines.frequency_selective(image, mask, quality="fast")  # doctest: +SKIP
        >>> round(float(fill[0, 13, 13, 0]), 1)  # doctest: +SKIP
        0.5

    Source: Seiler et al. 2015; Genser et al. 2018; by opencv-contrib.
    """
    check_choice("quality", quality, ("fast", "best"))
    height, width = hole.shape
    pad = [(0, -height % 16), (0, -width % 16)]  # to whole blocks: the library leaves the others unfinished
    image, hole = np.pad(image, [*pad, (0, 0)], "symmetric"), np.pad(hole, pad, "symmetric")
    return _xphoto(to_uint8(image), hole, f"INPAINT_FSR_{quality.upper()}")[:height, :width] / 255


def _xphoto(image, hole, algorithm):
    if not hasattr(cv2, "xphoto"):
        raise ValueError(f"OpenCV {cv2.__version__} has no cv2.xphoto: install opencv-contrib-python instead")
    filled = np.zeros_like(image)
    cv2.xphoto.inpaint(image, (~hole).astype("uint8") * 255, filled, getattr(cv2.xphoto, algorithm))
    return filled
