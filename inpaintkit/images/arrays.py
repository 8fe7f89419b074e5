"""Conversions and checks of arrays: images in [0, 1], masks of 0 and 1, sizes, composites."""

import numpy as np


def to_uint8(image):
    """[0, 1] to 0…255, rounded and clipped; any shape."""
    return np.rint(np.clip(image, 0, 1) * 255).astype("uint8")


def size_pair(image_size):
    """An int or (height, width) as (height, width); each side at least 16 pixels.

    Example: `size_pair(64)` is `(64, 64)`, `size_pair((112, 96))` is `(112, 96)`.
    """
    pair = tuple(image_size) if np.ndim(image_size) else (image_size, image_size)
    if len(pair) != 2 or any(int(side) != side or side < 16 for side in pair):
        raise ValueError(
            f"image_size={image_size!r}: expected a whole number of pixels or (height, width), each at least "
            "16; for example 64 or (112, 96)"
        )
    return int(pair[0]), int(pair[1])


def check_batch(images, masks):
    """Checks that images and masks follow the kit's conventions and belong together.

    Returns:
        (images, masks) as float32 NumPy arrays (B, H, W, 3) and (B, H, W, 1), the hole set to 0, so
        that nothing behind this door can learn from what was under it, NaN included.

    Raises:
        ValueError: wrong shape, a mask that is not of 0 and 1, known pixels outside [0, 1] or NaN.
    """
    images, masks = np.asarray(images, "float32"), np.asarray(masks, "float32")
    if images.ndim != 4 or images.shape[-1] != 3:
        advice = "; for one image, add the batch axis with image[None]" if images.ndim == 3 else ""
        raise ValueError(f"images of shape {images.shape}: expected (batch, height, width, 3){advice}")
    if masks.shape != images.shape[:3] + (1,):
        raise ValueError(
            f"masks of shape {masks.shape} for images of shape {images.shape}: "
            f"expected {images.shape[:3] + (1,)}, one channel, 1 = known, 0 = hole"
        )
    check_binary(masks)
    images = np.where(masks > 0, images, 0)
    if not (images.min(initial=0) >= 0 and images.max(initial=0) <= 1):
        raise ValueError(
            f"known pixels range from {images.min():.4g} to {images.max():.4g}: expected [0, 1]; "
            "divide 8-bit images by 255"
        )
    return images, masks


def check_binary(masks):
    """Raises ValueError unless masks, of any shape, hold 0 and 1 alone."""
    wrong = np.asarray(masks)[~np.isin(masks, (0, 1))]
    if wrong.size:
        raise ValueError(
            f"a mask holds {wrong[0]:.4g}: expected 1 (known) or 0 (hole) alone; round it first, or read it "
            "with inpaintkit.images.read_mask"
        )


def check_hole(hole, expected=("white", "black", "alpha")):
    """Raises ValueError unless `hole` is one of those expected."""
    if hole not in expected:
        raise ValueError(
            f"hole={hole!r}: expected {' or '.join(map(repr, expected))}, what the hole is in the file"
        )


def _name(path):
    """What messages call a path or an opened file, whose own name may be a number."""
    return str(getattr(path, "name", "opened file") if hasattr(path, "read") else path)


def composite(filled, images, masks):
    """A method's output inside the hole, the image itself everywhere else: what a user would keep.

    Args:
        filled, images: (B, H, W, 3). masks: (B, H, W, 1), 1 = known.

    Returns:
        (B, H, W, 3); known pixels bit-exact. An array for arrays, a tensor for tensors.
    """
    if isinstance(filled, np.ndarray):
        return np.where(masks > 0, images, filled)
    from keras import ops  # not above: reading an image does not need Keras

    return ops.where(masks > 0, images, filled)


def final_output(outputs):
    """Of a network's outputs the final image: the first, where it has one per stage in a list or dict."""
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs
