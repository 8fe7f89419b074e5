"""The classical methods by the names that tables show.

No single method wins everywhere: biharmonic leads on thin holes and falls behind on wide ones, where `heat`
has the higher PSNR and `patchmatch` looks better. `CLASSICAL` holds those fast enough for every table, `ALL`
all that this machine has.
"""

import cv2

from inpaintkit.baselines.criminisi import exemplar
from inpaintkit.baselines.opencv import frequency_selective, navier_stokes, shiftmap, telea
from inpaintkit.baselines.patch_match import patchmatch
from inpaintkit.baselines.simple import masked_input, mean_color
from inpaintkit.baselines.smooth import biharmonic, heat, push_pull, total_variation

CLASSICAL = {
    "masked input": masked_input,
    "mean colour": mean_color,
    "Telea": telea,
    "Navier–Stokes": navier_stokes,
    "biharmonic": biharmonic,
    "heat": heat,
}
ALL = CLASSICAL | {
    "push-pull": push_pull,
    "total variation": total_variation,
    "exemplar": exemplar,
    "PatchMatch": patchmatch,
}
if hasattr(cv2, "xphoto"):
    ALL |= {"shift-map": shiftmap, "FSR": frequency_selective}
