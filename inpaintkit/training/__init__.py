"""Training: `fit` as every Keras user knows it, with the mask where the loss needs it.

    network = ik.models.unet(prefill=True)
    model = ik.Inpainter(network.inputs, network.output)
    model.compile("adam", ik.losses.HoleValidLoss(), weighted_metrics=[ik.metrics.PSNR("hole_psnr")])
    model.fit(train, validation_data=val, epochs=20, callbacks=ik.training.standard_callbacks("runs/a"))

Two rules decide who sees the mask, both in `Inpainter`: a `MaskLoss` gets it as the fourth channel of
its target, and `weighted_metrics` get the hole as their sample weight. All else is plain Keras.
"""

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
