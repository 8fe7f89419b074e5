"""CIFAR-10 through Keras, and what every download needs: no long waits, and errors in one line."""

import os
import socket
import urllib.request
from pathlib import Path

from inpaintkit.data.arrays import split_rows


def cifar10(split, count):
    """Lists a split of CIFAR-10, which Keras downloads when it is first used."""
    import keras

    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
    if not any(folder.glob("cifar-10*")):
        check_reachable("www.cs.toronto.edu", "CIFAR-10")
    try:
        (train, _), (test, _) = keras.datasets.cifar10.load_data()
    except Exception as error:  # Keras raises no narrower one for a failed download
        raise ValueError(f"CIFAR-10 cannot be loaded: {first_line(error)}; is {folder} complete?") from None
    return split_rows("cifar10", {"train": train, "test": test}, split, count)


def check_reachable(host, dataset):
    """Raises ValueError if a host does not answer in 3 seconds; TensorFlow Datasets would try for minutes.

    Behind a proxy, downloads work although a socket of ours does not: then nothing is checked.
    """
    proxies = {"http", "https", "all"} & set(urllib.request.getproxies())
    if proxies and not urllib.request.proxy_bypass(host):
        return
    try:
        socket.create_connection((host, 443), timeout=3).close()
    except OSError as error:
        raise ValueError(f"{dataset} is not on this machine, and {host} does not answer: {error}") from error


def first_line(error):
    """The first line of an error's message, at most 200 characters; without a message, its class."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
