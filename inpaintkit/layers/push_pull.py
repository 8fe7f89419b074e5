"""Push-pull filling: an image pyramid without weights (Gortler et al. 1996, section 3.4)."""

from keras import ops

from inpaintkit.checks import is_count
from inpaintkit.layers.base import Float32Layer, resize_bilinear, zero_hole
from inpaintkit.serialization import serializable


@serializable
class PushPull(Float32Layer):
    """Fills the hole with averages of the known pixels, from coarse to fine: an image pyramid, no weights.

    Push: average-pool image · mask and mask by 2, `levels` times. Their quotient is the mean of the known
    pixels in each cell. Pull: go back from the coarsest level; a cell with nothing known takes the bilinear
    value of the level above, a cell with anything known keeps its own.

    On each level the unknown cells are then smoothed: `smoothing_steps` times each takes the mean of its
    3×3 neighbourhood. With that the layer is a multigrid solver of Laplace's equation, which is worth 0.3 to
    0.9 dB on photographs and 2 dB on faces. Last, `biharmonic_steps` steps of conjugate gradients lead from
    there towards the smoothest surface, ∇⁴u = 0: on thin holes another 0.9 dB, and 20 steps are as good as
    biharmonic filling solved exactly. The cost is linear in the pixels, and all is differentiable.

    Args:
        levels: poolings; 8 reach across holes 256 pixels wide. Pixels that are still unknown take the mean
            of all known pixels; an image without any known pixel becomes grey (0.5).
        smoothing_steps: per level; 0 is the plain push-pull of the paper.
        biharmonic_steps: at full resolution. On photographs 16 steps brought 1.2 dB in square holes of 4
            pixels and 0.1 dB in those of 40; in grainy images, thin holes are better filled with 0 steps.
        **kwargs: as for `keras.layers.Layer`; dtype is float32 unless given.

    Input: `[image, mask]`, (B, H, W, C) and (B, H, W, 1). Output: (B, H, W, C), known pixels unchanged.

    Raises:
        ValueError: no level, or steps under 0.

    Example:
        >>> import numpy as np, inpaintkit as ik
        >>> mask = np.ones((1, 8, 8, 1))
        >>> mask[:, 2:4, 2:4] = 0
        >>> filled = ik.layers.PushPull()([0.7 * mask, mask])
        >>> round(float(filled[0, 2, 2, 0]), 4)
        0.7
    """

    def __init__(self, levels: int = 8, smoothing_steps: int = 4, biharmonic_steps: int = 0, **kwargs):
        super().__init__(**kwargs)
        if not (is_count(levels) and is_count(smoothing_steps, 0) and is_count(biharmonic_steps, 0)):
            raise ValueError(f"{levels=}, {smoothing_steps=}, {biharmonic_steps=}: expected at least 1, 0, 0")
        self.levels, self.smoothing_steps, self.biharmonic_steps = levels, smoothing_steps, biharmonic_steps

    def call(self, inputs):
        image, mask = (ops.cast(x, "float32") for x in inputs)  # a weight of 4⁻⁸ is too small for float16
        values, weights = zero_hole(image, mask), mask  # (B, H, W, C), (B, H, W, 1)

        pyramid = []
        for _ in range(self.levels):  # push: (B, H, W, C), (B, H/2, W/2, C), …
            pyramid.append((values, weights))
            values = ops.average_pool(values, 2, strides=2, padding="same")
            weights = ops.average_pool(weights, 2, strides=2, padding="same")

        total_value = ops.sum(values, axis=(1, 2), keepdims=True)  # (B, 1, 1, C)
        total_weight = ops.sum(weights, axis=(1, 2), keepdims=True)  # (B, 1, 1, 1)
        mean = _mean_or(total_value, total_weight, 0.5 * ops.ones_like(total_value))  # (B, 1, 1, C)
        filled = _mean_or(values, weights, mean)  # (B, H/256, W/256, C) with 8 levels
        for values, weights in reversed(pyramid):  # pull: …, (B, H/2, W/2, C), (B, H, W, C)
            filled = _mean_or(values, weights, resize_bilinear(filled, ops.shape(values)[1:3]))
            for _ in range(self.smoothing_steps):
                smooth = ops.average_pool(filled, 3, strides=1, padding="same")
                filled = _mean_or(values, weights, smooth)

        if self.biharmonic_steps:
            filled = _solve_biharmonic(filled, ops.cast(mask == 0, "float32"), self.biharmonic_steps)
        return ops.cast(filled, self.compute_dtype)  # (B, H, W, C)

    def get_config(self):
        steps = {"smoothing_steps": self.smoothing_steps, "biharmonic_steps": self.biharmonic_steps}
        return {**super().get_config(), "levels": self.levels, **steps}

    @classmethod
    def from_config(cls, config):
        old_names = {"sweeps": "smoothing_steps", "bends": "biharmonic_steps"}  # in files saved until 0.1
        return super().from_config({old_names.get(key, key): value for key, value in config.items()})


def _mean_or(values, weights, other):
    """The mean of the known pixels, values / weights; where nothing is known, `other`."""
    known = weights > 0
    return ops.where(known, values / ops.where(known, weights, ops.ones_like(weights)), other)


def _solve_biharmonic(x, hole, steps):
    """Conjugate gradients for ∇⁴x = 0 in the hole; each channel stays between its least and largest value."""
    low, high = ops.min(x, axis=(1, 2), keepdims=True), ops.max(x, axis=(1, 2), keepdims=True)
    residual = -hole * _laplace(_laplace(x))  # (B, H, W, C)
    direction, size = residual, _dot(residual, residual)
    for _ in range(steps):
        change = hole * _laplace(_laplace(direction))
        step = size / ops.maximum(_dot(direction, change), 1e-12)  # (B, 1, 1, 1)
        x, residual = x + step * direction, residual - step * change
        size_before, size = size, _dot(residual, residual)
        direction = residual + size / ops.maximum(size_before, 1e-12) * direction
    return ops.clip(x, low, high)


def _laplace(x):
    """The sum of the differences to the four neighbours; beyond the border each pixel repeats."""
    rows = ops.concatenate([x[:, :1], x, x[:, -1:]], axis=1)  # not ops.pad: in ONNX, it becomes operations
    columns = ops.concatenate([x[:, :, :1], x, x[:, :, -1:]], axis=2)  # that OpenCV's dnn module lacks
    return rows[:, :-2] + rows[:, 2:] + columns[:, :, :-2] + columns[:, :, 2:] - 4 * x


def _dot(x, y):
    """The scalar product per image: (B, H, W, C) to (B, 1, 1, 1)."""
    return ops.sum(x * y, axis=(1, 2, 3), keepdims=True)
