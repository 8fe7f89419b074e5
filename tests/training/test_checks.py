"""What `fit`, `evaluate` and `predict` accept; a model is usable after a call that failed."""

import keras
import numpy as np
import pytest
from small_training import gan_of, inpainter_of, masked, small_pairs

import inpaintkit as ik
from inpaintkit import losses


def uses(model, x, y):
    """All calls that take arrays, by name: with a target, and without."""
    ways = {
        "fit": lambda: model.fit(x, y, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, verbose=0),
        "train_on_batch": lambda: model.train_on_batch(x, y),
        "test_on_batch": lambda: model.test_on_batch(x, y),
    }
    without_target = {
        "predict": lambda: model.predict(x, verbose=0),
        "predict_on_batch": lambda: model.predict_on_batch(x),
    }
    return ways, without_target


@pytest.mark.parametrize("value", [255, 0.5, -1, np.nan])
def test_masks_of_other_values_are_refused(value, network, batch):
    images, masks = batch
    model = inpainter_of(network, losses.HoleValidLoss())
    x = [images, np.where(masks > 0, masks, value)]
    for use in (model.predict, lambda x: model.fit(x, images), lambda x: model.evaluate(x, images)):
        with pytest.raises(ValueError, match=r"a mask holds .*1 \(known\) or 0"):
            use(x)


@pytest.mark.parametrize("make", ["inpainter", "gan"])
def test_masks_of_any_type_are_masks(make, network, batch):
    x, y = masked(batch)
    model = gan_of(network) if make == "gan" else inpainter_of(network, losses.HoleValidLoss())
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    for dtype in (bool, "uint8", "int64"):
        got = model.evaluate([x[0], x[1].astype(dtype)], y, verbose=0, return_dict=True)
        assert got == pytest.approx(expected, rel=1e-4), dtype
    ways, without_target = uses(model, [x[0], x[1] > 0], y)
    for way in (ways | without_target).values():
        way()
    by_epoch = model.fit([x[0], x[1] > 0], y, validation_data=([x[0], x[1] > 0], y), epochs=2, verbose=0)
    assert np.isfinite(by_epoch.history["val_loss"]).all()


def test_a_target_of_whole_numbers_trains(network, batch):
    x, y = masked(batch)
    black = [np.zeros_like(x[0], "uint8"), x[1] > 0]
    for model in (inpainter_of(network, losses.HoleValidLoss()), gan_of(network)):
        history = model.fit(black, (y > 0.5).astype("uint8"), verbose=0).history
        assert np.isfinite(history["loss"]).all()


WRONG = {  # what is wrong with inputs and target: (x, y) to (x, y), and what the message says
    "8-bit floats": (lambda x, m, y: ([x * 255, m], y * 255), r"known pixels.*\[0, 1\].*divide .* by 255"),
    "8-bit": (
        lambda x, m, y: ([(x * 255).astype("uint8"), m], (y * 255).astype("uint8")),
        r"known pixels.*\[0, 1\].*divide .* by 255",
    ),
    "negative": (lambda x, m, y: ([x * 2 - 1, m], y), r"known pixels.* from -1"),
    "NaN": (lambda x, m, y: ([np.where(m > 0, np.nan, x), m], y), "known pixels.*nan"),
    "three-channel masks": (lambda x, m, y: ([x, np.repeat(m, 3, -1)], y), r"masks.*16, 3\).*16, 1\)"),
    "masks without channel": (lambda x, m, y: ([x, m[..., 0]], y), r"masks.*16, 16\) .*16, 1\)"),
    "fewer masks": (lambda x, m, y: ([x, m[:2]], y), r"masks.*\(2, .*\(4, 16, 16, 1\)"),
    "grey": (lambda x, m, y: ([x[..., :1], m], y), r"images.*16, 1\).*height, width, 3"),
    "one image": (lambda x, m, y: ([x[0], m[0]], y[0]), r"images.*\(16, 16, 3\).*batch axis"),
    "no mask": (lambda x, m, y: (x, y), r"one array.*\[images, masks\]"),
    "three inputs": (lambda x, m, y: ([x, m, m], y), r"3 inputs.*\[images, masks\]"),
    "other names": (lambda x, m, y: ({"images": x, "mask": m}, y), "'images', 'mask'.*'image' and 'mask'"),
    "by name": (lambda x, m, y: ({"image": x * 255, "mask": m}, y), "known pixels"),
}


WRONG_TARGET = {
    "8-bit": (lambda y: y * 255, r"target.*\[0, 1\].*divide .* by 255"),
    "NaN": (lambda y: np.where(y > 0.3, np.nan, y), "target.*nan"),
    "infinite": (lambda y: np.where(y > 0.3, np.inf, y), "target.*inf"),
    "missing": (lambda y: None, "target of NoneType.*complete images"),
    "fewer": (lambda y: y[:3], r"target.*\(3, .*\(4, 16, 16, 3\)"),
    "grey": (lambda y: y[..., :1], r"target.*16, 1\).*16, 3\)"),
    "two": (lambda y: [y, y], "target of list.*one array"),
}


@pytest.mark.parametrize("make", ["inpainter", "gan"])
def test_wrong_arrays_are_refused_before_keras_sees_them(make, network, batch):
    (images, masks), y = masked(batch)
    model = gan_of(network) if make == "gan" else inpainter_of(network, losses.HoleValidLoss())
    for name, (spoil, message) in WRONG.items():
        x, spoilt = spoil(images, masks, y)
        ways, without_target = uses(model, x, spoilt)
        validation = {
            "validation_data": lambda x=x, t=spoilt: model.fit(
                [images, masks], y, validation_data=(x, t), verbose=0
            )
        }
        for way, use in (ways | without_target | validation).items():
            with pytest.raises(ValueError, match=message) as error:
                use()
            assert way in str(error.value), name
    for spoil, message in WRONG_TARGET.values():
        for use in uses(model, [images, masks], spoil(y))[0].values():
            with pytest.raises(ValueError, match=message):
                use()
    for use in [*uses(model, [images, masks], y)[0].values()]:
        use()  # the model is as usable as before


def test_what_lies_under_the_hole_may_be_anything(network, batch):
    (images, masks), y = masked(batch)
    model = inpainter_of(network)
    model.train_on_batch([np.where(masks > 0, images, 255), masks], y)


def test_a_shuffled_pairs_is_not_for_evaluation(network):
    model, shuffled, val = inpainter_of(network), small_pairs(), small_pairs(shuffle=False)
    for use in (
        lambda: model.evaluate(shuffled, verbose=0),
        lambda: model.predict(shuffled, verbose=0),
        lambda: model.fit(shuffled, validation_data=shuffled, verbose=0),
    ):
        with pytest.warns(UserWarning, match="shuffle=True.*expected shuffle=False") as warned:
            use()
        assert sum("shuffle=True" in str(warning.message) for warning in warned) == 1
    model.fit(shuffled, validation_data=val, verbose=0)  # warnings are errors here
    model.evaluate(val, verbose=0)


FAILING = [False]


def fails_when_told(y_true, y_pred):
    if FAILING[0]:
        raise ValueError("not this time")
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=(1, 2, 3))


@pytest.mark.parametrize("as_metric", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "call", ["fit", *(pytest.param(c, marks=pytest.mark.slow) for c in ("evaluate", "train_on_batch"))]
)
def test_a_call_that_failed_within_keras_leaves_the_model_usable(call, as_metric, network, batch):
    """In graph mode: Keras keeps what it was tracing."""
    x, y = masked(batch)
    compiled = {"loss": "mae", "metrics": [fails_when_told]} if as_metric else {"loss": fails_when_told}
    model = inpainter_of(network, run_eagerly=False, **compiled)
    FAILING[:] = [True]
    try:
        with pytest.raises(ValueError, match="not this time"):
            getattr(model, call)(x, y)
    finally:
        FAILING[:] = [False]
    history = model.fit(x, y, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"][-1])


def test_a_network_of_one_size_names_it_and_stays_usable(batch):
    (images, masks), y = masked(batch)
    model = inpainter_of(ik.models.pconv_unet((32, 32, 3), filters=(4, 4)))
    for call in (lambda: model.fit([images, masks], y), lambda: model.predict([images, masks])):
        with pytest.raises(ValueError, match=r"16×16.*32×32"):
            call()
    *x, y = (np.tile(array, (1, 2, 2, 1)) for array in (images, masks, y))
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
