"""The two that are hardly methods: the masked input itself, and the mean colour."""

import cv2
import numpy as np

from inpaintkit.baselines.base import classical


@classical
def masked_input(picture, hole):
    """No method at all: the damaged picture, black where it is missing."""
    return picture


@classical
def mean_color(picture, hole):
    """Fills with the mean colour of the known pixels. The least that anything should beat; 0.6 ms."""
    return np.full_like(picture, cv2.mean(picture, np.uint8(~hole))[:3])
