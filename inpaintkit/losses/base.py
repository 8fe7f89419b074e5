"""Losses that know the mask (`MaskLoss`) and losses of several terms (`MultiTermLoss`, `WeightedSum`)."""

import keras
from keras import ops

from inpaintkit import metrics
from inpaintkit.serialization import serializable


class MaskLoss(keras.losses.Loss):
    """A loss whose target is (B, H, W, 4): the image, then its mask, 1 = known, 0 = hole."""

    @staticmethod
    def split(target):
        """(B, H, W, 4) as image (B, H, W, 3) and mask (B, H, W, 1)."""
        if target.shape[-1] != 4:
            raise ValueError(
                f"a target of {target.shape[-1]} channels: this loss reads the mask as the fourth. Train an "
                "inpaintkit.Inpainter, which appends it, or concatenate image and mask yourself"
            )
        return target[..., :3], target[..., 3:]

    def __call__(self, y_true, y_pred, sample_weight=None):
        metrics.check_shapes(self.split(y_true)[0], y_pred)
        return super().__call__(y_true, y_pred, sample_weight)


class MultiTermLoss(MaskLoss):
    """A weighted sum of named terms, Σ weights[name] · terms(…)[name].

    A term of weight 0 is left out. `trackers` keeps the running mean of each term, without its weight and
    without sample weights, which an `Inpainter` reports in `history` by the term's name. If one such loss
    serves several outputs, it is the mean over them; if each output has its own, or another metric has the
    name, the term's name begins with that of the output or the loss.

    Args:
        weights: dict, term to weight, none under 0.

    A subclass gives `terms(y_true, y_pred)`, a dict of values an image, shape (B,), for the names in
    `self.weights`.
    """

    def __init__(self, weights, name, reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.weights = {term: weight for term, weight in weights.items() if weight}
        if not self.weights or min(self.weights.values()) < 0:
            raise ValueError(f"weights {weights}: expected none under 0, and one above")
        self.trackers = {term: keras.metrics.Mean(term) for term in self.weights}

    def all_trackers(self):
        """The trackers by name, those of a `MultiTermLoss` among its terms included."""
        return dict(self.trackers)

    def call(self, y_true, y_pred):
        terms = self.terms(y_true, y_pred)
        for name, tracker in self.trackers.items():
            tracker.update_state(terms[name])
        return sum(weight * terms[name] for name, weight in self.weights.items())


@serializable
class WeightedSum(MultiTermLoss):
    """Any losses, weighted and added: Keras's, this kit's, your own.

    Args:
        losses: dict, the term's name to (weight, loss), the loss as `compile` takes it.

    Example: the album-cover study's last loss is `WeightedSum({"l1": (1, "mae"), "perceptual": (0.1,
    PerceptualLoss()), "smooth": (0.1, TotalVariationLoss())})`.
    """

    def __init__(self, losses, name="sum", reduction="sum_over_batch_size", dtype=None):
        if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in losses.values()):
            raise ValueError(
                f'losses={losses}: expected {{name: (weight, loss)}}, such as {{"l1": (1, "mae")}}'
            )
        super().__init__({term: weight for term, (weight, _) in losses.items()}, name, reduction, dtype)
        self.losses = {term: (weight, keras.losses.get(loss)) for term, (weight, loss) in losses.items()}

    def all_trackers(self):
        trackers = super().all_trackers()
        for term in self.weights:
            _, loss = self.losses[term]
            if isinstance(loss, MultiTermLoss):
                trackers |= {f"{term}_{name}": tracker for name, tracker in loss.all_trackers().items()}
        return trackers

    def terms(self, y_true, y_pred):
        image, _ = self.split(y_true)
        values = {}
        for term in self.weights:
            _, loss = self.losses[term]
            function = loss.call if isinstance(loss, keras.losses.Loss) else loss
            value = function(y_true if isinstance(loss, MaskLoss) else image, y_pred)
            values[term] = ops.mean(value, axis=tuple(range(1, len(value.shape))))  # Keras's: a value a pixel
        return values

    def get_config(self):
        losses = {
            term: (weight, keras.losses.serialize(loss)) for term, (weight, loss) in self.losses.items()
        }
        return {**super().get_config(), "losses": losses}


def _mean(x):
    """Over each image, (B, H, W, C) to (B,)."""
    return ops.mean(x, axis=(1, 2, 3))


def _composite(image, output, mask):
    return image * mask + output * (1 - mask)
