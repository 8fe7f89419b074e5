"""Adversarial losses: what a generator and a discriminator minimise against each other.

They are no Keras losses, since they have two sides: see `InpaintingGAN`, which plays them. Logits are the
discriminator's raw outputs, above 0 for "real".
"""

from keras import ops

from inpaintkit.serialization import serializable


class _Game:
    """What Keras asks of an object that it saves."""

    def get_config(self):
        return dict(vars(self))

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@serializable
class NonSaturatingGANLoss(_Game):
    """The adversarial_loss of Goodfellow et al. 2014, each player with the logarithm that does not saturate.

        discriminator: mean softplus(−real) + mean softplus(fake);   generator: mean softplus(−fake)

    Args:
        real_label: what a real image is taught to score: 0.9 is one-sided label smoothing (Salimans et
            al. 2016; the CelebA study has it), 1 is none. It keeps a discriminator from certainty.

    Logits of any shape; each value is a scalar.
    """

    def __init__(self, real_label=0.9):
        if not 0.5 < real_label <= 1:
            raise ValueError(f"real_label={real_label}: expected above 0.5, at most 1")
        self.real_label = real_label

    def generator(self, fake):
        """What the generator minimises, from the discriminator's logits for its images."""
        return ops.mean(ops.softplus(-fake))

    def discriminator(self, real, fake):
        """What the discriminator minimises, from its logits for real and generated images."""
        label = self.real_label
        of_real = label * ops.softplus(-real) + (1 - label) * ops.softplus(real)
        return ops.mean(of_real) + ops.mean(ops.softplus(fake))


@serializable
class HingeGANLoss(_Game):
    """The adversarial_loss with margins: who is right by more than 1 learns nothing more (Lim and Ye 2017; DeepFill v2).

    discriminator: mean relu(1 − real) + mean relu(1 + fake);   generator: −mean fake

    Logits of any shape; each value is a scalar.
    """

    def generator(self, fake):
        """What the generator minimises, from the discriminator's logits for its images."""
        return -ops.mean(fake)

    def discriminator(self, real, fake):
        """What the discriminator minimises, from its logits for real and generated images."""
        return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))
