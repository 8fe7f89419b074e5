"""Checks of arrays."""

import numpy as np
import pytest

from inpaintkit.images import check_batch


def test_batches_are_checked_at_the_door(batch):
    images, masks = batch
    poisoned = np.where(masks > 0, images, np.nan)
    clean, _ = check_batch(poisoned, masks)
    np.testing.assert_array_equal(clean, images * masks)
    for bad, words in (
        ((images[0], masks), "batch, height"),
        ((images, np.repeat(masks, 3, -1)), "one channel"),
        ((images, masks * 0.5), "1 .known. or 0"),
        ((images * 255, masks), "divide 8-bit"),
        ((np.full_like(images, np.nan), masks), "expected .0, 1"),
    ):
        with pytest.raises(ValueError, match=words):
            check_batch(*bad)
