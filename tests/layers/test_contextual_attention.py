"""Contextual attention, with an oracle that goes through the image patch by patch."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit.layers import ContextualAttention


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
