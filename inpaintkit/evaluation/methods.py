"""One shape for every method, `method(images, masks) -> images`: networks become such methods here."""

import functools
from collections.abc import Callable

import keras
import numpy as np
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit.data import Images
from inpaintkit.images import check_batch, final_output


def as_method(model: Callable, batch_size: int = 16) -> Callable:
    """Turns a Keras model over `[image, mask]` into a method; a function stays what it is.

    The hole is set to 0 before the network gets the image.

    Args:
        model: a `keras.Model`, an `InpaintingGAN`, or any function `method(images, masks)`.
        batch_size: images per batch, for a model.

    Returns:
        `method(images, masks) -> images`, float32 (B, H, W, 3) in [0, 1]. This is the raw output: known
        pixels are as the network repaints them. `method.network` is the model.

    Raises:
        ValueError: a model without two inputs; later, images of a size that the network does not take.

    Example:
        >>> import inpaintkit as ik
        >>> import keras
        >>> import numpy as np
        >>> image, mask = keras.Input((8, 8, 3)), keras.Input((8, 8, 1))
        >>> method = ik.as_method(keras.Model([image, mask], image * mask, name="product"))
        >>> method(np.ones((1, 8, 8, 3)), np.ones((1, 8, 8, 1))).shape, method.__name__
        ((1, 8, 8, 3), 'product')
    """
    if not isinstance(model, keras.Model):
        return model
    model = network_of(model)
    inputs = getattr(model, "inputs", None) or []  # a subclassed model has none
    if len(inputs) != 2:
        raise ValueError(f"network {model.name!r} has {len(inputs)} inputs: expected [image, mask]")
    height, width = inputs[0].shape[1:3]

    def method(images, masks):
        images, masks = check_batch(images, masks)
        if height not in (None, images.shape[1]) or width not in (None, images.shape[2]):
            raise ValueError(
                f"network {model.name!r} takes images of {height}×{width}, these are "
                f"{images.shape[1]}×{images.shape[2]}: build it with input_shape=(None, None, 3) for any size"
            )
        # predict_on_batch, since predict builds a data pipeline at each call, which doubles the time.
        # Keras's own method, since the one of an Inpainter checks the arrays a second time.
        predict, filled = functools.partial(keras.Model.predict_on_batch, model), []
        for start in range(0, max(1, len(images)), batch_size):
            part = slice(start, start + batch_size)
            filled.append(np.asarray(final_output(predict([images[part], masks[part]]))))
        return np.clip(np.concatenate(filled).astype("float32"), 0, 1)

    method.__name__, method.classical, method.network = model.name, False, model
    return method


def network_of(method):
    """The Keras model that a method is or runs (of a GAN, its generator), or None."""
    model = method if isinstance(method, keras.Model) else getattr(method, "network", None)
    model = getattr(model, "generator", model)
    return model if isinstance(model, keras.Model) else None


def is_classical(method):
    """Whether a method says of itself that it was not trained, as those of `ik.baselines` do."""
    return getattr(method, "classical", False)


def are_fills(method):
    """Whether a "method" is fills that another program made."""
    return isinstance(method, np.ndarray | Images)


def with_hidden_holes(method, batch_size=16):
    """A method as `fill(originals, masks, chosen) -> (n, H, W, 3)`, raw, which hides the holes from it.

    `chosen`, a slice or a list, says which images these are: finished fills are looked up by it.
    """
    if are_fills(method):
        return lambda originals, masks, chosen: to_float(method, chosen)
    run = as_method(method, batch_size)
    # A copy of the masks, since a method may write into what it gets.
    return lambda originals, masks, chosen: to_numpy(run(originals * masks, masks.copy()))


def to_float(images, chosen=slice(None)):
    """`Images` or an array, all or those that a slice or a list chooses, as float32 (B, H, W, 3)."""
    if isinstance(images, Images):
        return images.array[chosen].astype("float32") / 255
    return np.asarray(images, "float32")[chosen]


def check_names(methods):
    """Raises ValueError unless methods are {name: method}."""
    if not isinstance(methods, dict) or not all(isinstance(name, str) for name in methods):
        raise ValueError(f"methods={methods!r}: expected {{name: method}}, such as ik.baselines.CLASSICAL")


def check_output(name, filled, shape):
    """Raises ValueError unless fills have this shape and are in [0, 1]."""
    if filled.shape != tuple(shape):
        raise ValueError(f"method {name!r} returned shape {filled.shape}: expected {tuple(shape)}")
    if np.isnan(filled).any():
        raise ValueError(f"method {name!r} returned NaN in {np.isnan(filled).mean():.1%} of its values")
    if not (filled.min() >= 0 and filled.max() <= 1):
        raise ValueError(
            f"method {name!r} returned {filled.min()} … {filled.max()}: expected [0, 1]; clip it, or divide "
            "8-bit images by 255"
        )
