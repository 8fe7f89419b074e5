"""What teaches a network. Each loss is a value a picture, shape (B,), for `compile(loss=…)`.

Whole-picture losses are plain functions of (y_true, y_pred). Losses that must know the hole are
`MaskLoss`es: `Inpainter` hands them the mask as the fourth channel of the target, and nothing else in
the kit does; every other loss and metric sees the picture alone. A `TermsLoss` is a sum whose terms are
reported one by one, so that one sees which of them teaches.

`PConvLoss` and its terms are those of Liu et al., "Image Inpainting for Irregular Holes Using Partial
Convolutions" (ECCV 2018), section 3.3. The adversarial losses, `NonSaturating` and `Hinge`, have a file of
their own.
"""

import keras
from keras import ops

from inpaintkit import metrics
from inpaintkit.features import Features
from inpaintkit.games import Hinge, NonSaturating
from inpaintkit.metrics import mae, mse, package

__all__ = [
    "BoundaryLoss",
    "Hinge",
    "HoleValidLoss",
    "MaskLoss",
    "NonSaturating",
    "PConvLoss",
    "PerceptualLoss",
    "StyleLoss",
    "Sum",
    "TermsLoss",
    "TotalVariationLoss",
    "mae",
    "mse",
    "psnr_loss",
    "ssim_loss",
]


@package
def ssim_loss(y_true, y_pred):
    """1 − SSIM: 0 for identical pictures. Its gradient is finite on flat patches, too: it takes no root."""
    return 1 - metrics.ssim(y_true, y_pred)


@package
def psnr_loss(y_true, y_pred):
    """−PSNR in dB: lower is better. One studied work minimised +PSNR, and so maximised its error."""
    return -metrics.psnr(y_true, y_pred)


class MaskLoss(keras.losses.Loss):
    """A loss whose target is (B, H, W, 4): the picture, then its mask, 1 = known, 0 = hole."""

    @staticmethod
    def split(target):
        """(B, H, W, 4) as picture (B, H, W, 3) and mask (B, H, W, 1)."""
        if target.shape[-1] != 4:
            raise ValueError(
                f"a target of {target.shape[-1]} channels: this loss reads the mask as the fourth. Train an "
                "inpaintkit.Inpainter, which appends it, or concatenate picture and mask yourself"
            )
        return target[..., :3], target[..., 3:]


class TermsLoss(MaskLoss):
    """A weighted sum of named terms, Σ weights[name] · terms(…)[name].

    A term of weight 0 is left out. `trackers` keeps the running mean of each term, without its weight and
    without sample weights, which an `Inpainter` reports in `history` by the term's name. If one such loss
    serves several outputs, it is the mean over them; if each output has its own, or another metric has the
    name, the term's name begins with that of the output or the loss.

    Args:
        weights: dict, term to weight, none under 0.

    A subclass gives `terms(y_true, y_pred)`, a dict of values a picture, shape (B,), for the names in
    `self.weights`.
    """

    def __init__(self, weights, name, reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.weights = {term: weight for term, weight in weights.items() if weight}
        if not self.weights or min(self.weights.values()) < 0:
            raise ValueError(f"weights {weights}: expected none under 0, and one above")
        self.trackers = {term: keras.metrics.Mean(term) for term in self.weights}

    def all_trackers(self):
        """The trackers by name, those of a `TermsLoss` among its terms included."""
        return dict(self.trackers)

    def call(self, y_true, y_pred):
        terms = self.terms(y_true, y_pred)
        for name, tracker in self.trackers.items():
            tracker.update_state(terms[name])
        return sum(weight * terms[name] for name, weight in self.weights.items())


@package
class HoleValidLoss(MaskLoss):
    """Weighted L1 of hole and known pixels, L = hole · L_hole + valid · L_valid.

    Both terms are means over *all* pixels, as in Liu et al. 2018, so that a larger hole weighs more.

    Args:
        hole, valid: the weights; 6 and 1 are the paper's.

    Example: an error of 0.1 everywhere and a quarter missing gives 6 · 0.025 + 1 · 0.075 = 0.225.
    """

    def __init__(
        self, hole=6.0, valid=1.0, name="hole_valid_loss", reduction="sum_over_batch_size", dtype=None
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.hole, self.valid = hole, valid

    def call(self, y_true, y_pred):
        y_true, mask = self.split(y_true)
        error = ops.abs(y_true - y_pred)
        return ops.mean(error * (self.hole * (1 - mask) + self.valid * mask), axis=(1, 2, 3))

    def get_config(self):
        return {**super().get_config(), "hole": self.hole, "valid": self.valid}


@package
class BoundaryLoss(MaskLoss):
    """Mean absolute error in a band along the seam, on both its sides: where an eye finds a repair.

    Args:
        width: of the band in pixels, to either side of the seam.

    A picture without a seam has the loss 0.
    """

    def __init__(self, width=2, name="boundary_loss", reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if width < 1:
            raise ValueError(f"width={width}: expected at least 1 pixel")
        self.width = width

    def call(self, y_true, y_pred):
        y_true, mask = self.split(y_true)
        band = _grow(mask, self.width) * _grow(1 - mask, self.width)
        error = ops.sum(ops.abs(y_true - y_pred) * band, axis=(1, 2, 3))
        return error / ops.maximum(ops.sum(band, axis=(1, 2, 3)) * y_true.shape[-1], 1.0)

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@package
class TotalVariationLoss(MaskLoss):
    """Total variation of the composite within the hole grown by one pixel: a brake on checkerboards.

    The sum of |differences| of neighbours, down and across, of which both lie in that region, over the
    number of elements of the picture.
    """

    def __init__(self, name="total_variation_loss", reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        return _total_variation(_composite(image, y_pred, mask), mask)


class _FeatureLoss(MaskLoss):
    """A distance between features of the truth and of both output and composite, the two added."""

    def __init__(self, features=None, name=None, reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name or self.default_name, reduction=reduction, dtype=dtype)
        self.features = _features_or_default(features)

    def call(self, y_true, y_pred):
        image, mask = self.split(y_true)
        truth, *others = _extract(self.features, image, y_pred, _composite(image, y_pred, mask))
        return sum(type(self).distance(truth, other) for other in others)

    def get_config(self):
        return {**super().get_config(), "features": keras.saving.serialize_keras_object(self.features)}


def _perceptual(truth, other):
    return sum(_mean(ops.abs(a - b)) for a, b in zip(truth, other, strict=True))


def _style(truth, other):
    return sum(ops.mean(ops.abs(_gram(a) - _gram(b)), axis=(1, 2)) for a, b in zip(truth, other, strict=True))


@package
class PerceptualLoss(_FeatureLoss):
    """Mean absolute difference of features, summed over the maps, for output and composite (eq. 3).

    Args:
        features: `Features`; None is VGG16's, as in the paper.
    """

    default_name, distance = "perceptual_loss", staticmethod(_perceptual)


@package
class StyleLoss(_FeatureLoss):
    """Mean absolute difference of the Gram matrices of features, F'F / (C·H·W), likewise (eq. 4–5).

    What goes together in a picture, wherever it is: texture, not place.

    Args:
        features: `Features`; None is VGG16's, as in the paper.
    """

    default_name, distance = "style_loss", staticmethod(_style)


@package
class PConvLoss(TermsLoss):
    """The loss of partial convolution, its weights found by the paper's search on 100 pictures:

        L_valid + 6 L_hole + 0.05 L_perceptual + 120 (L_style_out + L_style_comp) + 0.1 L_total_variation

    Args:
        valid, hole, perceptual, style_out, style_comp, total_variation: the weights; 0 leaves a term out.
        features: `Features`; None is VGG16's, as in the paper. Not needed, nor loaded, where perceptual
            and style weights are all 0. A saved network names their file, and needs it to load with its
            loss: `ik.load_model(path, compile=False)` does without.

    The terms, by these names, are `HoleValidLoss`'s two, `PerceptualLoss`, `StyleLoss`'s two and
    `TotalVariationLoss`; one pass through the features serves them all.
    """

    def __init__(
        self,
        valid=1.0,
        hole=6.0,
        perceptual=0.05,
        style_out=120.0,
        style_comp=120.0,
        total_variation=0.1,
        features=None,
        name="pconv_loss",
        reduction="sum_over_batch_size",
        dtype=None,
    ):
        self.settings = {
            "valid": valid,
            "hole": hole,
            "perceptual": perceptual,
            "style_out": style_out,
            "style_comp": style_comp,
            "total_variation": total_variation,
        }
        super().__init__(self.settings, name, reduction, dtype)
        looks = perceptual or style_out or style_comp
        self.features = _features_or_default(features) if looks else None

    def terms(self, y_true, y_pred):
        image, mask = self.split(y_true)
        error, mixed = ops.abs(image - y_pred), _composite(image, y_pred, mask)
        terms = {
            "valid": _mean(error * mask),
            "hole": _mean(error * (1 - mask)),
            "total_variation": _total_variation(mixed, mask),
        }
        if self.features:
            truth, output, mixed = _extract(self.features, image, y_pred, mixed)
            terms["perceptual"] = _perceptual(truth, output) + _perceptual(truth, mixed)
            terms["style_out"], terms["style_comp"] = _style(truth, output), _style(truth, mixed)
        return terms

    def get_config(self):
        features = keras.saving.serialize_keras_object(self.features)
        return {**super().get_config(), **self.settings, "features": features}


@package
class Sum(TermsLoss):
    """Any losses, weighted and added: Keras's, this kit's, your own.

    Args:
        losses: dict, the term's name to (weight, loss), the loss as `compile` takes it.

    Example: the album-cover study's last loss is `Sum({"l1": (1, "mae"), "perceptual": (0.1,
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
            if isinstance(loss, TermsLoss):
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
    """Over each picture, (B, H, W, C) to (B,)."""
    return ops.mean(x, axis=(1, 2, 3))


def _composite(image, output, mask):
    return image * mask + output * (1 - mask)


def _features_or_default(features):
    """Features as given, or from their saved configuration, or, if none are given, VGG16's."""
    return (
        keras.saving.deserialize_keras_object(features)
        if isinstance(features, dict)
        else features or Features()
    )


def _extract(features, *pictures):
    """The feature maps of each of several batches, from one pass."""
    maps = features(ops.concatenate(pictures, axis=0))
    return list(zip(*(ops.split(x, len(pictures), axis=0) for x in maps), strict=True))


def _gram(x):
    """Gram matrices (B, C, C) of feature maps (B, H, W, C), over C·H·W; in float32 all along."""
    _, height, width, channels = ops.shape(x)
    x = ops.reshape(ops.cast(x, "float32"), (-1, height * width, channels))
    size = ops.cast(height * width * channels, "float32")
    return ops.matmul(ops.transpose(x, (0, 2, 1)), x) / size


def _total_variation(x, mask):
    region = _grow(1 - mask, 1)
    down = ops.abs(x[:, 1:] - x[:, :-1]) * region[:, 1:] * region[:, :-1]
    across = ops.abs(x[:, :, 1:] - x[:, :, :-1]) * region[:, :, 1:] * region[:, :, :-1]
    total = ops.sum(down, axis=(1, 2, 3)) + ops.sum(across, axis=(1, 2, 3))
    return total / ops.cast(ops.prod(ops.shape(x)[1:]), x.dtype)


def _grow(region, pixels):
    """A region of 0 and 1, (B, H, W, 1), grown by so many pixels in every direction, diagonals too."""
    return ops.max_pool(region, 2 * pixels + 1, strides=1, padding="same")
