"""Smooth filling: push-pull, diffusion, biharmonic and total variation. These methods draw no texture.

All look for a surface u over the hole that agrees with the known pixels around it and varies least. They
differ in what they count as variation: heat ∫|∇u|², total variation ∫|∇u|, biharmonic ∫(Δu)².
"""

import cv2
import numpy as np

from inpaintkit.baselines.base import classical
from inpaintkit.checks import as_array, check_number


@classical
def biharmonic(image, hole):
    """The smoothest surface through the known pixels, solved as a linear system.

    Δ²u = Δ(Δu) = 0 in the hole.

    Continues slopes as well as values, so it is strong on thin holes. In wide holes and in grainy images it
    overshoots; values are cut off at the brightest and darkest known ones. 20–30 ms, growing with the hole:
    0.3 s at 512×512 with 20 % missing, 1 s with a hole of 256×256. Computed in float64: in float32, wide
    holes come out wrong by up to half the range.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> slope = np.linspace(0, 1, 9).reshape(1, 9, 1, 1) * np.ones((1, 9, 9, 3))  # black to white
        >>> mask = np.ones((1, 9, 9, 1))
        >>> mask[:, 3:6, 3:6] = 0
        >>> ik.baselines.biharmonic(slope, mask)[0, 3:6, 4, 0].round(3).tolist()  # exact
        [0.375, 0.5, 0.625]

    Source: Damelin and Hoang, "On surface completion and image inpainting by biharmonic functions", 2018, by
    `skimage.restoration.inpaint_biharmonic`.
    """
    from skimage.restoration import inpaint_biharmonic

    return inpaint_biharmonic(image.astype("float64"), hole, channel_axis=-1)


def half_size(image: np.ndarray, known: np.ndarray) -> list[np.ndarray]:
    """An image and its map of known pixels at half the size: means over blocks of 2×2 pixels.

    With the image 0 in the hole, `half / half_known` is the mean of the known pixels of each block. Odd sizes
    first get a row or column of zeros at the bottom or on the right.

    Args:
        image: float32 (H, W, 3), 0 where nothing is known.
        known: float32 (H, W), the share of each pixel that is known: 0 to 1.

    Returns:
        the two at half the size, (⌈H/2⌉, ⌈W/2⌉, 3) and (⌈H/2⌉, ⌈W/2⌉).

    Raises:
        ValueError: other shapes.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> known = np.float32([[1, 0], [1, 0]])
        >>> image = known[..., None] * np.full(3, 0.8, "float32")
        >>> half, half_known = ik.baselines.half_size(image, known)
        >>> round(float(half[0, 0, 0]), 2), float(half_known[0, 0])  # 0.4 / 0.5 is 0.8 again
        (0.4, 0.5)
    """
    image, known = as_array("image", image, "float32"), as_array("known", known, "float32")
    if known.ndim != 2 or not known.size or image.shape != (*known.shape, 3):
        raise ValueError(f"image {image.shape}, known {known.shape}: expected (H, W, 3), (H, W), not empty")
    bottom, right = known.shape[0] % 2, known.shape[1] % 2
    padded = [cv2.copyMakeBorder(x, 0, bottom, 0, right, cv2.BORDER_CONSTANT) for x in (image, known)]
    return [cv2.resize(x, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for x in padded]


@classical
def heat(image, hole, smoothing_steps: int = 8):
    """Harmonic (Laplace) inpainting: each missing pixel becomes the mean of its neighbours.

    Δu = 0 in the hole: where heat that flows in from the known pixels comes to rest.

    Solved on a pyramid of images of half the size each: the fill of the coarser image is enlarged, then
    smoothed `smoothing_steps` times by 3×3 means. 2 ms, 0.4 of Telea's time; 16 steps come within 0.2 dB of
    the exact solution. The first choice for wide holes.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.
        smoothing_steps: per level of the pyramid, 0 or more.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> slope = np.linspace(0, 1, 9).reshape(1, 9, 1, 1) * np.ones((1, 9, 9, 3))  # black to white
        >>> mask = np.ones((1, 9, 9, 1))
        >>> mask[:, 3:6, 3:6] = 0
        >>> ik.baselines.heat(slope, mask, smoothing_steps=32)[0, 3:6, 4, 0].round(3).tolist()
        [0.375, 0.5, 0.625]

    Source: the pyramid is that of `layers.PushPull` (Gortler et al. 1996); the equation is Laplace's.
    """
    check_number("smoothing_steps", smoothing_steps, 0, whole=True)
    values, known = image, (~hole).astype("float32")
    pyramid = []
    while max(known.shape) > 1:
        pyramid.append((values, known))
        values, known = half_size(values, known)
    filled = values / known[..., None]  # (1, 1, 3), the mean colour
    for values, known in reversed(pyramid):
        height, width = known.shape
        means, known = cv2.divide(values, cv2.merge([known] * 3)), (known > 0).astype("uint8")
        filled = cv2.resize(filled, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)[:height, :width].copy()
        cv2.copyTo(means, known, filled)  # what is known replaces what was enlarged
        for _ in range(smoothing_steps):
            cv2.blur(filled, (3, 3), filled, borderType=cv2.BORDER_REPLICATE)
            cv2.copyTo(means, known, filled)
    return filled


@classical
def push_pull(image, hole):
    """Means of the known pixels, from coarse to fine: `layers.PushPull` without smoothing, in OpenCV.

    push: values and known shares are averaged over 2×2 pixels, again and again. pull: on the way back, each
    missing pixel takes the enlarged value of the coarser image. 1 ms, the fastest method that draws an image.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> image = np.array([0.25, 0.9, 0.75, 0.5]).reshape(1, 1, 4, 1).repeat(3, axis=-1)
        >>> mask = np.array([1, 0, 1, 1]).reshape(1, 1, 4, 1)
        >>> ik.baselines.push_pull(image, mask)[0, 0, :, 0].tolist()  # 3/4 · 0.25 + 1/4 · 0.625
        [0.25, 0.34375, 0.75, 0.5]

    Source: Gortler et al., "The Lumigraph", 1996.
    """
    return heat.fill(image, hole, smoothing_steps=0)


@classical
def total_variation(image, hole, rounds: int = 10, edge: float = 0.03):
    """The surface of least total variation: flat pieces and, over narrow holes, sharp edges.

    Minimises Σ √(|∇u|² + edge²) over the hole, |∇u|² summed over the channels, from `heat`'s fill. Each round
    solves exactly a heat equation in which a pixel conducts as 1 / √(|∇u|² + edge²) of the round before
    (lagged diffusivity): the sum never grows. Cuts off what is thinner than the hole is wide. 75 ms, growing
    with the hole.

    Args:
        images: (B, H, W, 3) in [0, 1]. masks: (B, H, W, 1), 1 = known.
        rounds: how many equations are solved.
        edge: on the scale of [0, 1], 1e-6 or more; differences far below it are smoothed, others are kept.

    Returns:
        float32 (B, H, W, 3).

    Raises:
        ValueError: shapes that do not fit, or masks that are not 0 and 1.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> edge = np.repeat([0.25, 0.75], (4, 5)).reshape(1, 9, 1, 1) * np.ones((1, 9, 9, 3))
        >>> mask = np.ones((1, 9, 9, 1))
        >>> mask[:, 3:6, 4] = 0
        >>> fill = ik.baselines.total_variation(edge, mask, rounds=60, edge=0.001)
        >>> [f"{value:.2f}" for value in fill[0, 3:6, 4, 0]]  # `heat`: 0.42, 0.58, 0.73
        ['0.25', '0.75', '0.75']

    Source: Chan and Shen, "Mathematical models for local nontexture inpaintings", 2001; Vogel and Oman 1996
    for the solver. Where we differ: the known pixels are kept, not denoised.
    """
    from scipy.sparse.linalg import splu

    check_number("rounds", rounds, 0, whole=True)
    check_number("edge", edge, 1e-6, 100)
    gradient, start = _gradient(hole)  # (pairs of neighbours, pixels)
    unknown = hole.ravel()
    u = heat.fill(image, hole).reshape(-1, 3).astype("float64")
    of_hole, of_known = gradient[:, unknown], gradient[:, ~unknown] @ u[~unknown]
    for _ in range(rounds):
        squares = np.bincount(start, np.square(gradient @ u).sum(axis=1), hole.size)  # |∇u|² per pixel
        conductance = 1 / np.sqrt(squares[start] + edge**2)
        flow = of_hole.multiply(conductance[:, None]).tocsc().T
        factors = splu((flow @ of_hole).tocsc(), "MMD_AT_PLUS_A", 0, options={"SymmetricMode": True})
        u[unknown] = factors.solve(-(flow @ of_known))
    return u.reshape(image.shape)


def _gradient(hole):
    """The differences of neighbouring pixels as a sparse matrix, and the first pixel of each difference.

    Only pairs with a pixel in or beside the hole: the others change nothing.
    """
    from scipy import sparse

    pixel = np.arange(hole.size).reshape(hole.shape)
    first = np.concatenate([pixel[:-1].ravel(), pixel[:, :-1].ravel()])
    second = np.concatenate([pixel[1:].ravel(), pixel[:, 1:].ravel()])  # below, or on the right
    near = cv2.dilate(hole.astype("uint8"), np.ones((3, 3))).ravel()[first] > 0
    first, second = first[near], second[near]
    rows, ones = np.arange(first.size), np.ones(first.size)
    entries = np.r_[-ones, ones], (np.r_[rows, rows], np.r_[first, second])
    return sparse.csc_array(entries, shape=(first.size, hole.size)), first
