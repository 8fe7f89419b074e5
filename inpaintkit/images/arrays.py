"""Conversions and checks of arrays: images in [0, 1], masks of 0 and 1, sizes, composites."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Size = int | Sequence[int]  # pixels per side, or (height, width)


def to_uint8(image: ArrayLike) -> np.ndarray:
    """Converts [0, 1] to 0…255, rounded and clipped.

    Args:
        image: any shape, in [0, 1].

    Returns:
        uint8 array of the same shape.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.to_uint8([0, 0.5, 1, 1.2])
        array([  0, 128, 255, 255], dtype=uint8)
    """
    return np.rint(np.clip(image, 0, 1) * 255).astype("uint8")


def size_pair(image_size: Size, name: str = "image_size") -> tuple[int, int]:
    """An image size as (height, width).

    Args:
        image_size: pixels per side, or (height, width); each at least 16.
        name: of the argument, for the message.

    Returns:
        (height, width).

    Raises:
        ValueError: anything else.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.size_pair(64), ik.images.size_pair((112, 96))
        ((64, 64), (112, 96))
    """
    sides: Any = image_size
    pair = tuple(sides) if np.ndim(sides) else (sides, sides)
    if len(pair) != 2 or any(int(side) != side or side < 16 for side in pair):
        expected = "expected whole pixels, at least 16, for example 64 or (height, width) = (112, 96)"
        raise ValueError(f"{name}={image_size!r}: {expected}")
    return int(pair[0]), int(pair[1])


def check_batch(images: ArrayLike, masks: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Checks that images and masks follow the kit's conventions and belong together.

    Args:
        images: (B, H, W, 3), known pixels in [0, 1]; anything in the hole.
        masks: (B, H, W, 1), 1 = known, 0 = hole.

    Returns:
        (images, masks) as float32 arrays of these shapes, with 0 in the hole. So no method sees what was
        under the hole, not even a NaN.

    Raises:
        ValueError: wrong shapes, a mask with other values than 0 and 1, known pixels outside [0, 1] or NaN.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> images, masks = np.full((1, 16, 16, 3), np.nan), np.zeros((1, 16, 16, 1))
        >>> images, masks = ik.images.check_batch(images, masks)
        >>> images.max().item(), images.dtype
        (0.0, dtype('float32'))
    """
    images, masks = np.asarray(images, "float32"), np.asarray(masks, "float32")
    if images.ndim != 4 or images.shape[-1] != 3:
        advice = "; for one image, add the batch axis with image[None]" if images.ndim == 3 else ""
        raise ValueError(f"images of shape {images.shape}: expected (batch, height, width, 3){advice}")
    if masks.shape != images.shape[:3] + (1,):
        expected = f"expected {images.shape[:3] + (1,)}, one channel, 1 = known, 0 = hole"
        raise ValueError(f"masks of shape {masks.shape} for images of shape {images.shape}: {expected}")
    check_binary(masks)
    images = np.where(masks > 0, images, 0)
    if not (images.min(initial=0) >= 0 and images.max(initial=0) <= 1):
        came = f"known pixels range from {images.min():.4g} to {images.max():.4g}"
        raise ValueError(f"{came}: expected [0, 1]; divide 8-bit images by 255")
    return images, masks


def check_binary(masks: ArrayLike) -> None:
    """Checks that masks hold only 0 and 1.

    Args:
        masks: any shape.

    Raises:
        ValueError: any other value.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.check_binary([0, 1, 0.5])
        Traceback (most recent call last):
        ValueError: a mask holds 0.5: expected only 1 (known) or 0 (hole)...
    """
    wrong = np.asarray(masks)[~np.isin(masks, (0, 1))]
    if wrong.size:
        advice = "round it first, or read its file with inpaintkit.images.read_mask"
        raise ValueError(f"a mask holds {wrong[0]:.4g}: expected only 1 (known) or 0 (hole); {advice}")


def composite(filled: ArrayLike, images: ArrayLike, masks: ArrayLike) -> np.ndarray:
    """A method's output in the hole, and the image itself everywhere else: what a user would keep.

    Args:
        filled, images: (B, H, W, 3).
        masks: (B, H, W, 1), 1 = known.

    Returns:
        (B, H, W, 3); known pixels are bit-exact. An array for arrays, a tensor for tensors.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> filled, images = np.full((1, 1, 2, 3), 0.5), np.ones((1, 1, 2, 3))
        >>> masks = np.array([[[[1], [0]]]])
        >>> ik.images.composite(filled, images, masks)[0, 0, :, 0]
        array([1. , 0.5])
    """
    if isinstance(filled, np.ndarray):
        return np.where(masks > 0, images, filled)
    from keras import ops  # not above: reading an image does not need Keras

    return ops.where(masks > 0, images, filled)


def final_output(outputs: object) -> object:
    """The final image of a network's outputs: the first, where there is one output per stage.

    Args:
        outputs: (B, H, W, 3), or a list, tuple or dict of such, one per stage.

    Returns:
        (B, H, W, 3), an array or a tensor.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.final_output(["refined image", "coarse image"])
        'refined image'
    """
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs
