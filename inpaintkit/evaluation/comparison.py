"""Compares methods: scores per image, then their means and intervals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from keras.ops import convert_to_numpy as to_numpy
from numpy.typing import ArrayLike

from inpaintkit.data import Images, Pairs
from inpaintkit.evaluation.definitions import MetricDefinition
from inpaintkit.evaluation.methods import as_method, check_output
from inpaintkit.evaluation.scoring import score_images
from inpaintkit.evaluation.tables import tabulate
from inpaintkit.masks import MaskGenerator
from inpaintkit.metrics import PerceptualMetrics, psnr


def compare(
    methods: dict,
    images: Images | ArrayLike,
    masks: MaskGenerator | str | ArrayLike,
    batch_size: int = 16,
    metrics: str | MetricDefinition = "tf",
    perceptual: PerceptualMetrics | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    progress: Callable | None = None,
    untrained: bool = True,
) -> pd.DataFrame:
    """Compares methods on the same images and the same holes: `tabulate(score_images(…))`.

    Each network is also compared with itself before training, so that the table says what training added.

    Args:
        methods: {name: method, Keras model, or fills}. A method is `method(images, masks) -> images`; fills
            are what another program made of these images: `Images`, or an array of their shape.
        images: the originals, `Images` or float32 (B, H, W, 3) in [0, 1].
        masks: a mask generator, its name, or float32 (B, H, W, 1), 1 = known, 0 = hole. Every mask needs
            a hole and a known pixel.
        batch_size: images per batch.
        metrics: "tf", "scikit-image", "edgeconnect", "mmagic" or an `ik.evaluation.MetricDefinition`: how
            two images become numbers. Only numbers of the same definition can be compared.
        perceptual: None, or an `ik.metrics.PerceptualMetrics`: also feature distance, LPIPS, FID and KID.
        seed: of the masks, if they are drawn, and of the bootstrap.
        folder: None, or where scores are saved during the comparison, with a manifest that says how to
            make them again. The same call continues an interrupted comparison.
        progress: None, or a function called with (method name, images done, images).
        untrained: adds for each Keras network a row "<name>, untrained": the same network rebuilt from its
            config with fresh weights (see `ik.evaluation.untrained`), unless that name is given.

    Returns:
        pandas table, see `tabulate`.

    Raises:
        ValueError: as `validate_comparison` does; a method that returns another shape, NaN or values
            outside [0, 1]; a folder that holds another comparison.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> methods = {"grey": lambda x, m: x * m + 0.5 * (1 - m), "mean": ik.baselines.mean_color}
        >>> table = ik.compare(methods, images, "center")
        >>> rows = table[(table.bucket == "all") & (table.region == "hole")]
        >>> rows[["method", "psnr"]].round(2).values.tolist()
        [['mean', 100.0], ['grey', 6.02]]
    """
    scores = score_images(
        methods, images, masks, batch_size, metrics, perceptual, seed, folder, progress, untrained
    )
    return tabulate(scores, seed)


def hole_psnr(method: Callable, pairs: Pairs) -> float:
    """Mean hole PSNR of a method over the batches of `ik.data.pairs(…)`.

    Args:
        method: as for `compare`, but no fills.
        pairs: `Pairs`, best with shuffle=False, so that the holes are the same every time.

    Returns:
        PSNR in dB.

    Raises:
        ValueError: a method that returns another shape, NaN or values outside [0, 1].

    Example:
        >>> import inpaintkit as ik
        >>> images = ik.data.images("photos", "val", 32, count=2)
        >>> pairs = ik.data.pairs(images, ik.masks.Center(), shuffle=False)
        >>> ik.evaluation.hole_psnr(ik.baselines.mean_color, pairs) > 5
        True
    """
    run, values = as_method(method), []
    for (masked, mask), image in (pairs[k] for k in range(len(pairs))):
        filled = to_numpy(run(masked, mask.copy()))
        check_output(getattr(method, "__name__", "given"), filled, image.shape)
        values.append(to_numpy(psnr(image, filled, 1 - mask)))
    return float(np.concatenate(values).mean())
