"""One training on several devices of one machine, by the means of Keras's back ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras

from inpaintkit import data
from inpaintkit.checks import is_count


@contextlib.contextmanager
def data_parallel(devices: int | None = None) -> Iterator[int]:
    """Shares each batch of a training among devices; the network is built and trained inside.

    Every device has a copy of the weights, computes an equal part of the batch, and gets the mean of all
    gradients (`keras.distribution.DataParallel` under JAX, `tf.distribute.MirroredStrategy` under
    TensorFlow). So `batch_size` is that of all devices together, and has to be a multiple of their number;
    under JAX the number of validation images, too. The result is that of one device, up to rounding, if the
    loss is a mean over images. `LogHoleLoss` is the logarithm of a mean: under TensorFlow, each device takes
    its own. Batch normalization under TensorFlow uses the statistics of each device's part.

    Args:
        devices: how many; None takes all GPUs (or TPUs), or without one, all that the back end has made of
            the CPU, which is one if not told otherwise.

    Returns:
        a context manager that gives the number of devices.

    Raises:
        ValueError: more devices than there are; PyTorch, for which Keras has no such means.

    Example:
        >>> import inpaintkit as ik
        >>> with ik.training.data_parallel(1) as count:
        ...     model = ik.Inpainter(ik.models.unet(filters=(4, 8)))
        >>> count
        1
    """
    if devices is not None and not is_count(devices):
        raise ValueError(f"devices={devices!r}: expected a whole number, at least 1, or None for all")
    if devices == 1:
        yield 1
        return
    name = keras.backend.backend()
    if name not in ("jax", "tensorflow"):
        raise ValueError(f"several devices with KERAS_BACKEND={name}: expected tensorflow or jax")
    found = keras.distribution.list_devices() if name == "jax" else _tensorflow_devices()
    if len(found) < (devices or 1):
        raise ValueError(f"devices={devices}: this machine has {len(found)}: {', '.join(map(str, found))}")
    used = found[:devices]
    if len(used) == 1:
        scope = contextlib.nullcontext()
    elif name == "jax":
        scope = keras.distribution.DataParallel(devices=used).scope()
    else:
        scope = data.tensorflow().distribute.MirroredStrategy(used).scope()
    with scope:
        yield len(used)


def _tensorflow_devices():
    """The names of its GPUs or, without one, of the logical devices of the CPU."""
    config = data.tensorflow().config
    found = config.list_logical_devices("GPU") or config.list_logical_devices("CPU")
    return [device.name for device in found]
