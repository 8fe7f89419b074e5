"""Distances of two sets of embeddings: FID and KID.

FID is biased upwards, more so for fewer images; KID is not, and comes with a standard error. Below
`MIN_IMAGES_FOR_FID` images, prefer KID, and compare only FIDs of equally many images.
"""

import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import as_array, check_choice

MIN_IMAGES_FOR_FID = 10_000  # below that, KID is preferred


def frechet_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """FID: the Fréchet distance of two sets of embeddings, taken as Gaussian. 0 or more; lower is nearer.

    FID = ‖μ − ν‖² + tr(S + T − 2 √(S T)), with means μ, ν and covariances S, T of the two sets.

    Args:
        real, fake: (N, D) and (M, D), at least two images each.

    Returns:
        float, computed in float64.

    Raises:
        ValueError: other shapes, or values that are not finite.

    Example: N(0, 1) and N(3, 1) in one dimension, that is (0 − 3)².
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> real = np.array([[-1.0], [0.0], [1.0]])
        >>> round(ik.metrics.frechet_distance(real, real + 3), 6)
        9.0

    Source: Heusel et al. 2017, eq. 6; Dowson and Landau 1982. Where we differ: no matrix square root, which
    is slow and can fail. With S = AᵀA and T = BᵀB, where A and B are the centred embeddings, S T has the same
    eigenvalues (but for zeros) as (A Bᵀ)(A Bᵀ)ᵀ, which is symmetric, and small when there are few images.
    """
    real, fake = _check_embeddings(real, fake)
    centred = [(x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (real, fake)]
    total = ((real.mean(0) - fake.mean(0)) ** 2).sum() + sum((x**2).sum() for x in centred)
    a, b = sorted(centred, key=len)
    if len(a) > a.shape[1]:  # more images than dimensions: D rows have the same covariance
        values, vectors = np.linalg.eigh(a.T @ a)
        a = np.sqrt(values.clip(0))[:, None] * vectors.T
    product = a @ b.T
    roots = np.sqrt(np.linalg.eigvalsh(product @ product.T).clip(0))
    return max(0.0, float(total - 2 * roots.sum()))


def kernel_distance(real: ArrayLike, fake: ArrayLike, paired: bool = False) -> tuple[float, float]:
    """KID: the kernel distance of two sets of embeddings. 0 on average for two sets of the same distribution.

    KID = mean k(x, x′) + mean k(y, y′) − 2 mean k(x, y), with k(x, y) = (x·y / D + 1)³; x ≠ x′ are real
    embeddings, y ≠ y′ fake ones. This is the unbiased estimate of the squared maximum mean discrepancy, so it
    may be below 0.

    Args:
        real, fake: (N, D) and (M, D), at least three images each.
        paired: True: fake[i] is a fill of real[i], and k(real[i], fake[i]) is left out (Gretton et al. 2012,
            lemma 6): a fill is similar to its original because most of it is the same image, which would make
            KID too low. False: independent sets, KID as published.

    Returns:
        (float, float): the distance, and its standard error (jackknife over images).

    Raises:
        ValueError: other shapes, or values that are not finite.

    Example:
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> ik.metrics.kernel_distance(np.zeros((3, 1)), np.ones((3, 1)))  # k: 1 + 8 − 2 · 1
        (7.0, 0.0)

    Source: Bińkowski et al. 2018, section 4. Where we differ: over all images at once, not over random
    subsets.
    """
    real, fake = _check_embeddings(real, fake, fewest=3)
    n, m, left_out = len(real), len(fake), int(check_choice("paired", paired, (True, False)))
    if paired and n != m:
        raise ValueError(f"{n} and {m} embeddings: pairs need as many of the one as of the other")
    # How much more similar each image is to the others of its own set than to those of the other set.
    x = _kernel_sums(real, real, True) / (n - 1) - _kernel_sums(real, fake, paired) / (m - left_out)
    y = _kernel_sums(fake, fake, True) / (m - 1) - _kernel_sums(fake, real, paired) / (n - left_out)
    if paired:
        error = 2 * np.std(x + y, ddof=1) / np.sqrt(n) * (n - 1) / (n - 2)
    else:
        error = 2 * np.sqrt(x.var(ddof=1) / n + y.var(ddof=1) / m)
    return float(x.mean() + y.mean()), float(error)


def _kernel_sums(a, b, leave_out_same):
    """Σ k(a_i, b_j) over j for each i, (N,), without j = i if asked. In blocks: 10,000² are 800 MB."""
    blocks = np.array_split(a, -(-len(a) // 1000))
    sums = np.concatenate([((block @ b.T / b.shape[1] + 1) ** 3).sum(1) for block in blocks])
    if leave_out_same:
        sums -= ((a * b).mean(1) + 1) ** 3
    return sums


def _check_embeddings(real, fake, fewest=2):
    """Both as float64; ValueError for other shapes or values that are not finite."""
    real, fake = as_array("real", real, "float64"), as_array("fake", fake, "float64")
    fits = real.ndim == fake.ndim == 2 and min(len(real), len(fake)) >= fewest
    if not fits or real.shape[1] != fake.shape[1]:
        raise ValueError(f"real {real.shape}, fake {fake.shape}: expected (N, D) and (M, D), N, M ≥ {fewest}")
    if not all(np.abs(x).max(initial=0) < 1e50 for x in (real, fake)):  # so NaN is refused, too
        raise ValueError("embeddings hold NaN or infinity, real or fake: check the images and the weights")
    return real, fake
