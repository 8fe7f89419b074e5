"""Small networks and masks for the tests of evaluation."""

import keras

import inpaintkit as ik

RATIOS = ik.masks.Lines(thickness=3, hole_ratio=(0.05, 0.35))


def prefilled(name="tiny", bias=0.0):
    """A network that starts from a fill, as `unet(prefill=True)` does; `bias` is what training added."""
    image, mask = keras.Input((None, None, 3)), keras.Input((None, None, 1))
    fill = ik.layers.PushPull(name="fill")([image, mask])
    residual = keras.layers.Conv2D(3, 1, kernel_initializer="zeros", name="residual")(fill)
    network = keras.Model([image, mask], keras.layers.Add()([fill, residual]), name=name)
    network.get_layer("residual").bias.assign([bias] * 3)
    return network


def random_start():
    image, mask = keras.Input((None, None, 3)), keras.Input((None, None, 1))
    hidden = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(image * mask)
    return keras.Model([image, mask], keras.layers.Conv2D(3, 1, activation="sigmoid")(hidden), name="start")


class Unclonable(keras.layers.Layer):
    def __init__(self, secret):
        super().__init__()

    def call(self, x):
        return x


def unclonable():
    image, mask = keras.Input((None, None, 3)), keras.Input((None, None, 1))
    return keras.Model([image, mask], Unclonable(object())(image * mask), name="closed")
