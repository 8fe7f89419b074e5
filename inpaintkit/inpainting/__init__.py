"""Fills the hole of one image: of any size, grey, RGB or RGBA, 8-bit, 16-bit or float, with any method."""

from inpaintkit.inpainting.borders import outpaint
from inpaintkit.inpainting.filling import inpaint
from inpaintkit.inpainting.method_names import METHOD_NAMES, find_method

__all__ = ["METHOD_NAMES", "find_method", "inpaint", "outpaint"]
