"""Checks of arrays."""

import numpy as np
import pytest

from inpaintkit.images import check_batch


def test_batches_are_checked_and_holes_are_emptied(batch):
    images, masks = batch
    poisoned = np.where(masks > 0, images, np.nan)
    clean, _ = check_batch(poisoned, masks)
    np.testing.assert_array_equal(clean, images * masks)
    for bad, words in (
        ((images[0], masks), r"\(32, 32, 3\)"),
        ((images, np.repeat(masks, 3, -1)), r"\(4, 32, 32, 3\)"),
        ((images, masks * 0.5), "0\\.5"),
        ((images * 255, masks), "255"),
        ((np.full_like(images, np.nan), masks), "expected .0, 1"),
    ):
        with pytest.raises(ValueError, match=words):
            check_batch(*bad)
