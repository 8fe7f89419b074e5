"""Metric definitions: what "PSNR", "SSIM" and "L1" mean in the place that a number comes from.

The same fill reads SSIM 0.915 in one project and 0.976 in another, because one measures grey images
through a window of 51 pixels. A number may stand beside a published one only under its definition.
"""

from dataclasses import dataclass

import numpy as np
from keras.ops import convert_to_numpy as to_numpy

from inpaintkit import metrics
from inpaintkit.images import to_uint8

_GAUSSIAN = {"win_size": 11, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


@dataclass(frozen=True)
class MetricDefinition:
    """How two images become numbers.

    Attributes:
        description: the definition in words; it goes with every table.
        ssim: settings for `skimage.metrics.structural_similarity`, or None for `ik.metrics.ssim`.
        grey: measures luminance (0.2125 R + 0.7154 G + 0.0721 B) instead of three channels.
        rounded: measures images rounded to 8 bits, as files hold them.
        relative: L1 is Σ|x − y| / Σ(x + y) instead of the mean of |x − y|.
        percent: L1 is multiplied by 100.
    """

    description: str
    ssim: dict | None = None
    grey: bool = False
    rounded: bool = False
    relative: bool = False
    percent: bool = False

    def measure(self, images, filled, **regions):
        """MAE, MSE, PSNR and SSIM of each image, over each region.

        Args:
            images, filled: (B, H, W, 3) in [0, 1].
            regions: name=region, each None for the whole image, or (B, H, W, 1), 1 where it counts; none
                at all is `image=None`.

        Returns:
            {region: {"mae", "mse", "psnr", "ssim"}}, each (B,); PSNR in dB, at most `metrics.MAX_PSNR`;
            SSIM NaN where no window is centred in the region.

        Raises:
            ValueError: images smaller than the window of SSIM.
        """
        window = (self.ssim or _GAUSSIAN)["win_size"]
        if min(images.shape[1:3]) < window:
            raise ValueError(
                f"images of {images.shape[1]}×{images.shape[2]}: the SSIM of this definition looks through "
                f"{window}×{window} pixels; take larger images, or another definition"
            )
        x, y = (np.asarray(image, "float32") for image in (images, filled))
        if self.rounded:
            x, y = (to_uint8(image).astype("float32") / 255 for image in (x, y))
        if self.grey:
            from skimage.color import rgb2gray

            x, y = (rgb2gray(image)[..., None] for image in (x, y))
        similar, margin = self._ssim_map(x, y), window // 2
        scores = {}
        for name, region in (regions or {"image": None}).items():
            mae, mse = (to_numpy(of(x, y, region)).astype("float64") for of in (metrics.mae, metrics.mse))
            if self.relative:
                mae = mae / np.maximum(to_numpy(metrics.mae(x + y, np.zeros_like(x), region)), 1e-12)
            psnr = -10 * np.log10(np.maximum(mse, 10 ** (-metrics.MAX_PSNR / 10)))
            where = np.ones_like(x[..., :1]) if region is None else region
            where = where[:, margin:-margin, margin:-margin]
            with np.errstate(invalid="ignore"):  # 0/0: no window is centred there
                ssim = (similar * where).sum(axis=(1, 2, 3)) / (where.sum(axis=(1, 2, 3)) * x.shape[-1])
            scores[name] = {"mae": 100 * mae if self.percent else mae, "mse": mse, "psnr": psnr, "ssim": ssim}
        return scores

    def _ssim_map(self, x, y):
        """SSIM of each window that lies in the image, (B, H', W', C)."""
        if self.ssim is None:
            return to_numpy(metrics.ssim_map(x, y))
        from skimage.metrics import structural_similarity

        maps = [
            structural_similarity(*pair, data_range=1, channel_axis=-1, full=True, **self.ssim)[1]
            for pair in zip(x.astype("float64"), y.astype("float64"), strict=True)
        ]
        margin = self.ssim["win_size"] // 2
        return np.stack(maps)[:, margin:-margin, margin:-margin]


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
        _GAUSSIAN,
        percent=True,
    ),
}


def find_definition(metrics):
    """A metric definition by its name; a `MetricDefinition` stays what it is.

    Raises:
        ValueError: an unknown name.
    """
    if isinstance(metrics, MetricDefinition):
        return metrics
    if metrics not in METRIC_DEFINITIONS:
        raise ValueError(
            f"metrics {metrics!r}: expected one of {', '.join(METRIC_DEFINITIONS)}, "
            "or a MetricDefinition of your own"
        )
    return METRIC_DEFINITIONS[metrics]
