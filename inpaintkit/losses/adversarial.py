"""Adversarial losses: what a generator and a discriminator minimise against each other.

They have two sides, so they are not Keras losses; `InpaintingGAN` uses both sides. Logits are the raw outputs
of the discriminator, above 0 for "real".
"""

from keras import ops

from inpaintkit import metrics
from inpaintkit.checks import is_number
from inpaintkit.serialization import serializable_as


class AdversarialLoss:
    """The base class of adversarial losses.

    A subclass gives `generator(fake)` and `discriminator(real, fake)`: what each side minimises, a scalar,
    from the discriminator's logits for real and for generated images, of any shape. A subclass with settings
    returns them in `get_config`, so that Keras can save it.

    Example: a least-squares loss (Mao et al. 2017).

        >>> import inpaintkit as ik
        >>> from keras import ops
        >>> class LeastSquaresGANLoss(ik.losses.AdversarialLoss):
        ...     def generator(self, fake):
        ...         return ops.mean((fake - 1) ** 2)
        ...     def discriminator(self, real, fake):
        ...         return ops.mean((real - 1) ** 2) + ops.mean(fake**2)
        >>> float(LeastSquaresGANLoss().discriminator(real=ops.array([1.0]), fake=ops.array([0.5])))
        0.25
    """

    def get_config(self) -> dict:
        """The settings, for saving."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> "AdversarialLoss":
        """The loss with saved settings."""
        return cls(**config)


def _logits(name, value):
    """Logits as a float32 tensor, whatever the network computes in."""
    return ops.cast(metrics.as_tensor(name, value), "float32")


@serializable_as("NonSaturating")
class NonSaturatingGANLoss(AdversarialLoss):
    """The loss of Goodfellow et al. 2014, for the generator in the form that does not saturate.

        discriminator: mean softplus(−real) + mean softplus(fake);   generator: mean softplus(−fake)

    Args:
        real_label: what the discriminator should answer for a real image: 0.9 is one-sided label smoothing
            (Salimans et al. 2016; the CelebA study has it), which keeps it from being too certain; 1 is none.

    Raises:
        ValueError: a real_label that is not above 0.5 and at most 1.

    Example: a discriminator that cannot tell, all its logits 0, has the loss 2 · log 2.

        >>> import inpaintkit as ik
        >>> loss = ik.losses.NonSaturatingGANLoss()
        >>> round(float(loss.discriminator(real=0.0, fake=0.0)), 4)
        1.3863
    """

    def __init__(self, real_label: float = 0.9):
        if not is_number(real_label, 0.5, 1) or real_label == 0.5:
            raise ValueError(f"real_label={real_label}: expected above 0.5, at most 1")
        self.real_label = real_label

    def generator(self, fake):
        return ops.mean(ops.softplus(-_logits("fake", fake)))

    def discriminator(self, real, fake):
        real, fake = _logits("real", real), _logits("fake", fake)
        real_term = self.real_label * ops.softplus(-real) + (1 - self.real_label) * ops.softplus(real)
        return ops.mean(real_term) + ops.mean(ops.softplus(fake))

    def get_config(self):
        return {"real_label": self.real_label}


@serializable_as("Hinge")
class HingeGANLoss(AdversarialLoss):
    """The loss with margins (Lim and Ye 2017; DeepFill v2): an answer right by more than 1 costs nothing.

        discriminator: mean relu(1 − real) + mean relu(1 + fake);   generator: −mean fake

    Example:
        >>> import inpaintkit as ik
        >>> from keras import ops
        >>> float(ik.losses.HingeGANLoss().discriminator(real=ops.array([2.0, 0.5]), fake=ops.array([-1.0])))
        0.25
    """

    def generator(self, fake):
        return -ops.mean(_logits("fake", fake))

    def discriminator(self, real, fake):
        real, fake = _logits("real", real), _logits("fake", fake)
        return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))
