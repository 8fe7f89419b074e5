"""Networks: functions that return a functional `keras.Model`.

Networks that fill holes work on `[image, mask]`; a discriminator works on an image.

Each takes `input_shape=(height, width, 3)`, where None stands for any size, and `filters`, the number of
channels of each level. Inside, a network sets the hole to 0, pads to a multiple of its stride (the padding
counts as hole) and crops back.

`network.export(path)` writes a SavedModel, `network.export("unet.onnx", format="onnx")` a file for ONNX
runtimes; both keep any size. In ONNX, NaN or infinity in the hole reaches the output, since `where` becomes
a product there: set the hole to 0 first. LiteRT takes fixed sizes only: build the network with both sides.
"""

from inpaintkit.models.autoencoders import autoencoder, skip_autoencoder
from inpaintkit.models.deepfill import coarse_to_fine
from inpaintkit.models.discriminators import discriminator, patch_discriminator
from inpaintkit.models.double_unet import pconv_unet_double
from inpaintkit.models.pconv_unets import PCONV_UNET_PAPER, pconv_unet, pconv_unet16
from inpaintkit.models.residual_unets import residual_unet
from inpaintkit.models.unets import UNET_LARGE, UNET_MEDIUM, UNET_SMALL, prefilled_unet, unet

__all__ = [
    "PCONV_UNET_PAPER", "UNET_LARGE", "UNET_MEDIUM", "UNET_SMALL", "autoencoder", "coarse_to_fine",
    "discriminator", "patch_discriminator", "pconv_unet", "pconv_unet16", "pconv_unet_double",
    "prefilled_unet", "residual_unet", "skip_autoencoder", "unet",
]  # fmt: skip
