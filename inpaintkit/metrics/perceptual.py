"""Perceptual metrics: how different two images, or two sets of images, look to a trained network.

Errors per pixel favour a blurred fill over a plausible texture that differs from the original. These metrics
do the opposite. Of pairs of images, lower is nearer: `feature_distance` (Zhang et al. 2018, their baseline
without learned weights), and LPIPS by its authors' package `lpips`. Of sets of images: FID and KID, in
`embedding_distances`.

Where we differ: the networks are those of keras.applications, not the Inception of published FIDs (see
`features.inception`). A metric whose weights or package are missing on this machine is listed with the
reason, and has no number.
"""

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from inpaintkit.checks import check_type
from inpaintkit.features import FEATURE_LAYERS, Features, inception
from inpaintkit.metrics.embedding_distances import MIN_IMAGES_FOR_FID, frechet_distance, kernel_distance
from inpaintkit.metrics.regions import check_shapes, prepare

NAMES = ("feature_distance", "lpips", "fid", "kid")
MIN_SIDE = {"feature_distance": 16, "lpips": 31}  # pixels; of the images that VGG16 and AlexNet take
ALEXNET = "alexnet-owt-7be5be79.pth"  # as torchvision calls the file of its weights


class PerceptualMetrics:
    """The perceptual metrics that this machine can measure, opened once for a comparison.

    Args:
        names: which of `NAMES` to open.
        weights: None, or {network: path} of local files, for "vgg16", "vgg19" or "squeezenet" (the first of
            them is used for the feature distance) and "inception", as in `features`. Otherwise VGG16 and
            InceptionV3 with ImageNet's weights, from ~/.keras/models or downloaded.

    Attributes:
        descriptions: {name: what exactly is measured}, of the metrics that can be measured.
        missing: {name: reason}, of those that cannot, one line each. Images that are too small or too few add
            to it.

    Raises:
        ValueError: an unknown name or network; a file of weights that does not load.

    Example:
        >>> import inpaintkit as ik
        >>> ik.metrics.PerceptualMetrics(("ssim",))
        Traceback (most recent call last):
        ValueError: names=('ssim',): expected some of feature_distance, lpips, fid, kid
        >>> perceptual = ik.metrics.PerceptualMetrics(("lpips", "kid"))  # doctest: +SKIP
        >>> ik.compare(methods, images, masks, perceptual=perceptual)  # doctest: +SKIP
    """

    def __init__(self, names: tuple[str, ...] = NAMES, weights: dict[str, str] | None = None):
        weights = {} if weights is None else weights
        _check_some("names", names, NAMES)
        _check_some("weights", weights, (*FEATURE_LAYERS, "inception"))
        self.descriptions: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self._of_pairs, self._embed = {}, None  # {name: function of two batches}; function of one batch
        if "feature_distance" in names:
            network = next((name for name in FEATURE_LAYERS if name in weights), "vgg16")
            layers, file = ", ".join(FEATURE_LAYERS[network]), weights.get(network)
            about = {"feature_distance": f"{network} {layers}: squared distance of unit vectors"}
            if features := self._open(about, partial(Features, network, file), file):
                self._of_pairs["feature_distance"] = partial(feature_distance, features=features)
        about = {"lpips": "package lpips, net alex, version 0.1"}
        if "lpips" in names and (distance := self._open(about, _lpips)):
            self._of_pairs["lpips"] = distance
        network = "keras.applications' InceptionV3 at 299×299, not comparable with published values"
        details = {
            "fid": f"KID is preferred below {MIN_IMAGES_FOR_FID:,} images",
            "kid": "all images at once, in pairs; kid_error is a standard error",
        }
        if about := {name: f"{network}; {text}" for name, text in details.items() if name in names}:
            file = weights.get("inception")
            self._embed = self._open(about, partial(inception, file), file)

    def _open(self, descriptions, load, file=None):
        """What `load` returns, or None and a reason in `missing`. A file that the user named must load."""
        try:
            loaded = load()
        except ValueError as error:
            if file:
                raise
            self.missing |= dict.fromkeys(descriptions, " ".join(str(error).split()))
            return None
        self.descriptions |= descriptions
        return loaded

    def per_image(self, images: ArrayLike, filled: ArrayLike) -> dict[str, np.ndarray]:
        """Distances of images from their fills.

        Args:
            images, filled: (B, H, W, 3) in [0, 1].

        Returns:
            {name: float32 (B,)} of "feature_distance" and "lpips", those that can be measured.

        Raises:
            ValueError: as `feature_distance`.
        """
        distances = {}
        height, width = np.shape(images)[1:3]
        for name, distance in self._of_pairs.items():
            if min(height, width) < MIN_SIDE[name]:
                self.missing[name] = f"images of {height}×{width} pixels: it needs {MIN_SIDE[name]} per side"
            else:
                distances[name] = ops.convert_to_numpy(distance(images, filled)).astype("float32")
        return distances

    def embeddings(self, images: ArrayLike) -> np.ndarray | None:
        """What FID and KID are computed from.

        Args:
            images: (B, H, W, 3) in [0, 1].

        Returns:
            float32 (B, 2048), or None where neither can be measured.
        """
        return None if self._embed is None else self._embed(images)

    def set_distances(self, real: ArrayLike, fake: ArrayLike) -> dict[str, float]:
        """Distances of two sets of embeddings.

        Args:
            real, fake: (N, D), of images and of their fills, in the same order.

        Returns:
            {"fid": …, "kid": …, "kid_error": …} of those that can be measured: KID of pairs, with its
            standard error. Fewer than three images have neither, which `missing` then tells.

        Raises:
            ValueError: as `kernel_distance`.
        """
        names = [name for name in ("fid", "kid") if name in self.descriptions]
        if len(real) < 3:
            self.missing |= dict.fromkeys(names, f"{len(real)} images: it needs at least 3")
            return {}
        distances = {}
        if "fid" in names:
            distances["fid"] = frechet_distance(real, fake)
        if "kid" in names:
            distances["kid"], distances["kid_error"] = kernel_distance(real, fake, paired=True)
        return distances


def feature_distance(y_true: ArrayLike, y_pred: ArrayLike, features: Features) -> ArrayLike:
    """How different two images are to a network: 0 for identical images, at most 2.

    d = mean over layers, of the mean over positions, of ‖u − v‖², where u and v are the two images' feature
    vectors at a position, scaled to length 1. This is what the package lpips computes with `lpips=False`,
    divided by the number of layers.

    Args:
        y_true, y_pred: (B, H, W, 3) in [0, 1].
        features: a `Features`, or any function of images to a list of feature maps (B, h, w, C).

    Returns:
        tensor (B,), float32.

    Raises:
        ValueError: shapes that differ, or that `features` refuses.

    Example: with the colours themselves as features, red and green are unit vectors at a right angle.
        >>> import numpy as np
        >>> import inpaintkit as ik
        >>> red, green = np.eye(3, dtype="float32")[:2, None, None, None] * np.ones((1, 4, 4, 1), "float32")
        >>> round(float(ik.metrics.feature_distance(red, green, lambda images: [images])[0]), 3)
        2.0

    Source: Zhang et al. 2018, eq. 1 with w = 1.
    """
    check_type("features", features, Callable, "a function of images to a list of feature maps")
    y_true, y_pred, _ = prepare(y_true, y_pred)
    distances = []
    for a, b in zip(features(y_true), features(y_pred), strict=True):  # (B, h, w, C)
        squares = ops.sum(ops.square(ops.normalize(a) - ops.normalize(b)), axis=-1)  # (B, h, w)
        distances.append(ops.mean(squares, axis=(1, 2)))  # (B,)
    return sum(distances) / len(distances)


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
        with warnings.catch_warnings(action="ignore"):  # it calls torchvision in a deprecated way
            network = lpips.LPIPS(net="alex", verbose=False)
    except OSError as error:
        raise ValueError(f"{error}: put {ALEXNET} into ~/.cache/torch/hub/checkpoints/") from error

    def distance(images, filled):
        check_shapes(images, filled)
        pair = [torch.tensor(np.moveaxis(np.asarray(x, "float32"), -1, 1)) for x in (images, filled)]
        with torch.inference_mode():
            return network(*pair, normalize=True).flatten().numpy()

    return distance


def _check_some(name, given, choices):
    if not isinstance(given, (tuple, list, set, dict)) or not all(each in choices for each in given):
        raise ValueError(f"{name}={given!r}: expected some of {', '.join(choices)}")
