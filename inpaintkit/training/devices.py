"""One training on several devices, of one machine or of several, by the means of Keras's back ends."""

from __future__ import annotations

import contextlib
import os
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

    Under JAX, several processes may train together, on one machine or on several, each with the same program
    and with Keras's variables KERAS_DISTRIBUTION_JOB_ADDRESSES, …_NUM_PROCESSES and …_PROCESS_ID (see
    `keras.distribution.initialize`, which this function calls then). All devices of all processes are used,
    and in `fit` and `evaluate` each process reads its own part of every batch of `Pairs`. Each process needs
    a folder of its own for its files.

    Args:
        devices: how many; None takes all GPUs (or TPUs), or without one, all that the back end has made of
            the CPU, which is one if not told otherwise.

    Returns:
        a context manager that gives the number of devices.

    Raises:
        ValueError: more devices than there are, or a number of them with several processes; PyTorch, for
            which Keras has no such means; TF_CONFIG with several workers, with which Keras cannot train.

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
    found = _all_devices(name)
    if devices and this_process()[1] > 1:
        raise ValueError(f"devices={devices} of several processes: expected None, all devices of all")
    if len(found) < (devices or 1):
        raise ValueError(f"devices={devices}: this machine has {len(found)}: {', '.join(map(str, found))}")
    used = found[:devices]
    if len(used) == 1:
        scope = contextlib.nullcontext()
    elif name == "jax":
        # Keras could only share a `tf.data.Dataset` among processes; `own_part` does it for `Pairs`.
        scope = keras.distribution.DataParallel(devices=used, auto_shard_dataset=False).scope()
    else:
        scope = data.tensorflow().distribute.MirroredStrategy(used).scope()
    with scope:
        yield len(used)


def _all_devices(name):
    """The names of all GPUs or else CPUs; under JAX, those of other processes too, which it waits for."""
    if name == "jax":
        from jax import distributed

        if "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ and not distributed.is_initialized():
            keras.distribution.initialize()
        return keras.distribution.list_devices()
    tf = data.tensorflow()
    cluster = tf.distribute.cluster_resolver.TFConfigClusterResolver().cluster_spec().as_dict()
    if len(workers := cluster.get("worker", [])) > 1:
        came = f"TF_CONFIG with {len(workers)} workers, with which `fit` of Keras 3 does not work"
        raise ValueError(f"{came}: expected KERAS_BACKEND=jax to train on several machines")
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in found]


def this_process() -> tuple[int, int]:
    """Which of the processes that train together this one is: see `data_parallel`.

    Returns:
        (its number, from 0; how many there are).

    Example:
        >>> import inpaintkit as ik
        >>> ik.training.this_process()
        (0, 1)
    """
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


@contextlib.contextmanager
def own_part(*sources):
    """Inside, `Pairs` among these give this process its own part of every batch."""
    with contextlib.ExitStack() as afterwards:
        for source in sources:
            if isinstance(source, data.Pairs):
                afterwards.callback(setattr, source, "part", source.part)
                source.part = this_process()
        yield
