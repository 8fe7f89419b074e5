"""Training a generator against a discriminator in one backward pass."""

from __future__ import annotations

import keras
from keras import ops

from inpaintkit.checks import check_number, check_type
from inpaintkit.images import composite, final_output
from inpaintkit.losses import AdversarialLoss, HingeGANLoss, NonSaturatingGANLoss
from inpaintkit.serialization import serializable
from inpaintkit.training.hole_aware import HoleAware, as_float, mask_of


@serializable
class InpaintingGAN(HoleAware, keras.Model):
    """A generator over `[image, mask]`, trained by a loss and against a discriminator D.

        loss = compiled loss + adversarial_weight · G + L
        G    = gan_loss.generator(D(fake))              the adversarial loss of the generator
        L    = gan_loss.discriminator(D(truth), D(fake))

    where fake is the composite, so that D compares only what is in the hole. One backward pass trains both
    networks: in G, the weights of D are constants; in L, the fake image is a constant. So `fit` is Keras's
    own, and both networks share one optimizer and its learning rate. `history` has the three as
    `reconstruction_loss`, `adversarial_loss` (G, without its weight) and `discriminator_loss` (L); as with
    an `Inpainter`, it also has `hole_psnr`.

    Args:
        generator: a network over `[image, mask]`, such as `ik.models.unet()`. After training it is
            `gan.generator`, a network like any other, to be saved and exported by itself.
        discriminator: a network over an image (B, H, W, 3) that gives logits of any shape.
        adversarial_weight: weight of G.
        gan_loss: `ik.losses.NonSaturatingGANLoss()` (the default) or `ik.losses.HingeGANLoss()`.

    Raises:
        ValueError: anything else.

    Source: Goodfellow et al. 2014; both gradients in one pass as tests/training/test_gan.py proves.

    Example:
        >>> import inpaintkit as ik
        >>> generator = ik.models.pconv_unet(filters=(4, 8))
        >>> gan = ik.InpaintingGAN(generator, ik.models.patch_discriminator(filters=(4, 8)))
        >>> list(gan.terms)
        ['reconstruction_loss', 'adversarial_loss', 'discriminator_loss']
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        adversarial_weight: float = 0.01,
        gan_loss: NonSaturatingGANLoss | HingeGANLoss | None = None,
        **settings,
    ):
        super().__init__(**settings)
        check_type("generator", generator, keras.Model, "a keras.Model over [image, mask]")
        check_type("discriminator", discriminator, keras.Model, "a keras.Model over an image")
        check_number("adversarial_weight", adversarial_weight, 0)
        if gan_loss is not None:
            check_type("gan_loss", gan_loss, AdversarialLoss, "an ik.losses.AdversarialLoss, or None")
        self.generator, self.discriminator = generator, discriminator
        self.adversarial_weight = adversarial_weight
        self.gan_loss = gan_loss or NonSaturatingGANLoss()
        names = ("reconstruction_loss", "adversarial_loss", "discriminator_loss")
        self.terms = {name: keras.metrics.Mean(name) for name in names}
        self.built = True  # both networks are functional

    def call(self, inputs, training=None):
        return self.generator(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        truth = as_float(y)  # (B, H, W, 3)
        fake = composite(final_output(y_pred), truth, mask_of(x))  # (B, H, W, 3)
        # D's own loss comes first: spectral normalisation scales its kernels in place, which PyTorch
        # forbids once another pass has used them.
        real_logits, fake_logits = self._discriminate(truth, ops.stop_gradient(fake), training)  # (B, …) each
        weights = [ops.stop_gradient(v.value) for v in self.discriminator.trainable_variables]
        _, logits = self._discriminate(truth, fake, training, weights)  # (B, …)

        reconstruction = super().compute_loss(x, y, y_pred, sample_weight, training)  # scalars from here on
        adversarial = self.gan_loss.generator(logits)
        discrimination = self.gan_loss.discriminator(real_logits, fake_logits)
        self.terms["reconstruction_loss"].update_state(reconstruction)
        self.terms["adversarial_loss"].update_state(adversarial)
        self.terms["discriminator_loss"].update_state(discrimination)
        return reconstruction + self.adversarial_weight * adversarial + discrimination

    def _discriminate(self, real, fake, training, weights=None):
        """The logits of real and fake images, (B, …) each; with given weights where gradients must stop."""
        images = ops.concatenate([real, fake], axis=0)  # (2 B, H, W, 3), one batch for batch normalisation
        if weights is None:
            logits = self.discriminator(images, training=training)  # (2 B, …)
        else:
            state = [v.value for v in self.discriminator.non_trainable_variables]
            logits, _ = self.discriminator.stateless_call(weights, state, images, training=training)
        return ops.split(logits, 2, axis=0)

    def get_config(self):
        config = {"name": self.name, "adversarial_weight": self.adversarial_weight}
        for part in ("generator", "discriminator", "gan_loss"):
            config[part] = keras.saving.serialize_keras_object(getattr(self, part))
        return config

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        if "game" in config:  # in files saved before the argument was renamed
            config["gan_loss"] = config.pop("game")
        for part in ("generator", "discriminator", "gan_loss"):
            config[part] = keras.saving.deserialize_keras_object(config[part])
        return cls(**config)
