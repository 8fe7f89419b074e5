"""How the commands end after a mistake or an interruption: with a sentence, not a traceback."""

import contextlib
import sys

import typer

from inpaintkit.environment import start_keras


@contextlib.contextmanager
def bad_input_ends(error_type=ValueError, needs_keras=True):
    """Ends the command with exit code 2 and one line if the user's input is wrong.

    Put around what happens before the work begins: a ValueError after that is no mistake of the user.

    Args:
        error_type: of exception that means wrong input.
        needs_keras: whether Keras is started first.
    """
    try:
        if needs_keras:
            start_keras()
        yield
    except error_type as error:
        print(f"inpaintkit: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


@contextlib.contextmanager
def stops_are_explained(what_is_kept):
    """Says what is kept and how to continue when work stops early.

    The exit code is 130 after Ctrl-C and 1 after an error.

    Args:
        what_is_kept: a function without arguments that returns a sentence.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        print(f"\nStopped; {what_is_kept()}")
        raise typer.Exit(130) from error
    except Exception as error:
        if isinstance(error, (ValueError, OSError)):
            message = " ".join([str(error), *getattr(error, "__notes__", ())])  # a note says which method
        elif "No space left on device" in str(error):  # TensorFlow has one class for this and for memory
            message = "there is no space left on the disk"
        elif _is_out_of_memory(error):
            less = "choose smaller images (--image-size) or, for training, a smaller --batch-size"
            message = f"the device is out of memory: {less}"
        else:
            raise
        print(f"\ninpaintkit: {message}\n{what_is_kept()}", file=sys.stderr)
        raise typer.Exit(1) from error


def _is_out_of_memory(error):
    """Whether an exception of NumPy, TensorFlow, JAX or PyTorch says that there was no memory left."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"MemoryError", "ResourceExhaustedError", "OutOfMemoryError"}) or (
        "RESOURCE_EXHAUSTED" in str(error)  # JAX has one class for all its errors
    )
