"""The contract of partial convolution, with an oracle written here from NVIDIA's formula."""

import math

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import baselines
from inpaintkit.layers import (
    ContextualAttention,
    CropLike,
    GatedConv2D,
    MaskImage,
    PadToMultiple,
    PConv2D,
    PConv2DUp,
    PushPull,
)
from inpaintkit.layers.base import resize_bilinear
from inpaintkit.masks import Strokes


def oracle(x, masks, kernel, bias, stride=1, dilation=1, pad=((0, 0), (0, 0))):
    """NVIDIA's PartialConv2d with `multi_channel=True, return_mask=True`: a mask a channel, by hand."""
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


def holed(rng, shape, seed=0):
    x = rng.normal(size=shape).astype("float32")
    mask = Strokes(width=5, hole_ratio=(0.5, 0.6)).sample(len(x), *shape[1:3], seed=seed)
    return x, mask


def parameters(layer):
    return to_numpy(layer.kernel), to_numpy(layer.bias) if layer.use_bias else 0


def apply(layer, inputs):
    """Features and mask as float32 NumPy arrays, from any back end and precision."""
    return [to_numpy(ops.cast(output, "float32")) for output in layer(inputs)]


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
    x, mask = holed(rng, (2, 17, 16, 3))
    layer = PConv2D(
        4,
        k,
        strides=stride,
        dilation_rate=dilation,
        use_bias=bias,
        padding=padding,
        bias_initializer="normal",
    )
    y, known = apply(layer, [x, mask])
    pad = same_padding(x.shape[1:3], k, stride, dilation) if padding == "same" else ((0, 0), (0, 0))
    expected, expected_known = oracle(
        x, np.repeat(mask, 3, -1), *parameters(layer), stride=stride, dilation=dilation, pad=pad
    )
    np.testing.assert_allclose(y, expected, atol=1e-4)
    np.testing.assert_array_equal(known, expected_known)


def test_equals_nvidias_symmetric_padding(rng):
    """PyTorch pads k // 2 on both sides; TensorFlow's `same` does not at stride 2. So pad first."""
    x, mask = holed(rng, (2, 16, 16, 3))
    pad = ((0, 0), (2, 2), (2, 2), (0, 0))
    layer = PConv2D(4, 5, strides=2, padding="valid", bias_initializer="normal")
    y, known = apply(layer, [np.pad(x, pad), np.pad(mask, pad)])
    expected, expected_known = oracle(
        x, np.repeat(mask, 3, -1), *parameters(layer), stride=2, pad=((2, 2), (2, 2))
    )
    np.testing.assert_allclose(y, expected, atol=1e-4)
    np.testing.assert_array_equal(known, expected_known)


def test_two_pairs_equal_the_multi_channel_layer_on_their_concatenation(rng):
    (x1, mask1), (x2, mask2) = holed(rng, (2, 16, 16, 5), 1), holed(rng, (2, 16, 16, 3), 2)
    assert (mask1 != mask2).any()
    layer = PConv2D(4, 3, padding="same", bias_initializer="normal")
    y, known = apply(layer, [x1, mask1, x2, mask2])
    masks = np.concatenate([np.repeat(mask1, 5, -1), np.repeat(mask2, 3, -1)], -1)
    expected, expected_known = oracle(
        np.concatenate([x1, x2], -1), masks, *parameters(layer), pad=((1, 1), (1, 1))
    )
    np.testing.assert_allclose(y, expected, atol=1e-4)
    np.testing.assert_array_equal(known, expected_known)


def test_with_nothing_missing_partial_convolution_is_convolution(rng):
    x = rng.normal(size=(2, 16, 16, 3)).astype("float32")
    layer = PConv2D(4, 3, padding="same", bias_initializer="normal")
    y, known = apply(layer, [x, np.ones((2, 16, 16, 1), "float32")])
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
    y, known = apply(layer, [x, mask])
    assert np.all(y[:, 5:11, 5:11] == 0) and np.all(known[:, 5:11, 5:11] == 0)
    assert known.sum() == 16 * 16 - 36


def test_content_under_the_hole_never_matters_nan_included(rng):
    x, mask = holed(rng, (2, 16, 16, 3))
    poisoned = np.where(mask > 0, x, np.nan).astype("float32")
    for pairs in (1, 2):
        layer = PConv2D(4, 3, padding="same")
        clean, _ = apply(layer, [x, mask] * pairs)
        assert np.isfinite(clean).all()
        np.testing.assert_array_equal(clean, apply(layer, [poisoned, mask] * pairs)[0])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16"])
def test_low_precision_stays_finite_and_near(rng, dtype):
    x, mask = holed(rng, (2, 16, 16, 64))
    mask[0] = 0
    exact = PConv2D(4, 7, padding="same", bias_initializer="normal")
    y, known = apply(exact, [x, mask])
    layer = PConv2D(4, 7, padding="same", dtype=dtype)
    layer.build([x.shape, mask.shape])
    layer.set_weights(exact.get_weights())
    low, low_known = apply(layer, [x, mask])
    assert np.isfinite(low).all()
    np.testing.assert_array_equal(low_known, known)
    np.testing.assert_allclose(low, y, atol=0.02 * np.abs(y).max())


def test_save_and_reload_is_exact(rng, tmp_path):
    x, mask = holed(rng, (2, 16, 16, 3))
    inputs = [keras.Input((16, 16, 3)), keras.Input((16, 16, 1))]
    y, known = PConv2D(4, 3, strides=2, padding="same", activation="relu", kernel_regularizer="l2")(inputs)
    model = keras.Model(inputs, [*PConv2D(2, 3)([y, known]), *PConv2D(2, 3)([y, known, y, known])])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for before, after in zip(apply(model, [x, mask]), apply(again, [x, mask]), strict=True):
        np.testing.assert_array_equal(before, after)


def test_symbolic_shapes_are_the_real_ones(rng):
    x, mask = holed(rng, (2, 17, 16, 3))
    layer = PConv2D(4, 3, strides=2, padding="same")
    shapes = layer.compute_output_shape([x.shape, mask.shape])
    assert shapes == tuple(tuple(t.shape) for t in layer([x, mask]))


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
    x, mask = (a[:, :side, :side] for a in holed(rng, (2, 16, 16, 5), 1))
    skip, skip_mask = (a[:, : 2 * side, : 2 * side] for a in holed(rng, (2, 32, 32, 3), 2))
    x = np.where(mask > 0, x, np.nan)
    fused, plain = (
        layer(4, 3, padding="same", activation="tanh", bias_initializer="normal")
        for layer in (PConv2DUp, PConv2D)
    )
    y, known = apply(fused, [x, mask, skip, skip_mask])
    twice = [np.repeat(np.repeat(a, 2, 1), 2, 2) for a in (x, mask)]
    plain.build([a.shape for a in (*twice, skip, skip_mask)])
    plain.set_weights(fused.get_weights())
    expected, expected_known = apply(plain, [*twice, skip, skip_mask])
    np.testing.assert_allclose(y, expected, atol=1e-5)
    np.testing.assert_array_equal(known, expected_known)
    assert fused.compute_output_shape([a.shape for a in (x, mask, skip, skip_mask)]) == (y.shape, known.shape)


def test_a_decoder_level_refuses_what_it_cannot_fold():
    for settings in ({"kernel_size": 5}, {"strides": 2}, {"padding": "valid"}):
        with pytest.raises(ValueError, match="kernel of 3"):
            PConv2DUp(4, **settings)
    with pytest.raises(ValueError, match="four tensors"):
        PConv2DUp(4)([np.ones((1, 8, 8, 3)), np.ones((1, 8, 8, 1))])


def test_gated_convolution_is_two_convolutions(rng, tmp_path):
    x = rng.normal(size=(2, 9, 8, 3)).astype("float32")
    layer = GatedConv2D(4, 3, strides=2, padding="same", activation="elu", bias_initializer="normal")
    y = to_numpy(layer(x))
    kernel, bias = layer.get_weights()
    features, gate = (
        to_numpy(ops.conv(x, kernel[..., half], strides=2, padding="same")) + bias[half]
        for half in (slice(None, 4), slice(4, None))
    )
    elu = np.where(features > 0, features, np.exp(np.minimum(features, 0)) - 1)
    np.testing.assert_allclose(y, elu / (1 + np.exp(-gate)), atol=1e-5)
    assert layer.compute_output_shape(x.shape) == y.shape == (2, 5, 4, 4)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config()["filters"] == 4 and again(x).shape == y.shape


def attention_oracle(features, mask, scale):
    """Contextual attention of one map, patch by patch, in float64."""
    height, width, _ = features.shape
    h, w = height // 2, width // 2

    def pad(x):
        return np.pad(x, ((1, 1), (1, 1), (0, 0))[: x.ndim], mode="reflect")

    padded, known, small, small_known = (pad(x) for x in (features, mask, features[::2, ::2], mask[::2, ::2]))
    cells = list(np.ndindex(h, w))
    small_patch = {(i, j): small[i : i + 3, j : j + 3].ravel() for i, j in cells}
    usable = [
        (i, j)
        for i, j in cells
        if known[2 * i : 2 * i + 4, 2 * j : 2 * j + 4].all() and small_known[i : i + 3, j : j + 3].all()
    ]

    def cosine(p, q):
        if p not in small_patch or q not in small_patch:
            return 0.0
        a, b = small_patch[p], small_patch[q]
        return a @ b / np.sqrt(max(a @ a, 1e-8) * max(b @ b, 1e-8))

    output, count = np.zeros_like(padded), np.zeros_like(padded)
    near = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    for i, j in cells:
        alike = [sum(cosine((i + a, j + b), (u + a, v + b)) for a, b in near) for u, v in usable]
        weights = np.exp(scale * (np.array(alike) - max(alike)))
        copied = sum(
            x * padded[2 * u : 2 * u + 4, 2 * v : 2 * v + 4]
            for x, (u, v) in zip(weights / weights.sum(), usable, strict=True)
        )
        output[2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += copied
        count[2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += 1
    return (output / count)[1:-1, 1:-1]


def test_contextual_attention_is_the_papers_patch_by_patch(rng):
    x = rng.normal(size=(2, 12, 14, 3)).astype("float32")
    mask = np.ones((2, 12, 14, 1), "float32")
    mask[0, 4:7, 5:9] = mask[1, :3, :3] = 0
    y = to_numpy(ContextualAttention(scale=2.0)([x * mask, mask]))
    for k in range(2):
        expected = attention_oracle((x * mask)[k].astype("float64"), mask[k, ..., 0], 2.0)
        np.testing.assert_allclose(y[k], expected, atol=1e-4)


def test_contextual_attention_continues_a_pattern(rng):
    """A periodic map with a hole: what is copied into the hole is what was there."""
    tile = rng.normal(size=(8, 8, 4))
    x = np.tile(tile, (4, 4, 1))[None].astype("float32")
    mask = np.ones((1, 32, 32, 1), "float32")
    mask[:, 14:18, 14:18] = 0
    y = to_numpy(ContextualAttention(scale=50.0)([x * mask, mask]))
    inside = np.broadcast_to(mask == 0, x.shape)
    assert np.abs(y - x)[inside].mean() < 0.1 * np.abs(x)[inside].mean()


def test_contextual_attention_says_what_is_odd():
    with pytest.raises(ValueError, match="even height and width"):
        ContextualAttention()([np.zeros((1, 9, 8, 2)), np.ones((1, 9, 8, 1))])


def test_contextual_attention_with_nothing_known_gives_zero(rng):
    x = rng.normal(size=(1, 8, 8, 2)).astype("float32")
    np.testing.assert_array_equal(to_numpy(ContextualAttention()([x, np.zeros((1, 8, 8, 1))])), 0)
    for settings in ({"scale": 0}, {"reach": -1}):
        with pytest.raises(ValueError, match="scale="):
            ContextualAttention(**settings)


def test_push_pull_keeps_what_is_known_and_fills_the_rest(batch):
    images, masks = batch
    filled = to_numpy(PushPull()([images * masks, masks]))
    known = np.broadcast_to(masks > 0, images.shape)
    np.testing.assert_allclose(filled[known], images[known], atol=1e-6)
    mean = (images * masks).sum((1, 2), keepdims=True) / masks.sum((1, 2), keepdims=True)
    error, mean_error = (
        np.abs(f - images)[~known].mean() for f in (filled, np.broadcast_to(mean, images.shape))
    )
    assert error < 0.8 * mean_error


def test_enough_bends_are_biharmonic_filling(batch):
    images, masks = batch
    masks[:, :3] = masks[:, -3:] = masks[:, :, :3] = masks[:, :, -3:] = 1  # borders are another matter
    start, bent = (
        to_numpy(PushPull(biharmonic_steps=biharmonic_steps)([images * masks, masks]))
        for biharmonic_steps in (0, 80)
    )
    exact = baselines.biharmonic(images, masks)
    known = np.broadcast_to(masks > 0, images.shape)
    np.testing.assert_allclose(bent[known], images[known], atol=1e-6)
    assert np.abs(bent - exact).max() < 0.02 < np.abs(start - exact).max()


@pytest.mark.parametrize("biharmonic_steps", [0, 5])
def test_push_pull_of_a_constant_is_that_constant_at_any_size(rng, biharmonic_steps):
    """Also where one pixel alone is known, so that its weight after eight poolings is tiny."""
    mask = np.zeros((2, 89, 37, 1), "float32")
    mask[0, 3, 5] = 1
    filled = to_numpy(
        PushPull(biharmonic_steps=biharmonic_steps)([np.full((2, 89, 37, 3), 0.7, "float32"), mask])
    )
    np.testing.assert_allclose(filled[0], 0.7, atol=1e-5)
    np.testing.assert_allclose(filled[1], 0.5, atol=1e-6)  # nothing known: grey


@pytest.mark.parametrize("sizes", [((5, 4), (9, 8)), ((1, 3), (2, 5)), ((8, 8), (16, 16))])
def test_resizing_is_keras_own(rng, sizes):
    x = rng.normal(size=(2, *sizes[0], 3)).astype("float32")
    expected = ops.image.resize(x, sizes[1], interpolation="bilinear")
    np.testing.assert_allclose(to_numpy(resize_bilinear(x, sizes[1])), to_numpy(expected), atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_rounds_no_known_pixel(rng, policy):
    x, mask = rng.random((2, 17, 30, 3)).astype("float32"), np.ones((2, 17, 30, 1), "float32")
    mask[:, 5:9, 5:9] = 0
    keras.config.set_dtype_policy(policy)
    try:
        made = [MaskImage(), PushPull(biharmonic_steps=2)], PadToMultiple(8), CropLike()
        again = [type(layer).from_config(layer.get_config()) for layer in made[0]]
        inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
        model = keras.Model(inputs, [layer(inputs) for layer in made[0]])
    finally:
        keras.config.set_dtype_policy("float32")
    outputs = [*model([x, mask]), *(layer([x, mask]) for layer in (*made[0], *again))]
    for output in map(to_numpy, outputs):
        np.testing.assert_array_equal(output * mask, x * mask)
    np.testing.assert_array_equal(to_numpy(made[2]([made[1](x), x])), x)


@pytest.mark.parametrize("multiple", [1, 2, 8, 16])
def test_padding_reaches_the_next_multiple_and_no_further(multiple):
    for side in range(1, 34):
        padded = PadToMultiple(multiple).compute_output_shape((None, side, None, 3))
        assert padded == (None, multiple * math.ceil(side / multiple), None, 3)
        assert tuple(PadToMultiple(multiple)(np.ones((1, side, 1, 1))).shape[1:3]) == (padded[1], multiple)


def test_padding_counts_as_hole_and_is_cropped_away(rng):
    x = rng.random((2, 17, 30, 3)).astype("float32")
    padded = to_numpy(PadToMultiple(16)(x))
    assert padded.shape == PadToMultiple(16).compute_output_shape(x.shape) == (2, 32, 32, 3)
    assert np.all(padded[:, 17:] == 0)
    np.testing.assert_array_equal(to_numpy(CropLike()([padded, x])), x)
