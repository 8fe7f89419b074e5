"""Compares methods on the same images and the same holes, and reports the result as tables."""

from inpaintkit.evaluation.definitions import METRIC_DEFINITIONS, MetricDefinition, find_definition
from inpaintkit.evaluation.manifests import AnotherComparison
from inpaintkit.evaluation.methods import as_method, hole_psnr
from inpaintkit.evaluation.preparation import evaluation_masks, untrained, with_untrained
from inpaintkit.evaluation.reports import by_bucket, describe, summary, verdict
from inpaintkit.evaluation.saving import sanity_panel, save_comparison, worst_images
from inpaintkit.evaluation.scoring import compare, score_images
from inpaintkit.evaluation.tables import BUCKETS, COLUMNS, MIN_IMAGES_FOR_INTERVAL, tabulate
from inpaintkit.evaluation.validation import validate_comparison

__all__ = [
    "BUCKETS", "COLUMNS", "METRIC_DEFINITIONS", "MIN_IMAGES_FOR_INTERVAL", "AnotherComparison",
    "MetricDefinition", "as_method", "by_bucket", "compare", "describe", "evaluation_masks",
    "find_definition", "hole_psnr", "sanity_panel", "save_comparison", "score_images", "summary", "tabulate",
    "untrained", "validate_comparison", "verdict", "with_untrained", "worst_images",
]  # fmt: skip
