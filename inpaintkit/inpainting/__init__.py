"""Fills the hole of one image: of any size, grey, RGB or RGBA, 8-bit, 16-bit or float, with any method."""

from inpaintkit.inpainting.borders import outpaint
from inpaintkit.inpainting.filling import inpaint
from inpaintkit.inpainting.method_names import METHOD_NAMES, find_method
from inpaintkit.inpainting.onnx_models import OnnxModel
from inpaintkit.inpainting.scratches import scratch_mask
from inpaintkit.inpainting.temporal import TemporalBlend
from inpaintkit.inpainting.videos import VIDEO_CODECS, inpaint_video

__all__ = [
    "METHOD_NAMES", "VIDEO_CODECS", "OnnxModel", "TemporalBlend", "find_method", "inpaint", "inpaint_video",
    "outpaint", "scratch_mask",
]  # fmt: skip
