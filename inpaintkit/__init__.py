"""inpaintkit: the whole of image inpainting, from a torn mask to an honest table of results.

Conventions, everywhere: images are float32 RGB in [0, 1], shape (B, H, W, 3); masks are float32,
shape (B, H, W, 1), 1 = known, 0 = hole; whatever fills holes is a callable
`method(images, masks) -> images`.

Importing this package loads nothing: each module comes when it is first used.
"""

from importlib import import_module

__version__ = "0.1.0"

_MODULES = (
    "augment", "baselines", "callbacks", "data", "diffusion", "distances", "evaluation", "features", "images",
    "inpainting", "layers", "losses", "masks", "metrics", "models", "patches", "plots", "pretrained",
    "recipes", "sources", "training",
)  # fmt: skip
_SHORTCUTS = {
    "Inpainter": "training",
    "InpaintingGAN": "training",
    "PConv2D": "layers",
    "compare": "evaluation",
    "load": "pretrained",
    "load_model": "training",
}

__all__ = sorted((*_MODULES, *_SHORTCUTS))


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _SHORTCUTS:
        return getattr(import_module(f"{__name__}.{_SHORTCUTS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
