"""The decorators that register this kit's classes with Keras, as "inpaintkit>Name" in `.keras` files."""

import keras

serializable = keras.saving.register_keras_serializable(package="inpaintkit")


def serializable_as(name: str):
    """Registers a class under an earlier name of its own, so that files saved before still load."""
    return keras.saving.register_keras_serializable("inpaintkit", name)
