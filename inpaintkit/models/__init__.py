"""Networks: functions that return a functional `keras.Model`, one network a file.

Those that fill holes work over `[image, mask]`; a discriminator discriminators an image.

Each takes `input_shape=(height, width, 3)`; a side given as None takes any size. Inside, a network
empties the hole, pads to its own stride (padding counts as hole) and crops back.

`network.export(path)` writes a SavedModel, `network.export("unet.onnx", format="onnx")` a file for ONNX
runtimes; both keep every size. In ONNX, NaN or infinity in the hole comes through, since `where` becomes a
product there: set the hole to 0 first. LiteRT takes fixed sizes only: build the network with both sides.
"""

from inpaintkit.models.autoencoders import autoencoder, skip_autoencoder
from inpaintkit.models.deepfill import coarse_to_fine
from inpaintkit.models.discriminators import discriminator, patch_discriminator
from inpaintkit.models.double_unet import pconv_unet_double
from inpaintkit.models.pconv_unets import pconv_unet
from inpaintkit.models.residual_unets import residual_unet
from inpaintkit.models.unets import UNET_LARGE, UNET_MEDIUM, UNET_SMALL, prefilled_unet, unet

__all__ = [
    "UNET_LARGE",
    "UNET_MEDIUM",
    "UNET_SMALL",
    "autoencoder",
    "coarse_to_fine",
    "discriminator",
    "patch_discriminator",
    "pconv_unet",
    "pconv_unet_double",
    "prefilled_unet",
    "residual_unet",
    "skip_autoencoder",
    "unet",
]
