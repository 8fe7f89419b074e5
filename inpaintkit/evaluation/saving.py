"""Saving a comparison: tables, scores per image, galleries and plots; and metrics that can be fooled."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from inpaintkit import plots
from inpaintkit.checks import as_array, check_choice, check_number, check_table
from inpaintkit.data import Images
from inpaintkit.evaluation.definitions import MetricDefinition
from inpaintkit.evaluation.manifests import AnotherComparison
from inpaintkit.evaluation.methods import to_float, with_hidden_holes
from inpaintkit.evaluation.preparation import draw_masks, is_untrained, prepare_methods
from inpaintkit.evaluation.reports import by_bucket, describe, manifest_of, summary, verdict
from inpaintkit.evaluation.scoring import compare
from inpaintkit.evaluation.tables import VIEW, tabulate
from inpaintkit.files import hash_arrays, replacing
from inpaintkit.images import composite
from inpaintkit.masks import MaskGenerator

SAME_PSNR = 0.01  # dB: two fills by one method, in batches of different size, differ by less


def worst_images(scores: pd.DataFrame, method: str, count: int = 4) -> list[int]:
    """Numbers of the images that a method fills worst, by hole PSNR of its composite, worst first.

    Args:
        scores: from `score_images`.
        method: its name.
        count: how many.

    Returns:
        list of int.

    Raises:
        ValueError: a method that was not scored.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> images = np.zeros((2, 16, 16, 3), "float32")
        >>> images[0, 8, 8] = 1
        >>> scores = ik.evaluation.score_images({"mean": ik.baselines.mean_color}, images, "center")
        >>> ik.evaluation.worst_images(scores, "mean", count=1)
        [0]
    """
    check_table("scores", scores, [*VIEW, "image", "psnr"])
    check_choice("method", method, scores.method.unique())
    check_number("count", count, 0, whole=True)
    view = scores[(scores.method == method) & (scores.output == "composite") & (scores.region == "hole")]
    return view.nsmallest(count, "psnr").image.tolist()


def sanity_panel(images: Images | ArrayLike, masks: MaskGenerator | str | ArrayLike) -> pd.DataFrame:
    """Every metric on images that nobody should confuse: which can be fooled?

    Args:
        images, masks: as for `compare`.

    Returns:
        pandas table, one row each for the originals ("the truth"), a white and a grey image and the masked
        input, over the whole image. Soft `dice` may score white above the truth; `dice_squared` does not.

    Raises:
        ValueError: as `compare` does.

    Example:
        >>> import inpaintkit as ik
        >>> import numpy as np
        >>> bright = np.linspace(0.5, 1, 768, dtype="float32").reshape(1, 16, 16, 3)
        >>> panel = ik.evaluation.sanity_panel(bright, "center")
        >>> bool(panel.dice["white"] > panel.dice["the truth"]), panel.dice_squared.idxmax()
        (True, 'the truth')
    """
    originals = to_float(images)
    panel = {"the truth": originals, "white": np.ones_like(originals), "grey": np.full_like(originals, 0.5)}
    known = draw_masks(masks, 0, images)
    panel["masked input"] = composite(np.zeros_like(originals), originals, known)
    table = compare(panel, originals, known)
    table = table[(table.region == "image") & (table.bucket == "all")]
    table = table.sort_values("output", ascending=False).drop_duplicates("method")  # raw, if there is one
    columns = ["mae", "mse", "psnr", "ssim", "dice", "dice_squared", "jaccard", "cosine"]
    return table.set_index("method").loc[list(panel), columns]


def save_comparison(
    folder: str | Path,
    scores: pd.DataFrame,
    methods: dict,
    images: Images | ArrayLike,
    masks: MaskGenerator | str | ArrayLike,
    seed: int = 0,
    count: int = 4,
) -> str:
    """Saves a comparison: tables (CSV, Markdown), scores per image, galleries and plots.

    Args:
        folder: where.
        scores: from `score_images`.
        methods, images, masks, seed: as given to `score_images`.
        count: images in each gallery: the first, and the worst of the best network (else best method).

    Returns:
        text: the summary, the buckets, the verdict and the protocol, as in `table.md`.

    Raises:
        AnotherComparison: other methods, images, masks, or another seed, than were scored.

    Example:
        >>> import inpaintkit as ik
        >>> import tempfile
        >>> import numpy as np
        >>> given = {"mean": ik.baselines.mean_color}, np.zeros((2, 16, 16, 3), "float32"), "center"
        >>> scores = ik.evaluation.score_images(*given)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     text = ik.evaluation.save_comparison(folder, scores, *given, count=1)
        >>> "Best classical method: mean" in text
        True
    """
    check_number("count", count, 1, whole=True)
    images = images if isinstance(images, Images) else as_array("images", images)
    folder, table, made = Path(folder), tabulate(scores, seed), manifest_of(scores)
    untrained = not isinstance(methods, dict) or any(name not in methods for name in scores.method)
    methods, _ = prepare_methods(methods, images, untrained)
    known = draw_masks(masks, seed, images)
    given = methods.keys(), hash_arrays(getattr(images, "array", images)), hash_arrays(known), seed
    if given != (made["methods"].keys(), made["images"]["sha256"], made["holes"]["sha256"], made["seed"]):
        raise AnotherComparison("these methods, images, masks or seed are not those of the scores")
    networks = (name for name in table.method[~table.classical] if not is_untrained(name, methods))
    best = next(networks, table.method.iloc[0])
    first, worst = list(range(min(count, len(known)))), worst_images(scores, best, count)
    galleries = [_gallery(scores, methods, images, known, chosen) for chosen in (first, worst)]
    galleries[1].suptitle(f"where {best} fails most", fontsize=10)
    figures = [*galleries, plots.buckets(table), plots.psnr_and_time(table)]
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in zip(("gallery", "worst", "buckets", "time"), figures, strict=True):
        with replacing(folder / f"{name}.png") as part:
            figure.savefig(part, dpi=120)
    for name, rows in (("table", table), ("images", scores)):
        with replacing(folder / f"{name}.csv") as part:
            rows.to_csv(part, index=False)
    manifest = json.dumps(made, indent=2, ensure_ascii=False)
    for name, text in (("manifest.json", manifest), ("table.md", _as_text(table, "pipe"))):
        with replacing(folder / name) as part:
            part.write_text(text + "\n", "utf-8")
    return _as_text(table, "simple")


def _gallery(scores, methods, images, known, chosen):
    """A gallery of some images, with the hole PSNR of each fill; it must be the one that was scored."""
    made = manifest_of(scores)
    definition = MetricDefinition(**{key: value for key, value in made["metrics"].items() if key != "name"})
    hole = scores[(scores.output == "composite") & (scores.region == "hole")]
    scored = hole.pivot(index="image", columns="method", values="psnr").loc[chosen]
    originals, masks = to_float(images, chosen), known[chosen]
    fills, psnr = {}, {}
    for name, method in methods.items():
        fills[name] = composite(with_hidden_holes(method)(originals, masks, chosen), originals, masks)
        psnr[name] = definition.measure(originals, fills[name], hole=1 - masks)["hole"]["psnr"]
        same = np.allclose(psnr[name], scored[name], rtol=0, atol=SAME_PSNR)
        if not same and "random" not in made["methods"][name]:
            found = f"{psnr[name].round(2)} instead of {scored[name].to_numpy().round(2)} dB in the hole"
            raise AnotherComparison(f"method {name!r} fills otherwise than when it was scored: {found}")
    fills.pop("masked input", None)  # a gallery shows it anyway
    return plots.gallery(originals, masks, fills, scores=psnr)


def _as_text(table, form):
    """The summary, the buckets, the verdict and the protocol, with tables as tabulate's `form`."""
    parts = [part for part in (summary(table), by_bucket(table)) if len(part)]
    tables = [part.to_markdown(index=False, tablefmt=form, disable_numparse=True) for part in parts]
    return "\n\n".join([*tables, verdict(table), describe(table)])
