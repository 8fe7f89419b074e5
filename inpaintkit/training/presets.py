"""Presets: the recipes of the weights that ship, for `inpaintkit train --preset NAME` and your own images."""

from __future__ import annotations

from dataclasses import dataclass, fields
from os import PathLike

import keras
import numpy as np

from inpaintkit import data, losses, models
from inpaintkit.checks import check_number, check_type
from inpaintkit.masks import Ellipses, Lines, Mixture, Rectangles, Scratches, Strokes, Text
from inpaintkit.training.averaging import AveragedWeights
from inpaintkit.training.inpainter import Inpainter
from inpaintkit.training.standard import standard_callbacks

MAX_EPOCHS = 1000  # where only minutes are given


@dataclass(frozen=True)
class Preset:
    """A recipe: `residual_unet` and `LogHoleLoss`, AdamW and averaged weights, on crops and mixed masks.

    The learning rate rises in the first epoch and then falls along a cosine until the end; gradients are
    clipped at norm 1. Half of the crops are mirrored. Nothing ends early: the best epoch is kept.

    Args:
        filters: of `ik.models.residual_unet`.
        masks: the mask generators of training, each with its share.
        validation: mask generators by name.
        image_size: pixels: images are cropped to a square and resized to it.
        crop: side of the training crops in pixels; None trains on whole images.
        shrink: share of the crops that are shrunk from a larger part of the image.
        batch_size: images per step.
        learning_rate: the highest; a training that starts from trained weights takes a third of it.
        steps: of an epoch, however many images there are. After each epoch it is validated and saved.
        minutes: how long it trains, unless told otherwise.

    Example: eight minutes on a folder of your own, in Python.

        >>> import inpaintkit as ik
        >>> preset = ik.training.PRESETS["photos"]
        >>> train, val = preset.batches("photos", count=2)
        >>> model, callbacks = preset.build(), preset.callbacks("runs/mine", minutes=8)
        >>> len(train), train[0][1].shape, len(val), model.count_params()
        (200, (8, 144, 144, 3), 1, 2883603)
        >>> # model.fit(train, validation_data=val, epochs=1000, verbose=0, callbacks=callbacks)
    """

    filters: tuple
    masks: dict
    validation: dict
    image_size: int = 178
    crop: int | None = 144
    shrink: float = 0
    batch_size: int = 8
    learning_rate: float = 1.6e-3
    steps: int = 200
    minutes: float = 90

    def __post_init__(self):
        for name in ("masks", "validation"):
            check_type(name, getattr(self, name), dict, "{mask generator: share}, {name: mask generator}")
        for name in ("shrink", "learning_rate", "minutes"):
            check_number(name, getattr(self, name), 0)

    def in_words(self) -> dict[str, str]:
        """The recipe for a reader, as in the card of the weights: network, masks, loss and schedule.

        Example:
            >>> import inpaintkit as ik
            >>> ik.training.PRESETS["faces"].in_words()["loss"]
            '0.05 · log(MSE in the hole + 0.0001) + L1 in the hole'
        """
        loss = losses.LogHoleLoss()
        masks = "; ".join(f"{share} {_short(generator)}" for generator, share in self.masks.items())
        size = f"{self.crop or self.image_size}×{self.crop or self.image_size}"
        crops = f"{self.shrink:.0%} of them shrunk from larger ones" if self.crop else "whole images"
        return {
            "network": f"residual_unet(filters={self.filters})",
            "masks": f"of {sum(self.masks.values())}: {masks}",
            "loss": f"{loss.weight:g} · log(MSE in the hole + {loss.epsilon:g}) + L1 in the hole",
            "crops": f"{self.batch_size} of {size} per step, {crops}; images of {self.image_size} pixels",
            "schedule": f"AdamW, learning rate {self.learning_rate:g}, warm-up and cosine, gradients clipped "
            "at norm 1, averaged weights",
        }

    def batches(
        self, source: str | PathLike | np.ndarray, seed: int = 0, count: int = 60
    ) -> tuple[data.Pairs, data.Pairs]:
        """The training and the validation `Pairs` of a source.

        Args:
            source: as for `ik.data.images`.
            seed: of order, crops and holes.
            count: at most this many validation images.
        """
        train = data.images(source, "train", self.image_size)
        val = data.images(source, "val", self.image_size, count)
        holes, crops = Mixture(tuple(self.masks), tuple(self.masks.values())), (self.crop, self.shrink)
        validation_holes = Mixture(tuple(self.validation.values()))
        return (
            data.pairs(train, holes, self.batch_size, data.flips, True, seed, None, *crops, steps=self.steps),
            data.pairs(val, validation_holes, self.batch_size, shuffle=False, seed=seed),
        )

    def build(self, start: keras.Model | None = None, name: str = "residual_unet") -> Inpainter:
        """The network, compiled, as an `Inpainter`.

        Args:
            start: None, or a trained network of this architecture, whose weights it begins with.
            name: of the network.

        Raises:
            ValueError: `start` has another architecture.
        """
        network = models.residual_unet(filters=self.filters, name=name)
        if start is not None:
            shapes, expected = ([tuple(w.shape) for w in n.weights] for n in (start, network))
            if shapes != expected:
                raise ValueError(
                    f"network {start.name!r} with {start.count_params():,} weights: expected a residual_unet "
                    f"with filters={self.filters}, which has {network.count_params():,}"
                )
            network.set_weights(start.get_weights())
        rate = self.learning_rate if start is None else self.learning_rate / 3
        settings = {"weight_decay": 1e-4, "clipnorm": 1.0, "use_ema": True, "ema_momentum": 0.995}
        model = Inpainter(network)
        model.compile(keras.optimizers.AdamW(rate, **settings), losses.LogHoleLoss())
        return model

    def callbacks(
        self, run_dir: str | PathLike, minutes: float | None = None, images: data.Pairs | None = None
    ) -> list[keras.callbacks.Callback]:
        """The callbacks for `fit`: `AveragedWeights`, and the standard ones without an early end.

        Args:
            run_dir, minutes, images: as for `standard_callbacks`.
        """
        limits: dict = {"patience": 10 * MAX_EPOCHS, "minutes": minutes, "warm_up": self.steps}
        return [AveragedWeights(), *standard_callbacks(run_dir, images=images, **limits)]


def _short(generator):
    """A mask generator without the settings that are as by default."""
    if isinstance(generator, Mixture):
        return f"of {', '.join(map(_short, generator.generators))}"
    changed = [field.name for field in fields(generator) if getattr(generator, field.name) != field.default]
    settings = ", ".join(f"{name}={getattr(generator, name)}" for name in changed)
    return f"{type(generator).__name__}({settings})"


LINES = Lines(count=7, thickness=(1, 11))
MORE_LINES = Lines(hole_ratio=(0.02, 0.35), thickness=(1, 11))
FEW_STROKES, STROKES = Strokes(hole_ratio=(0.03, 0.4)), Strokes(hole_ratio=(0.05, 0.6))
WIDE_STROKES = Strokes(hole_ratio=(0.02, 0.6), width=(6, 36))  # about as wide as NVIDIA's masks
SHAPES = (
    Rectangles(hole_ratio=(0.03, 0.3)),
    Ellipses(hole_ratio=(0.03, 0.3)),
    Scratches(hole_ratio=(0.01, 0.1)),
)
SHAPES_AND_TEXT = Mixture((*SHAPES, Text(hole_ratio=(0.03, 0.2))))
THIN_LINES, MORE_THIN_LINES = (
    Lines(count=(1, 9), thickness=(1, 2)),
    Lines(hole_ratio=(0.02, 0.4), thickness=(1, 3)),
)
LARGE_HOLES = {
    "lines of 1 to 11 pixels": LINES,
    "strokes, 10 to 30 %": Strokes(hole_ratio=(0.1, 0.3)),
    "strokes, 30 to 50 %": Strokes(hole_ratio=(0.3, 0.5)),
    "wide strokes, 30 to 50 %": Strokes(hole_ratio=(0.3, 0.5), width=(6, 36)),
}

PRESETS = {
    "faces": Preset(
        filters=(48, 80, 128, 176),
        masks={LINES: 8, MORE_LINES: 3, FEW_STROKES: 2, STROKES: 2, WIDE_STROKES: 2, SHAPES_AND_TEXT: 1},
        validation=LARGE_HOLES,
        shrink=0.25,
    ),
    "photos": Preset(
        filters=(48, 80, 128, 176),
        masks={LINES: 3, MORE_LINES: 2, FEW_STROKES: 2, STROKES: 2, WIDE_STROKES: 7, SHAPES_AND_TEXT: 2},
        validation=LARGE_HOLES,
        image_size=256,
        shrink=0.6,
    ),
    "cifar10": Preset(
        filters=(48, 96, 128),
        masks={THIN_LINES: 9, MORE_THIN_LINES: 2, FEW_STROKES: 2, STROKES: 2, Mixture(SHAPES): 1},
        validation={"lines of 1 to 2 pixels": THIN_LINES},
        image_size=32,
        crop=None,
        batch_size=64,
        learning_rate=2e-3,
        minutes=30,
    ),
}
