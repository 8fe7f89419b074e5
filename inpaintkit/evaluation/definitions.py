"""Metric definitions: what "PSNR", "SSIM" and "L1" mean in the project that a number comes from.

The same fill has SSIM 0.915 in one project and 0.976 in another, because one measures grey images with a
window of 51 pixels. Compare a number with a published one only under the same metric definition.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from inpaintkit.checks import as_array, check_choice, is_count
from inpaintkit.images import to_uint8
from inpaintkit.metrics import MAX_PSNR, check_shapes, mae, mse, ssim_map

GAUSSIAN_WINDOW = {"win_size": 11, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


@dataclass(frozen=True)
class MetricDefinition:
    """How two images become numbers.

    Args:
        description: the definition in words; it goes with every table.
        ssim: settings for `skimage.metrics.structural_similarity`, or None for `ik.metrics.ssim`.
        grey: whether to measure luminance (0.2125 R + 0.7154 G + 0.0721 B) instead of three channels.
        rounded: whether to round images to 8 bits first, as files hold them.
        relative: whether L1 is Σ|x − y| / Σ(x + y) instead of the mean of |x − y|.
        percent: whether L1 is multiplied by 100.

    Raises:
        ValueError: settings of SSIM without an odd window; from `measure`, shapes that do not fit.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> definition = ik.evaluation.MetricDefinition("L1 in per cent", percent=True)
        >>> black, grey = np.zeros((1, 16, 16, 3)), np.full((1, 16, 16, 3), 0.5)
        >>> definition.measure(black, grey)["image"]["mae"]
        array([50.])
    """

    description: str
    ssim: dict | None = None
    grey: bool = False
    rounded: bool = False
    relative: bool = False
    percent: bool = False

    def __post_init__(self):
        window = self.ssim.get("win_size") if isinstance(self.ssim, dict) else None
        if self.ssim is not None and not (is_count(window, 3) and window % 2):
            raise ValueError(f"ssim={self.ssim!r}: expected None, or a dict with an odd win_size, at least 3")

    def measure(self, images: ArrayLike, filled: ArrayLike, **regions: ArrayLike | None) -> dict:
        """MAE, MSE, PSNR and SSIM per image, over each region.

        Args:
            images, filled: (B, H, W, 3) in [0, 1].
            regions: name=region. A region is None for the whole image, or (B, H, W, 1), 1 where it counts.
                Without any it is `image=None`.

        Returns:
            {region: {"mae", "mse", "psnr", "ssim"}}, each (B,). PSNR is in dB, at most `metrics.MAX_PSNR`.
            SSIM is NaN where no window has its centre in the region.

        Raises:
            ValueError: images smaller than the window of SSIM.
        """
        images, filled = as_array("images", images), as_array("filled", filled)
        regions = {name: each if each is None else as_array("region", each) for name, each in regions.items()}
        for region in regions.values():
            check_shapes(images, filled, region)
        window = (self.ssim or GAUSSIAN_WINDOW)["win_size"]
        if min(images.shape[1:3]) < window:
            raise ValueError(f"images of shape {images.shape}: this SSIM needs {window}×{window} pixels")
        x, y = self._as_measured(images), self._as_measured(filled)  # (B, H, W, C)
        similarity = self._ssim_map(x, y)  # (B, H - window + 1, W - window + 1, C)
        regions = regions or {"image": None}
        return {name: self._scores(x, y, similarity, region) for name, region in regions.items()}

    def _as_measured(self, images):
        """Images (B, H, W, 3) as 8-bit or grey ones, if the definition says so, (B, H, W, C)."""
        images = np.asarray(images, "float32")
        if self.rounded:
            images = to_uint8(images).astype("float32") / 255
        if self.grey:
            from skimage.color import rgb2gray

            images = rgb2gray(images)[..., None]
        return images

    def _ssim_map(self, x, y):
        """SSIM of each window that lies inside the image."""
        if self.ssim is None:
            return ssim_map(x, y)
        from skimage.metrics import structural_similarity

        settings = {"data_range": 1, "channel_axis": -1, "full": True, **self.ssim}
        pairs = zip(x.astype("float64"), y.astype("float64"), strict=True)
        maps = [structural_similarity(one, other, **settings)[1] for one, other in pairs]
        margin = self.ssim["win_size"] // 2
        return np.stack(maps)[:, margin:-margin, margin:-margin]

    def _scores(self, x, y, similarity, region):
        """The four numbers per image, over one region."""
        l1 = mae(x, y, region).astype("float64")
        if self.relative:
            l1 = l1 / np.maximum(mae(x + y, np.zeros_like(x), region), 1e-12)
        if self.percent:
            l1 = 100 * l1
        l2 = mse(x, y, region).astype("float64")
        psnr = -10 * np.log10(np.maximum(l2, 10 ** (-MAX_PSNR / 10)))

        margin = (x.shape[1] - similarity.shape[1]) // 2
        centres = np.ones_like(x[..., :1]) if region is None else region
        centres = centres[:, margin:-margin, margin:-margin]
        with np.errstate(invalid="ignore"):  # 0/0: no window has its centre in the region
            ssim = (similarity * centres).sum(axis=(1, 2, 3)) / (centres.sum(axis=(1, 2, 3)) * x.shape[-1])
        return {"mae": l1, "mse": l2, "psnr": psnr, "ssim": ssim}


METRIC_DEFINITIONS = {
    "tf": MetricDefinition(
        "PSNR the mean of per-image values; SSIM Gaussian window 11, σ 1.5, data range 1, as tf.image.ssim"
    ),
    "scikit-image": MetricDefinition(
        "scikit-image's defaults: SSIM uniform window 7, sample covariance, data range 1", {"win_size": 7}
    ),
    "edgeconnect": MetricDefinition(
        "as EdgeConnect: grey, 8 bit; SSIM uniform window 51, sample covariance; L1 relative, Σ|x−y|/Σ(x+y)",
        {"win_size": 51},
        grey=True,
        rounded=True,
        relative=True,
    ),
    "mmagic": MetricDefinition(
        "as mmagic 1.x: SSIM Gaussian window 11, σ 1.5; L1 ×100, which mmagic quotes of the hole",
        GAUSSIAN_WINDOW,
        percent=True,
    ),
}


def find_definition(metrics: str | MetricDefinition) -> MetricDefinition:
    """A metric definition by its name; a `MetricDefinition` stays what it is.

    Args:
        metrics: "tf", "scikit-image", "edgeconnect" or "mmagic", or a `MetricDefinition`.

    Returns:
        `MetricDefinition`.

    Raises:
        ValueError: an unknown name.

    Example:
        >>> import inpaintkit as ik
        >>> ik.evaluation.find_definition("edgeconnect").ssim
        {'win_size': 51}
    """
    if isinstance(metrics, MetricDefinition):
        return metrics
    check_choice("metrics", metrics, METRIC_DEFINITIONS, ", or a MetricDefinition of your own")
    return METRIC_DEFINITIONS[metrics]
