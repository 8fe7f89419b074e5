"""What every command does at its start, and at a mistake of the user's."""

import contextlib
import logging
import os
import sys

import typer


@contextlib.contextmanager
def _quiet_start():
    """Holds back what TensorFlow's C++ side prints at start; TF_CPP_MIN_LOG_LEVEL=0 shows it."""
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def _start_keras():
    """Imports Keras and wakes its back end, so that both can be quiet, and a missing one is explained."""
    try:
        with _quiet_start():
            import keras

            keras.ops.zeros(1)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"Keras needs a back end, and {error.name!r} is not installed: "
            "pip install tensorflow, or set KERAS_BACKEND to jax or torch"
        ) from error


@contextlib.contextmanager
def bad_input_ends(kind=ValueError):
    """A mistake of the user's, met before any work has begun: one line, exit code 2."""
    try:
        _start_keras()
        yield
    except kind as error:
        print(f"inpaintkit: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


@contextlib.contextmanager
def stops_are_explained(so_far):
    """Work that ends before its time says what is kept and how to go on: exit code 130, or 1 after a mistake.

    Args:
        so_far: a function () -> what is kept, in words.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        print(f"\nStopped; {so_far()}")
        raise typer.Exit(130) from error
    except (ValueError, OSError) as error:
        words = " ".join([str(error), *getattr(error, "__notes__", ())])  # such as: in method 'x'
        print(f"\ninpaintkit: {words}\n{so_far()}", file=sys.stderr)
        raise typer.Exit(1) from error
