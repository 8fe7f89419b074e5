"""Training a generator against a discriminator in one backward pass."""

import keras
from keras import ops

from inpaintkit.losses import NonSaturatingGANLoss
from inpaintkit.serialization import serializable
from inpaintkit.training.inpainter import _as_float, _final, _KnowsHole, _mask_of


@serializable
class InpaintingGAN(_KnowsHole, keras.Model):
    """A generator over `[image, mask]`, taught by a loss and by a discriminator that it learns to fool.

        loss = the compiled loss
             + adversarial_weight · adversarial_loss.generator(D(fake)) + adversarial_loss.discriminator(D(truth), D(fake))

    where fake is the composite, so that D judges fills and nothing else. One backward pass teaches both:
    the generator's term sees D through frozen copies of its weights, and D's sees the fake as a constant.
    So `fit` is Keras's own. `history` has the three as `reconstruction_loss`, `adversarial_loss` (without its
    weight) and `discriminator_loss`.

    Args:
        generator: a network over `[image, mask]`, such as `ik.models.unet()`.
        discriminator: a network over an image (B, H, W, 3) that gives logits of any shape.
        adversarial_weight: of the generator's adversarial term.
        adversarial_loss: `ik.losses.NonSaturatingGANLoss()` (the default) or `ik.losses.HingeGANLoss()`.

    After training, `gan.generator` is a network like any other, to be saved and exported by itself.
    """

    def __init__(self, generator, discriminator, adversarial_weight=0.01, adversarial_loss=None, **settings):
        super().__init__(**settings)
        self.generator, self.discriminator = generator, discriminator
        self.adversarial_weight, self.adversarial_loss = (
            adversarial_weight,
            adversarial_loss or NonSaturatingGANLoss(),
        )
        names = ("reconstruction_loss", "adversarial_loss", "discriminator_loss")
        self.terms = {name: keras.metrics.Mean(name) for name in names}
        self.built = True  # both players are functional

    def call(self, inputs, training=None):
        return self.generator(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y = _as_float(y)
        fake = ops.where(_mask_of(x) > 0, y, _final(y_pred))
        # Both in one batch, for batch norms that treat them alike. D first: spectral normalisation
        # scales its kernels in place, and PyTorch forbids that once another pass has used them.
        real, caught = self._discriminate(y, ops.stop_gradient(fake), training)
        frozen = [ops.stop_gradient(v.value) for v in self.discriminator.trainable_variables]
        _, fooled = self._discriminate(y, fake, training, frozen)
        reconstruction = super().compute_loss(x, y, y_pred, sample_weight, training)
        adversarial, discrimination = (
            self.adversarial_loss.generator(fooled),
            self.adversarial_loss.discriminator(real, caught),
        )
        parts = (reconstruction, adversarial, discrimination)
        for tracker, value in zip(self.terms.values(), parts, strict=True):
            tracker.update_state(value)
        return reconstruction + self.adversarial_weight * adversarial + discrimination

    def _discriminate(self, real, fake, training, weights=None):
        """The discriminator's logits for real and fake images, (B, …) each, also with frozen weights."""
        images = ops.concatenate([real, fake], axis=0)
        if weights is None:
            logits = self.discriminator(images, training=training)
        else:
            state = [v.value for v in self.discriminator.non_trainable_variables]
            logits, _ = self.discriminator.stateless_call(weights, state, images, training=training)
        return ops.split(logits, 2, axis=0)

    def get_config(self):
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "adversarial_loss": self.adversarial_loss,
        }
        saved = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {"name": self.name, "adversarial_weight": self.adversarial_weight, **saved}

    @classmethod
    def from_config(cls, config):
        parts = ("generator", "discriminator", "adversarial_loss")
        return cls(**config | {name: keras.saving.deserialize_keras_object(config[name]) for name in parts})
