"""Contextual attention: exemplar-based filling on learned features, as one layer.

Follows Yu et al., "Generative Image Inpainting with Contextual Attention" (CVPR 2018), equations 1 to 3, in
the form of their second paper (see `models/deepfill.py`). Where we differ: similarities are true cosines, as
in the formula (the released code divides by only one of the two norms); a patch at the border of the image
is completed by mirroring, not with zeros; overlapping copies are averaged exactly, also at the border.
"""

import keras
from keras import ops

from inpaintkit.checks import is_count, is_number
from inpaintkit.layers.base import check_mask
from inpaintkit.serialization import serializable


@serializable
class ContextualAttention(keras.layers.Layer):
    """Rebuilds a feature map from copies of its known patches.

    Each 3×3 patch p of the map at half resolution is compared with all known patches q. The 4×4 patches of
    the map itself are then copied from the places q to the places p, overlapping, with the weights

        softmax over known q of  scale · Σ over neighbours cos(p, q)

    The sum over neighbours lets whole regions be copied, and not single patches.

    Args:
        scale: sharpness of the softmax; 10 is the paper's.
        reach: how many neighbours to each side enter the sum, across and down; 1 is the paper's.
        **kwargs: as for `keras.layers.Layer`.

    Input: `[features, mask]`, (B, H, W, C) with even H and W from 4 on, and (B, H, W, 1), 1 = known.
    Output: (B, H, W, C); zeros in images without any wholly known patch. Memory grows with (H·W / 4)²: at a
    quarter of a 256×256 image that is a million numbers per image.

    Raises:
        ValueError: a scale outside (0, 1e6], a reach under 0, an odd height or width, or one under 4.

    Example: a constant map is rebuilt exactly, also in its hole.

        >>> import numpy as np, inpaintkit as ik
        >>> mask = np.ones((1, 8, 8, 1), "float32")
        >>> mask[:, :2, :2] = 0
        >>> y = ik.layers.ContextualAttention()([0.5 * mask, mask])
        >>> round(float(y[0, 0, 0, 0]), 4)
        0.5
    """

    def __init__(self, scale: float = 10.0, reach: int = 1, **kwargs):
        super().__init__(**kwargs)
        if not is_number(scale, 0, 1e6) or not scale or not is_count(reach, 0):
            raise ValueError(f"{scale=}, {reach=}: expected 0 < scale ≤ 1e6 and a reach of 0 or more")
        self.scale, self.reach = scale, reach

    def build(self, input_shape):
        features, mask = input_shape
        check_mask(features, mask)
        if any(side is not None and (side % 2 or side < 4) for side in features[1:3]):
            raise ValueError(f"features {tuple(features)}: expected even height and width, at least 4")

    def call(self, inputs):
        features, mask = (ops.cast(x, "float32") for x in inputs)  # (B, H, W, C), (B, H, W, 1)
        full_height, full_width, channels = ops.shape(features)[1:]
        height, width = full_height // 2, full_width // 2
        n = height * width  # patches per image

        patches = _windows(features[:, ::2, ::2], size=3, stride=1)  # (B, H/2, W/2, 9·C)
        square_norm = ops.sum(patches * patches, axis=-1, keepdims=True)
        patches = patches / ops.sqrt(ops.maximum(square_norm, 1e-8))
        patches = ops.reshape(patches, (-1, n, 9 * channels))  # (B, n, 9·C)
        similarity = ops.matmul(patches, ops.transpose(patches, (0, 2, 1)))  # (B, n, n): cos(p, q)

        similarity = ops.reshape(similarity, (-1, height, width, height, width))
        similarity = self._add_neighbours(similarity, axis=2)  # across
        similarity = self._add_neighbours(similarity, axis=1)  # down
        similarity = ops.reshape(similarity, (-1, n, n))

        known = ops.min(_windows(mask[:, ::2, ::2], size=3, stride=1), axis=-1)  # (B, H/2, W/2)
        known = known * ops.min(_windows(mask, size=4, stride=2), axis=-1)
        known = ops.reshape(known, (-1, 1, n))
        weights = ops.softmax(ops.where(known > 0, self.scale * similarity, -1e9), axis=-1) * known

        sources = ops.reshape(_windows(features, size=4, stride=2), (-1, n, 16 * channels))
        copies = ops.reshape(ops.matmul(weights, sources), (-1, height, width, 4, 4, channels))
        total = _add_patches(copies)  # (B, H, W, C)
        count = _add_patches(ops.ones_like(copies[:1, ..., :1]))  # (1, H, W, 1): 4, and 2 or 1 at the border
        return ops.cast(total / count, self.compute_dtype)

    def _add_neighbours(self, similarity, axis):
        """Adds to each cos(p, q) those of the neighbours: p and q move together along one axis."""
        total = similarity
        for shift in range(1, self.reach + 1):
            for part, padding in ((slice(shift, None), (0, shift)), (slice(None, -shift), (shift, 0))):
                parts, paddings = [slice(None)] * 5, [(0, 0)] * 5
                parts[axis] = parts[axis + 2] = part
                paddings[axis] = paddings[axis + 2] = padding
                total = total + ops.pad(similarity[tuple(parts)], paddings)
        return total

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "reach": self.reach}


def _windows(x, size, stride):
    """Windows of size×size pixels, x mirrored at its border: (B, H/stride, W/stride, size²·C)."""
    height, width = ops.shape(x)[1:3]
    rows, columns = height - height % stride, width - width % stride
    x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    cells = [x[:, i : i + rows : stride, j : j + columns : stride] for i in range(size) for j in range(size)]
    return ops.concatenate(cells, axis=-1)


def _add_patches(patches):
    """4×4 patches two pixels apart, added where they overlap: (B, h, w, 4, 4, C) to (B, 2h, 2w, C)."""
    height, width, _, _, channels = ops.shape(patches)[1:]
    total = 0
    for i in (0, 2):  # the same quarter, 2×2 pixels, of all patches is an image without overlap
        for j in (0, 2):
            quarter = ops.transpose(patches[:, :, :, i : i + 2, j : j + 2], (0, 1, 3, 2, 4, 5))
            quarter = ops.reshape(quarter, (-1, 2 * height, 2 * width, channels))
            total = total + ops.pad(quarter, ((0, 0), (i, 2 - i), (j, 2 - j), (0, 0)))
    return total[:, 1:-1, 1:-1]
