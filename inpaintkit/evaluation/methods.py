"""One shape for every method, `method(images, masks) -> images`: networks become such methods here."""

import functools

import keras
import numpy as np

from inpaintkit.images import check_batch, final_output


def as_method(model, batch_size=16):
    """A Keras model over `[image, mask]` as a method like any other; a method stays what it is.

    Args:
        model: a `keras.Model`, an `InpaintingGAN`, or any callable `method(images, masks)`.
        batch_size: images at a time, for a model.

    Returns:
        `method(images, masks) -> images`, float32 (B, H, W, 3) in [0, 1]: the raw output, known pixels
        as the network repaints them. What lies in the hole is set to 0 before the network sees it.
        `method.network` is the model.

    Raises:
        ValueError: a model without two inputs; later, images of a size that the network does not take.
    """
    if not isinstance(model, keras.Model):
        return model
    model = network_of(model)
    inputs = getattr(model, "inputs", None) or []  # a subclassed model has none
    if len(inputs) != 2:
        raise ValueError(f"network {model.name!r} has {len(inputs)} inputs: expected [image, mask]")
    sides = inputs[0].shape[1:3]

    def method(images, masks):
        images, masks = check_batch(images, masks)
        if any(side not in (None, given) for side, given in zip(sides, images.shape[1:3], strict=True)):
            raise ValueError(
                f"network {model.name!r} takes images of {sides[0]}×{sides[1]}, these are "
                f"{images.shape[1]}×{images.shape[2]}: build it with input_shape=(None, None, 3) for any size"
            )
        # predict_on_batch, since predict makes a data pipeline at each call, which costs as much again.
        chosen = (slice(i, i + batch_size) for i in range(0, max(1, len(images)), batch_size))
        # Keras's own, since an Inpainter's checks its arrays, which has just been done.
        run = functools.partial(keras.Model.predict_on_batch, model)
        filled = [np.asarray(final_output(run([images[part], masks[part]]))) for part in chosen]
        return np.clip(np.concatenate(filled).astype("float32"), 0, 1)

    method.__name__, method.classical, method.network = model.name, False, model
    return method


def network_of(method):
    """The Keras model that a method is or runs (of a GAN, its generator), or None."""
    model = method if isinstance(method, keras.Model) else getattr(method, "network", None)
    model = getattr(model, "generator", model)
    return model if isinstance(model, keras.Model) else None


def check_names(methods):
    """Raises ValueError unless methods are {name: method}."""
    if not isinstance(methods, dict) or not all(isinstance(name, str) for name in methods):
        raise ValueError(f"methods={methods!r}: expected {{name: method}}, such as ik.baselines.CLASSICAL")
