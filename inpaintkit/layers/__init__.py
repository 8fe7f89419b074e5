"""Layers of inpainting networks. They take lists, `[features, mask]`: Keras reserves the argument `mask`."""

from inpaintkit.layers.contextual_attention import ContextualAttention
from inpaintkit.layers.gated_conv import GatedConv2D
from inpaintkit.layers.partial_conv import PConv2D
from inpaintkit.layers.partial_conv_up import PConv2DUp
from inpaintkit.layers.push_pull import PushPull
from inpaintkit.layers.resizing import CropLike, MaskImage, PadToMultiple

__all__ = [
    "ContextualAttention", "CropLike", "GatedConv2D", "MaskImage", "PConv2D", "PConv2DUp", "PadToMultiple",
    "PushPull",
]  # fmt: skip
