"""What a notebook asks its reader for: a photograph (`ik.upload`), and a mask painted over it (`ik.draw`)."""

from inpaintkit.notebook.drawing import draw
from inpaintkit.notebook.uploading import upload

__all__ = ["draw", "upload"]
