"""inpaintkit: the whole of image inpainting, from damaged images to an honest table of results.

Conventions, everywhere: images are float32 RGB in [0, 1], shape (B, H, W, 3); masks are float32, shape
(B, H, W, 1), 1 = known, 0 = hole; whatever fills holes is a callable `method(images, masks) -> images`.

Importing this package loads nothing: each module is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors: they complete ik.masks.Lines
    from inpaintkit import (
        baselines,
        data,
        evaluation,
        exercises,
        features,
        images,
        inpainting,
        layers,
        losses,
        masks,
        metrics,
        models,
        notebook,
        plots,
        pretrained,
        serving,
        training,
    )  # fmt: skip
    from inpaintkit.environment import hello
    from inpaintkit.evaluation import as_method, compare
    from inpaintkit.export import export_model
    from inpaintkit.inpainting import inpaint, outpaint
    from inpaintkit.layers import PConv2D
    from inpaintkit.notebook import draw, upload
    from inpaintkit.pretrained import load
    from inpaintkit.serving import app
    from inpaintkit.training import Inpainter, InpaintingGAN, load_model

__version__ = "0.1.0"

_MODULES = (
    "baselines", "data", "evaluation", "exercises", "features", "images", "inpainting", "layers", "losses",
    "masks", "metrics", "models", "notebook", "plots", "pretrained", "serving", "training",
)  # fmt: skip
_SHORTCUTS = {
    "Inpainter": "training", "InpaintingGAN": "training", "PConv2D": "layers", "app": "serving",
    "as_method": "evaluation", "compare": "evaluation", "draw": "notebook", "export_model": "export",
    "hello": "environment", "inpaint": "inpainting", "load": "pretrained", "load_model": "training",
    "outpaint": "inpainting", "upload": "notebook",
}  # fmt: skip

__all__ = [
    "Inpainter", "InpaintingGAN", "PConv2D", "app", "as_method", "baselines", "compare", "data", "draw",
    "evaluation", "exercises", "export_model", "features", "hello", "images", "inpaint", "inpainting",
    "layers", "load", "load_model", "losses", "masks", "metrics", "models", "notebook", "outpaint", "plots",
    "pretrained", "serving", "training", "upload",
]  # fmt: skip


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _SHORTCUTS:
        return getattr(import_module(f"{__name__}.{_SHORTCUTS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
