"""Conversions and checks of arrays: images in [0, 1], masks of 0 and 1, sizes, composites."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import as_array, is_number, match_batches

Size = int | Sequence[int]  # pixels per side, or (height, width)


def to_uint8(image: ArrayLike) -> np.ndarray:
    """Converts [0, 1] to 0…255, rounded and clipped.

    Args:
        image: any shape, in [0, 1].

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: anything but numbers, or NaN.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.to_uint8([0, 0.5, 1, 1.2])
        array([  0, 128, 255, 255], dtype=uint8)
    """
    image = as_array("image", image)
    image = np.clip(image.astype("float64") if image.dtype.kind in "bi" else image, 0, 1)
    if np.isnan(image.max(initial=0)):
        raise ValueError("image holds NaN: expected numbers in [0, 1]")
    return np.rint(image * 255).astype("uint8")


def size_pair(image_size: Size, name: str = "image_size") -> tuple[int, int]:
    """An image size as (height, width).

    Args:
        image_size: pixels per side, or (height, width); each from 16 to 65,535.
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
    is_one = not isinstance(sides, tuple | list) and getattr(sides, "ndim", 0) == 0
    pair = (sides, sides) if is_one else tuple(sides)
    if len(pair) != 2 or not all(is_number(side, 16, 65_535) and int(side) == side for side in pair):
        expected = (
            "expected whole pixels, at least 16, at most 65,535, such as 64 or (height, width) = (112, 96)"
        )
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
    images, masks = as_array("images", images, "float32"), as_array("masks", masks, "float32")
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
    masks = as_array("masks", masks)
    wrong = masks[~np.isin(masks, (0, 1))]
    if wrong.size:
        advice = "round it first, or read its file with inpaintkit.images.read_mask"
        raise ValueError(f"a mask holds {wrong[0]:.4g}: expected only 1 (known) or 0 (hole); {advice}")


def check_pixels(image: ArrayLike, channels: tuple[int, ...]) -> np.ndarray:
    """Checks that an image is one of pixels, grey or of some channels.

    Args:
        image: (H, W) or (H, W, C), uint8, uint16 or float.
        channels: which C are possible, in order.

    Returns:
        the image as an array.

    Raises:
        ValueError: another shape or dtype; no pixel.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.check_pixels([0.5, 1], (1, 3))
        Traceback (most recent call last):
        ValueError: image of shape (2,): expected (height, width) or (height, width, 1 or 3), ...
    """
    image = as_array("image", image)
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), *((c,) for c in channels)) or not image.size:
        *first, last = map(str, channels)
        expected = f"(height, width) or (height, width, {', '.join(first)} or {last}), at least one pixel"
        advice = "; for a batch, call it once per image" if image.ndim == 4 else ""
        raise ValueError(f"image of shape {image.shape}: expected {expected}{advice}")
    if image.dtype not in ("uint8", "uint16") and image.dtype.kind != "f":
        raise ValueError(f"image of dtype {image.dtype}: expected uint8, uint16, or float in [0, 1]")
    return image


def composite(filled: ArrayLike, images: ArrayLike, masks: ArrayLike) -> np.ndarray:
    """A method's output in the hole, and the image itself everywhere else: what a user would keep.

    Args:
        filled, images: (B, H, W, 3).
        masks: (B, H, W, 1), 1 = known. A batch of one counts for all of the others.

    Returns:
        (B, H, W, 3); known pixels are bit-exact. An array for arrays, a tensor for tensors.

    Raises:
        ValueError: arrays of other shapes, or of anything but numbers.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> filled, images = np.full((1, 1, 2, 3), 0.5), np.ones((1, 1, 2, 3))
        >>> masks = np.array([[[[1], [0]]]])
        >>> ik.images.composite(filled, images, masks)[0, 0, :, 0]
        array([1. , 0.5])
    """
    if isinstance(filled, np.ndarray | np.generic) or not hasattr(filled, "shape"):
        named = {"filled": filled, "images": images, "masks": masks}
        filled, images, masks = (as_array(name, value) for name, value in named.items())
        like_masks = (*masks.shape[:-1], *filled.shape[-1:])
        if not match_batches(filled.shape, images.shape, like_masks) or masks.shape[-1:] != (1,):
            came = f"filled {filled.shape}, images {images.shape}, masks {masks.shape}"
            raise ValueError(f"{came}: expected (B, H, W, 3) twice, and (B, H, W, 1)")
        return np.where(masks > 0, images, filled)
    from keras import ops  # not above: reading an image does not need Keras

    return ops.where(masks > 0, images, filled)


def final_output(outputs: object) -> object:
    """The final image of a network's outputs: the first, where there is one output per stage.

    Args:
        outputs: (B, H, W, 3), or a list, tuple or dict of such, one per stage.

    Returns:
        (B, H, W, 3), an array or a tensor.

    Raises:
        ValueError: no output at all.

    Example:
        >>> import inpaintkit as ik
        >>> ik.images.final_output(["refined image", "coarse image"])
        'refined image'
    """
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    if isinstance(outputs, (list, tuple)) and not outputs:
        raise ValueError("outputs is empty: expected at least one image")
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs
