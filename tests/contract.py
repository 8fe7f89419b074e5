"""The contract of layers, networks and losses with Keras, checked in one place.

What is checked is built, run eagerly and symbolically, trained by `fit` with and without `jit_compile`, run
under three dtype policies, rebuilt from its config, and saved and loaded. The tests of each package check
that its numbers are right.
"""

import contextlib

import keras
import numpy as np
import pytest
from keras.ops import cast, convert_to_numpy, convert_to_tensor

POLICIES = ("float32", "mixed_float16", "mixed_bfloat16")
NO_XLA = keras.backend.backend() not in ("tensorflow", "jax")

# XLA takes seconds to compile a training step. Its losses must be those of the plain step.
with_and_without_jit = pytest.mark.parametrize(
    "jit",
    [
        pytest.param((False,), id="plain"),
        pytest.param(
            (False, True), id="jit", marks=[pytest.mark.slow, pytest.mark.skipif(NO_XLA, reason="no XLA")]
        ),
    ],
)


@contextlib.contextmanager
def dtype_policy(name):
    """Layers that are made inside compute under this policy."""
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


def value(function, *args, **settings):
    """What a loss or a metric returns, as a NumPy array, from any back end."""
    return convert_to_numpy(function(*args, **settings))


def as_arrays(outputs):
    """All outputs as a list of float32 NumPy arrays, from any back end and precision."""
    return [convert_to_numpy(cast(x, "float32")) for x in keras.tree.flatten(outputs)]


def check_model(make, inputs, target, loss, tmp_path, jit=(False,), epochs=4):
    """Checks a function that returns a `keras.Model`, on NumPy arrays; returns the trained model.

    Args:
        make: without arguments. inputs, target: of one batch. loss: as for `compile`.
        jit: values of `jit_compile` to train with; all must give the same losses.
    """
    keras.utils.set_random_seed(0)
    model = make()
    for output, symbolic in zip(as_arrays(model(inputs)), model.outputs, strict=True):
        assert all(side in (None, size) for side, size in zip(symbolic.shape, output.shape, strict=True))

    histories, start = [], model.get_weights()
    for jit_compile in jit:
        model.set_weights(start)
        model.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=jit_compile)
        histories.append(model.fit(inputs, target, epochs=epochs, verbose=0).history["loss"])
        assert np.isfinite(histories[-1]).all() and histories[-1][-1] < histories[-1][0]
        assert histories[-1] == pytest.approx(histories[0], rel=1e-3)

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is type(model) and type(again.loss) is type(model.loss)
    tensors = keras.tree.map_structure(convert_to_tensor, inputs)  # Keras 3.10 warns if a loaded network
    # with one input gets an array: it loads it as one with a list of inputs, and wraps tensors only.
    for before, after in zip(as_arrays(model(inputs)), as_arrays(again(tensors)), strict=True):
        np.testing.assert_array_equal(after, before)

    for name in POLICIES:
        with dtype_policy(name):
            assert all(np.isfinite(output).all() for output in as_arrays(make()(inputs)))
    return model


def check_layer(make, inputs, tmp_path, jit=(False,)):
    """Checks a function that returns a layer, on a list of NumPy arrays (or one array)."""
    layer = make()
    outputs = keras.tree.flatten(layer(inputs))
    shapes = keras.tree.map_structure(lambda x: tuple(x.shape), inputs)
    computed = layer.compute_output_shape(shapes)
    computed = list(computed) if isinstance(computed[0], (tuple, list)) else [computed]
    assert [tuple(shape) for shape in computed] == [tuple(x.shape) for x in outputs]
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()

    def model():
        """The layer behind a 1×1 convolution, so that a gradient must pass through it."""
        ends = [keras.Input(x.shape[1:]) for x in keras.tree.flatten(inputs)]
        first = keras.layers.Conv2D(ends[0].shape[-1], 1)(ends[0])
        several = isinstance(inputs, list)
        return keras.Model(ends if several else ends[0], make()([first, *ends[1:]] if several else first))

    targets = [np.full(x.shape, 0.5, "float32") for x in outputs]
    losses = ["mse", *(None for _ in targets[1:])]  # of the first output; another one is a mask
    single = len(targets) == 1
    check_model(model, inputs, targets[0] if single else targets, "mse" if single else losses, tmp_path, jit)


def check_loss(loss, y_true, y_pred, tmp_path, jit=(False,)):
    """Checks a loss on NumPy arrays: the target of images, (B, H, W, 3 or 4), and outputs, (B, H, W, 3)."""
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss) and float(again(y_true, y_pred)) == float(loss(y_true, y_pred))
    y_pred = y_pred.astype("float32")

    def model():
        image = keras.Input(y_pred.shape[1:])
        return keras.Model(image, keras.layers.Conv2D(3, 1)(image))

    model = check_model(model, y_pred, y_true.astype("float32"), loss, tmp_path, jit)
    again = keras.saving.load_model(tmp_path / "model.keras")
    target = y_true.astype("float32")
    model.reset_metrics()  # Keras 3.10 to 3.13 return the mean of all batches since the last reset
    assert again.test_on_batch(y_pred, target) == pytest.approx(model.test_on_batch(y_pred, target), rel=1e-5)
    for name in POLICIES:
        with dtype_policy(name):
            low = keras.losses.deserialize(keras.losses.serialize(loss))
            assert np.isfinite(float(low(y_true, cast(y_pred, keras.config.dtype_policy().compute_dtype))))
