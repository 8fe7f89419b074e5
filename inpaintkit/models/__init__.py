"""Networks: functions that return a functional `keras.Model` over `[image, mask]`, one network a file.

Each takes `input_shape=(height, width, 3)`; a side given as None takes any size. Inside, a network
empties the hole, pads to its own stride (padding counts as hole) and crops back.
"""

from inpaintkit.models.autoencoder import autoencoder
from inpaintkit.models.pconv_unet import pconv_unet
from inpaintkit.models.unet import unet

__all__ = ["autoencoder", "pconv_unet", "unet"]
