"""Training: `fit` as every Keras user knows it, with the mask where the loss needs it.

    network = ik.models.prefilled_unet()
    model = ik.Inpainter(network)
    model.compile("adam", ik.losses.HoleValidLoss())
    model.fit(train, validation_data=val, epochs=20, callbacks=ik.training.standard_callbacks("runs/a"))

Two rules decide what gets the mask: a `MaskLoss` reads it as the fourth channel of its target, and
`weighted_metrics` get the hole as their sample weight (by default there is one, `PSNR("hole_psnr")`).
Everything else is plain Keras.
"""

from inpaintkit.training.averaging import AveragedWeights
from inpaintkit.training.callbacks import FollowEpochs, ImageLogger, ProgressLine
from inpaintkit.training.devices import data_parallel, this_process
from inpaintkit.training.gan import InpaintingGAN
from inpaintkit.training.inpainter import Inpainter, load_model
from inpaintkit.training.presets import MAX_EPOCHS, PRESETS, Preset
from inpaintkit.training.rates import CosineAnnealing, PiecewiseLearningRate, Plateau, step_schedule
from inpaintkit.training.resume import Resume
from inpaintkit.training.standard import standard_callbacks
from inpaintkit.training.tools import find_learning_rate, freeze_encoder_batchnorm, overfit_one_batch

__all__ = [
    "MAX_EPOCHS", "PRESETS", "AveragedWeights", "CosineAnnealing", "FollowEpochs", "ImageLogger", "Inpainter",
    "InpaintingGAN", "PiecewiseLearningRate", "Plateau", "Preset", "ProgressLine", "Resume", "data_parallel",
    "find_learning_rate", "freeze_encoder_batchnorm", "load_model", "overfit_one_batch", "standard_callbacks",
    "step_schedule", "this_process",
]  # fmt: skip
