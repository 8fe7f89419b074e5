"""`InpaintingGAN`: the gradients of both networks, saving, mixed precision."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy
from small_training import small_discriminator

import inpaintkit as ik
from inpaintkit import losses


def test_each_network_of_the_gan_gets_its_own_gradient_and_no_other(network, batch):
    """One step of SGD at rate 1 shows the gradient: compared with networks trained one by one."""
    images, masks = batch
    x, discriminator = [images * masks, masks], small_discriminator()
    start, discriminator_start = network.get_weights(), discriminator.get_weights()

    def step(model, *data):
        network.set_weights(start)
        discriminator.set_weights(discriminator_start)
        model.train_on_batch(*data)
        return [
            [after - before for after, before in zip(m.get_weights(), w, strict=True)]
            for m, w in ((network, start), (discriminator, discriminator_start))
        ]

    def gan(weight):
        gan = ik.InpaintingGAN(network, discriminator, adversarial_weight=weight)
        gan.compile(keras.optimizers.SGD(1.0), "mae", run_eagerly=True)
        return step(gan, x, images)

    (plain_network, plain_discriminator), (network_change, discriminator_change) = gan(0), gan(3)
    for a, b in zip(plain_discriminator, discriminator_change, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
        assert np.abs(a).max() > 0

    # The generator's adversarial gradient by itself: through a discriminator that is not trainable.
    truth = keras.Input((16, 16, 3))
    composite = truth * network.inputs[1] + network.output * (1 - network.inputs[1])
    discriminator.trainable = False
    both = keras.Model([*network.inputs, truth], discriminator(composite))
    both.compile(keras.optimizers.SGD(3.0), lambda _, logits: keras.ops.softplus(-logits), run_eagerly=True)
    expected, _ = step(both, [*x, images], np.zeros((4, 5, 5, 1)))
    discriminator.trainable = True
    for total, mae, adversarial in zip(network_change, plain_network, expected, strict=True):
        np.testing.assert_allclose(total - mae, adversarial, atol=2e-5)
        assert np.abs(adversarial).max() > 1e-4

    # The discriminator's gradient by itself: real and fake images with their labels.
    filled = images * masks + network_output(network, start, x) * (1 - masks)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    discriminator.compile(keras.optimizers.SGD(2.0), loss, run_eagerly=True)
    labels = np.repeat([0.9, 0.0], 4)[:, None, None, None] * np.ones((8, 5, 5, 1))
    _, expected = step(discriminator, np.concatenate([images, filled]), labels)
    for a, b in zip(plain_discriminator, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def network_output(network, weights, x):
    network.set_weights(weights)
    return network.predict(x, verbose=0)


@pytest.mark.parametrize(
    ("discriminator", "gan_loss"),
    [
        (lambda: ik.models.discriminator((16, 16, 3)), losses.NonSaturatingGANLoss(1.0)),
        (lambda: ik.models.patch_discriminator(filters=(4, 8)), losses.HingeGANLoss()),
    ],
    ids=["study", "patch"],
)
def test_the_gan_is_a_keras_model_like_any_other(discriminator, gan_loss, network, batch, tmp_path):
    images, masks = batch
    x = [images * masks, masks]
    gan = ik.InpaintingGAN(network, discriminator(), adversarial_weight=0.01, gan_loss=gan_loss)
    gan.compile(keras.optimizers.Adam(0.01), losses.HoleValidLoss(), run_eagerly=True)
    history = gan.fit(x, images, validation_data=(x, images), epochs=3, verbose=0).history
    names = {"adversarial_loss", "discriminator_loss", "val_reconstruction_loss", "val_hole_psnr"}
    assert names <= set(history)
    assert history["hole_psnr"][-1] > history["hole_psnr"][0] and np.isfinite(history["val_loss"]).all()
    gan.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), gan.predict(x, verbose=0))
    assert again.adversarial_weight == 0.01 and type(again.gan_loss) is type(gan_loss)
    assert again.evaluate(x, images, verbose=0) == pytest.approx(gan.evaluate(x, images, verbose=0), rel=1e-5)
    assert ik.as_method(again)(images, masks).shape == images.shape
    config = gan.get_config()
    config["game"] = config.pop("gan_loss")  # the argument's name in older files
    assert type(ik.InpaintingGAN.from_config(config).gan_loss) is type(gan_loss)


@pytest.mark.slow
def test_a_mixed_float16_gan_trains(batch):
    images, masks = batch
    keras.config.set_dtype_policy("mixed_float16")
    try:
        network = ik.models.pconv_unet(filters=(4, 8))
        gan = ik.InpaintingGAN(
            network, ik.models.patch_discriminator(filters=(4, 8)), gan_loss=losses.HingeGANLoss()
        )
        gan.compile("adam", losses.HoleValidLoss())
        history = gan.fit([images * masks, masks], images, epochs=2, verbose=0).history
    finally:
        keras.config.set_dtype_policy("float32")
    assert all(np.isfinite(values).all() for values in history.values())
    assert all(np.isfinite(to_numpy(v)).all() for v in gan.variables)
