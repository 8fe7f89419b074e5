"""Overlap scores and cosine similarity of whole images, one value per image, shape (B,)."""

from numpy.typing import ArrayLike

from inpaintkit.metrics.regions import operations, prepare, sum_per_image, zero_outside
from inpaintkit.serialization import serializable


@serializable
def dice(
    y_true: ArrayLike, y_pred: ArrayLike, region: ArrayLike | None = None, squared: bool = False
) -> ArrayLike:
    """Soft Dice coefficient, as Giminosk's study defines it, for comparison with that study.

    Dice = 2 Σ x y / (Σ x + Σ y), or with `squared`: 2 Σ x y / (Σ x² + Σ y²).

    Caution: on images, the first form is not largest at the truth. Where the truth is brighter than half of
    the score, a brighter fill scores higher, up to white; elsewhere a darker one does. The squared form is
    largest, 1, at the truth.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1], x and y of the formula.
        region: (B, H, W, 1) or (B, H, W), 1 where a pixel counts; None: everywhere. `1 - mask` for the hole.
        squared: whether the denominator has squares.

    Returns:
        array or tensor (B,); NaN where the region is empty.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> truth, white = np.full((1, 8, 8, 3), 0.5), np.ones((1, 8, 8, 3))
        >>> [round(float(ik.metrics.dice(truth, fill)[0]), 2) for fill in (truth, white)]
        [0.5, 0.67]
        >>> float(ik.metrics.dice(truth, truth, squared=True)[0])
        1.0
    """
    y_true, y_pred = zero_outside(*prepare(y_true, y_pred, region))
    total = sum(sum_per_image(y * y if squared else y) for y in (y_true, y_pred))
    return 2 * sum_per_image(y_true * y_pred) / operations(total).maximum(total, 1e-7)


@serializable
def jaccard_distance(
    y_true: ArrayLike, y_pred: ArrayLike, region: ArrayLike | None = None, smooth: float = 100.0
) -> ArrayLike:
    """Soft Jaccard distance, as Giminosk's study defines it, but per image, not per batch; lower is nearer.

    J = s · (1 − (I + s) / (U + s)), with I = Σ |x y| and U = Σ |x| + Σ |y| − I.

    Like the soft Dice coefficient, it does not have its best value at the truth.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1], x and y of the formula.
        region: (B, H, W, 1) or (B, H, W), 1 where a pixel counts; None: everywhere. `1 - mask` for the hole.
        smooth: s of the formula.

    Returns:
        array or tensor (B,), 0 to s; NaN where the region is empty.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> truth, white = np.full((1, 8, 8, 3), 0.5), np.ones((1, 8, 8, 3))
        >>> [round(float(ik.metrics.jaccard_distance(truth, fill)[0]), 1) for fill in (truth, white)]
        [39.3, 32.9]
    """
    y_true, y_pred = zero_outside(*prepare(y_true, y_pred, region))
    both = sum_per_image(abs(y_true * y_pred))
    either = sum_per_image(abs(y_true)) + sum_per_image(abs(y_pred)) - both
    return (1 - (both + smooth) / (either + smooth)) * smooth


@serializable
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, region: ArrayLike | None = None) -> ArrayLike:
    """Cosine of the angle between two images as vectors: 1 where one is a multiple of the other.

    cos = Σ x y / √(Σ x² · Σ y²). It does not notice brightness: an image at half its brightness scores 1.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1], x and y of the formula.
        region: (B, H, W, 1) or (B, H, W), 1 where a pixel counts; None: everywhere. `1 - mask` for the hole.

    Returns:
        array or tensor (B,), 0 to 1 for images in [0, 1]; NaN where the region is empty.

    Raises:
        ValueError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> red, yellow = np.zeros((2, 1, 8, 8, 3))
        >>> red[..., 0] = yellow[..., :2] = 1
        >>> round(float(ik.metrics.cosine_similarity(red, yellow)[0]), 3)  # 45°
        0.707
    """
    y_true, y_pred = zero_outside(*prepare(y_true, y_pred, region))
    squares = sum_per_image(y_true * y_true) * sum_per_image(y_pred * y_pred)
    xp = operations(squares)
    return sum_per_image(y_true * y_pred) / xp.sqrt(xp.maximum(squares, 1e-14))
