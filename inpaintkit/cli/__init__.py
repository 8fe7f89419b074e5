"""The command line."""

from inpaintkit.cli.commands import app, main

__all__ = ["app", "main"]
