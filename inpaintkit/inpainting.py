"""Use a method: one shape for all of them, `method(images, masks) -> images`, and the composite."""

import keras
import numpy as np

from inpaintkit.images import check_batch


def composite(filled, images, masks):
    """A method's output inside the hole, the picture itself everywhere else: what a user would keep.

    Args:
        filled, images: (B, H, W, 3). masks: (B, H, W, 1), 1 = known.

    Returns:
        (B, H, W, 3); known pixels bit-exact.
    """
    return np.where(masks > 0, images, filled)


def as_method(model, batch_size=16):
    """A Keras model over `[image, mask]` as a method like any other; a method stays what it is.

    Args:
        model: a `keras.Model`, an `InpaintingGAN`, or any callable `method(images, masks)`.
        batch_size: pictures at a time, for a model.

    Returns:
        `method(images, masks) -> images`, float32 (B, H, W, 3) in [0, 1]: the raw output, known pixels
        as the network repaints them. What lies in the hole is set to 0 before the network sees it.

    Raises:
        ValueError: a model without two inputs; later, pictures of a size that the network does not take.
    """
    if not isinstance(model, keras.Model):
        return model
    model = getattr(model, "generator", model)  # of a GAN, the player that paints
    if len(model.inputs) != 2:
        raise ValueError(f"network {model.name!r} has {len(model.inputs)} inputs: expected [image, mask]")
    sides = model.inputs[0].shape[1:3]

    def method(images, masks):
        images, masks = check_batch(images, masks)
        if any(side not in (None, given) for side, given in zip(sides, images.shape[1:3], strict=True)):
            raise ValueError(
                f"network {model.name!r} takes pictures of {sides[0]}×{sides[1]}, these are "
                f"{images.shape[1]}×{images.shape[2]}: build it with input_shape=(None, None, 3) for any size"
            )
        filled = model.predict([images, masks], batch_size=batch_size, verbose=0)
        filled = filled[0] if isinstance(filled, list) else filled  # of several stages, the final one
        return np.clip(np.asarray(filled, "float32"), 0, 1)

    method.__name__, method.classical = model.name, False
    return method
