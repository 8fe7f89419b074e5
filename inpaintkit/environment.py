"""What this process runs on: `ik.hello()` prints versions and device; `start_keras` imports Keras quietly."""

import contextlib
import logging
import os
import platform
import sys


def hello() -> None:
    """Prints the versions of inpaintkit, Python, Keras and its back end, and the device that computes.

    In Colab without a GPU it also says how to get one. It never raises: what is missing is part of the text.

    Example:
        >>> import inpaintkit as ik
        >>> ik.hello()
        inpaintkit ... on Python ...
        Keras ... with ...
        Device: ...
    """
    from inpaintkit import __version__

    print(f"inpaintkit {__version__} on Python {platform.python_version()}")
    try:
        start_keras()
        import keras

        name = keras.backend.backend()
        backend = sys.modules[name]
        print(f"Keras {keras.__version__} with {name} {backend.__version__}")
        accelerators = _accelerators(name, backend)
    except Exception as error:  # a broken installation, or a driver that does not fit, may raise anything
        print(f"Device: unknown ({error})")
        return
    print("Device:", ", ".join(accelerators) or f"CPU, {os.cpu_count()} cores")
    if not accelerators and "google.colab" in sys.modules:
        print("Training is much faster on a GPU. To get one: Runtime → Change runtime type → T4 GPU.")


def start_keras() -> None:
    """Imports Keras and starts its back end, without the messages that TensorFlow prints at its start.

    Raises:
        ValueError: the back end is not installed.
    """
    try:
        with _hidden_messages():
            import keras

            if "KERAS_DISTRIBUTION_NUM_PROCESSES" not in os.environ:  # else JAX has to find them first
                keras.ops.zeros(1)
        logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its import sets another one in Jupyter
    except ModuleNotFoundError as error:
        advice = "pip install tensorflow, or set KERAS_BACKEND to jax or torch"
        raise ValueError(f"Keras needs a back end, and {error.name!r} is not installed: {advice}") from error


def _accelerators(name, backend):
    """The names of the GPUs (or TPUs) that the back end found, as it calls them."""
    if name == "tensorflow":
        gpus = backend.config.list_physical_devices("GPU")
        details = [backend.config.experimental.get_device_details(gpu) for gpu in gpus]
        return [detail.get("device_name", "GPU") for detail in details]
    if name == "jax":
        return [device.device_kind for device in backend.devices() if device.platform != "cpu"]
    if name == "torch":
        gpus = [backend.cuda.get_device_name(i) for i in range(backend.cuda.device_count())]
        return gpus or (["Apple GPU"] if backend.backends.mps.is_available() else [])
    return []


@contextlib.contextmanager
def _hidden_messages():
    """Hides what TensorFlow's C++ code writes to stderr, unless TF_CPP_MIN_LOG_LEVEL is set already."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)  # file descriptor 2, since C++ does not write to sys.stderr
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
