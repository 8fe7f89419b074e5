"""Contextual attention: a learnt exemplar method, as one layer.

Follows Yu et al., "Generative Image Inpainting with Contextual Attention" (CVPR 2018), eq. 1–3, as their
second paper uses it (see `models/gated.py`). Where we differ: similarities are true cosines, as the formula
says (the released code divides by one norm of the two); a patch beside an image's border is completed by
mirroring, not by zeros; overlapping copies are averaged exactly, borders included.
"""

import keras
from keras import ops

from inpaintkit.serialization import serializable


@serializable
class ContextualAttention(keras.layers.Layer):
    """Rebuilds a feature map from copies of its known patches: a learnt exemplar method.

    Each 3×3 patch p of the map at half resolution looks for known patches q like it, and the 4×4 patches
    of the map itself are copied from there, overlapping, in proportion to

        softmax over known q of  scale · Σ over neighbours cos(p, q)

    where the sum lets neighbours agree, so that whole regions are copied, not single patches.

    Args:
        scale: sharpness of the softmax; 10 is the paper's.
        reach: neighbours that must agree, to each side, across and then down; 1 is the paper's.

    Input: `[features, mask]`, (B, H, W, C) with even H and W, and (B, H, W, 1), 1 = known.
    Output: (B, H, W, C); zeros where no patch of the image is wholly known. Memory grows with
    (H·W / 4)²: at a quarter of a 256×256 image that is a million numbers an image.

    Raises:
        ValueError: scale or reach under 0; a side that is odd.
    """

    def __init__(self, scale=10.0, reach=1, **kwargs):
        super().__init__(**kwargs)
        if scale <= 0 or reach < 0:
            raise ValueError(
                f"scale={scale}, reach={reach}: expected a scale above 0 and a reach of 0 or more"
            )
        self.scale, self.reach = scale, reach

    def build(self, input_shape):
        features, _ = input_shape
        if any((side or 0) % 2 for side in features[1:3]):
            raise ValueError(f"features of shape {tuple(features)}: expected even height and width")

    def call(self, inputs):
        features, mask = (ops.cast(x, "float32") for x in inputs)
        channels = features.shape[-1]
        height, width = (side // 2 for side in ops.shape(features)[1:3])
        small = _windows(features[:, ::2, ::2], 3, 1)  # (B, H/2, W/2, 9·C)
        small = small / ops.sqrt(ops.maximum(ops.sum(small * small, axis=-1, keepdims=True), 1e-8))
        known = ops.min(_windows(mask, 4, 2), axis=-1) * ops.min(_windows(mask[:, ::2, ::2], 3, 1), axis=-1)
        n = height * width
        flat = ops.reshape(small, (-1, n, 9 * channels))
        alike = ops.matmul(flat, ops.transpose(flat, (0, 2, 1)))  # cosine of every p with every q: (B, n, n)
        alike = ops.reshape(alike, (-1, height, width, height, width))
        for side in (2, 1):  # across, then down
            alike = self._agree(alike, side)
        known = ops.reshape(known, (-1, 1, n))
        alike = ops.where(known > 0, self.scale * ops.reshape(alike, (-1, n, n)), -1e9)
        attention = ops.softmax(alike, axis=-1) * known
        copies = ops.matmul(attention, ops.reshape(_windows(features, 4, 2), (-1, n, 16 * channels)))
        filled = _overlap(ops.reshape(copies, (-1, height, width, 4, 4, channels)))
        count = _overlap(ops.ones_like(ops.reshape(copies, (-1, height, width, 4, 4, channels))[:1, ..., :1]))
        return ops.cast(filled / count, self.compute_dtype)

    def _agree(self, alike, side):
        """Sums over neighbours: p shifted one way and q shifted with it, along one side of the image."""
        total = alike
        for shift in range(1, self.reach + 1):
            for cut, pad in (((shift, None), (0, shift)), ((None, -shift), (shift, 0))):
                moved = [slice(None)] * 5
                padding = [(0, 0)] * 5
                for axis in (side, side + 2):
                    moved[axis], padding[axis] = slice(*cut), pad
                total = total + ops.pad(alike[tuple(moved)], padding)
        return total

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "reach": self.reach}


def _windows(x, size, stride):
    """Every size×size window of x, mirrored at its border: to (B, H/stride, W/stride, size²·C)."""
    height, width = ops.shape(x)[1:3]
    rows, columns = height - height % stride, width - width % stride
    x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    cells = [x[:, i : i + rows : stride, j : j + columns : stride] for i in range(size) for j in range(size)]
    return ops.concatenate(cells, axis=-1)


def _overlap(patches):
    """4×4 patches two pixels apart, added up: (B, h, w, 4, 4, C) to (B, 2h, 2w, C)."""
    _, height, width, _, _, channels = ops.shape(patches)
    total = 0
    for i in (0, 2):  # each quarter of all patches is an image without overlap
        for j in (0, 2):
            quarter = ops.transpose(patches[:, :, :, i : i + 2, j : j + 2], (0, 1, 3, 2, 4, 5))
            quarter = ops.reshape(quarter, (-1, 2 * height, 2 * width, channels))
            total = total + ops.pad(quarter, ((0, 0), (i, 2 - i), (j, 2 - j), (0, 0)))
    return total[:, 1:-1, 1:-1]
