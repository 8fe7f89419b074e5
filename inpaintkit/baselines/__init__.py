"""Classical inpainting methods: the baselines that a network should beat.

Each is `method(images, masks) -> images` over float32 (B, H, W, 3) in [0, 1] and (B, H, W, 1), 1 = known.
Settings are given by name: `ik.baselines.telea(images, masks, radius=5)`; `help(ik.baselines.telea)` lists
them. `ik.baselines.telea.fill(image, hole)` fills one image (H, W, 3), with `hole` bool (H, W), True in the
hole.
"""

from inpaintkit.baselines.criminisi import exemplar
from inpaintkit.baselines.method_lists import ALL, CLASSICAL
from inpaintkit.baselines.opencv import frequency_selective, navier_stokes, shiftmap, telea
from inpaintkit.baselines.patch_match import patchmatch
from inpaintkit.baselines.simple import masked_input, mean_color
from inpaintkit.baselines.smooth import biharmonic, half_size, heat, push_pull, total_variation

__all__ = [
    "ALL", "CLASSICAL", "biharmonic", "exemplar", "frequency_selective", "half_size", "heat", "masked_input",
    "mean_color", "navier_stokes", "patchmatch", "push_pull", "shiftmap", "telea", "total_variation",
]  # fmt: skip
