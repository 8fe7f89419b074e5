"""Training: `Inpainter`, the GAN, and what watches over `fit`."""

from inpaintkit.training.callbacks import Anneal, FollowEpochs, LearningRates, Plateau, Progress, Snapshots
from inpaintkit.training.gan import InpaintingGAN
from inpaintkit.training.inpainter import Inpainter, load_model
from inpaintkit.training.resume import Resume
from inpaintkit.training.standard import learning_rates, standard_callbacks
from inpaintkit.training.tools import find_learning_rate, overfit_one_batch, second_phase

__all__ = [
    "Anneal",
    "FollowEpochs",
    "Inpainter",
    "InpaintingGAN",
    "LearningRates",
    "Plateau",
    "Progress",
    "Resume",
    "Snapshots",
    "find_learning_rate",
    "learning_rates",
    "load_model",
    "overfit_one_batch",
    "second_phase",
    "standard_callbacks",
]
