"""One shape for every method, `method(images, masks) -> images`: networks become such methods here.

Also what is common to all methods: whether they are classical, the check of their output, their hole PSNR.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit.checks import as_array, check_number, check_type
from inpaintkit.data import Images, Pairs
from inpaintkit.images import check_batch, final_output
from inpaintkit.metrics import psnr


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
    check_type("model", model, Callable, "a Keras model, or a function method(images, masks)")
    check_number("batch_size", batch_size, 1, whole=True)
    if not isinstance(model, keras.Model):
        return model
    network = network_of(model)
    inputs = getattr(network, "inputs", None) or []  # a subclassed model has none
    if len(inputs) != 2:
        raise ValueError(f"network {network.name!r} has {len(inputs)} inputs: expected [image, mask]")
    height, width = inputs[0].shape[1:3]

    def method(images, masks):
        images, masks = check_batch(images, masks)
        if height not in (None, images.shape[1]) or width not in (None, images.shape[2]):
            sizes = f"images of {height}×{width}, these are {images.shape[1]}×{images.shape[2]}"
            raise ValueError(f"network {network.name!r} takes {sizes}: use input_shape=(None, None, 3)")
        filled = []
        for start in range(0, max(1, len(images)), batch_size):
            batch = [images[start : start + batch_size], masks[start : start + batch_size]]
            # predict_on_batch, since predict builds a data pipeline at each call, which doubles the time.
            # Keras's own method, since the one of an Inpainter checks the arrays a second time.
            outputs = keras.Model.predict_on_batch(network, batch)
            # Under tf.distribute.MirroredStrategy, every device fills the whole batch: the first is enough.
            filled.append(np.asarray(final_output(outputs))[: len(batch[0])])
        return np.clip(np.concatenate(filled).astype("float32"), 0, 1)

    method.__name__ = network.name
    vars(method).update(classical=False, network=network)
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
    array = as_array("images", images, "float32")
    if array.ndim != 4:
        raise ValueError(f"images of shape {array.shape}: expected (batch, height, width, 3)")
    return array[chosen]


def check_output(name, filled, shape):
    """Raises ValueError unless fills have this shape and are in [0, 1]."""
    if filled.shape != tuple(shape):
        raise ValueError(f"method {name!r} returned shape {filled.shape}: expected {tuple(shape)}")
    if not (filled.min() >= 0 and filled.max() <= 1):  # so a NaN is refused, too
        found = f"method {name!r} returned {filled.min()} … {filled.max()}"
        raise ValueError(f"{found}: expected [0, 1]; divide 8-bit images by 255, clip other ones")


def hole_psnr(method: Callable, pairs: Pairs) -> float:
    """Mean hole PSNR of a method over the batches of `ik.data.pairs(…)`.

    Args:
        method: as for `compare`, but no fills.
        pairs: `Pairs`, best with shuffle=False, so that the holes are the same every time.

    Returns:
        PSNR in dB.

    Raises:
        ValueError: a method that returns another shape, NaN or values outside [0, 1].

    Example:
        >>> import inpaintkit as ik
        >>> images = ik.data.images("photos", "val", 32, count=2)
        >>> pairs = ik.data.pairs(images, ik.masks.Center(), shuffle=False)
        >>> ik.evaluation.hole_psnr(ik.baselines.mean_color, pairs) > 5
        True
    """
    check_type("pairs", pairs, keras.utils.PyDataset, "Pairs, with shuffle=False")
    run, values = as_method(method), []
    for (masked, mask), image in (pairs[k] for k in range(len(pairs))):
        filled = to_numpy(run(masked, mask.copy()))
        check_output(getattr(method, "__name__", "given"), filled, image.shape)
        values.append(to_numpy(psnr(image, filled, 1 - mask)))
    return float(np.concatenate(values).mean())
