"""Every network with few filters, for the tests in this folder: functions of an input shape."""

import pytest

from inpaintkit import models

ANY_SIZE = (None, None, 3)
NETWORKS = {
    "autoencoder": lambda shape=ANY_SIZE: models.autoencoder(shape, dropout=0.0, filters=(4, 8)),
    "skip_autoencoder": lambda shape=ANY_SIZE: models.skip_autoencoder(shape, dropout=0.0, filters=(4, 8)),
    "unet": lambda shape=ANY_SIZE: models.unet(shape, (4, 8, 8)),
    "unet_dilated": lambda shape=ANY_SIZE: models.unet(shape, (4, 8), bottleneck="dilated"),
    "prefilled_unet": lambda shape=ANY_SIZE: models.prefilled_unet(shape, (4, 8)),
    "pconv_unet": lambda shape=ANY_SIZE: models.pconv_unet(shape, (4, 8, 8)),
    "pconv_unet16": lambda shape=ANY_SIZE: models.pconv_unet16(shape, (4, 8)),
    "pconv_unet_double": lambda shape=ANY_SIZE: models.pconv_unet_double(shape, (4, 8, 8)),
    "unet_double": lambda shape=ANY_SIZE: models.pconv_unet_double(shape, (4, 8, 8), partial=False),
    "coarse_to_fine": lambda shape=ANY_SIZE: models.coarse_to_fine(shape, (4, 8, 8)),
    "residual_unet": lambda shape=ANY_SIZE: models.residual_unet(shape, (4, 8)),
}
VARIANTS = ("skip_autoencoder", "unet_dilated", "pconv_unet16", "unet_double")  # of the layers of the others
every_network = pytest.mark.parametrize(
    "build",
    [
        pytest.param(build, id=name, marks=[pytest.mark.slow] if name in VARIANTS else [])
        for name, build in NETWORKS.items()
    ],
)
