"""Inpainting in the browser and over HTTP: `ik.app()` in a notebook, `inpaintkit app` on the command line.

The server itself decodes no file that is sent. It looks at header and size, and hands the file to processes
of their own (`jobs`, `worker`), which are killed when a job takes too long.
"""

from inpaintkit.serving.server import RunningApp, app, serve

__all__ = ["RunningApp", "app", "serve"]
