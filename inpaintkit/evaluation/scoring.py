"""Scores per image: every method on the same images and the same holes.

Each method gets images with empty holes. Its output is measured as it is (`raw`) and with the known pixels
put back (`composite`), over the whole `image` and over the `hole` only.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from inpaintkit.checks import check_function
from inpaintkit.data import Images
from inpaintkit.evaluation.definitions import MetricDefinition, find_definition
from inpaintkit.evaluation.manifests import open_folder, without_fill
from inpaintkit.evaluation.methods import are_fills, check_output, is_classical, to_float, with_hidden_holes
from inpaintkit.evaluation.preparation import draw_masks, prepare_methods
from inpaintkit.evaluation.tables import tabulate
from inpaintkit.evaluation.validation import validate_comparison
from inpaintkit.files import hash_json, replacing
from inpaintkit.images import composite
from inpaintkit.masks import MaskGenerator, hole_ratio
from inpaintkit.metrics import PerceptualMetrics, cosine_similarity, dice, jaccard_distance

SAVE_SECONDS = 5  # so much work is lost when the process is killed
WHOLE_IMAGE_METRICS = {
    "dice": dice,
    "dice_squared": lambda x, y: dice(x, y, squared=True),
    "jaccard": jaccard_distance,
    "cosine": cosine_similarity,
}


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
            repeat it. The same call continues an interrupted comparison.
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
    settings = batch_size, metrics, perceptual, seed, folder, progress, untrained
    return tabulate(score_images(methods, images, masks, *settings), seed)


def score_images(
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
    """Scores per image, of which `compare` takes the means.

    Args:
        methods, images, masks, batch_size, metrics, perceptual, seed, folder, progress, untrained: as for
            `compare`.

    Returns:
        pandas table, one row per method, output, region and image (its index). Beside the metrics:
        hole_ratio, classical, and ms, the mean time per image of its batch. `attrs` holds "manifest" (how
        the scores were made), "sets" (FID and KID, which belong to a set of images), "missing" (perceptual
        metrics that are not available, with the reason) and "no_untrained" (networks without an untrained
        row, with the reason).

    Raises:
        ValueError: as `compare` does.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> scores = ik.evaluation.score_images({"grey": lambda x, m: x + 0.5 * (1 - m)}, images, "center")
        >>> scores[["output", "region", "image", "mae"]].head(2).values.tolist()
        [['composite', 'image', 0, 0.125], ['composite', 'image', 1, 0.125]]
    """
    methods, no_untrained = prepare_methods(methods, images, untrained)
    about = validate_comparison(methods, images, masks, metrics, seed, batch_size, perceptual, False)
    check_function("progress", progress, "(name, images done, images)")
    known = draw_masks(masks, seed, images)
    if folder is not None:
        open_folder(Path(folder), about)
    embeddings = _embed(images, batch_size, perceptual) if perceptual else None
    tables, sets, measures = [], {}, (find_definition(metrics), perceptual)
    for name, method in methods.items():
        identity = hash_json([name, without_fill(about["methods"][name])])
        file = Path(folder, "scores", f"{identity[:16]}.npz") if folder is not None else None
        values = _score_method(name, method, images, known, batch_size, measures, file, progress)
        same = np.array_equal(values["raw/image/mse"], values["composite/image/mse"])
        for output in ("composite",) if same else ("raw", "composite"):
            for region in ("image", "hole"):
                tables.append(_view(name, is_classical(method), output, region, values, known))
            if perceptual and embeddings is not None:
                filled = values[f"{output}/embeddings"]
                sets[f"{name}/{output}"] = perceptual.set_distances(embeddings, filled)
    scores = pd.concat(tables, ignore_index=True)
    missing = dict(perceptual.missing) if perceptual else {}
    scores.attrs = {"manifest": about, "sets": sets, "missing": missing, "no_untrained": no_untrained}
    return scores


def _embed(images, batch_size, perceptual):
    """The originals as FID and KID compare them, (B, D), or None."""
    starts = range(0, len(images), batch_size)
    batches = [perceptual.embeddings(to_float(images, slice(i, i + batch_size))) for i in starts]
    return None if batches[0] is None else np.concatenate(batches)


def _view(name, classical, output, region, values, known):
    """The scores of one output over one region as a table, one row per image."""
    view = f"{output}/{region}/"
    columns = {"method": name, "classical": classical, "output": output, "region": region}
    columns |= {"image": range(len(known)), "hole_ratio": hole_ratio(known).round(9)}
    columns |= {key.removeprefix(view): column for key, column in values.items() if key.startswith(view)}
    return pd.DataFrame({**columns, "ms": values["ms"]})


def _score_method(name, method, images, masks, batch_size, measures, file, progress):
    """Scores of one method, {"output/region/metric" or "output/embeddings" or "ms": (B, …)}."""
    parts = [_load_scores(file)] if file and file.exists() else []
    done = len(parts[0]["ms"]) if parts else 0
    if done and progress:
        progress(name, done, len(images))
    fill = with_hidden_holes(method, batch_size)
    batches = [slice(i, min(i + batch_size, len(images))) for i in range(done, len(images), batch_size)]
    _warm_up(fill, method, images, masks, batches)
    saved = time.monotonic()
    for chosen in batches:
        originals, known = to_float(images, chosen), masks[chosen]
        start = time.perf_counter()
        try:
            filled = fill(originals, known, chosen)
        except Exception as error:
            error.add_note(f"in method {name!r}, images {chosen.start} to {chosen.stop - 1}")
            raise
        milliseconds = 1000 * (time.perf_counter() - start) / len(originals)
        check_output(name, filled, originals.shape)
        part = _score_batch(originals, filled, known, *measures)
        part["ms"] = np.full(len(filled), np.nan if are_fills(method) else milliseconds)
        parts.append(part)
        if file and (time.monotonic() - saved > SAVE_SECONDS or chosen is batches[-1]):
            parts, saved = [_join(parts)], time.monotonic()
            with replacing(file) as unfinished:
                np.savez(unfinished, **parts[0])
        if progress:
            progress(name, chosen.stop, len(images))
    return _join(parts)


def _warm_up(fill, method, images, masks, batches):
    """First calls, not timed: networks compile for each batch size, classical methods import a library."""
    sizes = {batch.stop - batch.start: batch for batch in batches}
    if batches and is_classical(method):
        sizes = {1: slice(0, 1)}
    for chosen in sizes.values():
        fill(to_float(images, chosen), masks[chosen], chosen)


def _load_scores(file):
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)
    except Exception as error:  # zip, its compression and NumPy each have errors of their own
        raise ValueError(f"{file}: these scores are damaged ({error}); delete the file") from error


def _join(parts):
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _score_batch(originals, filled, masks, definition, perceptual):
    """Scores of one batch, raw and composite; if these are the same image, it is measured once."""
    kept = composite(filled, originals, masks)
    scores = _measure("composite", originals, kept, masks, definition, perceptual)
    if np.array_equal(filled, kept):
        return scores | {key.replace("composite", "raw", 1): values for key, values in scores.items()}
    return scores | _measure("raw", originals, filled, masks, definition, perceptual)


def _measure(output, originals, result, masks, definition, perceptual):
    """Every metric of one output, {"output/region/metric": (B,)}, and its embeddings (B, D)."""
    scores = {}
    regions = definition.measure(originals, result, image=None, hole=1 - masks)
    regions["image"] |= {name: of(originals, result) for name, of in WHOLE_IMAGE_METRICS.items()}
    if perceptual:
        regions["image"] |= perceptual.per_image(originals, result)
        if (embeddings := perceptual.embeddings(result)) is not None:
            scores[f"{output}/embeddings"] = embeddings
    for region, metrics in regions.items():
        for metric, values in metrics.items():
            scores[f"{output}/{region}/{metric}"] = np.asarray(values, "float64")
    return scores
