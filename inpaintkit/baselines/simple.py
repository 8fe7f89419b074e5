"""The two that are hardly methods: the masked input itself, and the mean colour."""

import cv2
import numpy as np

from inpaintkit.baselines.base import classical


@classical
def masked_input(image, hole):
    """No method at all: the damaged image, black where it is missing."""
    return image


@classical
def mean_color(image, hole):
    """Fills with the mean colour of the known pixels. The least that anything should beat; 0.6 ms."""
    return np.full_like(image, cv2.mean(image, np.uint8(~hole))[:3])
