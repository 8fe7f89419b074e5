"""Inpainting in the browser and over HTTP: `ik.app()` in a notebook, `inpaintkit app` on the command line.

The server itself opens no file that is sent. It looks at the size, and hands the file to processes of their
own (`jobs`, `worker`). They look at the header first, have a limit of memory for decoding, and are killed
when a job takes too long.
"""

from inpaintkit.serving.server import RunningApp, app, serve

__all__ = ["RunningApp", "app", "serve"]
