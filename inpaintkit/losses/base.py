"""Losses that know the mask (`MaskLoss`) and losses of several terms (`MultiTermLoss`, `WeightedSum`)."""

import keras
from keras import ops
from numpy.typing import ArrayLike

from inpaintkit import metrics
from inpaintkit.checks import check_type, is_number
from inpaintkit.serialization import serializable_as


class MaskLoss(keras.losses.Loss):
    """A loss whose target is (B, H, W, 4): the image and, as fourth channel, its mask, 1 = known, 0 = hole.

    A subclass gives `call(y_true, y_pred)`, which returns one value per image, shape (B,).

    Args:
        name: in logs.
        **kwargs: as for `keras.losses.Loss`: reduction of the values per image, dtype.

    Raises:
        ValueError: when called with a target that has not four channels, or with images of other shapes.

    Example: the mean error of the hole only.

        >>> import numpy as np, inpaintkit as ik
        >>> from keras import ops
        >>> class HoleLoss(ik.losses.MaskLoss):
        ...     def call(self, y_true, y_pred):
        ...         image, mask = self.split(y_true)
        ...         return ops.mean(ops.abs(image - y_pred) * (1 - mask), axis=(1, 2, 3))
        >>> target, output = np.zeros((1, 8, 8, 4)), np.full((1, 8, 8, 3), 0.5)  # all is hole
        >>> float(HoleLoss()(target, output))
        0.5
    """

    def __init__(self, name: str | None = None, **kwargs):
        super().__init__(name=name, **kwargs)

    @staticmethod
    def split(target: ArrayLike) -> tuple:
        """(B, H, W, 4) as the image, (B, H, W, 3), and the mask, (B, H, W, 1)."""
        if len(target.shape) != 4 or target.shape[-1] != 4:
            came = f"y_true, the target, of shape {target.shape}"
            raise ValueError(f"{came}: expected (B, H, W, 4), the image and, as fourth channel, its mask")
        return target[..., :3], target[..., 3:]

    def __call__(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = metrics.as_tensor("y_true", y_true), metrics.as_tensor("y_pred", y_pred)
        metrics.check_shapes(self.split(y_true)[0], y_pred)
        return super().__call__(y_true, y_pred, sample_weight)


class MultiTermLoss(MaskLoss):
    """A weighted sum of named terms:

        L = Σ weights[name] · terms(y_true, y_pred)[name]

    A term of weight 0 is left out. `trackers` keeps the running mean of each term, without its weight and
    without sample weights. An `Inpainter` reports it in `history` by the term's name. With several outputs,
    it is the mean over outputs; if each output has a loss of its own, or if another metric has the name, the
    name begins with that of the output or of the loss.

    A subclass gives `terms(y_true, y_pred)`: a dict with one value per image, shape (B,), for each name in
    `self.weights`.

    Args:
        weights: dict from name to weight, none below 0.
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Raises:
        ValueError: a weight below 0, or no weight above 0.

    Example:
        >>> import numpy as np, inpaintkit as ik
        >>> class Errors(ik.losses.MultiTermLoss):
        ...     def terms(self, y_true, y_pred):
        ...         image, _ = self.split(y_true)
        ...         return {"l1": ik.losses.mae(image, y_pred), "l2": ik.losses.mse(image, y_pred)}
        >>> target, output = np.zeros((1, 4, 4, 4)), np.full((1, 4, 4, 3), 0.5)
        >>> float(Errors({"l1": 1, "l2": 2}, "errors")(target, output))
        1.0
    """

    def __init__(self, weights: dict[str, float], name: str, **kwargs):
        super().__init__(name=name, **kwargs)
        check_type("weights", weights, dict, "{name: weight}")
        self.weights = {term: weight for term, weight in weights.items() if not is_number(weight, 0, 0)}
        if not self.weights or not all(is_number(weight, 0) for weight in self.weights.values()):
            raise ValueError(f"weights {weights}: expected none below 0, and one above")
        self.trackers = {term: keras.metrics.Mean(term) for term in self.weights}

    def all_trackers(self) -> dict[str, keras.metrics.Mean]:
        """The trackers by name, also those of any `MultiTermLoss` among the terms."""
        return dict(self.trackers)

    def call(self, y_true, y_pred):
        terms = self.terms(y_true, y_pred)
        for name, tracker in self.trackers.items():
            tracker.update_state(terms[name])
        return sum(weight * terms[name] for name, weight in self.weights.items())


@serializable_as("Sum")
class WeightedSum(MultiTermLoss):
    """A weighted sum of any losses: Keras's, this kit's, your own.

    Args:
        losses: dict from the term's name to (weight, loss), the loss as `compile` takes it.
        name: in logs.
        **kwargs: as for `MaskLoss`.

    Raises:
        ValueError: anything but pairs (weight, loss); a weight below 0, or no weight above 0.

    Example: the album-cover study's last loss is `WeightedSum({"l1": (1, "mae"), "perceptual": (0.1,
    PerceptualLoss()), "smooth": (0.1, TotalVariationLoss())})`.

        >>> import numpy as np, inpaintkit as ik
        >>> loss = ik.losses.WeightedSum({"l1": (1, "mae"), "l2": (2, "mse")})
        >>> float(loss(np.zeros((1, 4, 4, 4)), np.full((1, 4, 4, 3), 0.5)))
        1.0
    """

    def __init__(self, losses: dict[str, tuple], name: str = "sum", **kwargs):
        pairs = losses.values() if isinstance(losses, dict) else [None]
        if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
            raise ValueError(f'{losses=}: expected {{name: (weight, loss)}}, such as {{"l1": (1, "mae")}}')
        super().__init__({term: weight for term, (weight, _) in losses.items()}, name, **kwargs)
        self.losses = {term: (weight, keras.losses.get(loss)) for term, (weight, loss) in losses.items()}
        self.used_losses = {term: self.losses[term][1] for term in self.weights}

    def all_trackers(self):
        trackers = super().all_trackers()
        for term, loss in self.used_losses.items():
            if isinstance(loss, MultiTermLoss):
                trackers |= {f"{term}_{name}": tracker for name, tracker in loss.all_trackers().items()}
        return trackers

    def terms(self, y_true, y_pred):
        """The losses' values per image."""
        image, _ = self.split(y_true)
        values = {}
        for term, loss in self.used_losses.items():
            function = loss.call if isinstance(loss, keras.losses.Loss) else loss
            value = function(y_true if isinstance(loss, MaskLoss) else image, y_pred)
            axes = tuple(range(1, len(value.shape)))  # Keras's losses give one value per pixel
            values[term] = ops.mean(value, axis=axes)
        return values

    def get_config(self):
        losses = {term: (w, keras.losses.serialize(loss)) for term, (w, loss) in self.losses.items()}
        return {**super().get_config(), "losses": losses}
