"""The decorator that registers this kit's classes with Keras, as "inpaintkit>Name"."""

import keras

serializable = keras.saving.register_keras_serializable(package="inpaintkit")
