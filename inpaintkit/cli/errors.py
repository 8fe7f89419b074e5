"""What every command does at its start, and at a mistake of the user's."""

import contextlib
import sys

import typer

from inpaintkit.environment import start_keras


@contextlib.contextmanager
def bad_input_ends(kind=ValueError):
    """A mistake of the user's, met before any work has begun: one line, exit code 2."""
    try:
        start_keras()
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
