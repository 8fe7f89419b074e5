"""Every layer keeps the contract with Keras (`contract.py`)."""

import numpy as np
import pytest
from contract import check_layer, with_and_without_jit

from inpaintkit.layers import (
    ContextualAttention,
    CropLike,
    GatedConv2D,
    MaskImage,
    PadToMultiple,
    PConv2D,
    PConv2DUp,
    PushPull,
)

IMAGE = np.random.default_rng(0).random((2, 16, 16, 3)).astype("float32")
MASK = np.ones((2, 16, 16, 1), "float32")
MASK[:, 4:8, 6:9] = 0
SKIP, SKIP_MASK = np.repeat(IMAGE, 2, 1).repeat(2, 2), np.repeat(MASK, 2, 1).repeat(2, 2)
LAYERS = {
    "PConv2D": (
        lambda: PConv2D(
            4,
            3,
            strides=2,
            padding="same",
            activation="relu",
            bias_initializer="normal",
            kernel_regularizer="l2",
        ),
        [IMAGE, MASK],
    ),
    "PConv2D of two pairs": (lambda: PConv2D(4, 3), [IMAGE, MASK, IMAGE[..., :2], 1 - MASK]),
    "PConv2DUp": (lambda: PConv2DUp(4, use_bias=False), [IMAGE, MASK, SKIP, SKIP_MASK]),
    "PConv2DUp, small": (lambda: PConv2DUp(4), [IMAGE[:, :6], MASK[:, :6], SKIP[:, :12], SKIP_MASK[:, :12]]),
    "GatedConv2D": (lambda: GatedConv2D(4, 3, strides=2, padding="same", activation="elu"), IMAGE),
    "ContextualAttention": (lambda: ContextualAttention(scale=5.0, reach=2), [IMAGE, MASK]),
    "PushPull": (lambda: PushPull(levels=3, smoothing_steps=1, biharmonic_steps=2), [IMAGE, MASK]),
    "MaskImage": (MaskImage, [IMAGE, MASK]),
    "PadToMultiple": (lambda: PadToMultiple(7), IMAGE),
    "CropLike": (CropLike, [IMAGE, MASK[:, :9, :11]]),
}


@with_and_without_jit
@pytest.mark.parametrize(("make", "inputs"), LAYERS.values(), ids=LAYERS.keys())
def test_layer_keeps_the_contract(make, inputs, jit, tmp_path):
    check_layer(make, inputs, tmp_path, jit)
