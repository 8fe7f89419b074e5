"""Small networks, data and trainings for the tests of this folder: 16×16 pixels, one convolution."""

import functools

import keras

import inpaintkit as ik
from inpaintkit import losses


def small_network(kernel_size=3):
    """One convolution over image and mask."""
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    x = keras.layers.Concatenate()(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(3, kernel_size, padding="same", activation="sigmoid")(x))


def inpainter_of(network, loss="mae", optimizer=None, run_eagerly=True, **metrics):
    """An Inpainter, compiled. Eager by default: for a few steps, tracing a graph takes longer."""
    model = ik.Inpainter(network)
    model.compile(optimizer or keras.optimizers.Adam(1e-3), loss, run_eagerly=run_eagerly, **metrics)
    return model


def small_model(loss=None, optimizer=None, kernel_size=3, **settings):
    """A small network that learns fast."""
    loss, optimizer = loss or losses.HoleValidLoss(), optimizer or keras.optimizers.Adam(0.02)
    return inpainter_of(small_network(kernel_size), loss, optimizer, **settings)


@functools.cache
def small_images(split, count):
    return ik.data.images("photos", split, 16, count=count)


def small_pairs(count=12, batch_size=4, masks=None, split="val", **settings):
    masks = masks or ik.masks.Lines(thickness=2)
    return ik.data.pairs(small_images(split, count), masks, batch_size, **settings)


def small_discriminator():
    """Two convolutions: no state that a step of training would change."""
    layers = [keras.layers.Conv2D(8, 3, strides=2, activation="relu"), keras.layers.Conv2D(1, 3)]
    return keras.Sequential([keras.Input((16, 16, 3)), *layers])


def gan_of(network, optimizer="adam", loss=None):
    gan = ik.InpaintingGAN(network, small_discriminator())
    gan.compile(optimizer, loss or losses.HoleValidLoss(), run_eagerly=True)
    return gan


def masked(batch):
    """([masked images, masks], images) of a batch, as `fit` takes them."""
    images, masks = batch
    return [images * masks, masks], images


def fit_small(model=None, train=None, val=None, epochs=4, callbacks=(), **settings):
    """A small training with validation; returns its history."""
    model, train = model or small_model(), train or small_pairs()
    val = val or small_pairs(shuffle=False)
    settings = {"epochs": epochs, "callbacks": list(callbacks), "verbose": 0} | settings
    return model.fit(train, validation_data=val, **settings)
