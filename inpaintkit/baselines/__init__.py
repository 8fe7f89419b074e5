"""The classical methods: the bar that any network must clear.

Each is `method(images, masks) -> images` over float32 (B, H, W, 3) in [0, 1] and (B, H, W, 1), 1 =
known. Settings are given by name, `ik.baselines.telea(images, masks, radius=5)`;
`help(ik.baselines.telea)` names them. The fill of one image, `fill(image (H, W, 3), hole (H, W) bool)`,
is `ik.baselines.telea.fill`.
"""

from inpaintkit.baselines.criminisi import exemplar
from inpaintkit.baselines.every import ALL, CLASSICAL
from inpaintkit.baselines.opencv import frequency_selective, navier_stokes, shiftmap, telea
from inpaintkit.baselines.patch_match import patchmatch
from inpaintkit.baselines.simple import masked_input, mean_color
from inpaintkit.baselines.smooth import biharmonic, halve, heat, push_pull, total_variation

__all__ = [
    "ALL",
    "CLASSICAL",
    "biharmonic",
    "exemplar",
    "frequency_selective",
    "halve",
    "heat",
    "masked_input",
    "mean_color",
    "navier_stokes",
    "patchmatch",
    "push_pull",
    "shiftmap",
    "telea",
    "total_variation",
]
