"""PerceptualMetrics distances: how far apart two images, or two sets of images, look to a trained network.

Pixel errors forgive a blur and punish a plausible texture that is not the original; these do the opposite.
Of pairs, lower is nearer: `feature_distance` (Zhang et al. 2018, their baseline without learned weights)
and LPIPS itself, by its authors' package `lpips`. Of sets: FID, `frechet_distance` (Heusel et al. 2017),
and KID, `kernel_distance` (Bińkowski et al. 2018). FID is biased upwards, the more so the fewer the images;
KID is not, and says how sure it is: prefer it below `MIN_IMAGES_FOR_FID` images, and compare FIDs of equally
many images alone.

Where we differ: both look through keras.applications' InceptionV3, not through the one of published FIDs
(see `features.inception`), and FID takes no matrix square root, which is slow, and can fail. What a machine
cannot measure, since weights or a package are not there, is listed with the reason, and has no number.
"""

import warnings
from functools import partial

import numpy as np
from keras import ops

from inpaintkit.features import TAPS, Features, inception

NAMES = ("feature_distance", "lpips", "fid", "kid")
MIN_IMAGES_FOR_FID = 10_000  # images; "KID preferred" below
MIN_SIDE = {"feature_distance": 16, "lpips": 31}  # pixels a side that the networks need: VGG16, AlexNet
ALEXNET = "alexnet-owt-7be5be79.pth"  # as torchvision calls its weights


class PerceptualMetrics:
    """The perceptual distances that this machine can measure, opened once for a comparison.

    Args:
        names: which of `NAMES` to open.
        weights: {network: path} of local files, for "vgg16", "vgg19" or "squeezenet" (the first of these
            is what the feature distance looks through) and "inception", as in `features`. Networks not
            named: VGG16 and InceptionV3 with ImageNet's weights, from ~/.keras/models or downloaded.

    Attributes:
        missing: {name: why} of what cannot be measured, in one line each. Grows when images come that
            are too small or too few.
        descriptions: {name: what exactly is measured}, of what can be.

    Raises:
        ValueError: an unknown name or network; a file of weights that does not load.

    Example: `ik.compare(methods, images, masks, perceptual=ik.metrics.PerceptualMetrics(("lpips", "kid")))`.
    """

    def __init__(self, names=NAMES, weights=None):
        weights = weights or {}
        for what, given, known in (("names", names, NAMES), ("weights", weights, (*TAPS, "inception"))):
            if isinstance(given, str) or not set(given) <= set(known):
                raise ValueError(f"{what}={given!r}: expected some of {', '.join(known)}")
        network = next((name for name in TAPS if name in weights), "vgg16")
        self.missing, self._see = {}, {}
        for opener, path, serves in (
            (partial(_through, network), weights.get(network), ("feature_distance",)),
            (_lpips, None, ("lpips",)),
            (inception, weights.get("inception"), ("fid", "kid")),
        ):
            if asked := [name for name in serves if name in names]:
                try:
                    self._see |= dict.fromkeys(asked, opener(path) if path else opener())
                except ValueError as error:
                    if path:  # a file that was named and is not right: a mistake, not a lack
                        raise
                    self.missing |= dict.fromkeys(asked, " ".join(str(error).split()))
        eye = "keras.applications' InceptionV3 at 299×299, not comparable with published values"
        descriptions = {
            "feature_distance": f"{network} {', '.join(TAPS[network])}: squared distance of unit vectors",
            "lpips": "package lpips, net alex, version 0.1",
            "fid": f"{eye}; KID is preferred below {MIN_IMAGES_FOR_FID:,} images",
            "kid": f"{eye}; all images at once, in pairs; kid_error is a standard error",
        }
        self.descriptions = {name: descriptions[name] for name in NAMES if name in self._see}

    def per_image(self, images, filled):
        """Distances of images to their fills.

        Args:
            images, filled: (B, H, W, 3) in [0, 1].

        Returns:
            {name: float32 (B,)} of "feature_distance" and "lpips", those that can be measured.

        Raises:
            ValueError: as `feature_distance`.
        """
        distances = {}
        height, width = np.shape(images)[1:3]
        for name, least in MIN_SIDE.items():
            if name in self._see and min(height, width) < least:
                self.missing[name] = f"images of {height}×{width} pixels: it needs {least} a side"
            elif name in self._see:
                distances[name] = ops.convert_to_numpy(self._see[name](images, filled)).astype("float32")
        return distances

    def embed(self, images):
        """Images (B, H, W, 3) in [0, 1] as FID and KID see them, float32 (B, 2048); None if they cannot."""
        see = self._see.get("fid") or self._see.get("kid")
        return see and see(images)

    def distances(self, real, fake):
        """Distances of two sets of embeddings (N, D), of images and of their fills in the same order.

        Returns:
            {"fid": …, "kid": …, "kid_error": …} of those that can be measured: KID of pairs, with its
            standard error. Fewer than three images have neither, which is noted in `missing`.

        Raises:
            ValueError: as `kernel_distance`.
        """
        sets = [name for name in ("fid", "kid") if name in self._see]
        if len(real) < 3:
            self.missing |= dict.fromkeys(sets, f"{len(real)} images: it needs at least 3")
            return {}
        values = {"fid": frechet_distance(real, fake)} if "fid" in sets else {}
        if "kid" in sets:
            values["kid"], values["kid_error"] = kernel_distance(real, fake, paired=True)
        return values


def feature_distance(y_true, y_pred, features):
    """How differently a network sees two images: 0 for the same, at most 2.

    Mean over taps and positions of ‖u − v‖², u and v being the feature vectors of a position, scaled to
    length 1. It is what the package lpips gives for `lpips=False`, divided by the number of taps.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1].
        features: a `Features`.

    Returns:
        (B,) float32.

    Raises:
        ValueError: shapes that differ, or that `features` refuses.

    Source: Zhang et al. 2018, eq. 1 with w = 1.
    """
    _check_same(y_true, y_pred)
    maps = zip(features(y_true), features(y_pred), strict=True)
    squares = [ops.sum(ops.square(ops.normalize(a) - ops.normalize(b)), axis=-1) for a, b in maps]
    return sum(ops.mean(x, axis=(1, 2)) for x in squares) / len(squares)


def frechet_distance(real, fake):
    """Fréchet distance of two sets of embeddings, each taken for Gaussian: FID. 0 or more, lower is nearer.

    ‖μ − ν‖² + tr(S + T − 2 √(S T)), S and T the covariances. With S = AᵀA and T = BᵀB, A and B being the
    centred embeddings, the eigenvalues of S T are those of (A Bᵀ)(A Bᵀ)ᵀ, which is symmetric, and small when
    the images are few: eigenvalues are found where a matrix root is slow.

    Args:
        real, fake: (N, D) and (M, D), at least two images each.

    Returns:
        float, computed in float64.

    Raises:
        ValueError: other shapes, or values that are not finite.

    Example: of N(0, 1) and N(3, 1) in one dimension: 9.

    Source: Heusel et al. 2017, eq. 6; Dowson and Landau 1982.
    """
    real, fake = _check_embeddings(real, fake)
    centred = [(x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (real, fake)]
    total = ((real.mean(0) - fake.mean(0)) ** 2).sum() + sum((x**2).sum() for x in centred)
    a, b = sorted(centred, key=len)
    if len(a) > a.shape[1]:  # more images than dimensions: fewer rows have the same covariance
        values, vectors = np.linalg.eigh(a.T @ a)
        a = np.sqrt(values.clip(0))[:, None] * vectors.T
    product = a @ b.T
    roots = np.sqrt(np.linalg.eigvalsh(product @ product.T).clip(0))
    return max(0.0, float(total - 2 * roots.sum()))


def kernel_distance(real, fake, paired=False):
    """Kernel distance of two sets of embeddings: KID. 0 on average for the same kind of images.

    The unbiased estimate of the squared maximum mean discrepancy under k(x, y) = (x·y / D + 1)³, over all
    images at once rather than over random subsets. Being unbiased, it may come out below 0.

    Args:
        real, fake: (N, D) and (M, D), at least three images each.
        paired: fake[i] is a fill of real[i]: that pair is left out (Gretton et al. 2012, lemma 6), as
            what looks alike because it is mostly the same image would otherwise make KID too low.
            False: independent sets, KID as published.

    Returns:
        (float, float): the distance, and its standard error (jackknife over images).

    Raises:
        ValueError: other shapes, or values that are not finite.

    Source: Bińkowski et al. 2018, section 4.
    """
    real, fake = _check_embeddings(real, fake, fewest=3)
    n, m, pairs = len(real), len(fake), int(paired)
    if paired and n != m:
        raise ValueError(f"{n} and {m} embeddings: pairs need as many of the one as of the other")
    # How much more each image looks like the others of its set than like those of the other set.
    x = _likeness(real, real, 1) / (n - 1) - _likeness(real, fake, pairs) / (m - pairs)
    y = _likeness(fake, fake, 1) / (m - 1) - _likeness(fake, real, pairs) / (n - pairs)
    if paired:
        error = 2 * np.std(x + y, ddof=1) / np.sqrt(n) * (n - 1) / (n - 2)
    else:
        error = 2 * np.sqrt(x.var(ddof=1) / n + y.var(ddof=1) / m)
    return float(x.mean() + y.mean()), float(error)


def _likeness(a, b, without_same):
    """Sum of k(a_i, b_j) over j, for each i; without j = i if so asked. In blocks, as 10,000² fill 800 MB."""
    blocks = np.array_split(a, -(-len(a) // 1000))
    sums = np.concatenate([((block @ b.T / b.shape[1] + 1) ** 3).sum(1) for block in blocks])
    return sums - ((a * b).mean(1) + 1) ** 3 if without_same else sums


def _through(network, weights=None):
    """The feature distance as a function of two batches."""
    return partial(feature_distance, features=Features(network, weights))


def _lpips():
    """LPIPS as a function of two batches (B, H, W, 3) in [0, 1], by the package of its authors."""
    try:
        import lpips
        import torch
    except ModuleNotFoundError as error:
        raise ValueError(f"{error}: pip install lpips (it needs PyTorch and torchvision)") from error
    except Exception as error:  # a torchvision that does not fit its torch fails with a RuntimeError
        raise ValueError(f"package lpips does not load: {error}") from error
    try:
        with warnings.catch_warnings(action="ignore"):  # it calls torchvision in an old way
            network = lpips.LPIPS(net="alex", verbose=False)
    except OSError as error:
        raise ValueError(
            f"no weights for LPIPS: {error}; fetch torchvision's {ALEXNET} by other means and put it into "
            "~/.cache/torch/hub/checkpoints/"
        ) from error

    def distance(images, filled):
        _check_same(images, filled)
        pair = [torch.tensor(np.moveaxis(np.asarray(x, "float32"), -1, 1)) for x in (images, filled)]
        with torch.inference_mode():
            return network(*pair, normalize=True).flatten().numpy()

    return distance


def _check_same(y_true, y_pred):
    if tuple(y_true.shape) != tuple(y_pred.shape):
        raise ValueError(f"images {tuple(y_true.shape)} and {tuple(y_pred.shape)}: expected one shape")


def _check_embeddings(real, fake, fewest=2):
    sets = np.asarray(real, "float64"), np.asarray(fake, "float64")
    if any(x.ndim != 2 or len(x) < fewest for x in sets) or sets[0].shape[1] != sets[1].shape[1]:
        raise ValueError(
            f"embeddings of shapes {sets[0].shape} and {sets[1].shape}: expected (N, D) and (M, D), "
            f"N and M at least {fewest}"
        )
    if not all(np.isfinite(x).all() for x in sets):
        raise ValueError("embeddings hold NaN or infinity: did the network or the images?")
    return sets
