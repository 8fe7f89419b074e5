"""Saving a comparison: tables, scores per image, galleries, plots; and metrics that can be fooled."""

import json
from pathlib import Path

import numpy as np

from inpaintkit import plots
from inpaintkit.evaluation import definitions
from inpaintkit.evaluation.comparison import _compared, compare, tabulate
from inpaintkit.evaluation.manifests import check_same, drawn_masks, manifest, to_float, with_hidden_holes
from inpaintkit.evaluation.pairing import prepare_methods
from inpaintkit.evaluation.reports import by_bucket, describe, summary, untrained_rows, verdict
from inpaintkit.evaluation.scoring import validate_comparison
from inpaintkit.images import composite


def worst_images(scores, method, count=4):
    """Indices of the images that a method fills worst, by hole PSNR of its composite, worst first.

    Args:
        scores: from `score_images`. method: its name. count: how many.
    """
    view = scores[(scores.method == method) & (scores.output == "composite") & (scores.region == "hole")]
    if view.empty:
        raise ValueError(f"no method {method!r}: expected one of {', '.join(scores.method.unique())}")
    return view.nsmallest(count, "psnr").image.tolist()


def sanity_panel(images, masks, metrics="tf"):
    """Every metric on images that nobody should confuse: which can be fooled?

    Args:
        images, masks, metrics: as for `compare`.

    Returns:
        pandas table, a row each for the truth itself, an all-white and an all-grey image and the masked
        input, whole image. Soft `dice` may score white above the truth; `dice_squared` does not.
    """
    known = validate_comparison({"the truth": images}, images, masks, metrics)
    images = to_float(images)
    panel = {"the truth": images, "white": np.ones_like(images), "grey": np.full_like(images, 0.5)}
    panel["masked input"] = images * known
    table = compare(panel, images, known, metrics=metrics)
    table = table[(table.region == "image") & (table.bucket == "all")]
    table = table.sort_values("output", key=lambda o: o != "raw").drop_duplicates("method")
    metrics_only = ["mae", "mse", "psnr", "ssim", "dice", "dice_squared", "jaccard", "cosine"]
    return table.set_index("method").loc[list(panel), metrics_only]


def save_comparison(folder, scores, methods, images, masks, seed=0, count=4):
    """Writes a comparison down: tables (CSV, Markdown), scores by image, galleries and plots.

    Args:
        folder: where. scores: from `score_images`. methods, images, masks, seed: as given to `score_images`.
        count: images in each gallery: the first, and the worst of the best network (else best method).

    Returns:
        str, the summary, the buckets, the verdict and the protocol, as in `table.md`.

    Raises:
        ValueError: other methods, images, masks, or another seed, than were scored.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table, made = tabulate(scores, seed), scores.attrs["manifest"]
    rule = definitions.MetricDefinition(
        **{key: value for key, value in made["metrics"].items() if key != "name"}
    )
    methods, _ = prepare_methods(methods, images, any(name not in methods for name in scores.method))
    now = manifest(methods, images, masks, rule, seed, untrained=False)
    wrong = "these methods, images, masks or seed are not those of the scores"
    check_same(_compared(made), _compared(now), wrong, "give what `score_images` was given")
    known = drawn_masks(masks, seed, images)
    names = table.method[~table.classical & ~untrained_rows(table.method)]
    hero = next(iter(names), table.method.iloc[0])
    for name, chosen in (
        ("gallery", range(min(count, len(known)))),
        ("worst", worst_images(scores, hero, count)),
    ):
        chosen = list(chosen)
        originals, masks = to_float(images, chosen), known[chosen]
        fills = {
            title: composite(with_hidden_holes(method)(originals, masks, chosen), originals, masks)
            for title, method in methods.items()
            if title != "masked input"  # the gallery shows it anyway
        }
        psnr = {
            title: rule.measure(originals, filled, hole=1 - masks)["hole"]["psnr"]
            for title, filled in fills.items()
        }
        figure = plots.gallery(originals, masks, fills, scores=psnr)
        if name == "worst":
            figure.suptitle(f"where {hero} fails most", fontsize=10)
        figure.savefig(folder / f"{name}.png", dpi=120)
    plots.buckets(table).savefig(folder / "buckets.png", dpi=120)
    plots.psnr_and_time(table).savefig(folder / "time.png", dpi=120)
    table.to_csv(folder / "table.csv", index=False)
    scores.to_csv(folder / "images.csv", index=False)
    about = json.dumps(scores.attrs["manifest"], indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(about + "\n", "utf-8")
    parts = [summary(table), by_bucket(table)]
    texts = {}
    for form in ("pipe", "simple"):
        tables = [p.to_markdown(index=False, tablefmt=form, disable_numparse=True) for p in parts if len(p)]
        texts[form] = "\n\n".join([*tables, verdict(table), describe(table)])
    (folder / "table.md").write_text(texts["pipe"] + "\n", "utf-8")
    return texts["simple"]
