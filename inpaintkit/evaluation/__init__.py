"""One protocol for every method, and tables that can be trusted."""

from inpaintkit.evaluation.before_training import untrained, with_untrained
from inpaintkit.evaluation.comparison import BUCKETS, COLUMNS, compare, hole_psnr, tabulate
from inpaintkit.evaluation.definitions import METRIC_DEFINITIONS, MetricDefinition, find
from inpaintkit.evaluation.manifests import (
    AnotherComparison,
    evaluation_masks,
    filler,
    floats,
    manifest,
    sha256,
)
from inpaintkit.evaluation.methods import as_method
from inpaintkit.evaluation.pairing import prepared
from inpaintkit.evaluation.reports import (
    MIN_IMAGES_FOR_INTERVAL,
    by_bucket,
    recipe,
    summary,
    untrained_rows,
    verdict,
)
from inpaintkit.evaluation.saving import sanity_panel, worst, write
from inpaintkit.evaluation.scoring import check, score

__all__ = [
    "BUCKETS",
    "COLUMNS",
    "METRIC_DEFINITIONS",
    "MIN_IMAGES_FOR_INTERVAL",
    "AnotherComparison",
    "MetricDefinition",
    "as_method",
    "by_bucket",
    "check",
    "compare",
    "evaluation_masks",
    "filler",
    "find",
    "floats",
    "hole_psnr",
    "manifest",
    "prepared",
    "recipe",
    "sanity_panel",
    "score",
    "sha256",
    "summary",
    "tabulate",
    "untrained",
    "untrained_rows",
    "verdict",
    "with_untrained",
    "worst",
    "write",
]
