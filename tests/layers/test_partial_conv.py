"""Partial convolution against an oracle, written here from NVIDIA's formula."""

import keras
import numpy as np
import pytest
from contract import as_arrays
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit.layers import PConv2D, PConv2DUp
from inpaintkit.masks import Strokes


def oracle(x, masks, kernel, bias, stride=1, dilation=1, pad=((0, 0), (0, 0))):
    """NVIDIA's PartialConv2d with `multi_channel=True, return_mask=True`: one mask per channel, by hand."""
    x = np.pad(x * masks, ((0, 0), *pad, (0, 0)))
    masks = np.pad(masks, ((0, 0), *pad, (0, 0)))
    k = kernel.shape[0]
    reach = (k - 1) * dilation + 1
    rows, columns = ((side - reach) // stride + 1 for side in x.shape[1:3])
    y = np.zeros((len(x), rows, columns, kernel.shape[-1]))
    known = np.zeros((len(x), rows, columns, 1))
    for b, i, j in np.ndindex(len(x), rows, columns):
        window = (
            b,
            slice(i * stride, i * stride + reach, dilation),
            slice(j * stride, j * stride + reach, dilation),
        )
        count = masks[window].sum()
        if count > 0:
            total = np.tensordot(x[window], kernel, 3)
            y[b, i, j] = total * (x.shape[-1] * k * k / count) + bias
            known[b, i, j] = 1
    return y, known


def same_padding(sides, k, stride, dilation):
    """TensorFlow's: the odd pixel goes right and bottom."""
    pads = []
    for side in sides:
        total = max((-(-side // stride) - 1) * stride + (k - 1) * dilation + 1 - side, 0)
        pads.append((total // 2, total - total // 2))
    return pads


def masked(rng, shape, seed=0):
    x = rng.normal(size=shape).astype("float32")
    mask = Strokes(width=5, hole_ratio=(0.5, 0.6)).sample(len(x), *shape[1:3], seed=seed)
    return x, mask


def parameters(layer):
    return to_numpy(layer.kernel), to_numpy(layer.bias) if layer.use_bias else 0


@pytest.mark.parametrize(
    ("k", "stride", "dilation", "bias", "padding"),
    [
        (3, 1, 1, True, "same"),
        (5, 2, 1, True, "same"),
        (7, 2, 1, False, "same"),
        (3, 1, 2, True, "same"),
        (3, 2, 1, True, "valid"),
    ],
)
def test_equals_the_multi_channel_layer(rng, k, stride, dilation, bias, padding):
    x, mask = masked(rng, (2, 17, 16, 3))
    layer = PConv2D(
        4,
        k,
        strides=stride,
        dilation_rate=dilation,
        use_bias=bias,
        padding=padding,
        bias_initializer="normal",
    )
    y, known = as_arrays(layer([x, mask]))
    pad = same_padding(x.shape[1:3], k, stride, dilation) if padding == "same" else ((0, 0), (0, 0))
    expected, expected_known = oracle(
        x, np.repeat(mask, 3, -1), *parameters(layer), stride=stride, dilation=dilation, pad=pad
    )
    np.testing.assert_allclose(y, expected, atol=1e-4)
    np.testing.assert_array_equal(known, expected_known)


def test_equals_nvidias_symmetric_padding(rng):
    """PyTorch pads k // 2 on both sides; TensorFlow's `same` does not at stride 2. So pad first."""
    x, mask = masked(rng, (2, 16, 16, 3))
    pad = ((0, 0), (2, 2), (2, 2), (0, 0))
    layer = PConv2D(4, 5, strides=2, padding="valid", bias_initializer="normal")
    y, known = as_arrays(layer([np.pad(x, pad), np.pad(mask, pad)]))
    expected, expected_known = oracle(
        x, np.repeat(mask, 3, -1), *parameters(layer), stride=2, pad=((2, 2), (2, 2))
    )
    np.testing.assert_allclose(y, expected, atol=1e-4)
    np.testing.assert_array_equal(known, expected_known)


def test_two_pairs_equal_the_multi_channel_layer_on_their_concatenation(rng):
    (x1, mask1), (x2, mask2) = masked(rng, (2, 16, 16, 5), 1), masked(rng, (2, 16, 16, 3), 2)
    assert (mask1 != mask2).any()
    layer = PConv2D(4, 3, padding="same", bias_initializer="normal")
    y, known = as_arrays(layer([x1, mask1, x2, mask2]))
    masks = np.concatenate([np.repeat(mask1, 5, -1), np.repeat(mask2, 3, -1)], -1)
    expected, expected_known = oracle(
        np.concatenate([x1, x2], -1), masks, *parameters(layer), pad=((1, 1), (1, 1))
    )
    np.testing.assert_allclose(y, expected, atol=1e-4)
    np.testing.assert_array_equal(known, expected_known)


def test_with_nothing_missing_partial_convolution_is_convolution(rng):
    x = rng.normal(size=(2, 16, 16, 3)).astype("float32")
    layer = PConv2D(4, 3, padding="same", bias_initializer="normal")
    y, known = as_arrays(layer([x, np.ones((2, 16, 16, 1), "float32")]))
    plain = keras.layers.Conv2D(4, 3, padding="same")
    plain.build(x.shape)
    plain.set_weights(layer.get_weights())
    inside = (slice(None), slice(1, -1), slice(1, -1))
    np.testing.assert_allclose(y[inside], to_numpy(plain(x))[inside], atol=1e-5)
    assert known.all()


def test_an_all_hole_window_gives_zero_and_stays_hole(rng):
    x = rng.normal(size=(1, 16, 16, 3)).astype("float32")
    mask = np.ones((1, 16, 16, 1), "float32")
    mask[:, 4:12, 4:12] = 0
    layer = PConv2D(4, 3, padding="same", bias_initializer="ones", activation="sigmoid")
    y, known = as_arrays(layer([x, mask]))
    assert np.all(y[:, 5:11, 5:11] == 0) and np.all(known[:, 5:11, 5:11] == 0)
    assert known.sum() == 16 * 16 - 36


def test_content_under_the_hole_never_matters_nan_included(rng):
    x, mask = masked(rng, (2, 16, 16, 3))
    poisoned = np.where(mask > 0, x, np.nan).astype("float32")
    for pairs in (1, 2):
        layer = PConv2D(4, 3, padding="same")
        clean, _ = as_arrays(layer([x, mask] * pairs))
        assert np.isfinite(clean).all()
        np.testing.assert_array_equal(clean, as_arrays(layer([poisoned, mask] * pairs))[0])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16"])
def test_low_precision_stays_finite_and_near(rng, dtype):
    x, mask = masked(rng, (2, 16, 16, 64))
    mask[0] = 0
    exact = PConv2D(4, 7, padding="same", bias_initializer="normal")
    y, known = as_arrays(exact([x, mask]))
    layer = PConv2D(4, 7, padding="same", dtype=dtype)
    layer.build([x.shape, mask.shape])
    layer.set_weights(exact.get_weights())
    low, low_known = as_arrays(layer([x, mask]))
    assert np.isfinite(low).all()
    np.testing.assert_array_equal(low_known, known)
    np.testing.assert_allclose(low, y, atol=0.02 * np.abs(y).max())


@pytest.mark.parametrize(
    "inputs",
    [
        np.zeros((1, 8, 8, 3)),
        [np.zeros((1, 8, 8, 3))],
        [np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 3))],
        [np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 8, 3))],
    ],
)
def test_wrong_inputs_are_explained(inputs):
    with pytest.raises(ValueError, match=r"\(B, H, W, C\)|\[features, mask\]"):
        PConv2D(2, 3)(inputs)
    with pytest.raises(ValueError, match="groups"):
        PConv2D(2, 3, groups=2)


@pytest.mark.parametrize("side", [16, 6], ids=["folded", "too small to fold"])
def test_a_decoder_level_is_partial_convolution_of_the_upsampled_pair(rng, side):
    x, mask = (a[:, :side, :side] for a in masked(rng, (2, 16, 16, 5), 1))
    skip, skip_mask = (a[:, : 2 * side, : 2 * side] for a in masked(rng, (2, 32, 32, 3), 2))
    x = np.where(mask > 0, x, np.nan)
    fused, plain = (
        layer(4, 3, padding="same", activation="tanh", bias_initializer="normal")
        for layer in (PConv2DUp, PConv2D)
    )
    y, known = as_arrays(fused([x, mask, skip, skip_mask]))
    twice = [np.repeat(np.repeat(a, 2, 1), 2, 2) for a in (x, mask)]
    plain.build([a.shape for a in (*twice, skip, skip_mask)])
    plain.set_weights(fused.get_weights())
    expected, expected_known = as_arrays(plain([*twice, skip, skip_mask]))
    np.testing.assert_allclose(y, expected, atol=1e-5)
    np.testing.assert_array_equal(known, expected_known)
    assert fused.compute_output_shape([a.shape for a in (x, mask, skip, skip_mask)]) == (y.shape, known.shape)


def test_a_decoder_level_refuses_what_it_cannot_fold():
    for settings in ({"kernel_size": 5}, {"strides": 2}, {"padding": "valid"}):
        with pytest.raises(ValueError, match="expected 3, 1, 1, 'same'"):
            PConv2DUp(4, **settings)
    with pytest.raises(ValueError, match="four tensors"):
        PConv2DUp(4)([np.ones((1, 8, 8, 3)), np.ones((1, 8, 8, 1))])
