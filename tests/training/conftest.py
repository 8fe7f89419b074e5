import keras
import pytest
from small_training import small_images, small_network

import inpaintkit as ik


@pytest.fixture
def network():
    keras.utils.set_random_seed(1)
    return small_network()


@pytest.fixture
def batch():
    """Four real 16×16 crops and their masks, as float32."""
    images = small_images("val", 4).as_float()
    return images, ik.masks.Lines(thickness=2, hole_ratio=(0.2, 0.3)).sample(4, 16, 16, seed=1)
