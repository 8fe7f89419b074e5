"""Mistakes are explained before any work."""

import numpy as np
import pytest

import inpaintkit as ik
from inpaintkit import baselines, evaluation


def test_bad_methods_and_masks_are_explained(batch):
    images, masks = batch
    for methods, words in (
        ({}, "0 methods"),
        ({"half": lambda x, m: x[:, ::2]}, "'half' returned shape"),
        ({"loud": lambda x, m: x * 2 + 0.5}, "'loud' returned"),
        ({"lost": lambda x, m: x * np.nan}, "'lost' returned nan"),
        ({"cut": images[:2]}, "'cut' returned shape"),
    ):
        with pytest.raises(ValueError, match=words):
            evaluation.compare(methods, images, masks)
    with pytest.raises(ValueError, match="4 of 4"):
        evaluation.compare({"Telea": baselines.telea}, images, np.ones_like(masks))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"methods": [baselines.telea]}, "methods="),
        ({"methods": {"a": "telea"}}, "method 'a' is a str"),
        ({"masks": ik.masks.Lines}, r"masks=Lines: expected .* Lines\(…\)"),
        ({"masks": "blobs"}, "blobs.*lines"),
        ({"batch_size": 0}, "batch_size=0.* 1 or more"),
        ({"seed": None}, "seed=None"),
        ({"images": np.full((4, 32, 32, 3), 200, "uint8")}, "from 200 to 200.*255"),
        ({"images": np.full((4, 32, 32, 3), np.nan, "float32")}, "from nan to nan"),
        ({"images": np.zeros((4, 32, 32), "float32")}, r"\(4, 32, 32\)"),
        ({"images": np.zeros((0, 32, 32, 3), "float32")}, "0 images"),
        ({"metrics": "edgeconnect"}, "51×51"),
    ],
)
def test_bad_input_is_explained(batch, changed, words):
    given = {"methods": {"Telea": baselines.telea}, "images": batch[0], "masks": batch[1]}
    with pytest.raises(ValueError, match=words):
        evaluation.compare(**given | changed)
